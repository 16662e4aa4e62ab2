"""Cases by kind, disputes by type and level, who settled at which level, and the trend.

The cases of a bulletin are those that are or were at a unit of its scope. A merged case is no second one; what was
declined or withdrawn came in, and was not settled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy import case as when

from engine.deadlines.book import OVERALL, TASK, Deadline
from engine.network.units import Level
from processes.bulletins.acts import during
from processes.bulletins.periods import Period, PeriodKind, midnight, period_of
from processes.bulletins.scope import Scope
from processes.bulletins.shape import Count, DisputeLine, Found, KindLine, LevelLine, MonthLine
from processes.cases.models import Case, Stay
from processes.codes import Kind, State

if TYPE_CHECKING:
    from engine.db import Session

SETTLED = (State.RATING.value, State.ARCHIVED.value)
NOT_TAKEN = (State.REPORTED.value, State.PENDING.value, State.DECLINED.value, State.WITHDRAWN.value)
_IS_NEW = Case.state != State.MERGED.value


def settled(period: Period) -> ColumnElement[bool]:
    return and_(Case.state.in_(SETTLED), during(Case.closed_at, period))


def came_in(period: Period) -> ColumnElement[bool]:
    return and_(_IS_NEW, during(Case.reported_at, period))


def kinds(session: Session, scope: Scope, period: Period) -> Sequence[KindLine]:
    """Every kind, in the order of the codes."""
    ended = or_(Case.closed_at < period.end, Case.ended_at < period.end)
    stood = and_(_IS_NEW, Case.reported_at < period.end, not_(func.coalesce(ended, False)))
    columns = [each for what in (came_in(period), settled(period), stood) for each in counts_of(what)]
    query = select(Case.kind, *columns).where(scope.cases()).group_by(Case.kind)
    found = {kind: (Count(*row[0:2]), Count(*row[2:4]), Count(*row[4:6])) for kind, *row in session.execute(query)}
    return [KindLine(kind.value, *found.get(kind.value, ())) for kind in Kind]


def restricted(session: Session, scope: Scope, period: Period) -> Count:
    query = select(func.count()).select_from(Case)
    number = session.scalar(query.where(scope.cases(), came_in(period), Case.restricted.is_(True))) or 0
    return Count(number, number)


def disputes(session: Session, scope: Scope, period: Period) -> Sequence[DisputeLine]:
    """矛盾纠纷排查情况表 (a report of the Sichuan grid system): by type, those found since January at the least."""
    now, year = _found_by_type(session, scope, period), _found_by_type(session, scope, period.year)
    lines = []
    for kind in sorted({*now, *year}):
        since_january = sum(year.get(kind, {}).values(), Found())
        lines.append(DisputeLine(kind, dict(now.get(kind, {})), since_january))
    return lines


def _found_by_type(session: Session, scope: Scope, period: Period) -> Mapping[str, Mapping[str, Found]]:
    taken = Case.state.not_in(NOT_TAKEN)
    done = and_(Case.state.in_(SETTLED), Case.closed_at < period.end)
    columns = [each for what in (came_in(period), taken, done) for each in counts_of(what)]
    query = (
        select(Case.type, Case.level, *columns)
        .where(scope.cases(), came_in(period), Case.kind == Kind.DISPUTE.value)
        .group_by(Case.type, Case.level)
    )
    found: dict[str, dict[str, Found]] = defaultdict(dict)
    for kind, level, *row in session.execute(query):
        found[kind or ""][level] = Found(Count(*row[0:2]), Count(*row[2:4]), Count(*row[4:6]))
    return found


def settled_by_level(session: Session, scope: Scope, period: Period) -> Sequence[LevelLine]:
    """From the cell up: a department counts as the level that it hangs beside."""
    query = select(Case.level, *counts_of(settled(period))).where(scope.cases(), settled(period)).group_by(Case.level)
    found = {level: Count(*row) for level, *row in session.execute(query)}
    return [LevelLine(level.value, found.get(level.value, Count())) for level in reversed(Level)]


def disputes_settled(session: Session, scope: Scope, period: Period) -> Count:
    query = select(*counts_of(settled(period))).where(scope.cases(), Case.kind == Kind.DISPUTE.value)
    return Count(*(number or 0 for number in session.execute(query).one()))


def trend(session: Session, scope: Scope, period: Period) -> Sequence[MonthLine]:
    """Month by month; one statement for the cases, one for their clocks."""
    months = [(first, period_of(PeriodKind.MONTH, first)) for first in period.months]
    columns = [
        func.sum(when((what, 1), else_=0))
        for _, month in months
        for what in (came_in(month), settled(month), and_(settled(month), Case.kind == Kind.DISPUTE.value))
    ]
    counted = [number or 0 for number in session.execute(select(*columns).where(scope.cases())).one()]
    late = _overdue_by_month(session, scope, [month for _, month in months])
    lines = []
    for at, (first, _) in enumerate(months):
        received, closed, eased = counted[3 * at : 3 * at + 3]
        lines.append(MonthLine(first, received, closed, eased, late[at]))
    return lines


def _overdue_by_month(session: Session, scope: Scope, months: Sequence[Period]) -> Sequence[int]:
    """Cases of which a clock fell overdue while a unit of the scope had them."""
    columns = [func.count(_id_if(during(Deadline.overdue_at, month)).distinct()) for month in months]
    query = (
        select(*columns)
        .select_from(Deadline)
        .join(Case, and_(Case.id == Deadline.subject_id, Case.instance_id == Deadline.instance_id))
        .join(Stay, held_at(Deadline.overdue_at))
        .where(
            Deadline.district_id == scope.district_id,
            Deadline.clock.in_((TASK, OVERALL)),
            Deadline.overdue_at.is_not(None),
            Deadline.overdue_at >= midnight(months[0].begins_on),
            scope.acted(Stay.unit_id),
        )
    )
    return [number or 0 for number in session.execute(query).one()]


def held_at(moment: Any) -> ColumnElement[bool]:
    """The stay of a case at a moment; none once it was settled."""
    return and_(
        Stay.case_id == Case.id, Stay.opened_at <= moment, or_(Stay.closed_at.is_(None), Stay.closed_at > moment)
    )


def _id_if(what: ColumnElement[bool]) -> Any:
    return when((what, Deadline.subject_id))


def counts_of(what: ColumnElement[bool]) -> tuple[Any, Any]:
    """(all, restricted ones) that fit."""
    return (
        func.coalesce(func.sum(when((what, 1), else_=0)), 0),
        func.coalesce(func.sum(when((and_(what, Case.restricted.is_(True)), 1), else_=0)), 0),
    )
