"""Extension and suspension: asked, granted, refused, unanswered, overtaken."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import timers
from engine.deadlines.book import Deadline
from engine.errors import Invalid
from engine.timers import Timer
from processes.cases.models import Case
from processes.requests.models import Request
from processes.requests.operations import EXTENSION, SUSPENSION, Asking, RequestRefused, ask
from tests.cast import Cast


def in_hand(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


def wish(cast: Cast, number: str, asking: Asking) -> None:
    with cast.store.write() as session:
        ask(session, cast.grid, session.scalars(select(Case).where(Case.number == number)).one(), asking)


def act_clock(cast: Cast) -> Deadline:
    with cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == "act", Deadline.closed_at.is_(None))
        return session.scalars(query).one()


def state_of_request(cast: Cast) -> str:
    with cast.store.read() as session:
        return session.scalars(select(Request.state).order_by(Request.id.desc())).first() or ""


def test_a_granted_extension_moves_due_and_overall_and_keeps_the_item(cast: Cast) -> None:
    number = in_hand(cast)
    before, item = act_clock(cast), cast.items(number, "act")[0]
    wish(cast, number, Asking(EXTENSION, "需专家鉴定", days=2))
    cast.do(number, "decide", granted=True, days=2)
    after = act_clock(cast)
    assert after.id == before.id
    assert after.due_at > before.due_at
    assert after.extended_days == 2
    assert cast.items(number, "act")[0].id == item.id
    with pytest.raises(RequestRefused):
        wish(cast, number, Asking(EXTENSION, "再延", days=1))
    with cast.store.read() as session:
        assert timers.drift(session) == []


def test_more_than_the_original_limit_cannot_be_asked_for(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with pytest.raises(Invalid):
        wish(sqlite_cast, number, Asking(EXTENSION, "x", days=30))


def test_only_one_request_is_open_at_a_time(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    wish(sqlite_cast, number, Asking(EXTENSION, "x", days=1))
    with pytest.raises(RequestRefused):
        wish(sqlite_cast, number, Asking(EXTENSION, "y", days=1))


def test_an_unanswered_request_counts_as_refused_and_the_next_level_is_told(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    wish(sqlite_cast, number, Asking(EXTENSION, "x", days=1))
    sqlite_cast.pass_time(timedelta(days=2))
    assert state_of_request(sqlite_cast) == "silent"
    assert "request_silent" in {mark for mark, _ in sqlite_cast.notices(number)}


def test_a_request_ends_when_the_case_moves_on(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    wish(sqlite_cast, number, Asking(EXTENSION, "x", days=1))
    sqlite_cast.do(number, "act", outcome="refer_up", reason="办不了")
    assert state_of_request(sqlite_cast) == "overtaken"


def test_a_suspended_case_stands_still_until_it_is_resumed(cast: Cast) -> None:
    number = in_hand(cast)
    due = act_clock(cast).due_at
    left = due - cast.clock.now()
    wish(cast, number, Asking(SUSPENSION, "等鉴定", review_on=date(2026, 12, 20)))
    cast.do(number, "decide", granted=True)
    assert (cast.case(number).state, cast.case(number).light) == ("suspended", "grey")
    with cast.store.read() as session:
        marks = {
            row.mark for row in session.scalars(select(Timer).where(Timer.state == "armed", Timer.element.like("act%")))
        }
        assert marks == set()
        assert timers.drift(session) == []
    cast.pass_time(timedelta(days=7))
    assert "overdue" not in {mark for mark, _ in cast.notices(number)}
    cast.do(number, "suspended", reason="鉴定已出")
    assert cast.case(number).state == "handling"
    assert act_clock(cast).due_at - cast.clock.now() == left  # the same weekday a week on
    with cast.store.read() as session:
        assert timers.drift(session) == []


def test_a_review_day_that_passes_starts_the_clock_again(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    wish(sqlite_cast, number, Asking(SUSPENSION, "等鉴定", review_on=date(2026, 12, 1)))
    sqlite_cast.do(number, "decide", granted=True)
    sqlite_cast.pass_time(timedelta(days=12))
    assert sqlite_cast.case(number).state == "handling"
    assert "review_passed" in {mark for mark, _ in sqlite_cast.notices(number)}
