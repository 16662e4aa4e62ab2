"""Periods of reports: month, quarter, half-year, year, or any range of days, in the calendar's zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.calendar import ZONE
from engine.errors import Invalid
from processes.codes import Code

MAX_DAYS = 3 * 366
"""Of a range."""


class PeriodKind(Code):
    """How long a bulletin reaches (统计周期)."""

    MONTH = "month", "月", "month"
    QUARTER = "quarter", "季度", "quarter"
    HALF = "half", "半年", "half-year"
    YEAR = "year", "年", "year"
    RANGE = "range", "自定义", "range of days"


MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF: 6, PeriodKind.YEAR: 12}
FEW_MONTHS = 6
"""So many months at least are shown in a trend, up to the last one of the period."""


@dataclass(frozen=True)
class Period:
    """`ends_on` is the last day, included; `begin` and `end` are moments, the end excluded."""

    kind: PeriodKind
    begins_on: date
    ends_on: date

    @property
    def begin(self) -> datetime:
        return midnight(self.begins_on)

    @property
    def end(self) -> datetime:
        return midnight(self.ends_on + timedelta(days=1))

    @property
    def year(self) -> Period:
        """From the first of January of the year in which it ends to its last day (年度累计)."""
        return Period(PeriodKind.RANGE, date(self.ends_on.year, 1, 1), self.ends_on)

    @property
    def before(self) -> Period:
        """The one of the same kind before it; of a range, as many days."""
        if self.kind in MONTHS:
            return period_of(self.kind, self.begins_on - timedelta(days=1))
        days = self.ends_on - self.begins_on
        last = self.begins_on - timedelta(days=1)
        return Period(self.kind, last - days, last)

    @property
    def after(self) -> Period:
        """The next one of the same kind."""
        next_day = self.ends_on + timedelta(days=1)
        if self.kind in MONTHS:
            return period_of(self.kind, next_day)
        return Period(self.kind, next_day, next_day + (self.ends_on - self.begins_on))

    @property
    def months(self) -> Sequence[date]:
        """First days of the months of a trend: those of the period, with months before it when it is short."""
        last = self.ends_on.replace(day=1)
        count = (last.year - self.begins_on.year) * 12 + last.month - self.begins_on.month + 1
        return [shift(last, -back) for back in reversed(range(max(count, FEW_MONTHS)))]


def period_of(kind: PeriodKind, day: date) -> Period:
    """The month, quarter, half-year or year in which a day lies."""
    length = MONTHS[kind]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(kind, first, shift(first, length) - timedelta(days=1))


def range_of(begins_on: date, ends_on: date) -> Period:
    """Any days. Raises Invalid when the end lies before the beginning, or too far away."""
    if ends_on < begins_on or (ends_on - begins_on).days > MAX_DAYS:
        zh = f"结束日期须不早于开始日期，且不超过 {MAX_DAYS} 天"
        raise Invalid([{"loc": "end", "type": "value", "msg": f"0 to {MAX_DAYS} days after the beginning", "zh": zh}])
    return Period(PeriodKind.RANGE, begins_on, ends_on)


def shift(first: date, months: int) -> date:
    """The first day of the month so many months later."""
    at = first.year * 12 + first.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), ZONE)
