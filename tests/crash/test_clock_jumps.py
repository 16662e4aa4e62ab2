"""The clock set back, the clock far ahead, everything down for weeks: nothing fires twice, nothing is forgotten."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import clock_steps, commands, outbox, timers
from engine.clock import SimulatedClock
from engine.db import Store
from engine.deadlines.book import Deadline
from engine.incidents import Incident
from engine.network.people import by_staff_no
from engine.notices import Notice
from engine.outbox import DELIVERED, DeliveryError, Outbox
from engine.sign_in import attempts, sessions
from engine.sign_in.attempts import Limit, TooManyAttempts
from engine.timers import FIRED, Timer
from engine.trail.entries import TrailEntry
from engine.trail.verify import verify
from processes.reconcile import reconcile
from tests.cast import Cast, G

pytestmark = pytest.mark.crash
NTP_STEP = timedelta(minutes=20)
LIMITS = sessions.Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))


def in_hand(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


def marks_of(cast: Cast, number: str) -> list[str]:
    """The marks that the trail tells of a case, in order."""
    with cast.store.read() as session:
        query = select(TrailEntry.action).where(TrailEntry.subject == number, TrailEntry.action.like("deadline:mark:%"))
        return [action.rpartition(":")[2] for action in session.scalars(query.order_by(TrailEntry.seq))]


def fired(cast: Cast) -> list[str]:
    with cast.store.read() as session:
        return list(session.scalars(select(Timer.mark).where(Timer.state == FIRED).order_by(Timer.id)))


def sweep_all(cast: Cast) -> None:
    """Sweep until nothing is due any more."""
    while True:
        timers.sweep(cast.store)
        with cast.store.read() as session:
            wake = timers.next_wake(session)
        if wake is None or wake > cast.clock.now():
            return


def check_whole(cast: Cast) -> None:
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
        assert timers.drift(session) == []


def check_told_once(cast: Cast, number: str) -> None:
    """Each running clock gave its marks in order, and its holder was told each of them once."""
    with cast.store.read() as session:
        subject = cast.case(number).id
        keys = list(session.scalars(select(Notice.key).where(Notice.subject_no == number, Notice.role == "handler")))
        for row in session.scalars(select(Deadline).where(Deadline.subject_id == subject, Deadline.element == "act")):
            given = [at for at in (row.warned_at, row.overdue_at, row.escalated_at) if at is not None]
            assert given == sorted(given)
            told = [key for key in keys if f":{row.occurrence}:" in key]
            marks = Counter(key.split(":")[1] for key in told)
            assert marks == Counter([*["warned"] * bool(row.warned_at), *["overdue"] * bool(row.overdue_at)]), marks


def open_clocks(cast: Cast, element: str) -> list[Deadline]:
    with cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))
        return list(session.scalars(query))


def open_clock(cast: Cast, element: str) -> Deadline:
    found = open_clocks(cast, element)
    assert len(found) == 1
    return found[0]


def test_a_clock_set_back_after_a_warning_does_not_warn_again_and_loses_no_later_mark(cast: Cast) -> None:
    number = in_hand(cast)
    clock = open_clock(cast, "act")
    assert clock.warn_at is not None
    assert clock.grace_at is not None
    cast.clock.set(clock.warn_at)
    sweep_all(cast)
    assert marks_of(cast, number) == ["warned"]
    cast.clock.advance(-NTP_STEP)
    sweep_all(cast)
    cast.clock.set(clock.warn_at + timedelta(seconds=1))
    sweep_all(cast)
    assert marks_of(cast, number) == ["warned"]
    assert fired(cast) == ["warned"]
    check_whole(cast)
    for moment, mark in ((clock.due_at, "overdue"), (clock.grace_at, "escalated")):
        cast.clock.set(moment)
        sweep_all(cast)
        cast.clock.advance(-NTP_STEP)
        sweep_all(cast)
        assert marks_of(cast, number).count(mark) == 1
    cast.pass_time(NTP_STEP * 2)
    check_told_once(cast, number)
    check_whole(cast)


def test_people_go_on_working_while_the_clock_runs_backwards_and_the_trail_verifies(cast: Cast) -> None:
    """The trail's order is its numbering; its times are what the clock said, and are not made to look straight."""
    number = cast.report().case.number
    said = [cast.clock.now()]
    forms: tuple[tuple[str, dict[str, Any]], ...] = (
        ("verify", {"result": "accept"}),
        ("act", {"outcome": "refer_up", "reason": "办不了"}),
        ("accept", {"outcome": "accept"}),
        ("act", {"outcome": "self_handle", "measures": "已劝和"}),
        ("check", {"ok": True, "finding": "已退让"}),
    )
    for element, form in forms:
        said.append(cast.clock.advance(-NTP_STEP))
        cast.do(number, element, **form)
        check_whole(cast)
    assert cast.case(number).state == "rating"
    with cast.store.read() as session:
        query = select(TrailEntry.at).where(TrailEntry.subject == number).order_by(TrailEntry.seq)
        told = list(session.scalars(query))
    assert list(dict.fromkeys(told)) == said
    assert said == sorted(said, reverse=True)


