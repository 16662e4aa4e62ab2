"""For the report form of people in the field: what a phone keeps to work without network, routes, followers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.commands import OFFLINE_LIFETIME
from engine.network.people import Staff, name_of
from processes.cases import routing
from processes.cases.following import follow
from web.api.shapes import CasePath, Strict, iso, unit_json
from web.edge import acting, reading
from web.words import names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("field", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="cases")])


class RouteQuery(Strict):
    """`place_unit`: a unit's code; `restricted`: whether only named people shall see the case."""

    place_unit: str = Field(max_length=64)
    restricted: bool = False


class FollowBody(Strict):
    """What you saw of it."""

    note: str | None = Field(None, max_length=4000)


@api.get("/cases/route", summary="Who will receive a report on this place")
def get_route(query: RouteQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        return route_json(routing.route(session, actor, query.place_unit, restricted=query.restricted))

    return reading(look)


@api.get("/field", summary="What a phone keeps so that you can report without a network")
def get_field() -> Response:
    return reading(kit)


@api.post("/cases/<number>/followers", summary="Follow a case instead of reporting it again")
def post_follower(path: CasePath, body: FollowBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        row = follow(session, actor, path.number, body.note)
        return 200, {"number": path.number, "since": iso(row.since)}

    return acting(act, OFFLINE_LIFETIME)


def kit(session: Session, actor: Actor) -> dict[str, Any]:
    """Who the person is, where they may report, the nearest first, and who receives what they report at home."""
    staff = session.get_one(Staff, actor.staff_id)
    home = routing.home_of(session, actor)
    return {
        "staff_no": staff.staff_no,
        "name": name_of(session, staff),
        "home": home.code,
        "route": route_json(routing.route(session, actor, home.code)),
        "places": [
            {"code": each.unit.code, "name": names.unit(each.unit), "level": each.unit.level, "near": each.nearness}
            for each in routing.places(session, actor)
        ],
    }


def route_json(route: routing.Route) -> dict[str, Any]:
    """`words`: 02 网格 网格员 → 冯家寺社区服务站, in the person's language."""
    first = f"{names.within(route.first, route.checker)} {names.post_at(route.first.level, route.role)}"
    return {
        "first": {"unit": unit_json(route.first), "role": route.role},
        "checker": unit_json(route.checker),
        "words": f"{first} → {names.station(route.checker)}",
        "station": names.station(route.checker),
    }
