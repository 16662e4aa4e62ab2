"""The network: units of the actor's own district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from engine.errors import NotFound
from engine.network.units import Unit, by_code, get
from web.api.shapes import Strict, iso
from web.edge import reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("units", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="units")])
LevelName = Literal["district", "subdistrict", "village", "grid", "cell", "department", "third_party", "centre"]


class UnitQuery(Strict):
    """`under`: a unit's code; `q`: part of a name; `after`: the last code of the page before."""

    level: LevelName | None = None
    under: str | None = Field(None, max_length=64)
    q: str | None = Field(None, max_length=64)
    after: str | None = Field(None, max_length=64)
    limit: int = Field(100, ge=1, le=500)


class UnitPath(Strict):
    """A unit by its code."""

    code: str = Field(max_length=64)


@api.get("/units", summary="Units of your district, by code")
def get_units(query: UnitQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        wanted = select(Unit).where(Unit.district_id == actor.district_id, Unit.valid_to.is_(None))
        if query.level is not None:
            wanted = wanted.where(Unit.level == query.level)
        if query.under is not None:
            wanted = wanted.where(Unit.path.startswith(_unit(session, actor, query.under).path))
        if query.q:
            wanted = wanted.where(Unit.name.contains(query.q, autoescape=True))
        if query.after is not None:
            wanted = wanted.where(Unit.code > query.after)
        found = session.scalars(wanted.order_by(Unit.code).limit(query.limit)).all()
        last = found[-1].code if len(found) == query.limit else None
        return {"units": [_unit_json(unit) for unit in found], "after": last}

    return reading(look)


@api.get("/units/<code>", summary="One unit with its line upwards")
def get_unit(path: UnitPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        unit = _unit(session, actor, path.code)
        above, current = [], unit
        while current.parent_id is not None:
            current = get(session, current.parent_id)
            above.append({"code": current.code, "name": current.name, "level": current.level})
        return {**_unit_json(unit), "above": above}

    return reading(look)


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    return unit


def _unit_json(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.id,
        "code": unit.code,
        "name": unit.name,
        "level": unit.level,
        "valid_from": iso(unit.valid_from),
        "valid_to": iso(unit.valid_to),
    }
