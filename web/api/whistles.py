"""Whistles: call departments, ask for it, leave, record who left early; see those of a case, and the rates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import AwareDatetime, Field

from engine.errors import Forbidden, NotFound
from processes import access
from processes.cases.actions import require
from processes.codes import ProcedureKind, WhistleReason
from processes.procedures.models import Procedure
from processes.whistles import board, figures, leaving
from processes.whistles.calling import MOST, Calling, ask, whistle
from processes.whistles.calls import calls_of, part_of
from processes.whistles.models import Whistle, WhistleCall
from web.api import shapes
from web.api.shapes import CasePath, RowId, Strict, coded, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

api = APIBlueprint(
    "whistles", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="whistles")]
)


class WhistleBody(Strict):
    """Who is called, why and for what; `unit`: the caller, by default the nearest of your units that may."""

    departments: list[str] = Field(min_length=1, max_length=MOST)
    reason: WhistleReason
    words: str = Field(min_length=1, max_length=4000)
    unit: str | None = Field(None, max_length=64)


class AskBody(Strict):
    """What help is needed, and why."""

    words: str = Field(min_length=1, max_length=4000)


class BreachBody(Strict):
    """Which department left early."""

    unit: str = Field(max_length=64)


class WhistlePath(CasePath):
    """A whistle of a case."""

    whistle_id: RowId


class PeriodQuery(Strict):
    """Whistles blown from `begin` on and before `end`; by default in the last year."""

    begin: AwareDatetime | None = None
    end: AwareDatetime | None = None


@api.post("/cases/<number>/whistles", summary="Call departments")
def post_whistle(path: CasePath, body: WhistleBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "whistle")
        calling = Calling(body.departments, body.reason, body.words, body.unit)
        return 201, {"id": whistle(session, actor, case, calling).id}

    return acting(act)


@api.post("/cases/<number>/whistle-requests", summary="Ask your centre to call departments")
def post_whistle_request(path: CasePath, body: AskBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "ask_whistle")
        return 201, {"id": ask(session, actor, case, body.words).id}

    return acting(act)


@api.get("/cases/<number>/whistles", summary="Whistles of a case: what each department did")
def get_whistles(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        return {"whistles": [_whistle_json(session, row) for row in board.of_case(session, case)]}

    return reading(look)


@api.post("/cases/<number>/whistles/<whistle_id>/departure", summary="Say that your department leaves")
def post_departure(path: WhistlePath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        call = leaving.depart(session, actor, case, _procedure(session, case, path.whistle_id))
        return 200, {"id": call.procedure_id, "left_at": iso(call.left_at)}

    return acting(act)


@api.post("/cases/<number>/whistles/<whistle_id>/breaches", summary="Record that a department left early")
def post_breach(path: WhistlePath, body: BreachBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        call = leaving.left_early(session, actor, case, _procedure(session, case, path.whistle_id), body.unit)
        return 201, {"id": call.procedure_id, "left_early_at": iso(call.left_early_at)}

    return acting(act)


@api.get("/whistles/rates", summary="How often units whistle, and how departments answer")
def get_rates(query: PeriodQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        if not actor.roles & board.ROLES:
            raise Forbidden
        end = query.end or session.env.clock.now()
        begin = query.begin or end - timedelta(days=365)
        return _rates_json(session, actor, begin, end)

    return reading(look)


def _procedure(session: Session, case: Case, whistle_id: int) -> Procedure:
    row = session.get(Procedure, whistle_id)
    if row is None or row.case_id != case.id or row.kind != ProcedureKind.WHISTLE:
        raise NotFound
    return row


def _whistle_json(session: Session, row: Procedure) -> dict[str, Any]:
    calls = calls_of(session, row.id)
    names = shapes.units_by_id(session, [row.unit_id, *(call.unit_id for call in calls)])
    return {
        "id": row.id,
        "convener": shapes.unit_json(names.get(row.unit_id)),
        "reason": coded(WhistleReason(session.get_one(Whistle, row.id).reason)),
        "previous": row.previous_id,
        "opened_at": iso(row.opened_at),
        "ended_at": iso(row.ended_at),
        "outcome": row.outcome,
        "departments": [_call_json(call, names) for call in calls],
    }


def _call_json(call: WhistleCall, names: Any) -> dict[str, Any]:
    return {
        "unit": shapes.unit_json(names.get(call.unit_id)),
        "part": part_of(call).value,
        "answered_at": iso(call.answered_at or call.refused_at),
        "silent_at": iso(call.silent_at),
        "ruling": call.ruling,
        "arrived_at": iso(call.arrived_at),
        "arrived_late": call.arrived_late,
        "fed_back_at": iso(call.fed_back_at),
        "released_at": iso(call.released_at),
        "left_at": iso(call.left_at),
        "left_early_at": iso(call.left_early_at),
        "score": call.score,
    }


def _rates_json(session: Session, actor: Actor, begin: datetime, end: datetime) -> dict[str, Any]:
    found = figures.rates(session, actor.district_id, begin, end)
    names = shapes.units_by_id(session, found.unit_ids)
    return {
        "begin": iso(begin),
        "end": iso(end),
        "callers": [
            {"unit": shapes.unit_json(names.get(row.unit_id)), "whistles": row.whistles, "held": row.held}
            | {"rate": row.rate}
            for row in found.callers
        ],
        "departments": [
            {"unit": shapes.unit_json(names.get(row.unit_id)), "called": row.called, "answered": row.answered}
            | {"arrived": row.arrived, "silent": row.silent, "refused": row.refused}
            | {"left_early": row.left_early, "score": row.score}
            for row in found.departments
        ],
    }
