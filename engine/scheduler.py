"""The worker: APScheduler as a ticker for sweep, outbox and housekeeping. Any number may run; none is special."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from engine import access_log, clock_steps, commands, metrics, outbox, timers, troubles
from engine.db import Base, BigId
from engine.errors import TryLater
from engine.sign_in import attempts, sessions

if TYPE_CHECKING:
    from engine.db import Session, Store

TICK_SECONDS = 1
JOBS = 6
"""A thread for each job: a sweep that takes minutes holds up neither the heartbeat nor the notices."""
HEARTBEAT = timedelta(seconds=5)
STALE = timedelta(seconds=20)
_LIMITS: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""No tick is too late to be of use, as after a night in which the machine slept."""

log = structlog.get_logger(__name__)


class Worker(Base):
    """A worker that is or was alive; `seen_at` is its heartbeat."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    host: Mapped[str] = mapped_column(String(64))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Ticker:
    """Runs the jobs in this process until stopped. APScheduler's job store is memory and holds nothing durable."""

    def __init__(
        self, store: Store, channels: Sequence[outbox.Channel], held: Callable[[Store], bool] = lambda _store: False
    ) -> None:
        """While `held`, timers and effects wait: somebody else moves the clocks of this database."""
        self._store = store
        self._channels = channels
        self._held = held
        self._worker_id: int | None = None
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(JOBS)}, job_defaults=_LIMITS, timezone="UTC"
        )
        self._watch = clock_steps.ClockWatch(self._scheduler, self._put_right)
        self._stopping = threading.Event()
        self._beaten = 0.0

    def is_beating(self) -> bool:
        """Whether the heartbeat was written lately."""
        return time.monotonic() - self._beaten < STALE.total_seconds()

    def start(self) -> None:
        self._put_right()
        self._beat()
        jobs: list[tuple[Callable[[], None], float]] = [
            (self._sweep, TICK_SECONDS),
            (self._deliver, TICK_SECONDS),
            (self._do_chores, TICK_SECONDS),
            (self._beat, HEARTBEAT.total_seconds()),
            (self._tidy, 600),
            (self._check_drift, 24 * 3600),
        ]
        for job, seconds in jobs:
            self._scheduler.add_job(_guarded(job), clock_steps.Steady(seconds))
        self._scheduler.start()
        self._watch.start()

    def stop(self) -> None:
        """Finish the timer and the page of effects that are being worked on, and take the heartbeat away."""
        self._stopping.set()
        self._watch.stop()
        self._scheduler.shutdown(wait=True)
        with self._store.write() as session:
            row = session.get(Worker, self._worker_id)
            if row is not None:
                session.delete(row)

    def _put_right(self) -> None:
        """What a clock that was ahead has put off is tried in its own time."""
        with self._store.write() as session:
            found = clock_steps.put_right(session)
        if found:
            log.warning("put off by a clock that was ahead", count=found)

    def _sweep(self) -> None:
        """Sweep page after page while something is due."""
        taken = timers.PAGE
        while taken == timers.PAGE and not self._held(self._store):
            with metrics.SWEEP_SECONDS.time():
                taken = timers.sweep(self._store, stopping=self._stopping.is_set)
            if taken == timers.PAGE:
                self._tell_progress()

    def _tell_progress(self) -> None:
        """Many are due, as after a weekend's outage: say how many are left and since when the oldest waits."""
        with self._store.read() as session:
            log.info("many timers due", left=timers.due_count(session), oldest=str(timers.next_wake(session)))

    def _deliver(self) -> None:
        if self._held(self._store):
            return
        stopping = self._stopping.is_set
        while not stopping() and outbox.deliver(self._store, self._channels, stopping=stopping):
            pass

    def _do_chores(self) -> None:
        for chore in self._store.env.registry.chores:
            chore(self._store)

    def _beat(self) -> None:
        with self._store.write() as session:
            now = session.env.clock.now()
            row = session.get(Worker, self._worker_id) if self._worker_id else None
            if row is None:
                row = Worker(host=socket.gethostname()[:64], pid=os.getpid(), started_at=now)
                session.add(row)
            row.seen_at = now
            session.flush()
            self._worker_id = row.id
        self._beaten = time.monotonic()

    def _tidy(self) -> None:
        with self._store.write() as session:
            commands.sweep_expired(session)
            access_log.sweep_older(session)
            attempts.sweep_old(session)
            sessions.sweep_over(session)
            for row in session.scalars(
                select(Worker).where(Worker.seen_at < session.env.clock.now() - timedelta(days=1))
            ):
                session.delete(row)

    def _check_drift(self) -> None:
        with self._store.read() as session:
            metrics.TIMER_DRIFT.set(len(timers.drift(session)))


def _guarded(job: Callable[[], None]) -> Callable[[], None]:
    """A job that fails is logged and tried again at the next tick; it never stops the ticker."""

    def run() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=job.__name__.strip("_"))
        try:
            job()
        except TryLater as trouble:
            log.warning("job waits for the next tick", code=trouble.code, why=troubles.why_of(trouble))
        except Exception:
            log.exception("job failed")

    return run


def live_workers(session: Session) -> int:
    """How many workers have shown a heartbeat lately."""
    now = session.env.clock.now()  # a heartbeat from the future is older than a clock that was set back
    query = select(Worker.id).where(Worker.seen_at.between(now - STALE, now + STALE))
    return len(session.scalars(query).all())
