"""The figures of the overdue board: counted in the database for each unit, added up along the tree here.

A handful of statements whatever the size of the network, each within `access.visible_below`, so that what a person may
not read is not counted for them either. The three rates (三率: 响应率, 解决率, 满意率) are those of the Beijing
regulation on 接诉即办 (2021), over the last thirty days:

    response      accepted or verified in time ÷ acceptances and verifications that ended, or are overdue
    resolution    cases settled ÷ cases settled, or overdue now
    satisfaction  answers "satisfied" and "basically satisfied" ÷ answers given
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median_low
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, union_all
from sqlalchemy import case as when

from engine.deadlines.book import OVERALL, TASK, Deadline
from engine.network.units import Unit
from processes.access import visible_below
from processes.cases.models import Case, Stay
from processes.codes import Light, State

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

WINDOW = timedelta(days=30)
ANSWERS = ("verify", "accept")
"""Steps by which a unit responds to what came to it."""
SETTLED = (State.RATING.value, State.ARCHIVED.value)
RATED = ("satisfied", "basic", "unsatisfied")
CONTENT = ("satisfied", "basic")


@dataclass(frozen=True)
class Share:
    """`part` of `whole`; the rate is None when there is nothing to take a part of."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass
class Tally:
    """What is counted for a unit: its own, or with all below added. `level`: of the unit whose own it is."""

    level: str = ""
    open: int = 0
    overdue: int = 0
    soon: int = 0
    late: list[datetime] = field(default_factory=list)
    """Since when each overdue case is late."""
    answered: int = 0
    to_answer: int = 0
    settled: int = 0
    content: int = 0
    rated: int = 0

    def add(self, other: Tally) -> None:
        self.open += other.open
        self.overdue += other.overdue
        self.soon += other.soon
        self.late += other.late
        self.answered += other.answered
        self.to_answer += other.to_answer
        self.settled += other.settled
        self.content += other.content
        self.rated += other.rated

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.to_answer or self.settled or self.rated)

    @property
    def late_since(self) -> datetime | None:
        """The median: half of the overdue cases are late for at least as long."""
        return median_low(self.late) if self.late else None

    @property
    def response(self) -> Share:
        return Share(self.answered, self.to_answer)

    @property
    def resolution(self) -> Share:
        return Share(self.settled, self.settled + self.overdue)

    @property
    def satisfaction(self) -> Share:
        return Share(self.content, self.rated)


Figures = Mapping[str, Tally]
"""The own tally of each unit that has anything to count, by the unit's path."""


def collect(session: Session, actor: Actor, root: Unit) -> Figures:
    """The figures of `root` and all below it; the actor must read through `root`."""
    found: dict[str, Tally] = {}
    owners: dict[int, Tally] = {}

    def at(path: str, level: str) -> Tally:
        tally = found.get(path)
        if tally is None:
            tally = found[path] = Tally(level)
        return tally

    since = session.env.clock.now() - WINDOW
    for unit_id, path, level, *counts in session.execute(_standing(actor, root)):
        tally = owners[unit_id] = at(path, level)
        tally.open, tally.overdue, tally.soon = counts
    for owner_id, late_since in session.execute(_late(actor)):
        if owner_id in owners:  # else it lies outside of the root
            owners[owner_id].late.append(late_since)
    for path, level, *counts in session.execute(_answers(actor, root, since)):
        tally = at(path, level)
        tally.answered, tally.to_answer = counts
    for path, level, *counts in session.execute(_closed(actor, root, since)):
        tally = at(path, level)
        tally.settled, tally.content, tally.rated = counts
    return found


def total(figures: Figures, path: str) -> Tally:
    """Of the unit with this path and all below."""
    found = Tally()
    for each, tally in figures.items():
        if each.startswith(path):
            found.add(tally)
    return found


def totals(figures: Figures, unit_ids: Iterable[int]) -> Mapping[int, Tally]:
    """Of each of these units with all below it, in one pass."""
    found = {str(unit_id): Tally() for unit_id in unit_ids}
    for path, tally in figures.items():
        for part in path.split("/"):
            if part in found:
                found[part].add(tally)
    return {int(unit_id): tally for unit_id, tally in found.items()}


