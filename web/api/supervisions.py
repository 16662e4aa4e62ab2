"""Supervisions: urge and supervise by hand, see those of a case, cancel; answered through their work items.

Many at once: `web.api.urging`. Points of the rungs: `web.api.points`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from sqlalchemy import select

from engine.errors import NotFound
from processes import access
from processes.cases.actions import require
from processes.codes import Rung
from processes.supervisions.models import Card, Supervision, SupervisionMeeting
from processes.supervisions.operations import cancel, supervise
from web.api import shapes
from web.api.shapes import CasePath, RowId, Strict, coded, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "supervisions", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="supervisions")]
)


class SuperviseBody(Strict):
    """The first rung: urge, or supervise at once; a commander may begin with a yellow card."""

    rung: Literal["urge", "supervise", "yellow"] = "urge"


class SupervisionPath(CasePath):
    """A supervision of a case."""

    supervision_id: RowId


@api.post("/cases/<number>/supervisions", summary="Urge or supervise")
def post_supervision(path: CasePath, body: SuperviseBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "supervise")
        return 201, {"id": supervise(session, actor, case, Rung(body.rung)).id}

    return acting(act)


@api.get("/cases/<number>/supervisions", summary="Supervisions of a case with their cards, interviews and reports")
def get_supervisions(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        rows = session.scalars(select(Supervision).where(Supervision.case_id == case.id).order_by(Supervision.id)).all()
        cards = session.scalars(select(Card).where(Card.case_id == case.id).order_by(Card.id)).all()
        query = select(SupervisionMeeting).where(SupervisionMeeting.case_id == case.id)
        meetings = session.scalars(query.order_by(SupervisionMeeting.id)).all()
        wanted = [r.issuer_id for r in rows] + [r.subject_id for r in rows if r.subject_id is not None]
        wanted += [card.unit_id for card in cards] + [meeting.unit_id for meeting in meetings]
        names = shapes.units_by_id(session, wanted)
        return {"supervisions": [_supervision_json(row, cards, meetings, names) for row in rows]}

    return reading(look)


@api.post("/cases/<number>/supervisions/<supervision_id>/cancellation", summary="Take it back")
def post_cancellation(path: SupervisionPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        row = session.get(Supervision, path.supervision_id)
        if row is None or row.case_id != case.id:
            raise NotFound
        cancel(session, actor, row)
        return 200, {"id": row.id, "ended_by": row.ended_by}

    return acting(act)


def _supervision_json(row: Supervision, cards: Any, meetings: Any, names: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "issuer": shapes.unit_json(names.get(row.issuer_id)),
        "subject": shapes.unit_json(names.get(row.subject_id)) if row.subject_id is not None else None,
        "origin": row.origin,
        "rung": coded(Rung(row.rung)),
        "opened_at": iso(row.opened_at),
        "ended_at": iso(row.ended_at),
        "ended_by": row.ended_by,
        "cards": [
            {"rung": c.rung, "unit": shapes.unit_json(names.get(c.unit_id)), "points": c.points, "at": iso(c.given_at)}
            for c in cards
            if c.supervision_id == row.id
        ],
        "meetings": [
            {
                "kind": m.kind,
                "unit": shapes.unit_json(names.get(m.unit_id)),
                "held_on": m.held_on.isoformat(),
                "adopted": m.adopted,
            }
            for m in meetings
            if m.supervision_id == row.id
        ],
    }
