"""What the administrator or a centre's leader edits: residents, windows, rooms, duties, rules.

Each act is in the trail. Names and texts of a centre are public orders, not personal data; the trail holds codes, and
of a text its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select

from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.network.units import Beside, Unit, by_code
from engine.trail.entries import Draft
from processes import models_folder
from processes.cases.handling import finding
from processes.cases.numbers import LOCAL
from processes.centres import routing
from processes.centres.codes import Mode, ResidentKind, RuleKind, Service
from processes.centres.models import CentreRule, Duty, Resident, Room, Window
from processes.codes import Kind

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ADMIN, LEADER = "admin", "leader"
Row = TypeVar("Row", Window, Room)


class StillStaffs(Conflict):
    """This unit still staffs window {windows}. Give the window to another resident first."""

    code = "still_staffs"
    zh = "该单位仍负责 {windows} 号窗口，请先把窗口改由其他入驻单位负责。"


class AlreadyResident(Conflict):
    """{name} is resident here already; change its row instead."""

    code = "already_resident"
    zh = "{name}已入驻本中心，请直接修改该行。"


@dataclass(frozen=True)
class DutyText:
    """One duty as it is edited. `unit`: the slug of the third party that has it; `kind` None: it draws no matter."""

    resident: str
    sign: str
    text: str
    text_en: str = ""
    unit: str | None = None
    kind: str | None = None
    type: str | None = None
    service: str | None = None


def centre_of(session: Session, actor: Actor, code: str) -> Unit:
    """The valid centre with this code in the actor's district. Raises NotFound."""
    unit = by_code(session, code)
    if unit is None or unit.level != Beside.CENTRE or unit.district_id != actor.district_id:
        raise NotFound
    return unit


def may_edit(actor: Actor, centre: Unit) -> bool:
    """The district's administrator, the centre's leader, and whoever runs the installation."""
    if actor.district_id != centre.district_id:
        return False
    operator = actor.staff_id is None and actor.ref.startswith("system:")
    return operator or ADMIN in actor.roles or actor.holds(centre.id, LEADER)


def require_editor(actor: Actor, centre: Unit) -> None:
    """Raises Forbidden."""
    if not may_edit(actor, centre):
        raise Forbidden


def add_resident(
    session: Session, actor: Actor, centre: Unit, unit_code: str, mode: str, staff: int = 0, days: str = ""
) -> Resident:
    """入驻. Raises Forbidden, Invalid, AlreadyResident."""
    require_editor(actor, centre)
    _check_code(Mode, "mode", mode)
    unit = _unit(session, centre, unit_code)
    if _resident(session, centre, unit) is not None:
        raise AlreadyResident(name=unit.name)
    today = session.env.clock.now().astimezone(LOCAL).date()
    row = Resident(
        district_id=centre.district_id, centre_id=centre.id, unit_id=unit.id, mode=mode, staff=staff, days=days,
        since=today,
    )  # fmt: skip
    session.add(row)
    _note(session, actor, centre, "centre:resident:add", {"unit": unit.code, "mode": mode, "staff": staff})
    return row


def change_resident(
    session: Session, actor: Actor, centre: Unit, unit_code: str, mode: str, staff: int = 0, days: str = ""
) -> Resident:
    """Another mode, number of people or days. Raises Forbidden, Invalid, NotFound."""
    require_editor(actor, centre)
    _check_code(Mode, "mode", mode)
    unit = _unit(session, centre, unit_code)
    row = _resident(session, centre, unit)
    if row is None:
        raise NotFound
    row.mode, row.staff, row.days, row.preset = mode, staff, days, False
    _note(session, actor, centre, "centre:resident:change", {"unit": unit.code, "mode": mode, "staff": staff})
    return row


