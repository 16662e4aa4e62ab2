"""What stands in the database, read into the metrics when they are asked for: the worker may be another process."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine import incidents, metrics, outbox, timers
from engine.calendar import ZONE, CalendarDay
from engine.outbox import FAILED, PENDING, Outbox
from engine.scheduler import live_workers

if TYPE_CHECKING:
    from engine.db import Session, Store


def refresh(store: Store) -> None:
    """Read all of them anew."""
    with store.read() as session:
        metrics.TIMERS_ARMED.set(timers.armed_count(session))
        metrics.INCIDENTS_OPEN.set(incidents.open_count(session))
        metrics.OUTBOX_PENDING.set(outbox.pending_count(session))
        metrics.WORKERS_ALIVE.set(live_workers(session))
        metrics.TIMERS_DUE.set(timers.due_count(session))
        metrics.TIMER_OLDEST_DUE.set(_seconds_since(session, timers.next_wake(session)))
        since = func.coalesce(Outbox.not_before, Outbox.created_at)
        oldest = select(func.min(since)).where(Outbox.state == PENDING)
        metrics.OUTBOX_OLDEST.set(_seconds_since(session, session.scalar(oldest)))
        failed = select(func.count()).select_from(Outbox).where(Outbox.state == FAILED)
        metrics.OUTBOX_FAILED.set(session.scalar(failed) or 0)
        metrics.CALENDAR_DAYS.set(_official_days_ahead(session))
    folder = Path(store.url.database or ".").absolute().parent
    if store.url.get_backend_name() == "sqlite" and folder.exists():
        metrics.DISK_FREE.set(shutil.disk_usage(folder).free)


def _seconds_since(session: Session, moment: datetime | None) -> float:
    return max(0.0, (session.env.clock.now() - moment).total_seconds()) if moment is not None else 0.0


def _official_days_ahead(session: Session) -> int:
    last = session.scalar(select(func.max(CalendarDay.day)).where(CalendarDay.official))
    return (last - session.env.clock.now().astimezone(ZONE).date()).days if last else 0
