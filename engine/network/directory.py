"""The register of a district, for its administrator: units with those below them, people with their posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import aliased

from engine.errors import NotFound
from engine.network.people import Appointment, Staff, name_of
from engine.network.units import KINDS, Unit
from engine.sign_in.credentials import Credential
from engine.sign_in.sessions import SignIn

if TYPE_CHECKING:
    from engine.db import Session

FOUND = 50
"""How many units or people a page of the register shows."""
_RANK = case({kind.value: rank for rank, kind in enumerate(KINDS)}, value=Unit.level, else_=len(KINDS))


@dataclass(frozen=True)
class Branch:
    """A unit of the tree, and how many units hang right below it."""

    unit: Unit
    below: int


@dataclass(frozen=True)
class Person:
    """A member of staff, the posts held now with their units, and whether and where they can sign in."""

    staff: Staff
    name: str
    posts: Sequence[tuple[Unit, str]]
    has_password: bool
    sessions: int

    @property
    def places(self) -> Sequence[tuple[Unit, Sequence[str]]]:
        """Each unit once, with the roles held there."""
        found: dict[int, tuple[Unit, list[str]]] = {}
        for unit, role in self.posts:
            found.setdefault(unit.id, (unit, []))[1].append(role)
        return list(found.values())


def branches(session: Session, district_id: int, parent_id: int | None) -> list[Branch]:
    """The units right below one, closed ones last; below None stands the district itself."""
    child = aliased(Unit)
    below = select(func.count()).where(child.parent_id == Unit.id).scalar_subquery()
    query = select(Unit, below).where(Unit.district_id == district_id, Unit.parent_id == parent_id)
    order = (Unit.valid_to.is_not(None), _RANK, Unit.code, Unit.id)
    return [Branch(unit, count) for unit, count in session.execute(query.order_by(*order))]


def find_units(session: Session, district_id: int, text: str) -> list[Unit]:
    """Units by a part of the name or the beginning of the code, closed ones last; at most FOUND."""
    fits = or_(Unit.name.contains(text, autoescape=True), Unit.code.startswith(text, autoescape=True))
    query = select(Unit).where(Unit.district_id == district_id, fits)
    return list(session.scalars(query.order_by(Unit.valid_to.is_not(None), _RANK, Unit.code).limit(FOUND)))


def unit_of(session: Session, district_id: int, unit_id: int) -> Unit:
    """Raises NotFound, also for a unit of another district."""
    unit = session.get(Unit, unit_id)
    if unit is None or unit.district_id != district_id:
        raise NotFound
    return unit


def line_of(session: Session, unit: Unit) -> list[Unit]:
    """The units from the district down to this one."""
    ids = [int(part) for part in unit.path.split("/") if part]
    found = {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    return [found[unit_id] for unit_id in ids if unit_id in found]


def find_people(
    session: Session, district_id: int, text: str = "", unit_id: int | None = None, after: str = ""
) -> list[Person]:
    """People by the beginning of their number or their exact name, or of one unit; by number, FOUND at a time."""
    query = select(Staff).where(Staff.district_id == district_id, Staff.staff_no > after)
    if text:
        index = session.env.keys.blind_index(text, "staff.name")
        query = query.where(or_(Staff.staff_no.startswith(text, autoescape=True), Staff.name_index == index))
    if unit_id is not None:
        at = select(Appointment.staff_id).where(Appointment.unit_id == unit_id, Appointment.valid_to.is_(None))
        query = query.where(Staff.id.in_(at))
    return _people(session, list(session.scalars(query.order_by(Staff.staff_no).limit(FOUND))))


def person(session: Session, district_id: int, staff_no: str) -> Person:
    """Raises NotFound, also for staff of another district."""
    staff = session.scalar(select(Staff).where(Staff.staff_no == staff_no, Staff.district_id == district_id))
    if staff is None:
        raise NotFound
    return _people(session, [staff])[0]


def _people(session: Session, found: list[Staff]) -> list[Person]:
    ids = [staff.id for staff in found]
    posts = _posts(session, ids)
    credentials = set(session.scalars(select(Credential.staff_id).where(Credential.staff_id.in_(ids))))
    now = session.env.clock.now()
    counted = select(SignIn.staff_id, func.count()).where(SignIn.staff_id.in_(ids), SignIn.expires_at > now)
    sessions = dict(session.execute(counted.group_by(SignIn.staff_id)).all())
    return [
        Person(
            staff,
            name_of(session, staff),
            posts.get(staff.id, []),
            staff.id in credentials,
            sessions.get(staff.id, 0),
        )
        for staff in found
    ]


def _posts(session: Session, ids: Sequence[int]) -> Mapping[int, list[tuple[Unit, str]]]:
    query = (
        select(Appointment, Unit)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Appointment.staff_id.in_(ids), Appointment.valid_to.is_(None))
        .order_by(Appointment.id)
    )
    found: dict[int, list[tuple[Unit, str]]] = {}
    for post, unit in session.execute(query):
        found.setdefault(post.staff_id, []).append((unit, post.role))
    return found