def overdue_then(session: Session, actor: Actor, root: Unit, moment: datetime) -> Mapping[str, int]:
    """How many cases were overdue at an earlier moment, by the level of the unit that then held them.

    Read from the clocks as they are kept: one that began anew after a hold has forgotten that it was late before.
    """
    columns = (Deadline.subject_id, Deadline.instance_id)
    late = select(*columns).where(
        Deadline.district_id == root.district_id,
        Deadline.overdue_at.is_not(None),
        Deadline.overdue_at <= moment,
        or_(Deadline.suspended_at.is_(None), Deadline.suspended_at > moment),
        Deadline.clock.in_((TASK, OVERALL)),
    )
    clock = union_all(late.where(Deadline.closed_at.is_(None)), late.where(Deadline.closed_at > moment))
    clocks = clock.cte("clock").prefix_with("MATERIALIZED")
    stood = and_(Stay.opened_at <= moment, or_(Stay.closed_at.is_(None), Stay.closed_at > moment))
    query = (
        select(Unit.level, func.count(Case.id.distinct()))
        .select_from(clocks)
        .join(Case, _its_case(clocks.c))
        .join(Stay, and_(Stay.case_id == Case.id, stood))
        .join(Unit, Unit.id == Stay.unit_id)
        .where(_within(root), visible_below(actor))
        .group_by(Unit.level)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _its_case(clock: Any) -> Any:
    """The case of a clock; those of supervisions are not the case's."""
    return and_(Case.id == clock.subject_id, Case.instance_id == clock.instance_id)


def _within(root: Unit) -> Any:
    return Unit.path.startswith(root.path)


def _sum(condition: Any) -> Any:
    return func.sum(when((condition, 1), else_=0))


def _standing(actor: Actor, root: Unit) -> Any:
    red, yellow = Case.light == Light.RED.value, Case.light == Light.YELLOW.value
    return (
        select(Unit.id, Unit.path, Unit.level, func.count(), _sum(red), _sum(yellow))
        .join(Case, Case.owner_id == Unit.id)
        .where(_within(root), visible_below(actor))
        .group_by(Unit.id)
    )


def _late(actor: Actor) -> Any:
    """All of the district, answered by one index; a join with the units would cost more than it leaves out."""
    return select(Case.owner_id, Case.late_since).where(Case.late_since.is_not(None), visible_below(actor))


def _answers(actor: Actor, root: Unit, since: datetime) -> Any:
    """First the clocks, by their index: a planner that begins with the cases reads them all."""
    in_time = Deadline.overdue_at.is_(None)
    columns = (Deadline.unit_id, Deadline.subject_id, Deadline.instance_id, in_time.label("in_time"))
    asked = select(*columns).where(Deadline.district_id == root.district_id, Deadline.element.in_(ANSWERS))
    ended, waiting = asked.where(Deadline.closed_at >= since), asked.where(Deadline.closed_at.is_(None), ~in_time)
    clocks = union_all(ended, waiting).cte("clock").prefix_with("MATERIALIZED")
    return (
        select(Unit.path, Unit.level, _sum(clocks.c.in_time), func.count())
        .select_from(clocks)
        .join(Unit, Unit.id == clocks.c.unit_id)
        .join(Case, _its_case(clocks.c))
        .where(_within(root), visible_below(actor))
        .group_by(Unit.id)
    )


def _closed(actor: Actor, root: Unit, since: datetime) -> Any:
    settled, content, rated = Case.state.in_(SETTLED), Case.rating.in_(CONTENT), Case.rating.in_(RATED)
    return (
        select(Unit.path, Unit.level, _sum(settled), _sum(content), _sum(rated))
        .join(Case, Case.last_owner_id == Unit.id)
        .where(Case.closed_at >= since, _within(root), visible_below(actor))
        .group_by(Unit.id)
    )
