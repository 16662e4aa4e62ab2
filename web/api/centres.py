"""A centre (法务服务中心) as an overlay: what it covers and holds, and its edits by an administrator or its leader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.network.units import Unit
from processes.centres import operations, reading, routing, seeding
from processes.centres.codes import Mode, ResidentKind, RuleKind, Service
from processes.centres.operations import DutyText, centre_of
from web.api.shapes import Strict, coded, iso, unit_json
from web.edge import acting
from web.edge import reading as answering

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.actors import Actor
    from engine.db import Session
    from processes.centres.models import CentreRule, Duty, Resident, Room, Window
    from processes.centres.reading import Picture

api = APIBlueprint(
    "centres", __name__, url_prefix="/api/v1/centres", abp_security=[{"bearer": []}], abp_tags=[Tag(name="centres")]
)


class CentrePath(Strict):
    """A centre by its code."""

    code: str = Field(max_length=64)


class ResidentPath(CentrePath):
    """A resident by its unit's code."""

    unit: str = Field(max_length=64)


class WindowPath(CentrePath):
    """A window by its number."""

    window: str = Field(max_length=8)


class RoomPath(CentrePath):
    """A room by its code."""

    room: str = Field(max_length=8)


class DutyPath(CentrePath):
    """A duty by its code."""

    duty: str = Field(max_length=16)


class RulePath(CentrePath):
    """A rule by its code."""

    rule: str = Field(max_length=16)


class ResidentBody(Strict):
    """How a unit is there. `days`: on which days, in words; empty: every working day."""

    mode: Literal["long_term", "key", "public_welfare"]
    staff: int = Field(0, ge=0, le=1000)
    days: str = Field("", max_length=64)


class NewResidentBody(ResidentBody):
    """A unit by its code."""

    unit: str = Field(max_length=64)


class WindowBody(Strict):
    """`unit`: the code of the resident that staffs it."""

    name: str = Field(min_length=1, max_length=64)
    service: str = Field(max_length=16)
    unit: str = Field(max_length=64)


class RoomBody(Strict):
    """A room."""

    name: str = Field(min_length=1, max_length=64)
    seats: int = Field(0, ge=0, le=10_000)


class DutyBody(Strict):
    """`unit`: short name of the third party; `kind` and `type`: the matters that it draws; `service`: its window."""

    resident: str = Field(max_length=16)
    sign: str = Field(min_length=1, max_length=4)
    text: str = Field(min_length=2, max_length=200)
    text_en: str = Field("", max_length=300)
    unit: str | None = Field(None, max_length=32)
    kind: str | None = Field(None, max_length=16)
    type: str | None = Field(None, max_length=32)
    service: str | None = Field(None, max_length=16)


class PutDuty(DutyBody):
    """A duty with its code."""

    code: str = Field(min_length=1, max_length=16, pattern=r"^[a-z0-9_-]+$")


class DutiesBody(Strict):
    """The whole catalogue, in its order; what is not in it is closed."""

    duties: list[PutDuty] = Field(max_length=500)


class RuleBody(Strict):
    """`kind` counts with the first edition only."""

    kind: Literal["post", "rule"] = "rule"
    title: str = Field(min_length=1, max_length=100)
    text: str = Field(min_length=1, max_length=50_000)


class NewRuleBody(RuleBody):
    """A new rule with its code."""

    code: str = Field(min_length=1, max_length=16, pattern=r"^[a-z0-9_-]+$")


@api.get("", summary="The centres of your district")
def get_centres() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        return {"centres": [unit_json(unit) for unit in reading.centres(session, actor.district_id)]}

    return answering(look)


