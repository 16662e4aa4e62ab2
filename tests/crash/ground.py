"""Where a crash test takes place: a database with people in it, a clock that can be moved, a herd, a crowd, books."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from engine import outbox, timers
from engine.db import Base, Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.keys import KeyRing
from engine.outbox import Outbox
from engine.scheduler import Worker
from processes.registry import build
from tests.cast import Cast, settle_in
from tests.crash.books import Books, snapshot
from tests.crash.herd import Beast, Herd
from tests.crash.moving_clock import MovingClock
from tests.crash.people import Crowd
from tests.crash.receiver import Receiver, receiving

SECRET = "a secret of sixteen"
MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WAIT_SECONDS = 180


@dataclass
class Ground:
    """Everything that a crash test needs."""

    cast: Cast
    clock: MovingClock
    herd: Herd
    crowd: Crowd
    books: Books
    receiver: Receiver

    def wait_served(self) -> None:
        """Until the port is open."""
        wait_until(self._is_served, "nobody serves")

    def _is_served(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.herd.port)) == 0

    def wait_beating(self, beast: Beast) -> None:
        """Until a worker has told that it lives; before that a request to stop just ends it."""
        wait_until(lambda: self._beats(beast), "the worker never told that it lives")

    def _beats(self, beast: Beast) -> bool:
        with self.cast.store.read() as session:
            return session.scalar(select(Worker.id).where(Worker.pid == beast.pid)) is not None

    def wait_for_commands(self, more: int) -> None:
        """Until so many more were answered."""
        until = len(self.crowd.done) + more
        wait_until(lambda: len(self.crowd.done) >= until or bool(self.crowd.findings), "nobody gets an answer")
        assert self.crowd.findings == [], self.crowd.findings[:3]

    def wait_gone(self, beast: Beast) -> None:
        """Until its port is closed, and PostgreSQL has noticed that its client is dead: rolled back, or ended."""
        if beast.is_server:
            wait_until(lambda: not self._is_served(), "the port of the dead stays open")
        if self.cast.store.url.get_backend_name() == "sqlite":
            return
        query = text("select count(*) from pg_stat_activity where application_name = :name")
        with self.cast.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            wait_until(lambda: connection.scalar(query, {"name": beast.name}) == 0, f"{beast.name} stays connected")

    def leap(self, span: timedelta) -> None:
        """Move the clock while nobody waits for an answer, whose key could run out."""
        if self.crowd.pause(seconds=1):
            self.clock.leap(span)
        self.crowd.go_on()

    def rest(self) -> None:
        """Everybody has an answer, and nothing is due: the worker has nothing to do either."""
        assert self.crowd.pause()
        self.drain()

    def drain(self) -> None:
        """Until nothing is due and every effect has arrived; a worker must live.

        What lost its worker waits for hours by now (back-off): the clock leaps to the first that is tried again.
        """
        wait_until(self._is_drained, "timers or effects are left over", every=0.3)

    def _is_drained(self) -> bool:
        now = self.clock.now()
        with snapshot(self.cast) as session:
            due = select(timers.Timer.wake_at).where(timers.Timer.state == timers.ARMED, timers.Timer.due_at <= now)
            moments = list(session.scalars(due))
            moments += session.scalars(select(Outbox.next_try_at).where(Outbox.state == outbox.PENDING))
        if moments and min(moments) > now:
            self.clock.leap(max(min(moments) - now, outbox.LEASE))
        return not moments


@contextmanager
def ground(url: str, folder: Path, seed: int, clients: int = 4) -> Iterator[Ground]:
    clock = MovingClock.create(folder / "clock", MORNING)
    keys = KeyRing.create(folder / "key", b"k" * 32)
    store = Store(url, Environment(clock, keys, Catalogue(), build()))
    Base.metadata.create_all(store.engine)
    cast = settle_in(store, clock)  # type: ignore[arg-type] # it only reads the clock
    with receiving() as receiver:
        webhook = {"GRIDGOV_WEBHOOK_URL": receiver.url, "GRIDGOV_WEBHOOK_SECRET": SECRET}
        herd = Herd(url, folder / "key", folder / "clock", folder, **webhook)
        crowd = Crowd(cast, herd.port, seed, clients)
        try:
            yield Ground(cast, clock, herd, crowd, Books(cast, crowd), receiver)
        finally:
            crowd.give_up()
            herd.close()
            store.dispose()
            clock.close()


def wait_until(holds: Callable[[], bool], why: str, every: float = 0.02) -> None:
    end = monotonic() + WAIT_SECONDS
    while not holds():
        assert monotonic() < end, why
        sleep(every)
