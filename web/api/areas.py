"""Areas of units: which unit a position lies in, and borders for a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.errors import NotFound
from engine.network.areas import areas_under, unit_at
from engine.network.units import Level, Unit, by_code, get, lineage
from web.api.shapes import Strict, unit_json, units_by_id
from web.edge import reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("areas", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="units")])
KEEP = "private, max-age=3600"


class PositionQuery(Strict):
    """A position in WGS-84, as the phone gives it."""

    lng: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)


class AreasQuery(Strict):
    """`under`: code of the unit on top, your district without it; `level`: only the units of this level."""

    under: str | None = Field(None, max_length=64)
    level: Level | None = None


@api.get("/units/at", summary="The smallest unit around a position, and the way down to it")
def get_unit_at(query: PositionQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        unit = unit_at(session, actor.district_id, query.lng, query.lat)
        if unit is None:
            return {"unit": None, "path": []}
        names = units_by_id(session, lineage(unit))
        steps = [names[unit_id] for unit_id in lineage(unit)]
        return {"unit": unit_json(unit), "path": [unit_json(each) for each in steps if each.level != Level.DISTRICT]}

    return reading(look)


@api.get("/areas", summary="Borders of units as a GeoJSON FeatureCollection in WGS-84")
def get_areas(query: AreasQuery) -> Response:
    """`properties.generated` marks borders that were drawn by a program and not surveyed."""

    def look(session: Session, actor: Actor) -> Any:
        root = _root(session, actor, query.under)
        found = areas_under(session, root, query.level)
        return {"type": "FeatureCollection", "features": [_feature(unit, area) for unit, area in found]}

    response = reading(look)
    response.headers["Cache-Control"] = KEEP
    response.vary.update(("Authorization", "Cookie"))
    response.add_etag()
    response.make_conditional(request)
    return response


def _root(session: Session, actor: Actor, code: str | None) -> Unit:
    unit = by_code(session, code) if code is not None else get(session, actor.district_id)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    return unit


def _feature(unit: Unit, area: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {**(unit_json(unit) or {}), "generated": area.generated},
        "geometry": area.polygon,
    }