@api.get("/<code>", summary="A centre: what it covers, residents, windows, rooms, rules, and how that counts")
def get_centre(path: CentrePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        picture = reading.load(session, centre_of(session, actor, path.code))
        return picture_json(picture) | {"can_edit": operations.may_edit(actor, picture.centre)}

    return answering(look)


@api.post("/<code>/defaults", summary="Write the default set (1+5+11+N); a centre that was set up is left as it is")
def post_defaults(path: CentrePath) -> Response:
    return _editing(path.code, lambda session, actor, centre: {"written": seeding.seed(session, actor, centre)})


@api.post("/<code>/residents", summary="A unit moves in")
def post_resident(path: CentrePath, body: NewResidentBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        operations.add_resident(session, actor, centre, body.unit, body.mode, body.staff, body.days)
        return {"unit": body.unit}

    return _editing(path.code, act, 201)


@api.post("/<code>/residents/<unit>", summary="Change how a unit is there")
def post_resident_change(path: ResidentPath, body: ResidentBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        operations.change_resident(session, actor, centre, path.unit, body.mode, body.staff, body.days)
        return {"unit": path.unit}

    return _editing(path.code, act)


@api.post("/<code>/residents/<unit>/end", summary="A unit leaves; its windows were given to others before")
def post_resident_end(path: ResidentPath) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        row = operations.end_resident(session, actor, centre, path.unit)
        return {"unit": path.unit, "until": row.until.isoformat() if row.until else None}

    return _editing(path.code, act)


@api.post("/<code>/windows", summary="A new window, with the next number")
def post_window(path: CentrePath, body: WindowBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        return {"code": operations.add_window(session, actor, centre, body.name, body.service, body.unit).code}

    return _editing(path.code, act, 201)


@api.post("/<code>/windows/<window>", summary="Change a window; a closed one is open again")
def post_window_change(path: WindowPath, body: WindowBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        operations.change_window(session, actor, centre, path.window, body.name, body.service, body.unit)
        return {"code": path.window}

    return _editing(path.code, act)


@api.post("/<code>/windows/<window>/closure", summary="Close a window")
def post_window_closure(path: WindowPath) -> Response:
    return _editing(
        path.code,
        lambda session, actor, centre: {"code": operations.close_window(session, actor, centre, path.window).code},
    )


@api.post("/<code>/rooms", summary="A new room")
def post_room(path: CentrePath, body: RoomBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        return {"code": operations.add_room(session, actor, centre, body.name, body.seats).code}

    return _editing(path.code, act, 201)


@api.post("/<code>/rooms/<room>", summary="Change a room; a closed one is open again")
def post_room_change(path: RoomPath, body: RoomBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        return {"code": operations.change_room(session, actor, centre, path.room, body.name, body.seats).code}

    return _editing(path.code, act)


@api.post("/<code>/rooms/<room>/closure", summary="Close a room")
def post_room_closure(path: RoomPath) -> Response:
    return _editing(
        path.code,
        lambda session, actor, centre: {"code": operations.close_room(session, actor, centre, path.room).code},
    )


@api.get("/<code>/duties", summary="The district's duties (服务职责), by position; closed ones are left out")
def get_duties(path: CentrePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        centre = centre_of(session, actor, path.code)
        return {"duties": [duty_json(duty) for duty in routing.duties(session, centre.district_id)]}

    return answering(look)


@api.put("/<code>/duties", summary="Replace the whole catalogue of duties")
def put_duties(path: CentrePath, body: DutiesBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        given = {duty.code: _duty(duty) for duty in body.duties}
        rows = operations.put_duties(session, actor, centre, given)
        return {"duties": sum(not row.closed for row in rows)}

    return _editing(path.code, act)


@api.post("/<code>/duties", summary="One more duty")
def post_duty(path: CentrePath, body: DutyBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        return {"code": operations.add_duty(session, actor, centre, _duty(body)).code}

    return _editing(path.code, act, 201)


@api.post("/<code>/duties/<duty>", summary="Change a duty; a closed one is open again")
def post_duty_change(path: DutyPath, body: DutyBody) -> Response:
    def act(session: Session, actor: Actor, centre: Unit) -> dict[str, Any]:
        return {"code": operations.change_duty(session, actor, centre, path.duty, _duty(body)).code}

    return _editing(path.code, act)


@api.post("/<code>/duties/<duty>/closure", summary="Close a duty: it routes nothing any more")
def post_duty_closure(path: DutyPath) -> Response:
    return _editing(
        path.code,
        lambda session, actor, centre: {"code": operations.close_duty(session, actor, centre, path.duty).code},
    )


@api.get("/<code>/rules/<rule>", summary="A rule with all its editions, the newest first")
def get_rule(path: RulePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        found = operations.editions(session, centre_of(session, actor, path.code), path.rule)
        return {"editions": [rule_json(row) | {"text": row.text} for row in found]}

    return answering(look)


@api.post("/<code>/rules", summary="A new rule, as edition 1")
def post_rule(path: CentrePath, body: NewRuleBody) -> Response:
    return _editing(path.code, lambda session, actor, centre: _issue(session, actor, centre, body.code, body), 201)


@api.post("/<code>/rules/<rule>", summary="Issue a new edition of a rule; the ones before are kept")
def post_edition(path: RulePath, body: RuleBody) -> Response:
    return _editing(path.code, lambda session, actor, centre: _issue(session, actor, centre, path.rule, body), 201)


def _issue(session: Session, actor: Actor, centre: Unit, code: str, body: RuleBody) -> dict[str, Any]:
    row = operations.issue_rule(session, actor, centre, code, body.kind, body.title.strip(), body.text.strip())
    return {"code": row.code, "edition": row.edition}


def _duty(body: DutyBody) -> DutyText:
    return DutyText(**body.model_dump(exclude={"code"}))


def _editing(code: str, act: Callable[[Session, Actor, Unit], dict[str, Any]], status: int = 200) -> Response:
    def edit(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return status, act(session, actor, centre_of(session, actor, code))

    return acting(edit)


def picture_json(picture: Picture) -> dict[str, Any]:
    units = picture.units
    return {
        "centre": unit_json(picture.centre),
        "covers": [unit_json(unit) for unit in picture.covers],
        "organisation": "+".join(map(str, picture.organisation)),
        "management": "+".join(map(str, picture.management)),
        "system": "+".join(map(str, picture.system)),
        "duties": len(picture.duties),
        "residents": [_resident_json(row, units[row.unit_id]) for row in picture.residents],
        "windows": [_window_json(row, units[row.unit_id]) for row in picture.windows],
        "rooms": [_room_json(row) for row in picture.rooms],
        "rules": [rule_json(row) for row in picture.rules],
    }


def _resident_json(row: Resident, unit: Unit) -> dict[str, Any]:
    about = {"staff": row.staff, "days": row.days, "since": row.since.isoformat(), "preset": row.preset}
    return {"unit": unit_json(unit), "mode": coded(Mode(row.mode)), **about}


def _window_json(row: Window, unit: Unit) -> dict[str, Any]:
    about = {"closed": row.closed, "preset": row.preset}
    return {
        "code": row.code,
        "name": row.name,
        "service": coded(Service(row.service)),
        "unit": unit_json(unit),
        **about,
    }


def _room_json(row: Room) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, "seats": row.seats, "closed": row.closed, "preset": row.preset}


def rule_json(row: CentreRule) -> dict[str, Any]:
    issued = {"issued_at": iso(row.issued_at), "issued_by": row.issued_by, "preset": row.preset}
    return {"code": row.code, "kind": coded(RuleKind(row.kind)), "edition": row.edition, "title": row.title, **issued}


def duty_json(row: Duty) -> dict[str, Any]:
    return {
        "code": row.code,
        "resident": coded(ResidentKind(row.resident)),
        "sign": row.sign,
        "unit": row.unit,
        "text": row.text,
        "text_en": row.text_en,
        "kind": row.kind,
        "type": row.type,
        "service": row.service,
        "preset": row.preset,
    }
