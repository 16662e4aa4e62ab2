"""When the machine's clock is set back or leaps: the ticks go on, and what a wrong clock put off is put right.

NTP corrects a clock, a virtual machine wakes up days later, a dead battery starts in 2036 until the network answers.
Timers, deadlines and the trail read the clock as it is; what would go wrong is only what lies here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import and_, case, not_, or_, update

from engine import outbox, timers
from engine.clock import SystemClock
from engine.outbox import PENDING, Outbox
from engine.timers import ARMED, MAX_ATTEMPTS, Timer

if TYPE_CHECKING:
    from apscheduler.schedulers.base import BaseScheduler

    from engine.clock import Clock
    from engine.db import Session

LOOK_SECONDS = 1.0
_BLIND = {"synchronize_session": False}

log = structlog.get_logger(__name__)


class Steady(IntervalTrigger):  # type: ignore[misc] # APScheduler has no types
    """Every so many seconds from now on.

    What was missed while the clock leapt is not counted through: APScheduler 3 makes a list of each missed tick, which
    for a clock that was a year behind takes all memory.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds=seconds, timezone="UTC")

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        planned: datetime = super().get_next_fire_time(previous_fire_time, now)
        if previous_fire_time is not None and planned <= now:
            return now + timedelta(seconds=self.interval_length)
        return planned


class ClockWatch:
    """Looks once a second whether the clock was set back; then no job waits until it has caught up."""

    def __init__(self, scheduler: BaseScheduler, when_set_back: Callable[[], None], clock: Clock | None = None) -> None:
        """`clock`: what the scheduler reads, which is the machine's."""
        self._scheduler = scheduler
        self._when_set_back = when_set_back
        self._clock = clock or SystemClock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clock watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            now = self._clock.now()
            waiting = [job for job in self._scheduler.get_jobs() if job.next_run_time - now > job.trigger.interval]
            if not waiting:
                continue
            log.warning("the clock was set back", jobs=len(waiting))
            for job in waiting:
                job.modify(next_run_time=now)
            self._when_set_back()


def put_right(session: Session) -> int:
    """Let what was tried while the clock was ahead be tried in its own time again; how many.

    No pause between two tries is longer than the longest back-off: what waits longer was put off by a wrong clock,
    unless it is held back on purpose.
    """
    now = session.env.clock.now()
    late_timers = (
        update(Timer)
        .where(
            Timer.state == ARMED,
            Timer.attempts.between(1, MAX_ATTEMPTS),  # more: it was given up, and waits for a person
            Timer.wake_at > now + timers.BACK_OFF[-1],
        )
        .values(wake_at=Timer.due_at)
    )
    far = now + outbox.BACK_OFF[-1]
    held_rightly = and_(Outbox.not_before.is_not(None), Outbox.created_at <= far)
    late_effects = (
        update(Outbox)
        .where(Outbox.state == PENDING, Outbox.next_try_at > far)
        .where(or_(not_(held_rightly), Outbox.next_try_at > Outbox.not_before))
        .values(
            next_try_at=case((held_rightly, Outbox.not_before), else_=now),
            not_before=case((held_rightly, Outbox.not_before), else_=None),
            lease_until=None,
            fence=Outbox.fence + 1,
        )
    )
    found = 0
    for statement in (late_timers, late_effects):
        found += session.execute(statement, execution_options=_BLIND).rowcount  # type: ignore[attr-defined] # CursorResult
    return found
