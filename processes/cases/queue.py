"""The queue of a desk (受理台): open work items at the actor's posts with their cases, by clock; with its counts.

Each look is one statement that starts from the few open items of the posts; whether a case may be read is probed case
by case, so its cost follows what lies at the desk and not what lies in the district. Only the titles of the page shown
are opened from the vault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, and_, case, false, func, literal_column, or_, select, text
from sqlalchemy.orm import aliased

from engine import vault
from engine.deadlines.book import TASK, Deadline
from engine.network.people import Staff, masked, name_of
from engine.network.units import Unit
from engine.worklist import WorkItem
from processes.access import visible_each
from processes.cases.models import Case
from processes.codes import Rung
from processes.postponing.models import PostponedAct
from processes.supervisions.models import Supervision
from processes.views.built_in import LIGHTS, Look, Wish, condition_of, due, has_light, is_paused, may_be_double, meant

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

PAGE = 50
MOST = 1000
"""Rows that one page can grow to with "more"."""
_OPEN_ITEM = text("work_item.state in ('ready', 'claimed')")  # as the partial index says it
_WAITING = text("postponed_act.state = 'waiting'")
_place = aliased(Unit)
_rung = (
    select(func.max(case({rung.value: at for at, rung in enumerate(Rung)}, value=Supervision.rung)))
    .where(Supervision.case_id == Case.id, Supervision.ended_at.is_(None))
    .scalar_subquery()
)


_MARKS = (
    func.count(),
    *(
        func.coalesce(func.sum(each), 0)
        for each in (WorkItem.id, WorkItem.version, Case.version, _rung, PostponedAct.id)
    ),
)
"""What changes when a line does."""


@dataclass(frozen=True)
class Entry:
    """One line of the queue: an open item and its case, whose version is `version`.

    `light`: late, soon, calm or paused; `created_at`: when it came to the desk; `holder`: masked name of who claimed
    it, None while nobody did; `rung`: of the sharpest open supervision; `postponed_id`, `run_at`, `outcome`: a decision
    of the holder that can still be undone.
    """

    item_id: int
    item_version: int
    element: str
    scope: str
    number: str
    version: int
    title: str
    state: str
    kind: str
    urgency: str
    restricted: bool
    place_name: str
    place_level: str
    light: str
    due_at: datetime | None
    provisional: bool
    case_light: str
    holder: str | None
    is_mine: bool
    created_at: datetime
    claimed_at: datetime | None
    rung: Rung | None
    may_be_double: bool
    postponed_id: int | None
    run_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Queue:
    """The lines of a page and whether there are more."""

    entries: Sequence[Entry]
    more: bool


@dataclass(frozen=True)
class Tally:
    """Lines by the name of their wish, and the stamp of the queue then."""

    counts: Mapping[str, int]
    stamp: str


def load(session: Session, actor: Actor, wish: Wish, limit: int = PAGE) -> Queue:
    """The most pressing first: overdue, then by due time, then without a clock, then those that stand still.

    Raises NotFound for a view or a unit that is not there.
    """
    look = Look(session, actor, session.env.clock.now())
    size = min(limit, MOST)
    order = (is_paused, due.is_(None), due, WorkItem.id)
    within = _at_desk(select(WorkItem.id), look).where(condition_of(look, wish)).order_by(*order).limit(size + 1)
    query = _joined(select(*_columns(look))).outerjoin(Staff, Staff.id == WorkItem.holder_id)
    query = query.join(_place, _place.id == Case.place_unit_id).where(WorkItem.id.in_(within))
    rows = session.execute(query.order_by(*order)).all()
    texts = vault.open_many(session, [row.summary_id for row in rows[:size]])
    titles = {sealed_id: str((summary or {}).get("title", "")) for sealed_id, summary in texts.items()}
    return Queue([_entry(look, row, titles) for row in rows[:size]], len(rows) > size)


def tally(session: Session, actor: Actor, wishes: Mapping[str, Wish]) -> Tally:
    """How many lines each wish has, in one statement over the open items of the actor's posts.

    A wish that can no longer be meant (its unit is gone) counts nothing.
    """
    look = Look(session, actor, session.env.clock.now())
    sums = [func.coalesce(func.sum(case((meant(look, wish), 1), else_=0)), 0) for wish in wishes.values()]
    found = session.execute(_at_desk(select(*_MARKS, *sums), look)).one()
    return Tally(dict(zip(wishes, found[len(_MARKS) :], strict=True)), _stamp(found[: len(_MARKS)], look))


def stamp(session: Session, actor: Actor) -> str:
    """Changes whenever a line of the queue does: by somebody's act, or because a minute has passed. One statement."""
    look = Look(session, actor, session.env.clock.now())
    return _stamp(session.execute(_at_desk(select(*_MARKS), look)).one(), look)


