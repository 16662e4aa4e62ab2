"""What the administrator of a district does to its network and its people; each act is in the trail."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from engine import calendar, runtime
from engine.errors import Conflict, Forbidden, ImportRefused, NotFound
from engine.network.importing import ImportSummary, close_unit, decode, import_units, read_table, read_units
from engine.network.people import ApiToken, Staff
from engine.network.staffing import COLUMNS, import_staff
from engine.network.units import Unit
from engine.sign_in import credentials, sessions
from engine.trail.entries import Draft
from engine.worklist import CLAIMED, READY, WorkItem
from processes.cases.recounting import import_calendar

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ADMIN = "admin"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 12
"""log2(31^12) = 59 bits; no 0 o 1 i l, since it is read out or copied by hand once."""


class NotYourself(Conflict):
    """You cannot shut yourself out; another administrator can."""

    code = "not_yourself"
    zh = "不能停用自己的账号；请由其他管理员操作。"


def require_admin(actor: Actor) -> None:
    """Raises Forbidden."""
    if ADMIN not in actor.roles:
        raise Forbidden


def bring_in_units(session: Session, actor: Actor, content: bytes) -> ImportSummary:
    """Import units of the administrator's own district. Raises Forbidden, ImportRefused."""
    require_admin(actor)
    district = session.get_one(Unit, actor.district_id)
    foreign = [row.line for row in read_units(content) if not row.code.startswith(district.code)]
    _refuse_foreign(foreign, district)
    done = import_units(session, actor.ref, content)
    _record(session, actor, "units", content, done)
    return done


def bring_in_staff(session: Session, actor: Actor, content: bytes) -> ImportSummary:
    """Import staff and posts of the own district. Raises Forbidden, ImportRefused."""
    require_admin(actor)
    district = session.get_one(Unit, actor.district_id)
    records = list(read_table(content, COLUMNS))
    foreign = [line for line, record in records if not record["unit_code"].startswith(district.code)]
    elsewhere = select(Staff.staff_no).where(Staff.district_id != actor.district_id)
    taken = set(session.scalars(elsewhere.where(Staff.staff_no.in_({record["staff_no"] for _, record in records}))))
    _refuse_foreign(foreign + [line for line, record in records if record["staff_no"] in taken], district)
    done = import_staff(session, actor.ref, content)
    _record(session, actor, "staff", content, done)
    return done


def _refuse_foreign(lines: list[int], district: Unit) -> None:
    if lines:
        reason, zh = f"belongs to another district than {district.code}", f"不属于本区 {district.code}"
        raise ImportRefused([{"line": line, "code": "other_district", "reason": reason, "zh": zh} for line in lines])


def _record(session: Session, actor: Actor, what: str, content: bytes, done: ImportSummary) -> None:
    data = {"sha256": hashlib.sha256(content).hexdigest(), "created": done.created, "updated": done.updated}
    _note(session, actor, f"admin:{what}:import", what, data)


def bring_in_calendar(session: Session, actor: Actor, year: int, content: bytes) -> tuple[int, int]:
    """The official days of a year; (days changed, deadlines moved). Raises Forbidden, ImportRefused."""
    require_admin(actor)
    return import_calendar(session, actor, year, decode(content).encode())


def try_calendar(session: Session, actor: Actor, year: int, content: bytes) -> int:
    """How many days an import would change; for a transaction that is rolled back. Raises Forbidden, ImportRefused.

    No deadline is reckoned in it: the reading of a calendar that never was must not stay in anybody's memory.
    """
    require_admin(actor)
    return calendar.import_year(session, year, decode(content).encode())


def end_unit(session: Session, actor: Actor, code: str) -> Unit:
    """停用 a unit without open work. Raises Forbidden, NotFound, UnitHasOpenWork."""
    require_admin(actor)
    return close_unit(session, actor, code)


def new_password(session: Session, actor: Actor, staff_no: str) -> str:
    """A password to hand over, returned this once; whoever is signed in as this person is so no longer.

    Raises Forbidden, NotFound.
    """
    require_admin(actor)
    staff = _colleague(session, actor, staff_no)
    secret = _made_up(session)
    credentials.set_password(session, actor.ref, staff_no, secret)
    sessions.end_all(session, staff.id)
    return secret


def _made_up(session: Session) -> str:
    """Letters and digits, each equally likely: bytes that would favour some of them are drawn again."""
    fair = 256 - 256 % len(_ALPHABET)
    letters: list[str] = []
    while len(letters) < _LENGTH:
        letters += [_ALPHABET[byte % len(_ALPHABET)] for byte in session.env.entropy.token_bytes(32) if byte < fair]
    return "".join(letters[:_LENGTH])


def end_sessions(session: Session, actor: Actor, staff_no: str) -> None:
    """Sign a person out everywhere, as when a phone is lost; tokens end too. Raises Forbidden, NotFound."""
    require_admin(actor)
    staff = _colleague(session, actor, staff_no)
    _shut_out(session, staff)
    _note(session, actor, "staff:sessions:end", staff_no)


def deactivate(session: Session, actor: Actor, staff_no: str) -> int:
    """A person leaves: no sign-in any more, what they held goes back to their units; returns how many items.

    Raises Forbidden, NotFound, NotYourself.
    """
    require_admin(actor)
    staff = _colleague(session, actor, staff_no)
    if staff.id == actor.staff_id:
        raise NotYourself
    staff.active = False
    _shut_out(session, staff)
    held = session.scalars(select(WorkItem.id).where(WorkItem.holder_id == staff.id, WorkItem.state == CLAIMED)).all()
    for item_id in held:
        _put_back(session, actor, item_id)
    _note(session, actor, "staff:account:deactivate", staff_no, {"released": len(held)})
    return len(held)


def reactivate(session: Session, actor: Actor, staff_no: str) -> None:
    """A person is back, with the posts they have. Raises Forbidden, NotFound."""
    require_admin(actor)
    _colleague(session, actor, staff_no).active = True
    _note(session, actor, "staff:account:reactivate", staff_no)


def _colleague(session: Session, actor: Actor, staff_no: str) -> Staff:
    found = session.scalar(select(Staff).where(Staff.staff_no == staff_no, Staff.district_id == actor.district_id))
    if found is None:
        raise NotFound
    return found


def _shut_out(session: Session, staff: Staff) -> None:
    sessions.end_all(session, staff.id)
    standing = update(ApiToken).where(ApiToken.staff_id == staff.id, ApiToken.revoked_at.is_(None))
    session.execute(standing.values(revoked_at=session.env.clock.now()))


def _put_back(session: Session, actor: Actor, item_id: int) -> None:
    runtime.lock_by_item(session, item_id)
    item = session.get_one(WorkItem, item_id, populate_existing=True)
    if item.state == CLAIMED:
        item.state, item.holder_id, item.claimed_at = READY, None, None
        _note(session, actor, "work:item:release", item.subject_no, {"element": item.element, "unit": item.unit_id})


def _note(session: Session, actor: Actor, action: str, subject: str, data: dict[str, Any] | None = None) -> None:
    session.drafts.append((actor.district_id, Draft(action, actor.ref, subject, data or {})))
