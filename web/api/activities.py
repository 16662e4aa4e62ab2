"""The activity log: enter, list, count, strike out, link a case, open one from a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import func, select

from engine.errors import NotFound
from engine.network.units import Beside, Level, Unit, by_code
from processes.activities import operations, reading
from processes.activities.codes import ActivityKind
from processes.activities.codes import Tag as ActivityTag
from web.api import shapes
from web.api.shapes import RowId, Strict, coded, iso
from web.edge import acting, json_body
from web.edge import reading as answering
from web.words import names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.activities.models import Activity

api = APIBlueprint(
    "activities", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="activities")]
)
PLACES = 20


class ActivityBody(Strict):
    """An activity that was held. `unit`: yours, the first of your posts when left out; `place`: where it was held."""

    kind: ActivityKind
    title: str = Field(min_length=2, max_length=100)
    held_on: date
    until: date | None = None
    unit: str | None = Field(None, max_length=64)
    place: str | None = Field(None, max_length=64)
    text: str = Field("", max_length=4000)
    amount: int = Field(1, ge=1, le=operations.MAX_AMOUNT)
    people: int = Field(0, ge=0, le=operations.MAX_PEOPLE)
    tags: list[ActivityTag] = Field(default_factory=list, max_length=len(ActivityTag))


class ActivityQuery(Strict):
    """What is listed; `under`: a unit's code, with all below it."""

    kind: ActivityKind | None = None
    begin: date | None = None
    end: date | None = None
    under: str | None = Field(None, max_length=64)
    page: int = Field(1, ge=1, le=10_000)


class ActivityPath(Strict):
    """An activity by its id."""

    activity_id: RowId


class ReasonBody(Strict):
    """Why it is struck out."""

    reason: str = Field(min_length=2, max_length=200)


class PlaceQuery(Strict):
    """Part of a name, empty: the highest units first; `kinds`: "network" leaves the centres out."""

    q: str = Field("", max_length=64)
    kinds: Literal["all", "network"] = "all"


class LinkBody(Strict):
    """The number of a case."""

    case: str = Field(max_length=32)


@api.get("/activities", summary="Activities of the district, the latest first, with what they add up to")
def get_activities(query: ActivityQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        wanted = wanted_of(session, actor, query)
        rows, total = reading.listed(session, actor, wanted, page=query.page)
        counted = reading.counts(session, actor.district_id, *reading.conditions_of(wanted))
        return {
            "activities": many_json(session, rows),
            "total": total,
            "counts": [
                {**coded(kind), "entries": count.entries, "amount": count.amount, "people": count.people}
                for kind, count in counted.items()
            ],
        }

    return answering(look)


@api.post("/activities", summary="Enter an activity that your unit held")
def post_activity(body: ActivityBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        given = body.model_dump(exclude={"unit"})
        row = operations.record(session, actor, operations.Entry(**given, unit=body.unit or _first(session, actor)))
        return 201, {"id": row.id}

    return acting(act)


@api.get("/activities/places", summary="Units and centres where an activity can be held")
def get_places(query: PlaceQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        kinds = [level.value for level in Level] + ([Beside.CENTRE.value] if query.kinds == "all" else [])
        wanted = select(Unit).where(
            Unit.district_id == actor.district_id,
            Unit.valid_to.is_(None),
            Unit.level.in_(kinds),
            Unit.name.contains(query.q.strip(), autoescape=True),
        )
        found = session.scalars(wanted.order_by(func.length(Unit.path), Unit.code).limit(PLACES)).all()
        above = shapes.units_by_id(session, [unit.parent_id for unit in found])
        return {"units": [_place_json(unit, above.get(unit.parent_id or 0)) for unit in found]}

    return answering(look)


@api.get("/activities/<activity_id>", summary="One activity with its cases")
def get_activity(path: ActivityPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        row = operations.find(session, actor, path.activity_id)
        linked = reading.cases_of(session, actor, row)
        cases = [{"case": case.number, "opened": opened} for case, opened in linked]
        return {**many_json(session, [row])[0], "text": row.text, "cases": cases}

    return answering(look)


@api.post("/activities/<activity_id>/strike", summary="Strike out a wrong entry")
def post_strike(path: ActivityPath, body: ReasonBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        row = operations.find(session, actor, path.activity_id, lock=True)
        operations.strike(session, actor, row, body.reason)
        return 200, {"id": row.id, "struck_at": iso(row.struck_at)}

    return acting(act)


@api.post("/activities/<activity_id>/links", summary="Link a case")
def post_link(path: ActivityPath, body: LinkBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        row = operations.find(session, actor, path.activity_id, lock=True)
        operations.link(session, actor, row, body.case)
        return 201, {"id": row.id, "case": body.case}

    return acting(act)


@api.post("/activities/<activity_id>/cases", summary="Open a case from a meeting: the fields of the form `report`")
def post_case(path: ActivityPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        row = operations.find(session, actor, path.activity_id, lock=True)
        reported = operations.open_case(session, actor, row, json_body())
        return 201, {"number": reported.case.number, "tracking_code": reported.tracking_code}

    return acting(act)


def wanted_of(session: Session, actor: Actor, query: ActivityQuery) -> reading.Wanted:
    """Raises NotFound for a unit that the district does not have."""
    under = by_code(session, query.under) if query.under else None
    if query.under and (under is None or under.district_id != actor.district_id):
        raise NotFound
    return reading.Wanted(query.kind, query.begin, query.end, under)


def many_json(session: Session, rows: Sequence[Activity]) -> list[dict[str, Any]]:
    names = shapes.units_by_id(session, [unit_id for row in rows for unit_id in (row.unit_id, row.place_unit_id)])
    return [_json(row, names) for row in rows]


def _json(row: Activity, names: dict[int, Unit]) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": coded(ActivityKind(row.kind)),
        "title": row.title,
        "held_on": row.held_on.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "unit": shapes.unit_json(names.get(row.unit_id)),
        "place": shapes.unit_json(names.get(row.place_unit_id)) if row.place_unit_id else None,
        "amount": row.amount,
        "people": row.people,
        "tags": [coded(ActivityTag(tag)) for tag in row.tags],
        "recorded_at": iso(row.recorded_at),
        "struck_at": iso(row.struck_at),
        "struck_why": row.struck_why,
    }


def _place_json(unit: Unit, above: Unit | None) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": names.unit(unit),
        "badge": names.badge(unit.level),
        "above": names.unit(above) if above is not None and above.level != Level.DISTRICT else None,
    }


def _first(session: Session, actor: Actor) -> str:
    units = operations.recording_units(actor)
    return session.get_one(Unit, units[0]).code if units else ""