def _stamp(marks: Sequence[int], look: Look) -> str:
    return ".".join(str(number) for number in (*marks, int(look.now.timestamp()) // 60))


def _joined(query: Any) -> Any:
    """Work items with case, own clock and postponed act."""
    own_clock = and_(
        Deadline.instance_id == WorkItem.instance_id,
        Deadline.scope == WorkItem.scope,
        Deadline.element == WorkItem.element,
        Deadline.clock == TASK,
        Deadline.unit_id == WorkItem.unit_id,
        Deadline.closed_at.is_(None),
    )
    query = query.select_from(WorkItem).join(Case, Case.id == WorkItem.subject_id)
    query = query.outerjoin(Deadline, own_clock)
    return query.outerjoin(PostponedAct, and_(PostponedAct.item_id == WorkItem.id, _WAITING))


def _at_desk(query: Any, look: Look) -> Any:
    """Those of them that are open, at the actor's posts and within scope."""
    return _joined(query).where(_OPEN_ITEM, _at_posts(look.actor), visible_each(look.actor))


def _at_posts(actor: Actor) -> ColumnElement[bool]:
    roles: dict[int, list[str]] = {}
    for post in actor.posts:
        roles.setdefault(post.unit_id, []).append(post.role)
    here = [and_(WorkItem.unit_id == unit_id, WorkItem.role.in_(held)) for unit_id, held in roles.items()]
    return or_(*here) if here else false()


def _columns(look: Look) -> tuple[Any, ...]:
    return (
        WorkItem.id.label("item_id"),
        WorkItem.version.label("item_version"),
        WorkItem.element,
        WorkItem.scope,
        WorkItem.holder_id,
        WorkItem.created_at,
        WorkItem.claimed_at,
        Case.number,
        Case.version,
        Case.state,
        Case.kind,
        Case.urgency,
        Case.restricted,
        Case.light.label("case_light"),
        Case.summary_id,
        _place.name.label("place_name"),
        _place.level.label("place_level"),
        due.label("due_at"),
        func.coalesce(Deadline.provisional, Case.provisional).label("provisional"),
        case(*((has_light(look.now, light), literal_column(f"'{light}'")) for light in LIGHTS)).label("light"),
        _rung.label("rung"),
        may_be_double(look).label("may_be_double"),
        PostponedAct.id.label("postponed_id"),
        PostponedAct.run_at,
        PostponedAct.outcome,
        Staff,
    )


def _entry(look: Look, row: Row[Any], titles: Mapping[int, str]) -> Entry:
    holder = masked(name_of(look.session, row.Staff)) if row.Staff is not None else None
    return Entry(
        item_id=row.item_id,
        item_version=row.item_version,
        element=row.element,
        scope=row.scope,
        number=row.number,
        version=row.version,
        title=titles.get(row.summary_id, ""),
        state=row.state,
        kind=row.kind,
        urgency=row.urgency,
        restricted=row.restricted,
        place_name=row.place_name,
        place_level=row.place_level,
        light=row.light,
        due_at=row.due_at,
        provisional=bool(row.provisional),
        case_light=row.case_light,
        holder=holder,
        is_mine=row.holder_id is not None and row.holder_id == look.actor.staff_id,
        created_at=row.created_at,
        claimed_at=row.claimed_at,
        rung=list(Rung)[row.rung] if row.rung is not None else None,
        may_be_double=bool(row.may_be_double),
        postponed_id=row.postponed_id,
        run_at=row.run_at,
        outcome=row.outcome,
    )
