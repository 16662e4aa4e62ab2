"""The board of a front desk and one visit, loaded in a bounded number of statements however many windows there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, tuple_

from engine import access_log, vault
from engine.deadlines.book import Deadline
from engine.errors import Forbidden
from engine.network.units import Unit
from engine.worklist import OPEN, WorkItem, may_take
from processes import access as case_access
from processes.cases.models import Case
from processes.cases.numbers import LOCAL
from processes.centres.models import Window
from processes.visits.access import visible
from processes.visits.models import Visit, VisitWindow

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.revealing import Purpose

MOST = 200
"""Visits shown on one board; a centre with more open ones has other worries."""
REVEALING = ("desk", "leader")
FOUND = 5
_NUMBER = re.compile(r"[0-9-]{4,32}")
"""A part of a number that is worth looking for."""


@dataclass(frozen=True)
class Task:
    """An open task with its clock."""

    item: WorkItem
    clock: Deadline | None


@dataclass(frozen=True)
class Part:
    """One window's part: the window, who staffs it, the task that is open there."""

    row: VisitWindow
    window: Window
    unit: Unit
    task: Task | None


@dataclass(frozen=True)
class Seen:
    """A visit as it is shown. `person`: the visitor's sealed fields, empty once erased; `task`: the desk's own."""

    visit: Visit
    person: Mapping[str, Any]
    parts: Sequence[Part]
    task: Task | None

    @property
    def open_parts(self) -> list[Part]:
        return [part for part in self.parts if part.row.ended_at is None]

    @property
    def tasks(self) -> list[Task]:
        return [task for task in [self.task, *(part.task for part in self.parts)] if task is not None]


@dataclass(frozen=True)
class Board:
    """What a desk sees: not routed yet, at windows, to be told, closed today."""

    waiting: list[Seen] = field(default_factory=list)
    at_windows: list[Seen] = field(default_factory=list)
    to_tell: list[Seen] = field(default_factory=list)
    closed: list[Seen] = field(default_factory=list)


def board(session: Session, centre: Unit) -> Board:
    """All open visits of a centre and those closed today, the longest waiting first, the latest closed first."""
    today = _begin_of_day(session.env.clock.now())
    query = select(Visit).where(Visit.centre_id == centre.id, or_(Visit.closed_at.is_(None), Visit.closed_at >= today))
    made = Board()
    for seen in seen_of(session, session.scalars(query.order_by(Visit.id).limit(MOST)).all()):
        _place(made, seen)
    made.closed.reverse()
    return made


def _place(made: Board, seen: Seen) -> None:
    if seen.visit.closed_at is not None:
        made.closed.append(seen)
    elif seen.open_parts:
        made.at_windows.append(seen)
    else:
        (made.to_tell if seen.parts else made.waiting).append(seen)


def _begin_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(LOCAL).date(), time(), LOCAL)


def at_my_windows(session: Session, actor: Actor) -> list[Seen]:
    """Open visits with a task at a post of the actor, the longest waiting first."""
    posts = [(post.unit_id, post.role) for post in actor.posts]
    mine = select(-WorkItem.subject_id).where(
        WorkItem.subject_id < 0, WorkItem.state.in_(OPEN), tuple_(WorkItem.unit_id, WorkItem.role).in_(posts)
    )
    query = select(Visit).where(Visit.id.in_(mine), visible(actor)).order_by(Visit.id).limit(MOST)
    return seen_of(session, session.scalars(query).all())


def seen_of(session: Session, visits: Sequence[Visit]) -> list[Seen]:
    """These visits with what belongs to them, in the same order."""
    persons = vault.open_many(session, [visit.words_id for visit in visits])
    tasks = _tasks(session, visits)
    parts = _parts(session, visits, tasks)
    return [
        Seen(
            visit=visit,
            person=persons.get(visit.words_id or 0) or {},
            parts=parts.get(visit.id, []),
            task=next(
                (task for task in tasks.get(visit.id, []) if task.item.element in {"receive", "finish_visit"}), None
            ),
        )
        for visit in visits
    ]


def _tasks(session: Session, visits: Iterable[Visit]) -> dict[int, list[Task]]:
    query = (
        select(WorkItem, Deadline)
        .outerjoin(
            Deadline,
            (Deadline.instance_id == WorkItem.instance_id)
            & (Deadline.scope == WorkItem.scope)
            & (Deadline.element == WorkItem.element)
            & Deadline.closed_at.is_(None),
        )
        .where(WorkItem.subject_id.in_([visit.subject_id for visit in visits]), WorkItem.state.in_(OPEN))
        .order_by(WorkItem.id)
    )
    found: dict[int, list[Task]] = {}
    for item, clock in session.execute(query):
        found.setdefault(-item.subject_id, []).append(Task(item, clock))
    return found


def _parts(session: Session, visits: Iterable[Visit], tasks: Mapping[int, Sequence[Task]]) -> dict[int, list[Part]]:
    query = (
        select(VisitWindow, Window, Unit)
        .join(Window, Window.id == VisitWindow.window_id)
        .join(Unit, Unit.id == Window.unit_id)
        .where(VisitWindow.visit_id.in_([visit.id for visit in visits]))
    )
    found: dict[int, list[Part]] = {}
    for row, window, unit in session.execute(query.order_by(VisitWindow.id)):
        at = [task for task in tasks.get(row.visit_id, []) if row.scope and task.item.scope == row.scope]
        found.setdefault(row.visit_id, []).append(Part(row, window, unit, at[0] if at else None))
    return found


def find(session: Session, actor: Actor, text: str) -> list[Visit]:
    """Visits whose number holds `text`, the latest first; names are sealed and not looked for."""
    if not _NUMBER.fullmatch(text):
        return []
    query = select(Visit).where(Visit.number.contains(text, autoescape=True), visible(actor))
    return list(session.scalars(query.order_by(Visit.id.desc()).limit(FOUND)))


def case_of(session: Session, actor: Actor, visit: Visit) -> Case | None:
    """The case of the same number, if there is one that the actor may read."""
    if visit.case_id is None:
        return None
    case: Case | None = session.scalar(case_access.scope(select(Case).where(Case.id == visit.case_id), actor))
    return case


def may_reveal(actor: Actor, seen: Seen) -> bool:
    """The centre's desk and leader, and whoever has a task of the visit, have to know who it is."""
    return actor.holds(seen.visit.centre_id, *REVEALING) or any(may_take(actor, task.item) for task in seen.tasks)


def reveal(session: Session, actor: Actor, visit: Visit, purpose: Purpose, request_id: str) -> dict[str, Any]:
    """Who came, in clear; each look is recorded (个人信息保护法 art. 51). Raises Forbidden, which the edge records."""
    seen = seen_of(session, [visit])[0]
    if not may_reveal(actor, seen):
        raise Forbidden
    access_log.record(
        session,
        district_id=visit.district_id,
        actor=actor.ref,
        action=f"visit:visitor:reveal:{purpose.value}",
        subject=visit.number,
        outcome=access_log.GRANTED,
        request_id=request_id,
    )
    return {name: seen.person.get(name) for name in ("name", "phone", "id_no")}