def end_resident(session: Session, actor: Actor, centre: Unit, unit_code: str) -> Resident:
    """撤出: the unit leaves the centre today. Raises Forbidden, NotFound, StillStaffs."""
    require_editor(actor, centre)
    unit = _unit(session, centre, unit_code)
    row = _resident(session, centre, unit)
    if row is None:
        raise NotFound
    staffed = select(Window.code).where(Window.centre_id == centre.id, Window.unit_id == unit.id, ~Window.closed)
    windows = session.scalars(staffed.order_by(Window.code)).all()
    if windows:
        raise StillStaffs(windows=", ".join(windows))
    row.until = session.env.clock.now().astimezone(LOCAL).date()
    _note(session, actor, centre, "centre:resident:end", {"unit": unit.code})
    return row


def add_window(session: Session, actor: Actor, centre: Unit, name: str, service: str, unit_code: str) -> Window:
    """A window of the next number, staffed by a resident. Raises Forbidden, Invalid."""
    require_editor(actor, centre)
    _check_code(Service, "service", service)
    unit = _staffing(session, centre, unit_code)
    position = _next_position(session, centre, Window)
    row = Window(
        district_id=centre.district_id, centre_id=centre.id, code=f"{position:02d}", name=name, service=service,
        unit_id=unit.id, position=position,
    )  # fmt: skip
    session.add(row)
    _note(session, actor, centre, "centre:window:add", {"window": row.code, "service": service, "unit": unit.code})
    return row


def change_window(
    session: Session, actor: Actor, centre: Unit, code: str, name: str, service: str, unit_code: str
) -> Window:
    """Another name, service or resident; a closed window is open again. Raises Forbidden, Invalid, NotFound."""
    require_editor(actor, centre)
    _check_code(Service, "service", service)
    row, unit = _row(session, centre, Window, code), _staffing(session, centre, unit_code)
    row.name, row.service, row.unit_id, row.closed, row.preset = name, service, unit.id, False, False
    _note(session, actor, centre, "centre:window:change", {"window": code, "service": service, "unit": unit.code})
    return row


def close_window(session: Session, actor: Actor, centre: Unit, code: str) -> Window:
    """Nobody is sent there any more; who waits there is still served. Raises Forbidden, NotFound."""
    require_editor(actor, centre)
    row = _row(session, centre, Window, code)
    row.closed, row.preset = True, False
    _note(session, actor, centre, "centre:window:close", {"window": code})
    return row


def add_room(session: Session, actor: Actor, centre: Unit, name: str, seats: int = 0) -> Room:
    """Raises Forbidden."""
    require_editor(actor, centre)
    taken = select(func.count()).where(Room.centre_id == centre.id)
    code = f"R{(session.scalar(taken) or 0) + 1}"
    row = Room(district_id=centre.district_id, centre_id=centre.id, code=code, name=name, seats=seats)
    session.add(row)
    _note(session, actor, centre, "centre:room:add", {"room": code, "seats": seats})
    return row


def change_room(session: Session, actor: Actor, centre: Unit, code: str, name: str, seats: int = 0) -> Room:
    """Another name or number of seats; a closed room is open again. Raises Forbidden, NotFound."""
    require_editor(actor, centre)
    row = _row(session, centre, Room, code)
    row.name, row.seats, row.closed, row.preset = name, seats, False, False
    _note(session, actor, centre, "centre:room:change", {"room": code, "seats": seats})
    return row


def close_room(session: Session, actor: Actor, centre: Unit, code: str) -> Room:
    """Raises Forbidden, NotFound."""
    require_editor(actor, centre)
    row = _row(session, centre, Room, code)
    row.closed, row.preset = True, False
    _note(session, actor, centre, "centre:room:close", {"room": code})
    return row


def own_duties(session: Session, centre: Unit) -> Sequence[Duty]:
    """All duties of the district, closed ones too, by position; none while it lives by the default set."""
    query = select(Duty).where(Duty.district_id == centre.district_id)
    return session.scalars(query.order_by(Duty.position, Duty.code)).all()


def take_over_duties(session: Session, centre: Unit) -> int:
    """Write the default duties as the district's own, unless it has some; how many were written."""
    if own_duties(session, centre):
        return 0
    rows = [Duty(district_id=centre.district_id, **row) for row in routing.defaults()]
    session.add_all(rows)
    session.flush()
    return len(rows)


