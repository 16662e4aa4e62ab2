"""Counting on the real Chinese calendar: make-up weekends, long holidays, the year end, days nobody has announced."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar
from engine.calendar import ZONE, Calendar, _covered, _official, _provisional
from engine.deadlines import arithmetic
from engine.deadlines.arithmetic import Limit, Warn
from engine.deadlines.table import DeadlineRule


def real() -> Calendar:
    day, days = date(2025, 1, 1), {}
    while day.year < 2029:
        row = _official(day) if _covered(day) else _provisional(day)
        days[day] = (bool(row["working"]), bool(row["official"]))
        day += timedelta(days=1)
    return Calendar(days)


CALENDAR = real()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_make_up_weekends_work_and_the_spring_festival_does_not() -> None:
    for day in ("2026-02-14", "2026-02-28", "2026-09-20", "2026-10-10"):
        assert CALENDAR.is_working(date.fromisoformat(day))
    assert not CALENDAR.is_working(date(2026, 2, 17))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-13T10:00", 1, "2026-02-14T17:30"),  # the Saturday before the festival works
        ("2026-02-13T10:00", 2, "2026-02-24T17:30"),  # nine days of holiday in between
        ("2026-09-30T16:00", 1, "2026-10-08T17:30"),
        ("2026-10-09T09:00", 1, "2026-10-10T17:30"),
        ("2026-11-24T00:00", 5, "2026-12-01T17:30"),
    ],
)
def test_working_days_end_with_office_hours_and_the_first_day_is_not_counted(start: str, count: int, end: str) -> None:
    assert CALENDAR.add_working_days(at(start), count).at == at(end)


def test_twenty_five_working_days_from_today_cross_into_a_provisional_year() -> None:
    due = CALENDAR.add_working_days(at("2026-11-27T09:00"), 25)
    assert due.provisional
    assert due.at.astimezone(ZONE).year == 2027
    assert not CALENDAR.add_working_days(at("2026-11-24T09:00"), 5).provisional


def test_days_beyond_the_table_follow_the_weekday_rule_and_never_fail() -> None:
    due = CALENDAR.add_working_days(at("2034-03-01T09:00"), 300)
    assert due.provisional


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-24T09:00", 4, "2026-11-24T14:30"),  # over the midday break
        ("2026-11-24T17:00", 1, "2026-11-25T09:30"),
        ("2026-11-27T17:00", 4, "2026-11-30T14:00"),  # over a weekend
        ("2026-11-24T03:00", 1, "2026-11-24T10:00"),
    ],
)
def test_working_hours_run_in_office_hours_only(start: str, hours: int, end: str) -> None:
    assert CALENDAR.add_working_time(at(start), timedelta(hours=hours)).at == at(end)


def test_a_statutory_last_day_on_a_holiday_runs_to_the_next_working_day() -> None:
    due = arithmetic.reckon(CALENDAR, at("2026-09-02T10:00"), Limit(30, "d", statutory=True))
    assert due.at == at("2026-10-08T23:59:59")
    assert arithmetic.reckon(CALENDAR, at("2026-09-02T10:00"), Limit(30, "d")).at == at("2026-10-02T10:00")


@given(st.integers(0, 500_000), st.integers(0, 900))
def test_adding_working_time_and_measuring_it_agree(minutes: int, span: int) -> None:
    start = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    wanted = timedelta(minutes=span)
    end = CALENDAR.add_working_time(start, wanted).at
    assert CALENDAR.working_time_between(start, end) == wanted


@given(st.sampled_from(["min", "h", "wh", "wd", "d"]), st.integers(1, 40), st.integers(0, 500_000))
def test_warning_due_and_grace_come_in_this_order_and_more_is_never_earlier(
    unit: str, amount: int, minutes: int
) -> None:
    start = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    rule = DeadlineRule("r", "s", Limit(amount, unit), Warn(percent=75), Limit(1, unit), "default")
    times = arithmetic.times(CALENDAR, rule, start)
    assert times.warn_at is not None
    assert times.grace_at is not None
    assert start <= times.warn_at <= times.due_at <= times.grace_at
    longer = arithmetic.reckon(CALENDAR, start, Limit(amount + 1, unit))
    assert longer.at > times.due_at


@given(st.sampled_from(["h", "wh", "wd", "d"]), st.integers(1, 20), st.integers(0, 300_000), st.integers(0, 20_000))
def test_a_clock_that_stood_still_goes_on_with_what_was_left(unit: str, amount: int, minutes: int, pause: int) -> None:
    start = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    due = arithmetic.reckon(CALENDAR, start, Limit(amount, unit)).at
    left = arithmetic.remaining(CALENDAR, start, due, unit)
    later = start + timedelta(minutes=pause)
    moved = arithmetic.due_from_remaining(CALENDAR, later, timedelta(seconds=left), unit).at
    assert arithmetic.remaining(CALENDAR, later, moved, unit) == left


def test_the_seed_says_where_its_days_come_from() -> None:
    assert _official(date(2026, 10, 1))["source"] == calendar.OFFICIAL_SOURCE
    assert _provisional(date(2027, 10, 1))["kind"] == "holiday"
    assert "lunar holidays" in str(_provisional(date(2027, 2, 6))["source"])


def test_the_zone_has_no_daylight_saving_in_any_year_that_is_counted() -> None:
    offsets = {(at("2020-01-01T12:00") + timedelta(days=n)).utcoffset() for n in range(13 * 365)}
    assert offsets == {timedelta(hours=8)}
