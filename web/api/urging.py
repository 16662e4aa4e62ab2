"""What the overdue board does: the numbers of the cases it lists, and urging or supervising many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.errors import Forbidden
from processes import access
from processes.cases.actions import require
from processes.codes import Rung
from processes.overdue import board, listing
from processes.overdue.listing import Age, Show, Wanted
from processes.supervisions.operations import supervise
from web.api.shapes import Strict, iso
from web.edge import acting_on_each, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.actors import Actor
    from engine.db import Session

MAX_CASES = 200
Number = Annotated[str, Field(min_length=1, max_length=32)]
LevelOrBeside = Literal["district", "subdistrict", "village", "grid", "cell", "beside"]
api = APIBlueprint(
    "urging", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="supervisions")]
)


class OverdueQuery(Strict):
    """`at`: a unit's code, your own place without it; `own`: its own desk only; `age`: how late, by the bars."""

    at: str | None = Field(None, max_length=64)
    own: bool = False
    show: Literal["overdue", "soon", "open"] = "overdue"
    level: LevelOrBeside | None = None
    age: Literal["4h", "1d", "3d", "7d", "15d", "more"] | None = None
    limit: int = Field(MAX_CASES, ge=1, le=MAX_CASES)


class BulkBody(Strict):
    """`rung`: urge, or supervise at once."""

    cases: list[Number] = Field(min_length=1, max_length=MAX_CASES)
    rung: Literal["urge", "supervise"] = "urge"


@api.get("/overdue/cases", summary="The latest of the cases that you supervise")
def get_overdue(query: OverdueQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        if not actor.roles & board.ROLES:
            raise Forbidden
        _, path = board.locate(session, actor, query.at)
        age = Age(query.age) if query.age else None
        wanted = Wanted(path[-1], query.own, Show(query.show), query.level, age)
        found = listing.list_cases(session, actor, wanted, size=query.limit)
        return {"total": found.total, "cases": [_row(row, actor) for row in found.rows]}

    return reading(look)


@api.post("/supervisions/bulk", summary="Urge or supervise many cases, each for itself")
def post_bulk(body: BulkBody) -> Response:
    """Each case is one transaction and has one result; one that is refused does not hold up the others."""
    wanted = dict.fromkeys(body.cases)
    rows = acting_on_each([(number, {"rung": body.rung}, _raising(number, Rung(body.rung))) for number in wanted])
    return jsonify(results=[{"case": number, **row} for number, row in rows])


def _raising(number: str, rung: Rung) -> Callable[[Session, Actor], dict[str, Any]]:
    def act(session: Session, actor: Actor) -> dict[str, Any]:
        case = access.hold_case(session, actor, number)
        require(session, actor, case, "supervise")
        return {"id": supervise(session, actor, case, rung).id}

    return act


def _row(row: Any, actor: Actor) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "light": row.light,
        "owner": {"code": row.owner_code, "name": row.owner_name, "level": row.owner_level},
        "due_at": iso(row.due_at),
        "late_since": iso(row.late_since),
        "may_supervise": board.may_supervise(actor, row.owner_id),
    }
