"""Likely duplicates of a case, or of a report that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.errors import NotFound
from engine.network.units import by_code
from processes import access
from processes.cases import duplicates
from processes.cases.duplicates import Matter, Position
from processes.codes import Kind, State
from web.api.shapes import Strict, coded, iso
from web.edge import reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "duplicates", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="cases")]
)


class DuplicatesQuery(Strict):
    """`number`: a case to compare; else what is known of the report. `place_unit` is a unit's code."""

    number: str | None = Field(None, max_length=32)
    place_unit: str | None = Field(None, max_length=64)
    lng: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    kind: Kind | None = None
    title: str = Field("", max_length=200)


@api.get("/duplicates", summary="Open cases that may be the same matter, with reasons; at most five")
def get_duplicates(query: DuplicatesQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        found = duplicates.find(session, actor, _matter(session, actor, query))
        return {"duplicates": [_json(each) for each in found]}

    return reading(look)


def _matter(session: Session, actor: Actor, query: DuplicatesQuery) -> Matter:
    """Raises NotFound for a case out of sight and for an unknown place."""
    if query.number is not None:
        return duplicates.matter_of(session, access.read_case(session, actor, query.number))
    place = by_code(session, query.place_unit or "")
    if place is None or place.district_id != actor.district_id:
        raise NotFound
    known = query.lng is not None and query.lat is not None
    position = Position(query.lng or 0.0, query.lat or 0.0) if known else None
    return Matter(place, query.kind.value if query.kind else None, query.title, position)


def _json(found: duplicates.Duplicate) -> dict[str, Any]:
    return {
        "number": found.number,
        "title": found.title,
        "state": coded(State(found.state)),
        "distance_m": found.distance_m,
        "reported_at": iso(found.reported_at),
        "score": found.score,
        "reasons": [{"zh": reason.zh, "en": reason.en} for reason in found.reasons],
    }
