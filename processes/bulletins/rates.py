"""The three rates, what was overdue, and the order of the units below, each with what it was reckoned from.

The rates are those of the overdue board (`processes.overdue.figures`), over the period instead of the last thirty days:

    response      verified or accepted in time ÷ verifications and acceptances that ended, or stand overdue at the end
    resolution    cases settled ÷ cases settled, or overdue at the end
    satisfaction  answers "satisfied" and "basically satisfied" ÷ answers given

Points = 30 × response + 35 × resolution + 35 × satisfaction (weights of 准格尔旗; a rate with nothing to reckon from is
left out and the others weigh more). Equal points share a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from engine.deadlines.book import OVERALL, TASK, Deadline
from engine.network.units import Beside, Level, Unit
from processes.bulletins.acts import during
from processes.bulletins.cases import came_in, held_at, settled
from processes.bulletins.periods import Period
from processes.bulletins.scope import Scope, units_below
from processes.bulletins.services import sum_of
from processes.bulletins.shape import OverdueLine, Part, RankLine, Rates
from processes.cases.models import Case, Stay
from processes.overdue.figures import ANSWERS, CONTENT, RATED, Tally, totals
from processes.overdue.listing import BESIDE

if TYPE_CHECKING:
    from engine.db import Session

WEIGHTS = {"response": 30, "resolution": 35, "satisfaction": 35}
_BESIDE = frozenset(kind.value for kind in Beside)


def tallies(session: Session, scope: Scope, period: Period) -> Mapping[str, Tally]:
    """The own tally of each unit of the scope, by its path; `open` counts the cases that came in there."""
    found: dict[str, Tally] = {}
    moment = min(period.end, session.env.clock.now())
    parts: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (_answers(scope, period, moment), ("answered", "to_answer")),
        (_closed(scope, period), ("settled", "content", "rated")),
        (_standing(scope, moment), ("overdue",)),
        (_began(scope, period), ("open",)),
    )
    for query, names in parts:
        for path, level, *counts in session.execute(query):
            tally = found.setdefault(path, Tally(level))
            for name, count in zip(names, counts, strict=True):
                setattr(tally, name, count)
    return found


def rates_of(tally: Tally) -> Rates:
    shares = (tally.response, tally.resolution, tally.satisfaction)
    return Rates(*(Part(share.part, share.whole) for share in shares))


def whole(found: Mapping[str, Tally]) -> Tally:
    everything = Tally()
    for tally in found.values():
        everything.add(tally)
    return everything


def overdue(session: Session, scope: Scope, period: Period, found: Mapping[str, Tally]) -> Sequence[OverdueLine]:
    """By the level of the unit that held the case then; what hangs beside the levels in one line."""
    arisen = {row[0]: row[1] for row in session.execute(_arisen(scope, period))}
    lines = []
    for level in (*(each.value for each in Level), BESIDE):
        members = _BESIDE if level == BESIDE else {level}
        standing = sum(tally.overdue for tally in found.values() if tally.level in members)
        lines.append(OverdueLine(level, sum(arisen.get(each, 0) for each in members), standing))
    return lines


def ranking(session: Session, scope: Scope, found: Mapping[str, Tally]) -> Sequence[RankLine]:
    """The units below with all below them, the best first; those with nothing to reckon from last, without a place."""
    units = units_below(session, scope)
    sums = totals(found, [unit.id for unit in units])
    lines = []
    for unit in units:
        rates = rates_of(sums[unit.id])
        lines.append((points(rates), unit, sums[unit.id].open, rates))
    lines.sort(key=lambda line: (line[0] is None, -(line[0] or 0), line[1].code))
    best = [line[0] for line in lines]
    return [
        RankLine(
            None if reached is None else best.index(reached) + 1,
            unit.code,
            unit.name,
            unit.level,
            received,
            rates,
            reached,
        )
        for reached, unit, received, rates in lines
    ]


def points(rates: Rates) -> float | None:
    """Of 100, to two decimals; None when no rate has anything to reckon from."""
    counted = weighed(rates)
    if not counted:
        return None
    reached = sum(weight * part.part / part.whole for weight, part in counted)
    return round(100 * reached / sum(weight for weight, _ in counted), 2)


def weighed(rates: Rates) -> Sequence[tuple[int, Part]]:
    """The rates that have something to reckon from, each with its weight."""
    parts: Sequence[Part] = (rates.response, rates.resolution, rates.satisfaction)
    return [(weight, part) for weight, part in zip(WEIGHTS.values(), parts, strict=True) if part.whole]


def _its_case() -> Any:
    return and_(Case.id == Deadline.subject_id, Case.instance_id == Deadline.instance_id)


def _answers(scope: Scope, period: Period, moment: datetime) -> Any:
    in_time = Deadline.overdue_at.is_(None)
    waiting = and_(
        Deadline.overdue_at < moment,
        Deadline.started_at < moment,
        or_(Deadline.closed_at.is_(None), Deadline.closed_at >= period.end),
    )
    return (
        select(Unit.path, Unit.level, sum_of(in_time), func.count())
        .select_from(Deadline)
        .join(Unit, Unit.id == Deadline.unit_id)
        .join(Case, _its_case())
        .where(
            Deadline.district_id == scope.district_id,
            Deadline.element.in_(ANSWERS),
            or_(during(Deadline.closed_at, period), waiting),
            scope.paths(),
        )
        .group_by(Unit.id, Unit.path, Unit.level)
    )


def _closed(scope: Scope, period: Period) -> Any:
    content, rated = Case.rating.in_(CONTENT), Case.rating.in_(RATED)
    return (
        select(Unit.path, Unit.level, func.count(), sum_of(content), sum_of(rated))
        .select_from(Case)
        .join(Unit, Unit.id == Case.last_owner_id)
        .where(Case.district_id == scope.district_id, settled(period), scope.paths())
        .group_by(Unit.id, Unit.path, Unit.level)
    )


def _began(scope: Scope, period: Period) -> Any:
    """Cases that came in, by the unit of their first stay."""
    return (
        select(Unit.path, Unit.level, func.count())
        .select_from(Case)
        .join(Stay, and_(Stay.case_id == Case.id, Stay.sender_id.is_(None)))
        .join(Unit, Unit.id == Stay.unit_id)
        .where(Case.district_id == scope.district_id, came_in(period), scope.paths())
        .group_by(Unit.id, Unit.path, Unit.level)
    )


def _standing(scope: Scope, moment: datetime) -> Any:
    """Overdue at that moment, at the unit that then held the case; a stopped clock is not overdue."""
    return (
        select(Unit.path, Unit.level, func.count(Case.id.distinct()))
        .select_from(Deadline)
        .join(Case, _its_case())
        .join(Stay, held_at(moment))
        .join(Unit, Unit.id == Stay.unit_id)
        .where(
            Deadline.district_id == scope.district_id,
            Deadline.clock.in_((TASK, OVERALL)),
            Deadline.overdue_at.is_not(None),
            Deadline.overdue_at <= moment,
            or_(Deadline.closed_at.is_(None), Deadline.closed_at > moment),
            or_(Deadline.suspended_at.is_(None), Deadline.suspended_at > moment),
            scope.paths(),
        )
        .group_by(Unit.id, Unit.path, Unit.level)
    )


def _arisen(scope: Scope, period: Period) -> Any:
    return (
        select(Unit.level, func.count(Case.id.distinct()))
        .select_from(Deadline)
        .join(Case, _its_case())
        .join(Stay, held_at(Deadline.overdue_at))
        .join(Unit, Unit.id == Stay.unit_id)
        .where(
            Deadline.district_id == scope.district_id,
            Deadline.clock.in_((TASK, OVERALL)),
            Deadline.overdue_at.is_not(None),
            during(Deadline.overdue_at, period),
            scope.paths(),
        )
        .group_by(Unit.level)
    )
