"""Sixteen people reach for the same items while workers sweep: everything has one order, nobody sees a lock."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from engine import timers
from engine.db import Base, Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.incidents import Incident
from engine.keys import KeyRing
from engine.timers import FIRED, Timer
from engine.trail.verify import verify
from engine.tuning import WORKER_NICE
from processes.reconcile import reconcile
from processes.registry import build
from tests.cast import Cast, settle_in
from tests.concurrency.crowd import Crowd
from tests.concurrency.history import check_items, check_order, contended, tally
from tests.crash.ground import wait_until
from tests.crash.herd import Herd, free_port
from tests.crash.moving_clock import MovingClock
from tests.postgres import Postgres
from tests.soaking import rounds, seed_of_this_run

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LEAP_SECONDS = 1.5
"""How often the clock leaps a few hours ahead, so that timers fall due while people work."""


@dataclass
class Town:
    """A database, a clock that can be moved, and the processes that serve and sweep."""

    cast: Cast
    clock: MovingClock
    herd: Herd
    ports: list[int]
    dice: random.Random
    leapt_at: float = 0.0
    has_fired: bool = False

    def let_time_pass(self) -> bool:
        """Leap when it is time to; whether a timer has fired yet."""
        if time.monotonic() - self.leapt_at > LEAP_SECONDS:
            self.leapt_at = time.monotonic()
            self.clock.leap(timedelta(minutes=self.dice.randint(30, 8 * 60)))
            self.has_fired = fired(self) > 0
        return self.has_fired


@contextmanager
def town(postgres: Postgres, folder: Path, seed: int, *, servers: int, workers: int) -> Iterator[Town]:
    name = postgres.create_database()
    clock = MovingClock.create(folder / "clock", MORNING)
    keys = KeyRing.create(folder / "key", b"k" * 32)
    store = Store(postgres.url(name), Environment(clock, keys, Catalogue(), build()))
    Base.metadata.create_all(store.engine)
    cast = settle_in(store, clock)  # type: ignore[arg-type] # it only reads the clock
    herd = Herd(postgres.url(name), folder / "key", folder / "clock", folder)
    try:
        ports = []
        for _ in range(servers):
            herd.port = free_port()
            ports.append(herd.port)
            herd.start("serve alone")
        for _ in range(workers):
            herd.start("worker")
        for port in ports:
            wait_until(lambda port=port: is_open(port), "nobody serves")
        yield Town(cast, clock, herd, ports, random.Random(seed))
    finally:
        herd.close()
        store.dispose()
        clock.close()
        postgres.drop_database(name)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def check(place: Town, crowd: Crowd) -> None:
    """The history is one that could have happened one thing after the other, and the tables agree with it."""
    assert crowd.findings == []
    found = check_items(crowd.operations, crowd.rows()) + check_order(crowd.operations, crowd.entries())
    assert not found, "\n".join(found)
    with place.cast.store.read() as session:
        assert verify(session, place.cast.district_id).findings == []
        assert reconcile(session, place.cast.district_id) == []
        assert timers.drift(session) == []
        assert [(row.element, row.reason, row.stack) for row in session.scalars(select(Incident))] == []
        locked = "select deadlocks from pg_stat_database where datname = current_database()"
        assert session.scalar(text(locked)) == 0
    assert place.herd.failures() == []


def fired(place: Town) -> int:
    with place.cast.store.read() as session:
        return len(session.scalars(select(Timer.id).where(Timer.state == FIRED)).all())


def report(place: Town, crowd: Crowd) -> str:
    told, answers = tally(crowd.operations), crowd.answers
    return (
        f"{sum(answers.values())} answers, {contended(crowd.operations)} of {len(crowd.operations)} operations on items"
        f" contended, {fired(place)} timers fired: {dict(sorted(told.items()))} {dict(sorted(answers.items()))}"
    )


def test_sixteen_people_at_two_servers_and_two_workers_make_one_history(postgres: Postgres, tmp_path: Path) -> None:
    with town(postgres, tmp_path, 1, servers=2, workers=2) as place:
        crowd = Crowd(place.cast, place.ports, 1)
        crowd.work(enough=150, seconds=90, meanwhile=place.let_time_pass)
        nice = {os.getpriority(os.PRIO_PROCESS, each.pid) for each in place.herd.living if not each.is_server}
        assert nice == {os.getpriority(os.PRIO_PROCESS, 0) + WORKER_NICE}  # people go first
        place.herd.stop()
        check(place, crowd)
        assert contended(crowd.operations) > 20, report(place, crowd)
        assert fired(place) > 0


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_sixteen_people_at_eight_workers_make_one_history(postgres: Postgres, tmp_path: Path) -> None:
    for number in rounds(0.5):
        seed = seed_of_this_run() + number
        servers, workers = ((2, 2), (2, 8), (1, 8))[number % 3]
        print(f"\nconcurrency round {number}: SOAK_SEED={seed}, {servers} servers, {workers} workers", flush=True)
        folder = tmp_path / str(number)
        folder.mkdir()
        with town(postgres, folder, seed, servers=servers, workers=workers) as place:
            crowd = Crowd(place.cast, place.ports, seed)
            crowd.work(enough=3_000, seconds=75, meanwhile=place.let_time_pass)
            place.herd.stop()
            print(report(place, crowd), flush=True)
            check(place, crowd)
