"""The calendar ends in 2026: deadlines that cross it are provisional until the official year comes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import calendar, timers
from engine.deadlines.book import Deadline
from engine.errors import ImportRefused
from engine.trail.entries import TrailEntry
from processes.cases.models import Case
from processes.cases.recounting import import_calendar
from processes.requests.operations import SUSPENSION, Asking, ask
from tests.cast import Cast, D


def official_2027(*holidays: date) -> bytes:
    day, lines = date(2027, 1, 1), ["day,kind,name,source"]
    while day.year == 2027:
        kind = "weekend" if day.weekday() > 4 else "workday"
        lines.append(f"{day},{'holiday' if day in holidays else kind},,国办发明电")
        day += timedelta(days=1)
    return "\n".join(lines).encode()


def overall(cast: Cast) -> Deadline:
    with cast.store.read() as session:
        return session.scalars(select(Deadline).where(Deadline.clock == "overall")).one()


def test_importing_the_official_year_recounts_open_deadlines_with_an_entry(cast: Cast) -> None:
    cast.clock.advance(timedelta(days=30))
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    before = overall(cast)
    assert before.provisional
    with cast.store.write() as session:
        _, moved = import_calendar(session, cast("QH-" + D), 2027, official_2027(date(2027, 1, 1), date(2027, 1, 4)))
    after = overall(cast)
    assert moved >= 1
    assert after.due_at > before.due_at
    assert not after.provisional
    with cast.store.read() as session:
        query = select(TrailEntry).where(TrailEntry.action == "deadline:clock:recount")
        assert session.scalars(query).first() is not None
        assert timers.drift(session) == []


def test_a_year_with_a_missing_or_foreign_day_is_refused_whole(sqlite_cast: Cast) -> None:
    good = official_2027(date(2027, 1, 4))
    for bad in (good.replace(b"2027-03-03", b"2026-03-03"), good.rsplit(b"\n", 1)[0], b"day,kind\nxx,workday"):
        with pytest.raises(ImportRefused), sqlite_cast.store.write() as session:
            import_calendar(session, sqlite_cast("QH-" + D), 2027, bad)
    with sqlite_cast.store.read() as session:
        assert not calendar.load(session).is_official(date(2027, 3, 3))


def test_a_new_calendar_keeps_the_time_that_a_clock_stood_still(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    cast.clock.advance(timedelta(days=14))
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    item = cast.items(number, "act")[0]
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        review = (cast.clock.now() + timedelta(days=20)).date()
        ask(session, cast.holder(item), case, Asking(SUSPENSION, "等鉴定", review_on=review))
    cast.do(number, "decide", granted=True)
    cast.pass_time(timedelta(days=10))
    cast.do(number, "suspended", reason="鉴定已出")
    before = overall(cast)
    with cast.store.write() as session:
        import_calendar(session, cast("QH-" + D), 2027, official_2027(date(2027, 1, 1)))
    after = overall(cast)
    assert after.due_at >= before.due_at  # ten days stood still, and still do not count
    assert not after.provisional
