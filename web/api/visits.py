"""The front desk: receive somebody, what goes on at windows, one visit with its tasks, a case of the same number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from flask import Response, g, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from engine import runtime
from engine.errors import Forbidden, NotFound
from engine.worklist import WorkItem
from processes.cases.reporting import tracking_code
from processes.cases.revealing import Purpose
from processes.visits import access, reading
from processes.visits.becoming import become_case
from processes.visits.codes import Channel, Matter, Outcome
from processes.visits.operations import open_windows, receive, suggested
from web.api import shapes
from web.api.shapes import RowId, Strict, coded, iso, party_json
from web.edge import acting, sign_in, store
from web.edge import reading as answering

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.visits.models import Visit
    from processes.visits.reading import Part, Seen, Task

api = APIBlueprint(
    "visits", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="visits")]
)


class CentrePath(Strict):
    """A centre by its code."""

    code: str = Field(max_length=64)


class VisitPath(Strict):
    """A visit by its number."""

    number: str = Field(max_length=32)


class VisitItemPath(VisitPath):
    """A task of a visit."""

    item_id: RowId


class ReceiveBody(Strict):
    """Who came, how, for what, to which windows (their codes at this centre)."""

    channel: Literal["walk_in", "call"] = "walk_in"
    matter: str = Field(max_length=32)
    name: str = Field(max_length=80)
    phone: str | None = Field(None, max_length=20)
    id_no: str | None = Field(None, max_length=18)
    heads: int = Field(1, ge=1, le=500)
    wishes: str | None = Field(None, max_length=4000)
    windows: list[str] = Field(max_length=11)


class FillBody(Strict):
    """The form's fields; `version` of the task as you saw it."""

    data: dict[str, Any]
    version: int | None = Field(None, ge=1)


class CaseBody(Strict):
    """What the case says otherwise than the visit; empty: as the visit says it."""

    kind: str | None = Field(None, max_length=16)
    domain: str | None = Field(None, max_length=32)
    type: str | None = Field(None, max_length=32)
    urgency: str | None = Field(None, max_length=8)
    place_unit: str | None = Field(None, max_length=64)
    title: str | None = Field(None, max_length=100)
    text: str | None = Field(None, max_length=4000)
    address: str | None = Field(None, max_length=200)
    restricted: bool | None = None


class RevealBody(Strict):
    """What for."""

    reason: Purpose


