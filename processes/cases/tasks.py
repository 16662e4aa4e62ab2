"""What one person has to do, and what became of what they reported or follow: the lists of the worker's phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import aliased

from engine import vault
from engine.deadlines.book import TASK, Deadline
from engine.network.people import Staff, name_of
from engine.network.units import Unit
from engine.worklist import OPEN, WorkItem
from processes.access import scope, visible
from processes.cases.actions import Action, possible
from processes.cases.following import CaseFollower
from processes.cases.models import Case, Stay
from processes.cases.permissions import View
from processes.codes import Light, State
from processes.procedures.models import Procedure
from processes.requests.models import Request

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MOST = 300
"""Rows of one list; who has more than this needs a desk, not a phone."""


@dataclass(frozen=True)
class Task:
    """One open item at the person's posts. `holder`: a colleague's or the own name, None while nobody took it.

    `light` and `due_at` are of this item's own clock; `actions` what the person may do to the case now.
    """

    item: WorkItem
    case: Case
    title: str
    place: Unit
    light: str
    due_at: datetime | None
    provisional: bool
    holder: str | None
    is_mine: bool
    actions: Sequence[Action]


@dataclass(frozen=True)
class Followed:
    """A case that the person reported (`own`) or follows."""

    case: Case
    title: str
    place: Unit
    own: bool


_place = aliased(Unit)
_owner = aliased(Unit)


def tasks(session: Session, actor: Actor) -> list[Task]:
    """Open items at the actor's posts and those held by the actor, the most pressing first; within scope."""
    rows = session.execute(_query(actor)).all()
    cases = {row.Case.id: row.Case for row in rows}
    titles = _titles(session, cases.values())
    views = _views(session, rows)
    allowed = {case_id: possible(session, actor, view) for case_id, view in views.items()}
    return [_task(session, actor, row, titles, allowed[row.Case.id]) for row in rows]


def _query(actor: Actor) -> Any:
    posts = [(post.unit_id, post.role) for post in actor.posts]
    clock = and_(
        Deadline.instance_id == WorkItem.instance_id,
        Deadline.scope == WorkItem.scope,
        Deadline.element == WorkItem.element,
        Deadline.unit_id == WorkItem.unit_id,
        Deadline.clock == TASK,
        Deadline.closed_at.is_(None),
    )
    query = (
        select(WorkItem, Case, Deadline, _place, _owner, Staff)
        .join(Case, Case.id == WorkItem.subject_id)
        .join(_place, _place.id == Case.place_unit_id)
        .outerjoin(_owner, _owner.id == Case.owner_id)
        .outerjoin(Deadline, clock)
        .outerjoin(Staff, Staff.id == WorkItem.holder_id)
    )
    at_posts = and_(tuple_(WorkItem.unit_id, WorkItem.role).in_(posts), visible(actor))
    mine = and_(WorkItem.holder_id == actor.staff_id, visible(actor))
    query = query.where(WorkItem.state.in_(OPEN), or_(at_posts, mine))
    return query.order_by(Deadline.due_at.is_(None), Deadline.due_at, WorkItem.id).limit(MOST)


def _titles(session: Session, cases: Any) -> dict[int, str]:
    found = list(cases)
    opened = vault.open_many(session, [case.summary_id for case in found])
    return {case.id: str((opened.get(case.summary_id) or {}).get("title", "")) for case in found}


def _views(session: Session, rows: Sequence[Any]) -> dict[int, View]:
    """What `permissions.view_of` loads for one case, for all of a list in a few statements."""
    case_ids = {row.Case.id for row in rows}
    stays = {
        stay.case_id: stay
        for stay in session.scalars(select(Stay).where(Stay.case_id.in_(case_ids), Stay.closed_at.is_(None)))
    }
    asked = set(session.scalars(select(Request.case_id).where(Request.case_id.in_(case_ids), Request.state == "open")))
    kinds = _open_kinds([row.Case for row in rows], session)
    items: dict[int, list[WorkItem]] = {}
    for item in session.scalars(
        select(WorkItem).where(WorkItem.subject_id.in_(case_ids), WorkItem.state.in_(OPEN)).order_by(WorkItem.id)
    ):
        items.setdefault(item.subject_id, []).append(item)
    return {
        row.Case.id: View(
            row.Case,
            State(row.Case.state),
            stays.get(row.Case.id),
            row[4],
            items[row.Case.id],
            row.Case.id in asked,
            frozenset(kinds.get(row.Case.id, ())),
        )
        for row in rows
    }


def _open_kinds(cases: Sequence[Case], session: Session) -> dict[int, set[str]]:
    """Kinds of the procedures open beside each case; no query when none has any."""
    linked = {case.id for case in cases if case.links}
    found: dict[int, set[str]] = {}
    if linked:
        query = select(Procedure.case_id, Procedure.kind).where(
            Procedure.case_id.in_(linked), Procedure.ended_at.is_(None)
        )
        for case_id, kind in session.execute(query):
            found.setdefault(case_id, set()).add(kind)
    return found


def _task(session: Session, actor: Actor, row: Any, titles: Mapping[int, str], allowed: Sequence[Action]) -> Task:
    item, case, clock, place, _, holder = row
    return Task(
        item=item,
        case=case,
        title=titles[case.id],
        place=place,
        light=_light(case, clock),
        due_at=clock.due_at if clock is not None else None,
        provisional=clock is not None and clock.provisional,
        holder=name_of(session, holder) if holder is not None else None,
        is_mine=item.holder_id is not None and item.holder_id == actor.staff_id,
        actions=allowed,
    )


def _light(case: Case, clock: Deadline | None) -> str:
    """The lamp of one item: its own clock's marks, and grey for a case whose clocks stand still."""
    if case.state == State.SUSPENDED:
        return Light.GREY
    if clock is None:
        return Light.GREEN
    if clock.overdue_at is not None:
        return Light.RED
    return Light.YELLOW if clock.warned_at is not None else Light.GREEN


def reported(session: Session, actor: Actor) -> list[Followed]:
    """What the actor reported or follows and may still read, the newest first."""
    followed = select(CaseFollower.case_id).where(CaseFollower.staff_id == actor.staff_id)
    query = scope(select(Case, _place), actor).join(_place, _place.id == Case.place_unit_id)
    query = query.where(or_(Case.reporter_staff_id == actor.staff_id, Case.id.in_(followed)))
    rows = session.execute(query.order_by(Case.reported_at.desc(), Case.id.desc()).limit(MOST)).all()
    titles = _titles(session, [case for case, _ in rows])
    return [Followed(case, titles[case.id], place, case.reporter_staff_id == actor.staff_id) for case, place in rows]