def add_duty(session: Session, actor: Actor, centre: Unit, duty: DutyText) -> Duty:
    """One more, with the next code of its resident. Raises Forbidden, Invalid."""
    require_editor(actor, centre)
    check_duty(session, centre, duty)
    take_over_duties(session, centre)
    own = own_duties(session, centre)
    prefix = "third" if duty.resident == ResidentKind.THIRD_PARTY else duty.resident
    taken = {row.code for row in own}
    code = next(each for n in range(1, len(own) + 2) if (each := f"{prefix[:12]}-{n}") not in taken)
    row = Duty(district_id=centre.district_id, code=code, position=max((each.position for each in own), default=0) + 1)
    _write(row, duty)
    session.add(row)
    _note(session, actor, centre, "centre:duty:add", _codes_of(row))
    return row


def change_duty(session: Session, actor: Actor, centre: Unit, code: str, duty: DutyText) -> Duty:
    """Another text, sign or matter; a closed duty is open again. Raises Forbidden, Invalid, NotFound."""
    require_editor(actor, centre)
    check_duty(session, centre, duty)
    take_over_duties(session, centre)
    row = _duty(session, centre, code)
    _write(row, duty)
    row.closed = False
    _note(session, actor, centre, "centre:duty:change", _codes_of(row))
    return row


def close_duty(session: Session, actor: Actor, centre: Unit, code: str) -> Duty:
    """It routes nothing any more. Raises Forbidden, NotFound."""
    require_editor(actor, centre)
    take_over_duties(session, centre)
    row = _duty(session, centre, code)
    row.closed, row.preset = True, False
    _note(session, actor, centre, "centre:duty:close", {"duty": code})
    return row


def put_duties(session: Session, actor: Actor, centre: Unit, duties: Mapping[str, DutyText]) -> Sequence[Duty]:
    """The whole catalogue by code, in this order; what is not in it is closed. Raises Forbidden, Invalid."""
    require_editor(actor, centre)
    own = {row.code: row for row in own_duties(session, centre)}
    for at, duty in enumerate(duties.values()):
        check_duty(session, centre, duty, f"duties/{at}/")
    for row in own.values():
        row.closed = row.closed or row.code not in duties
    for position, (code, duty) in enumerate(duties.items(), 1):
        row = own.get(code) or Duty(district_id=centre.district_id, code=code)
        if row.id is None or _text_of(row) != duty:
            _write(row, duty)
        row.position, row.closed = position, False
        session.add(row)
    digest = hashlib.sha256(json.dumps([[code, vars(duty)] for code, duty in duties.items()]).encode()).hexdigest()
    _note(session, actor, centre, "centre:duties:replace", {"duties": len(duties), "sha256": digest})
    return own_duties(session, centre)


def check_duty(session: Session, centre: Unit, duty: DutyText, loc: str = "") -> None:
    """Raises Invalid for codes that nothing knows, and for a third party's duty that routes to no one."""
    _check_code(ResidentKind, f"{loc}resident", duty.resident)
    if duty.kind is not None:
        _check_code(Kind, f"{loc}kind", duty.kind)
    if duty.service is not None:
        _check_code(Service, f"{loc}service", duty.service)
    if duty.type is not None and (duty.kind != Kind.DISPUTE or duty.type not in dispute_types()):
        raise Invalid([finding(f"{loc}type", "a type of dispute, with kind dispute", "须为矛盾纠纷的类型")])
    third = duty.resident == ResidentKind.THIRD_PARTY
    if duty.unit is not None and not (third and _is_third_party(session, centre, duty.unit)):
        raise Invalid([finding(f"{loc}unit", "the short name of a third party", "须为第三方机构的简称")])
    if third and duty.kind is not None and duty.unit is None:
        raise Invalid([finding(f"{loc}unit", "say which third party draws these matters", "请选择由哪个机构承接")])


@cache
def dispute_types() -> tuple[str, ...]:
    """Codes of the types of dispute, as the report form has them."""
    lists = json.loads((models_folder() / "forms" / "codes.json").read_text("utf-8"))
    return tuple(lists["$defs"]["type"]["enum"])


