"""Timers when it matters: many at once, one that always fails, one that kills its worker, after a weekend's outage."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from benchmarks import copying
from engine import outbox, scheduler, timers
from engine.clock import SimulatedClock
from engine.db import Store
from engine.deadlines.book import TASK, Deadline
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.incidents import Incident
from engine.keys import KeyRing
from engine.notices import InboxChannel
from engine.scheduler import Ticker, Worker
from engine.timers import ARMED, FIRED, Timer
from processes.access import hold_case
from processes.cases import clocks
from processes.cases.changing import reclassify
from processes.cases.facts import facts_of
from processes.registry import build
from tests.cast import Cast
from tests.soaking import rounds

CASES = 6
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload([__name__])


def in_hand(cast: Cast, **changes: Any) -> str:
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    return number


def due_together(cast: Cast, count: int = CASES) -> list[str]:
    """Cases whose warnings fall due at one instant, which is now."""
    numbers = [in_hand(cast) for _ in range(count)]
    with cast.store.read() as session:
        wake = session.scalar(select(func.max(Timer.due_at)).where(Timer.mark == "warned", Timer.element == "act_warn"))
        wake = wake or timers.next_wake(session)
    assert wake is not None
    cast.clock.set(wake)
    return numbers


def fired(cast: Cast) -> Counter[tuple[int, str]]:
    """How often each instance's marks were given."""
    with cast.store.read() as session:
        rows = session.execute(select(Timer.instance_id, Timer.mark).where(Timer.state == FIRED)).all()
    return Counter((instance_id, mark) for instance_id, mark in rows)


def test_pressing_timers_go_first_and_the_others_are_not_starved(cast: Cast) -> None:
    due_together(cast, 6)
    with cast.store.write() as session:
        ids = list(session.scalars(select(Timer.id).where(Timer.wake_at <= cast.clock.now()).order_by(Timer.id)))
        session.execute(update(Timer).where(Timer.id.in_(ids[3:])).values(pressing=True))
    order: list[int] = []
    while timers.sweep(cast.store, page=1):
        with cast.store.read() as session:
            now = set(session.scalars(select(Timer.id).where(Timer.state == FIRED)))
        order += sorted(now - set(order))
    assert order == [*ids[3:], *ids[:3]]
    assert timers.TURNS > 1