@api.post("/centres/<code>/visits", summary="Receive somebody and send them to windows")
def post_visit(path: CentrePath, body: ReceiveBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        centre = access.read_centre(session, actor, path.code)
        return 201, {"number": receive(session, actor, centre, body.model_dump(exclude_none=True)).number}

    response = acting(act)
    number = response.get_json()["number"]
    with store().read() as session:  # derived anew, so that no stored answer holds the code
        response.set_data(json.dumps({"number": number, "code": tracking_code(session, number)}))
    return response


@api.get("/centres/<code>/visits", summary="Open visits of a centre and those closed today")
def get_visits(path: CentrePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        centre = access.read_centre(session, actor, path.code)
        access.check_board(actor, centre)
        board = reading.board(session, centre)
        groups = {"waiting": board.waiting, "at_windows": board.at_windows, "to_tell": board.to_tell}
        return {
            name: [_seen_json(seen) for seen in group] for name, group in (groups | {"closed": board.closed}).items()
        }

    return answering(look)


@api.get("/centres/<code>/windows/suggested", summary="Windows for each matter, as this centre has them")
def get_suggested(path: CentrePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        centre = access.read_centre(session, actor, path.code)
        windows = [
            {"code": each.code, "name": each.name, "service": each.service} for each in open_windows(session, centre)
        ]
        matters = {matter.value: [each.code for each in suggested(session, centre, matter)] for matter in Matter}
        return {"windows": windows, "suggested": matters}

    return answering(look)


@api.get("/visits/<number>", summary="One visit: windows with their state, open tasks, the case of the same number")
def get_visit(path: VisitPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        visit = access.read_visit(session, actor, path.number)
        seen = reading.seen_of(session, [visit])[0]
        case = reading.case_of(session, actor, visit)
        return {**_seen_json(seen), "case": {"number": case.number, "state": case.state} if case else None}

    return answering(look)


@api.post("/visits/<number>/items/<item_id>/claim", summary="Claim a task of a visit")
def post_claim(path: VisitItemPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        _item(session, actor, path)
        item = runtime.claim(session, actor, path.item_id)
        return 200, {"id": item.id, "state": item.state, "claimed_at": iso(item.claimed_at), "version": item.version}

    return acting(act)


@api.post("/visits/<number>/items/<item_id>/complete", summary="Complete a task of a visit with its form")
def post_complete(path: VisitItemPath, body: FillBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        visit = _item(session, actor, path)
        runtime.complete(session, actor, path.item_id, body.data, body.version)
        session.flush()
        return 200, _seen_json(reading.seen_of(session, [visit])[0])

    return acting(act)


@api.post("/visits/<number>/case", summary="Make a case of it, under the same number")
def post_case(path: VisitPath, body: CaseBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        visit = access.read_visit(session, actor, path.number)
        case = become_case(session, actor, visit, body.model_dump(exclude_none=True))
        return 201, {"number": case.number, "state": case.state}

    return acting(act)


@api.post("/visits/<number>/reveal", summary="Who came, in clear; each look is recorded")
def post_reveal(path: VisitPath, body: RevealBody) -> Response:
    """Not kept under an Idempotency-Key: a stored answer would hold the names."""
    with store().write() as session:
        actor = sign_in(session)
        visit = access.read_visit(session, actor, path.number)
        shown = reading.reveal(session, actor, visit, body.reason, g.get("request_id", ""))
    return jsonify(parties=[shown])  # after the commit: what is not recorded is not shown


def _item(session: Session, actor: Actor, path: VisitItemPath) -> Visit:
    """The visit of the task, if the actor may see both. Raises NotFound, Forbidden for a window of others."""
    visit = access.read_visit(session, actor, path.number)
    item = session.scalar(select(WorkItem).where(WorkItem.id == path.item_id, WorkItem.subject_id == visit.subject_id))
    if item is None:
        raise NotFound
    if not actor.holds(item.unit_id, item.role):
        raise Forbidden
    return visit


def _seen_json(seen: Seen) -> dict[str, Any]:
    visit = seen.visit
    return {
        "number": visit.number,
        "channel": coded(Channel(visit.channel)),
        "matter": coded(Matter(visit.matter)),
        "visitor": party_json({**seen.person, "role": "applicant"}) if seen.person else None,
        "heads": visit.heads,
        "received_at": iso(visit.received_at),
        "closed_at": iso(visit.closed_at),
        "rating": visit.rating,
        "is_case": visit.case_id is not None,
        "windows": [_part_json(part) for part in seen.parts],
        "task": _task_json(seen.task),
    }


def _part_json(part: Part) -> dict[str, Any]:
    row = part.row
    return {
        "code": part.window.code,
        "name": part.window.name,
        "service": row.service,
        "unit": shapes.unit_json(part.unit),
        "opened_at": iso(row.opened_at),
        "ended_at": iso(row.ended_at),
        "outcome": coded(Outcome(row.outcome)) if row.outcome else None,
        "task": _task_json(part.task),
    }


def _task_json(task: Task | None) -> dict[str, Any] | None:
    if task is None:
        return None
    item, clock = task.item, task.clock
    return {
        "id": item.id,
        "element": item.element,
        "form": item.form,
        "state": item.state,
        "version": item.version,
        "due_at": iso(clock.due_at) if clock else None,
        "overdue": bool(clock and clock.overdue_at),
    }
