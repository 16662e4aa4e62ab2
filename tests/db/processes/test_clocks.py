"""What the clocks of a case do when nobody does anything, and when nothing ran."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import incidents, runtime, timers
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, NotAllowedNow
from engine.notices import Notice
from engine.step import StepFailed
from engine.timers import Timer
from processes.cases.changing import reclassify
from processes.cases.models import Case, Stay
from tests.cast import Cast, S, V


def in_hand(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


def open_clock(cast: Cast, element: str) -> Deadline:
    with cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))
        return session.scalars(query).one()


def test_a_warning_then_overdue_then_one_level_up(cast: Cast) -> None:
    number = in_hand(cast)
    clock = open_clock(cast, "act")
    for moment, light, level in (
        (clock.warn_at, "yellow", "grid"),
        (clock.due_at, "red", "grid"),
        (clock.grace_at, "green", "village"),
    ):
        assert moment is not None
        cast.pass_time(moment - cast.clock.now())
        assert (cast.case(number).light, cast.case(number).level) == (light, level)


def test_after_an_outage_grace_starts_anew_and_each_mark_is_still_given_once(cast: Cast) -> None:
    number = in_hand(cast)
    clock = open_clock(cast, "act")
    assert clock.grace_at is not None
    cast.clock.set(clock.grace_at + timedelta(days=2))  # nothing ran meanwhile
    while timers.sweep(cast.store):
        pass
    assert cast.case(number).level == "grid"
    after = open_clock(cast, "act")
    assert after.overdue_at == cast.clock.now()
    assert after.grace_at is not None
    assert after.grace_at > cast.clock.now()
    cast.pass_time(after.grace_at - cast.clock.now())
    assert cast.case(number).level == "village"
    with cast.store.read() as session:
        query = select(Notice.mark).where(Notice.staff_id == cast.grid.staff_id, Notice.role == "handler")
        marks = list(session.scalars(query))
    assert (marks.count("warned"), marks.count("overdue")) == (1, 1)


def test_signing_off_is_the_claim_and_stops_its_clock(cast: Cast) -> None:
    number = in_hand(cast)
    cast.do(number, "act", outcome="refer_up", reason="x")
    item = cast.items(number, "accept")[0]
    with cast.store.read() as session:
        assert "accept_sign_off_due" in set(session.scalars(select(Timer.element).where(Timer.state == "armed")))
    with cast.store.write() as session:
        runtime.claim(session, cast.village, item.id)
    with cast.store.read() as session:
        assert "accept_sign_off_due" not in set(session.scalars(select(Timer.element).where(Timer.state == "armed")))
        assert timers.drift(session) == []
    cast.pass_time(timedelta(hours=6))
    assert "sign_off_overdue" not in {mark for mark, _ in cast.notices(number)}


def test_nobody_signs_off_and_holder_and_superior_are_told(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="refer_up", reason="x")
    sqlite_cast.pass_time(timedelta(hours=6))
    told = sqlite_cast.notices(number)
    assert ("sign_off_overdue", sqlite_cast.village.staff_id) in told
    assert ("sign_off_overdue_below", sqlite_cast("SF-" + S).staff_id) in told


def test_pressing_reads_the_clocks_again_and_leaves_at_least_the_new_limit(cast: Cast) -> None:
    number = in_hand(cast)
    before = open_clock(cast, "act")
    cast.clock.advance(timedelta(hours=30))
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        reclassify(session, cast("VB-" + V), case, {"urgency": "urgent"}, "群众情绪激动")
    after = open_clock(cast, "act")
    assert cast.case(number).urgency == "urgent"
    assert after.due_at < before.due_at
    assert after.due_at == cast.clock.now() + timedelta(hours=24)
    with cast.store.read() as session:
        assert timers.drift(session) == []


def test_only_the_owner_or_above_reclassifies_and_only_while_it_is_open(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        with pytest.raises(Forbidden):
            reclassify(session, sqlite_cast.cell, case, {"urgency": "urgent"}, "x")
    sqlite_cast.do(number, "act", outcome="self_handle", measures="好")
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        with pytest.raises(NotAllowedNow):
            reclassify(session, sqlite_cast("VB-" + V), case, {"urgency": "urgent"}, "x")


def test_a_step_that_fails_leaves_all_as_before(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    number = in_hand(sqlite_cast)

    def broken(*_: object) -> None:
        raise RuntimeError("the operation broke")

    monkeypatch.setitem(sqlite_cast.store.env.registry.operations, "op.hop", broken)
    with pytest.raises(StepFailed):
        sqlite_cast.do(number, "act", outcome="refer_up", reason="x")
    assert sqlite_cast.case(number).state == "handling"
    with sqlite_cast.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Stay)) == 1
        assert timers.drift(session) == []


def test_a_timer_step_that_always_fails_becomes_an_incident_and_stops(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hand(sqlite_cast)

    def broken(*_: object) -> None:
        raise RuntimeError("the operation broke")

    monkeypatch.setitem(sqlite_cast.store.env.registry.operations, "op.warn", broken)
    sqlite_cast.pass_time(timedelta(days=4))
    with sqlite_cast.store.read() as session:
        row = session.scalars(select(incidents.Incident)).first()
        assert row is not None
        assert (row.kind, row.element) == ("timer", "act_warn")
        assert row.reason == "given up after 5 tries: RuntimeError"
        assert "两家" not in row.stack
