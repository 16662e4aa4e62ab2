"""The ticks of a worker while the machine's clock is set back or leaps ahead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base
from apscheduler.schedulers.background import BackgroundScheduler

from engine.clock_steps import ClockWatch, Steady

PATIENCE_SECONDS = 20


class Machine:
    """The clock that APScheduler and the watch read, and that a test sets."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    class Fake(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return machine.now().astimezone(tz)

    monkeypatch.setattr(base, "datetime", Fake)
    return machine


@pytest.fixture
def scheduler(machine: Machine) -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})
    scheduler.start()
    yield scheduler
    scheduler.shutdown()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_ticks_go_on_at_once_when_the_clock_is_set_back(machine: Machine, scheduler: BackgroundScheduler) -> None:
    ticks: list[float] = []
    set_back: list[float] = []
    scheduler.add_job(lambda: ticks.append(time.monotonic()), Steady(0.1))
    watch = ClockWatch(scheduler, lambda: set_back.append(time.monotonic()), machine)
    watch.start()
    wait_until(lambda: len(ticks) >= 2)
    machine.offset -= timedelta(hours=1)
    before = len(ticks)
    wait_until(lambda: len(ticks) >= before + 5)
    watch.stop()
    assert len(set_back) == 1


def test_a_clock_that_leaps_by_a_century_costs_one_tick(machine: Machine, scheduler: BackgroundScheduler) -> None:
    ticks: list[float] = []
    scheduler.add_job(lambda: ticks.append(time.monotonic()), Steady(0.1))
    wait_until(lambda: len(ticks) >= 1)
    machine.offset += timedelta(days=36_500)
    before = len(ticks)
    wait_until(lambda: len(ticks) >= before + 3)
    assert len(ticks) < before + 50


def test_a_missed_tick_is_not_counted_through() -> None:
    trigger = Steady(1)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert trigger.get_next_fire_time(now - timedelta(seconds=0.25), now) == now + timedelta(seconds=0.75)
    assert trigger.get_next_fire_time(now - timedelta(days=9), now) == now + timedelta(seconds=1)