def test_one_of_ten_turns_goes_to_whatever_is_due_longest(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    due_together(cast, 2)
    with cast.store.write() as session:
        first = session.scalars(select(Timer).where(Timer.wake_at <= cast.clock.now()).order_by(Timer.id)).first()
        assert first is not None
        row = {**copying.plain(first), "instance_id": 0, "pressing": True}  # of no case: they come to nothing
        session.execute(insert(Timer), [row | {"id": 1000 + n, "task_id": f"{n:032x}"} for n in range(40)])
        ordinary = first.id
    timers.sweep(cast.store, page=timers.TURNS)
    with cast.store.read() as session:
        assert session.get_one(Timer, ordinary).state == FIRED


def test_a_case_that_is_pressed_takes_its_timers_with_it(cast: Cast) -> None:
    number = in_hand(cast)
    extra = in_hand(cast, urgency="extra")
    assert (pressing(cast, number), pressing(cast, extra)) == ({False}, {True})
    for urgency, expected in (("extra", {True}), ("ordinary", {False})):
        with cast.store.write() as session:
            reclassify(session, cast.grid, hold_case(session, cast.grid, number), {"urgency": urgency}, "有人受伤")
        assert pressing(cast, number) == expected


def pressing(cast: Cast, number: str) -> set[bool]:
    with cast.store.read() as session:
        mine = Timer.instance_id == cast.case(number).instance_id
        return set(session.scalars(select(Timer.pressing).where(mine, Timer.state == ARMED)))


def poisoned(cast: Cast, number: str, what: Callable[[], None]) -> Store:
    """The same store, whose warning does something bad for one case."""
    registry = build()

    def warn(step: Any, data: Any) -> bool:
        if facts_of(step).case.number == number:
            what()
        return clocks.warn(step, data)

    registry.operations["op.warn"] = warn
    return Store(cast.store.url.render_as_string(hide_password=False), replace(cast.store.env, registry=registry))


def test_a_timer_that_always_fails_is_tried_less_and_less_and_holds_up_nobody(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    numbers = due_together(cast)
    tries: list[datetime] = []

    def fail() -> None:
        tries.append(cast.clock.now())
        raise ZeroDivisionError

    store = poisoned(cast, numbers[3], fail)
    start = cast.clock.now()
    timers.sweep(store)
    assert sum(fired(cast).values()) == CASES - 1  # everybody else, at once
    for _ in range(60):
        timers.sweep(store)
        cast.clock.advance(timedelta(minutes=15))
    store.dispose()
    expected = [timedelta(0)]
    for pause in timers.BACK_OFF[: timers.MAX_ATTEMPTS - 1]:
        expected.append(expected[-1] + pause)
    assert len(tries) == timers.MAX_ATTEMPTS
    assert all(at - start >= pause for at, pause in zip(tries, expected, strict=True))
    with cast.store.read() as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.kind, incident.state, incident.subject_no) == ("timer", "open", numbers[3])
        assert incident.reason.startswith(f"given up after {timers.MAX_ATTEMPTS} tries: ZeroDivisionError")


# -- workers that die


def sweep_in_a_process(url: str, now: str, number: str) -> None:
    """What a worker does until nothing is due; it dies by SIGKILL at the warning of one case."""
    env = Environment(SimulatedClock(datetime.fromisoformat(now)), KeyRing.from_bytes(b"k" * 32), Catalogue(), build())
    registry = env.registry
    warn = registry.operations["op.warn"]

    def deadly(step: Any, data: Any) -> Any:
        if facts_of(step).case.number == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return warn(step, data)

    registry.operations["op.warn"] = deadly
    store = Store(url, env)
    while timers.sweep(store):
        pass
    store.dispose()


def test_a_step_that_kills_its_worker_stops_after_some_tries_while_others_go_on(cast: Cast) -> None:
    """Three workers at once; whoever died is started again, as systemd does."""
    numbers = due_together(cast)
    url = cast.store.url.render_as_string(hide_password=False)
    deaths = 0
    for _ in range(timers.MAX_ATTEMPTS + 1):
        codes = work_together(url, cast.clock.now().isoformat(), numbers[3])
        deaths += codes.count(-signal.SIGKILL)
        assert set(codes) <= {0, -signal.SIGKILL}
        assert {count for (_, mark), count in fired(cast).items() if mark == "warned"} == {1}
        assert sum(mark == "warned" for _, mark in fired(cast)) == CASES - 1
        cast.clock.advance(timedelta(hours=6, minutes=1))
        hold_back_others(cast)
    assert deaths == timers.MAX_ATTEMPTS
    with cast.store.read() as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.kind, incident.state, incident.subject_no) == ("timer", "open", numbers[3])
        assert incident.reason == f"its worker died {timers.MAX_ATTEMPTS} times"


