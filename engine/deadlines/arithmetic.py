"""From a rule and a start to warning, due and grace, on the working calendar.

Units: `min` and `h` run round the clock; `wh` counts office hours; `wd` ends with the office hours of the n-th
working day, the day of the event not counted; `d` is n times 24 hours, or, when the rule is statutory, the end of the
n-th day, moved to a working day when it falls on a holiday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.calendar import Calendar, Reckoned

if TYPE_CHECKING:
    from engine.deadlines.table import DeadlineRule

UNITS = ("min", "h", "wh", "wd", "d")
WORKING_UNITS = frozenset({"wh", "wd"})
_ELAPSED = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Limit:
    """A length of time: `amount` of `unit`."""

    amount: int
    unit: str
    statutory: bool = False


@dataclass(frozen=True)
class Warn:
    """When to warn: a share of the limit in percent, or a time from the start, or before the end."""

    percent: int | None = None
    after: Limit | None = None
    before: Limit | None = None


@dataclass(frozen=True)
class Times:
    """The marks of a clock. `warn_at`, `last_call_at` ≤ `due_at` ≤ `grace_at`."""

    warn_at: datetime | None
    due_at: datetime
    grace_at: datetime | None
    provisional: bool
    last_call_at: datetime | None = None


def reckon(calendar: Calendar, start: datetime, limit: Limit) -> Reckoned:
    """The moment `limit` after `start`."""
    if limit.unit == "wd":
        return calendar.add_working_days(start, limit.amount)
    if limit.unit == "wh":
        return calendar.add_working_time(start, timedelta(hours=limit.amount))
    if limit.unit == "d" and limit.statutory:
        return calendar.add_statutory_days(start, limit.amount)
    return Reckoned(start + limit.amount * _ELAPSED[limit.unit], provisional=False)


def times(calendar: Calendar, rule: DeadlineRule, start: datetime) -> Times:
    """All marks of a rule for a clock that starts at `start`."""
    due = reckon(calendar, start, rule.limit)
    warn = _warn_at(calendar, rule, start, due.at)
    grace = reckon(calendar, due.at, rule.grace) if rule.grace is not None else None
    last = reckon(calendar, start, rule.last_call) if rule.last_call is not None else None
    provisional = due.provisional or (grace is not None and grace.provisional)
    return Times(
        warn_at=min(max(warn, start), due.at) if warn is not None else None,
        due_at=due.at,
        grace_at=max(grace.at, due.at) if grace is not None else None,
        provisional=provisional,
        last_call_at=min(last.at, due.at) if last is not None else None,
    )


def _warn_at(calendar: Calendar, rule: DeadlineRule, start: datetime, due: datetime) -> datetime | None:
    if rule.warn is None:
        return None
    if rule.warn.after is not None:
        return reckon(calendar, start, rule.warn.after).at
    if rule.warn.before is not None:
        return due - rule.warn.before.amount * _ELAPSED.get(rule.warn.before.unit, timedelta(days=1))
    share = (rule.warn.percent or 0) / 100
    if rule.limit.unit in WORKING_UNITS:
        return calendar.add_working_time(start, share * calendar.working_time_between(start, due)).at
    return start + share * (due - start)


def remaining(calendar: Calendar, now: datetime, due: datetime, unit: str) -> int:
    """Seconds left until `due`, of office hours for working units; never negative."""
    if due <= now:
        return 0
    left = calendar.working_time_between(now, due) if unit in WORKING_UNITS else due - now
    return int(left.total_seconds())


def due_from_remaining(calendar: Calendar, now: datetime, rest: timedelta, unit: str) -> Reckoned:
    """The due time of a clock that goes on now with `rest` left (see `remaining`)."""
    if unit in WORKING_UNITS:
        return calendar.add_working_time(now, rest)
    return Reckoned(now + rest, provisional=False)
