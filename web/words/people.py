"""People in a case's story: masked name, staff number, and the post from which they acted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from engine.network.people import Appointment, Staff, masked, name_of
from web.translation import t
from web.words import names

if TYPE_CHECKING:
    from engine.db import Session
    from engine.network.units import Unit

_STAFF = "staff:"


@dataclass(frozen=True)
class Post:
    """A role at a unit, and when it was held."""

    unit_id: int
    role: str
    since: datetime
    until: datetime | None

    def held_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Person:
    """A member of staff as colleagues see them: the name masked, the number in full."""

    staff_id: int
    staff_no: str
    name: str
    posts: Sequence[Post]

    def __str__(self) -> str:
        return f"{self.name} {self.staff_no}"

    def post_at(self, at: datetime, unit_id: int | None) -> Post | None:
        """The post held then: at `unit_id` when there is one, else the first."""
        held = [post for post in self.posts if post.held_at(at)] or list(self.posts)
        return next((post for post in held if post.unit_id == unit_id), held[0] if held else None)


@dataclass(frozen=True)
class Who:
    """Who did something: 网格员 · 第一网格 · 张*三 G-511302009009001, or a machine."""

    role: str
    unit: Unit | None
    person: Person | None
    is_machine: bool


CLOCK = "system:clock"


def load(session: Session, refs: Iterable[str], staff_ids: Iterable[int] = ()) -> dict[str, Person]:
    """Persons by actor ref, those of `staff_ids` among them, in one statement."""
    numbers = {ref.removeprefix(_STAFF) for ref in refs if ref.startswith(_STAFF)}
    query = (
        select(Staff, Appointment)
        .outerjoin(Appointment, Appointment.staff_id == Staff.id)
        .where(or_(Staff.staff_no.in_(numbers), Staff.id.in_(set(staff_ids))))
        .order_by(Staff.id, Appointment.id)
    )
    rows: dict[int, tuple[Staff, list[Post]]] = {}
    for staff, post in session.execute(query):
        held = rows.setdefault(staff.id, (staff, []))[1]
        if post is not None:
            held.append(Post(post.unit_id, post.role, post.valid_from, post.valid_to))
    return {
        f"{_STAFF}{staff.staff_no}": Person(staff.id, staff.staff_no, masked(name_of(session, staff)), tuple(posts))
        for staff, posts in rows.values()
    }


def machine(ref: str) -> Who:
    """The engine itself."""
    return Who(t("系统时钟", "system clock") if ref == CLOCK else t("系统", "system"), None, None, is_machine=True)


def citizen() -> Who:
    return Who(t("群众", "citizen"), None, None, is_machine=False)


def unnamed_reporter() -> Who:
    """Of a restricted case, to those who may not know."""
    return Who(t("报告人（依规定不显示）", "the reporter (not shown)"), None, None, is_machine=False)


def staff(person: Person | None, at: datetime, unit_id: int | None, role: str | None, units: dict[int, Unit]) -> Who:
    """A person at the post from which they acted; `role` when a work item says it."""
    post = person.post_at(at, unit_id) if person else None
    unit = units.get(unit_id or (post.unit_id if post else 0))
    return Who(names.role(role or (post.role if post else "")), unit, person, is_machine=False)