def test_a_clock_far_ahead_fires_what_is_due_by_it_once_also_when_it_is_put_right(cast: Cast) -> None:
    number = in_hand(cast)
    right = cast.clock.now()
    cast.clock.advance(timedelta(days=400))
    sweep_all(cast)
    cast.tell()
    ahead = marks_of(cast, number)
    assert ahead[:2] == ["warned", "overdue"]
    cast.clock.set(right)
    sweep_all(cast)
    assert marks_of(cast, number) == ahead
    check_told_once(cast, number)
    check_whole(cast)


class Deaf:
    """A receiver that cannot be reached until it can."""

    topic = "test"

    def __init__(self) -> None:
        self.reachable = False
        self.got: list[str] = []

    def send(self, _store: Any, parcels: Any) -> dict[str, DeliveryError]:
        if not self.reachable:
            return {parcel.key: DeliveryError("down") for parcel in parcels}
        self.got += [parcel.key for parcel in parcels]
        return {}


def test_a_lease_or_a_back_off_outlives_a_clock_set_back_by_no_more_than_the_step(
    store: Store, clock: SimulatedClock
) -> None:
    with store.write() as session:
        outbox.enqueue(session, 1, "test", [("effect", {"n": 1})])
    receiver = Deaf()
    outbox.deliver(store, [receiver])
    clock.advance(-NTP_STEP)
    receiver.reachable = True
    outbox.deliver(store, [receiver])
    assert receiver.got == []  # as if the step had been waited for
    clock.advance(NTP_STEP + outbox.BACK_OFF[0])
    outbox.deliver(store, [receiver])
    outbox.deliver(store, [receiver])
    assert receiver.got == ["effect"]


def put_right(store: Store) -> int:
    with store.write() as session:
        return clock_steps.put_right(session)


def test_what_was_tried_or_made_while_the_clock_was_years_ahead_goes_out_when_it_is_put_right(
    store: Store, clock: SimulatedClock
) -> None:
    right = clock.now()
    receiver = Deaf()
    clock.advance(timedelta(days=3650))
    with store.write() as session:
        outbox.enqueue(session, 1, "test", [(key, {"n": 1}) for key in "abc"])
    outbox.deliver(store, [receiver], page=2)
    clock.set(right + timedelta(minutes=1))
    receiver.reachable = True
    assert put_right(store) == 3
    outbox.deliver(store, [receiver])
    assert receiver.got == ["a", "b", "c"]
    with store.read() as session:
        assert session.scalars(select(Outbox.state)).all() == [DELIVERED] * 3
    assert put_right(store) == 0


def test_a_pause_between_two_tries_is_left_alone_by_putting_right(store: Store, clock: SimulatedClock) -> None:
    with store.write() as session:
        outbox.enqueue(session, 1, "test", [("effect", {"n": 1})])
    receiver = Deaf()
    for _ in outbox.BACK_OFF:
        outbox.deliver(store, [receiver])
        assert put_right(store) == 0
        clock.advance(outbox.BACK_OFF[-1])