def issue_rule(session: Session, actor: Actor, centre: Unit, code: str, kind: str, title: str, text: str) -> CentreRule:
    """A new rule, or the next edition of one; the editions before are kept. Raises Forbidden, Invalid."""
    require_editor(actor, centre)
    _check_code(RuleKind, "kind", kind)
    last = editions(session, centre, code)[:1]
    row = CentreRule(
        district_id=centre.district_id, centre_id=centre.id, code=code, kind=last[0].kind if last else kind,
        edition=last[0].edition + 1 if last else 1, title=title, text=text, issued_at=session.env.clock.now(),
        issued_by=actor.ref,
    )  # fmt: skip
    session.add(row)
    digest = hashlib.sha256(text.encode()).hexdigest()
    _note(session, actor, centre, "centre:rule:issue", {"rule": code, "edition": row.edition, "sha256": digest})
    return row


def editions(session: Session, centre: Unit, code: str) -> Sequence[CentreRule]:
    """All editions of a rule, the newest first."""
    query = select(CentreRule).where(CentreRule.centre_id == centre.id, CentreRule.code == code)
    return session.scalars(query.order_by(CentreRule.edition.desc())).all()


def _write(row: Duty, duty: DutyText) -> None:
    for name, value in vars(duty).items():
        setattr(row, name, value)
    row.preset = False


def _text_of(row: Duty) -> DutyText:
    return DutyText(row.resident, row.sign, row.text, row.text_en, row.unit, row.kind, row.type, row.service)


def _codes_of(row: Duty) -> dict[str, Any]:
    digest = hashlib.sha256(row.text.encode()).hexdigest()
    drawn = {"kind": row.kind, "type": row.type, "service": row.service}
    return {"duty": row.code, "resident": row.resident, **drawn, "sha256": digest}


def _duty(session: Session, centre: Unit, code: str) -> Duty:
    row = session.scalar(select(Duty).where(Duty.district_id == centre.district_id, Duty.code == code))
    if row is None:
        raise NotFound
    return row


def _row(session: Session, centre: Unit, table: type[Row], code: str) -> Row:
    row = session.scalar(select(table).where(table.centre_id == centre.id, table.code == code))
    if row is None:
        raise NotFound
    return row


def _next_position(session: Session, centre: Unit, table: type[Window]) -> int:
    return (session.scalar(select(func.max(table.position)).where(table.centre_id == centre.id)) or 0) + 1


def _resident(session: Session, centre: Unit, unit: Unit) -> Resident | None:
    query = select(Resident).where(
        Resident.centre_id == centre.id, Resident.unit_id == unit.id, Resident.until.is_(None)
    )
    return session.scalar(query)


def _unit(session: Session, centre: Unit, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != centre.district_id or unit.level == Beside.CENTRE:
        raise Invalid([finding("unit", "a unit of this district", "须为本区的单位")])
    return unit


def _staffing(session: Session, centre: Unit, code: str) -> Unit:
    unit = _unit(session, centre, code)
    if _resident(session, centre, unit) is None:
        raise Invalid([finding("unit", "a resident of this centre", "须为本中心的入驻单位")])
    return unit


def _is_third_party(session: Session, centre: Unit, slug: str) -> bool:
    query = select(Unit.id).where(
        Unit.district_id == centre.district_id,
        Unit.slug == slug,
        Unit.level == Beside.THIRD_PARTY,
        Unit.valid_to.is_(None),
    )
    return session.scalar(query) is not None


def _check_code(codes: type[Any], loc: str, value: str) -> None:
    if value not in {code.value for code in codes}:
        raise Invalid([finding(loc, "not one of the codes", "不在可选范围内")])


def _note(session: Session, actor: Actor, centre: Unit, action: str, data: dict[str, Any]) -> None:
    session.flush()  # what follows in the same transaction reads it
    session.drafts.append((centre.district_id, Draft(action, actor.ref, centre.code, data)))