def work_together(url: str, now: str, number: str) -> list[int | None]:
    workers = [FORK.Process(target=sweep_in_a_process, args=(url, now, number)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return [worker.exitcode for worker in workers]


def hold_back_others(cast: Cast) -> None:
    """Hours have passed: what else would fall due meanwhile is not of interest."""
    with cast.store.write() as session:
        later = cast.clock.now() + timedelta(days=99)
        untried = update(Timer).where(Timer.attempts == 0, Timer.state == ARMED)
        session.execute(untried.values(wake_at=later, due_at=later))


# -- after a weekend's outage

WEEKEND = timedelta(hours=62)


class Arrivals:
    """A channel whose effects must not wait for the end of the sweep."""

    topic = "test"

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.arrived_when_left: list[int] = []
        self.left: Callable[[], int] = lambda: 0

    def send(self, _store: Store, parcels: Any) -> dict[str, outbox.DeliveryError]:
        self.arrived_when_left += [self.left()] * len(parcels)
        self.arrived.set()
        return {}


@dataclass
class Watched:
    """What was seen while a worker caught up."""

    left: list[int]
    beats: int
    chores: int
    resident_mb: list[float]


def fell_due_over_a_weekend(cast: Cast, count: int) -> int:
    """Copies of one case, warned already and overdue since Friday evening, one after the other; the last is 特急.

    Returns the id of that one's timer.
    """
    number = in_hand(cast)
    copying.copies(cast.store, number, count, 1)
    monday = cast.clock.now() + timedelta(days=30)
    cast.clock.set(monday)
    ours = Timer.id > copying.STRIDE
    with cast.store.write() as session:
        clock = (Deadline.id > copying.STRIDE) & (Deadline.clock == TASK)
        friday = monday - WEEKEND
        session.execute(
            update(Deadline)
            .where(clock)
            .values(warn_at=friday, warned_at=friday, due_at=friday, grace_at=monday + timedelta(days=1))
        )
        task = Timer.deadline_id.in_(select(Deadline.id).where(clock))
        session.execute(delete(Timer).where(ours, task.is_(False) | (Timer.mark != "overdue")))
        session.execute(delete(Timer).where(Timer.id < copying.STRIDE))
        session.execute(update(Timer).where(ours).values(due_at=friday, wake_at=friday))
        last = session.scalar(select(func.max(Timer.id)))
        assert last is not None
        session.execute(update(Timer).where(Timer.id == last).values(pressing=True))
        outbox.enqueue(session, cast.district_id, "test", [(f"effect-{n}", {}) for n in range(50)])
    return last


def catch_up(cast: Cast, channel: Arrivals, until: Callable[[int], bool]) -> Watched:
    """A real worker with its own ticks; watched until `until(how many are left)`."""
    chores: list[int] = []
    registry = cast.store.env.registry
    registry.chores.append(lambda _store: chores.append(1))
    channel.left = lambda: left_over(cast)
    ticker = Ticker(cast.store, [channel, InboxChannel()])
    seen = Watched([left_over(cast)], 0, 0, [resident_mb()])
    beaten: set[datetime] = set()
    ticker.start()
    try:
        while not until(seen.left[-1]):
            time.sleep(0.1)
            cast.clock.advance(timedelta(milliseconds=100))
            seen.left.append(left_over(cast))
            seen.resident_mb.append(resident_mb())
            with cast.store.read() as session:
                beaten |= set(session.scalars(select(Worker.seen_at)))
    finally:
        ticker.stop()
        registry.chores.pop()
    seen.beats, seen.chores = len(beaten), len(chores)
    return seen


def left_over(cast: Cast) -> int:
    with cast.store.read() as session:
        return timers.due_count(session)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_after_a_weekends_outage_everything_due_is_caught_up_the_pressing_first(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "HEARTBEAT", timedelta(seconds=0.3))
    count, channel, step = 40, Arrivals(), timers._step

    def step_until_effects_arrive(store: Store, taken: timers.Taken) -> bool:
        """On a fast machine forty timers are done before the outbox has ticked once."""
        fired = step(store, taken)
        channel.arrived.wait(timeout=30)
        return fired

    monkeypatch.setattr(timers, "_step", step_until_effects_arrive)
    pressing_one = fell_due_over_a_weekend(cast, count)
    seen = catch_up(cast, channel, until=lambda left: left == 0)
    with cast.store.read() as session:
        rows = session.execute(select(Timer.id, Timer.fired_at).where(Timer.state == FIRED).order_by(Timer.fired_at))
        order = [row.id for row in rows]
        assert session.scalars(select(Incident)).all() == []
    assert len(order) == count
    assert order.index(pressing_one) < 5  # two workers: it is taken first, and others may be done before it
    assert sorted(seen.left, reverse=True) == seen.left  # it can be watched becoming less
    assert seen.beats > 1  # the heart beats on
    assert min(channel.arrived_when_left) > 0  # effects did not wait for the end
    assert seen.chores > 0


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_hundred_thousand_due_are_worked_off_in_bounded_memory(cast: Cast) -> None:
    """As far as the time goes: all of them are a quarter of an hour's work for one worker on a quiet machine."""
    count, channel, minutes = 100_000, Arrivals(), rounds(0.4)
    pressing_one = fell_due_over_a_weekend(cast, count)
    started = time.monotonic()
    seen = catch_up(cast, channel, until=lambda left: left == 0 or next(minutes, None) is None)
    done = seen.left[0] - seen.left[-1]
    rate = done / (time.monotonic() - started)
    grown = seen.resident_mb[-1] - seen.resident_mb[len(seen.resident_mb) // 10]
    print(f"\n{cast.store.url.get_backend_name()}: {done} of {count} timers, {rate:.0f} a second, {grown:.0f} MB more")
    with cast.store.read() as session:
        order = list(session.scalars(select(Timer.id).where(Timer.state == FIRED).order_by(Timer.fired_at).limit(20)))
        assert session.scalars(select(Incident)).all() == []
    assert pressing_one in order
    assert done > 0
    assert grown < 100
    assert seen.beats > 1
    assert min(channel.arrived_when_left) > 0