def test_a_timer_that_failed_while_the_clock_was_years_ahead_is_tried_when_it_is_put_right(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = in_hand(cast)
    clock = open_clock(cast, "act")
    assert clock.warn_at is not None

    def broken(*_: object) -> None:
        raise RuntimeError("the operation broke")

    with monkeypatch.context() as patched:
        for name in cast.store.env.registry.operations:
            patched.setitem(cast.store.env.registry.operations, name, broken)
        cast.clock.advance(timedelta(days=3650))
        timers.sweep(cast.store)
    cast.clock.set(clock.warn_at + timedelta(seconds=1))
    timers.sweep(cast.store)
    assert marks_of(cast, number) == []
    assert put_right(cast.store) > 0
    timers.sweep(cast.store)
    assert marks_of(cast, number) == ["warned"]
    check_whole(cast)


def test_a_timer_that_was_given_up_is_not_taken_up_again_by_putting_right(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hand(sqlite_cast)

    def broken(*_: object) -> None:
        raise RuntimeError("the operation broke")

    monkeypatch.setitem(sqlite_cast.store.env.registry.operations, "op.warn", broken)
    sqlite_cast.pass_time(timedelta(days=4))
    with sqlite_cast.store.read() as session:
        assert "given up" in session.scalars(select(Incident.reason)).all()[0]
    assert put_right(sqlite_cast.store) == 0


def test_a_key_is_known_also_when_the_clock_was_set_back_before_its_making(store: Store, clock: SimulatedClock) -> None:
    done: list[int] = []

    def once() -> commands.Answer:
        with store.write() as session:
            call = commands.Call("staff:1", "POST /x", "key", b"h" * 32)
            return commands.once(session, call, lambda: (200, {"n": done.append(1) or len(done)}))

    once()
    clock.advance(-timedelta(days=2))
    assert once().replayed
    with store.write() as session:
        assert commands.sweep_expired(session) == 0
    clock.advance(timedelta(days=2) + commands.LIFETIME - timedelta(seconds=1))
    assert once().replayed
    assert done == [1]


def test_a_session_survives_a_clock_set_back_and_still_ends(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        secret = sessions.begin(session, by_staff_no(session, "G-" + G), "phone", LIMITS)
    sqlite_cast.clock.advance(-timedelta(hours=1))
    with sqlite_cast.store.write() as session:
        assert sessions.find(session, secret, LIMITS) is not None
        sessions.touch(session, secret)
    sqlite_cast.clock.advance(timedelta(hours=2))
    with sqlite_cast.store.read() as session:
        assert sessions.find(session, secret, LIMITS) is None


def test_nobody_stays_locked_out_because_the_clock_was_ahead_when_they_mistyped(
    store: Store, clock: SimulatedClock
) -> None:
    limit = Limit("test", 1, timedelta(minutes=15))
    right = clock.now()
    clock.advance(timedelta(days=3650))
    with store.write() as session:
        attempts.count(session, limit, "somebody")
    with pytest.raises(TooManyAttempts), store.write() as session:
        attempts.count(session, limit, "somebody")
    clock.set(right)
    with store.write() as session:
        attempts.count(session, limit, "somebody")


def test_after_an_outage_longer_than_a_grace_period_each_case_gets_what_it_should_once_and_in_order(
    cast: Cast,
) -> None:
    """Cases at every stage, nothing runs for three weeks, then two workers start at the same moment."""
    reported = cast.report().case.number  # waits to be verified
    held = in_hand(cast)  # at the grid
    signed = in_hand(cast)
    cast.do(signed, "act", outcome="refer_up", reason="办不了")  # at the village, nobody has signed off
    warned = in_hand(cast)
    warn_at = max(clock.warn_at for clock in open_clocks(cast, "act") if clock.warn_at is not None)
    cast.pass_time(warn_at - cast.clock.now())
    late = in_hand(cast)
    before = {number: marks_of(cast, number) for number in (reported, held, signed, warned, late)}
    assert "warned" in before[warned]
    cast.clock.advance(timedelta(days=21))

    workers = [threading.Thread(target=sweep_all, args=(cast,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for _ in range(5):  # a timer that met the other worker at its case comes again a moment later
        cast.clock.advance(timers.BUSY_PAUSE)
        sweep_all(cast)
    cast.tell()

    for number in before:
        gained = marks_of(cast, number)[len(before[number]) :]
        tasks = [mark for mark in gained if mark in {"warned", "overdue", "escalated"}]
        assert "overdue" in tasks, number
        assert "escalated" not in tasks, f"{number}: the outage took away the grace that its holder has"
        check_told_once(cast, number)
    check_whole(cast)
    cast.pass_time(timedelta(days=10))  # the grace that began anew runs out too
    for number in before:
        assert "escalated" in marks_of(cast, number), number
        check_told_once(cast, number)
    check_whole(cast)
