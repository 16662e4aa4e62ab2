"""Mediation (调解): begin one beside a case, see those of a case, hand one over; the court's before a suit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.errors import NotFound
from engine.network.units import Unit, by_code
from processes import access
from processes.cases.actions import require
from processes.codes import MediationKind
from processes.mediations import committees, reading
from processes.mediations.court import open_before_suit
from processes.mediations.handing import hand_over
from processes.mediations.models import Mediation
from processes.mediations.operations import Wish, open_mediation
from processes.mediations.reading import Attempt
from web.api import shapes
from web.api.shapes import CasePath, RowId, Strict, coded, iso
from web.edge import acting
from web.edge import reading as looking

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "mediations", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="mediations")]
)


class MediateBody(Strict):
    """The committee by its unit's code; the kind follows from it. `suit`: of the court within a suit only."""

    committee: str = Field(max_length=64)
    suit: Literal["none", "ordinary", "simple"] = "none"


class MediationPath(CasePath):
    """A mediation of a case."""

    mediation_id: RowId


class HandOverBody(Strict):
    """To which committee, and why; the reason is sealed."""

    committee: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=2000)


class PartyBody(Strict):
    """A party to a dispute."""

    name: str = Field(min_length=1, max_length=80)
    phone: str | None = Field(None, max_length=20)
    role: Literal["applicant", "respondent", "other"] | None = None


class CourtBody(Strict):
    """A matter before a suit (诉前调解). Without a committee the court itself mediates; default place: the district."""

    title: str = Field(min_length=2, max_length=100)
    text: str = Field("", max_length=4000)
    parties: list[PartyBody] = Field(min_length=2, max_length=50)
    place_unit: str | None = Field(None, max_length=64)
    address: str | None = Field(None, max_length=200)
    committee: str | None = Field(None, max_length=64)


@api.post("/cases/<number>/mediations", summary="Begin a mediation")
def post_mediation(path: CasePath, body: MediateBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "mediate")
        wish = Wish(_unit(session, actor, body.committee), suit=body.suit)
        return 201, _begun(open_mediation(session, actor, case, wish))

    return acting(act)


@api.get("/cases/<number>/mediations", summary="Mediations of a case with sessions and agreement")
def get_mediations(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        return {"mediations": [_attempt_json(each) for each in reading.of_case(session, case)]}

    return looking(look)


@api.get("/cases/<number>/mediations/committees", summary="Committees that can mediate the case")
def get_committees(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        found = committees.choices(session, case)
        return {"committees": [{"unit": shapes.unit_json(each.unit), "kind": coded(each.kind)} for each in found]}

    return looking(look)


@api.post("/cases/<number>/mediations/<mediation_id>/hand-over", summary="Hand it over to another committee")
def post_hand_over(path: MediationPath, body: HandOverBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        committee = _unit(session, actor, body.committee)
        return 201, _begun(hand_over(session, actor, case, path.mediation_id, committee, body.reason))

    return acting(act)


@api.post("/court/mediations", summary="Have a matter mediated before a suit")
def post_court_mediation(body: CourtBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        matter = body.model_dump(exclude={"committee"}, exclude_none=True)
        case, mediation = open_before_suit(session, actor, matter, body.committee)
        return 201, {"case": case.number, **_begun(mediation)}

    return acting(act)


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    return unit


def _begun(mediation: Mediation) -> dict[str, Any]:
    return {"id": mediation.procedure_id, "kind": coded(MediationKind(mediation.kind)), "origin": mediation.origin}


def _attempt_json(each: Attempt) -> dict[str, Any]:
    agreement, guidance = each.agreement, each.guidance
    return {
        **_begun(each.mediation),
        "committee": shapes.unit_json(each.committee),
        "suit": each.mediation.suit,
        "mediator": each.mediator.staff_no if each.mediator is not None else None,
        "with_lawyer": each.mediation.with_lawyer,
        "element": each.element,
        "due_at": iso(each.clock.due_at) if each.clock is not None else None,
        "consented_at": iso(each.mediation.consented_at),
        "extended": each.mediation.extended,
        "opened_at": iso(each.procedure.opened_at),
        "ended_at": iso(each.procedure.ended_at),
        "outcome": each.procedure.outcome,
        "route": each.mediation.route,
        "previous_id": each.procedure.previous_id,
        "sessions": [
            {"held_on": held.held_on.isoformat(), "result": held.result, "with_expert": held.with_expert}
            for held in each.sessions
        ],
        "agreement": agreement
        and {
            "id": agreement.id,
            "number": agreement.number,
            "oral": agreement.oral,
            "signatures": agreement.signatures,
            "signed_at": iso(agreement.signed_at),
            "perform_by": agreement.perform_by.isoformat(),
            "confirm_by": iso(agreement.confirm_by),
            "confirmation": agreement.confirmation,
        },
        "guidance": guidance and {"way": guidance.route, "told_on": guidance.told_on.isoformat()},
    }
