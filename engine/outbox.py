"""The outbox: effects on the outside, written in the step's transaction, delivered at least once under one key."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from sqlalchemy import CheckConstraint, Index, String, Text, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from engine import metrics
from engine.db import Base, BigId, Session, insert_missing

if TYPE_CHECKING:
    from engine.db import Store

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
PAGE = 200
LEASE = timedelta(minutes=2)
BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_IS_PENDING = text("state = 'pending'")
_IS_FAILED = text("state = 'failed'")
MAX_STACK = 8000

log = structlog.get_logger(__name__)


class Outbox(Base):
    """One effect. `payload` holds codes and ids; `fence` grows with every lease, so a late worker cannot record."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'failed')", name="state_known"),
        Index("uq_outbox_key", "key", unique=True),
        Index("ix_outbox_pending", "next_try_at", "id", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
        Index("ix_outbox_failed", "district_id", "id", sqlite_where=_IS_FAILED, postgresql_where=_IS_FAILED),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(160))
    topic: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    """What is held back on purpose, as a reminder until offices open, is never sent earlier."""
    next_try_at: Mapped[datetime]
    attempts: Mapped[int]
    fence: Mapped[int]
    lease_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
    stack: Mapped[str | None] = mapped_column(Text)
    """Where our own code failed, for the operator; a receiver's refusal has none."""
    given_up_at: Mapped[datetime | None]
    """A person has decided that it is never sent."""


class DeliveryError(Exception):
    """An effect could not be delivered; `permanent` when trying again is of no use."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(reason)


@dataclass(frozen=True)
class Parcel:
    """What a channel gets to deliver."""

    key: str
    district_id: int
    payload: Mapping[str, Any]


class Channel(Protocol):
    """Delivers the effects of one topic; receiving the same key twice must be harmless.

    `at_once`, where it has one, is how many it takes in one go; between goes a worker can be stopped.
    """

    @property
    def topic(self) -> str:
        """Whose effects it delivers."""
        ...

    def send(self, store: Store, parcels: Sequence[Parcel]) -> dict[str, DeliveryError]:
        """Deliver a batch; returns the keys that failed, with why."""
        ...


def enqueue(
    session: Session,
    district_id: int,
    topic: str,
    effects: Sequence[tuple[str, Mapping[str, Any]]],
    held: Mapping[str, datetime] | None = None,
) -> None:
    """Queue effects as (key, payload), one statement; a key that is known already is left alone.

    `held`: the keys of what must not be sent yet, with the moment from which it may.
    """
    now = session.env.clock.now()
    until = held or {}
    rows = [
        {
            "district_id": district_id,
            "key": key,
            "topic": topic,
            "payload": dict(payload),
            "created_at": now,
            "not_before": until.get(key),
            "next_try_at": until.get(key, now),
            "attempts": 0,
            "fence": 0,
            "state": PENDING,
        }
        for key, payload in effects
    ]
    insert_missing(session, Outbox, rows)


def deliver(
    store: Store, channels: Sequence[Channel], page: int = PAGE, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Deliver what is due, at most `page` effects for each channel; returns how many arrived.

    1. In a commit of its own, lease a page of due effects: count the attempt, raise the fence, push the next try out.
       An effect whose lease ran out with its worker is due again.
    2. Run the channel outside any transaction, on as many at once as it takes.
    3. Record each result by compare-and-swap on the fence: who lost the lease meanwhile records nothing.
    4. What could not be begun, because of `stopping` or a slow receiver, is given back as if never leased.
    """
    return sum(_deliver_topic(store, channel, page, stopping) for channel in channels)


def _deliver_topic(store: Store, channel: Channel, page: int, stopping: Callable[[], bool]) -> int:
    leased = _lease(store, channel.topic, page)
    arrived, at_once, began = 0, getattr(channel, "at_once", page), store.env.clock.now()
    for start in range(0, len(leased), at_once):
        if stopping() or store.env.clock.now() - began > LEASE / 2:
            _give_back(store, leased[start:])
            break
        part = leased[start : start + at_once]
        failed = _send(store, channel, part)
        store.env.reached("effects-sent")
        _record(store, channel.topic, part, failed)
        arrived += len(part) - len(failed)
    return arrived


def _send(store: Store, channel: Channel, rows: Sequence[Outbox]) -> Mapping[str, DeliveryError]:
    parcels = [Parcel(row.key, row.district_id, row.payload) for row in rows]
    try:
        return channel.send(store, parcels)
    except Exception as error:  # a broken channel must not stop the others
        log.warning("channel failed", topic=channel.topic, exc_info=error)
        failed = DeliveryError(type(error).__name__).with_traceback(error.__traceback__)
        return {parcel.key: failed for parcel in parcels}


def _give_back(store: Store, rows: Sequence[Outbox]) -> None:
    with store.write() as session:
        for row in rows:
            mine = update(Outbox).where(Outbox.id == row.id, Outbox.fence == row.fence)
            free = {"lease_until": None, "next_try_at": session.env.clock.now(), "attempts": row.attempts - 1}
            session.execute(mine.values(**free).execution_options(synchronize_session=False))


def _lease(store: Store, topic: str, page: int) -> list[Outbox]:
    with store.read() as session:
        if not session.scalar(_due(session, topic).with_only_columns(Outbox.id).limit(1)):
            return []
    with store.write() as session:
        now = session.env.clock.now()
        rows = list(session.scalars(_due(session, topic).limit(page).with_for_update(skip_locked=True)))
        for row in rows:
            row.lease_until = now + LEASE
            row.next_try_at = now + BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)]
            row.attempts += 1
            row.fence += 1
    return rows


def _due(session: Session, topic: str) -> Any:
    now = session.env.clock.now()
    free = or_(Outbox.lease_until.is_(None), Outbox.lease_until <= now)
    return (
        select(Outbox)
        .where(_IS_PENDING, Outbox.topic == topic, Outbox.next_try_at <= now, free)
        .order_by(Outbox.next_try_at, Outbox.id)
    )


def _record(store: Store, topic: str, leased: list[Outbox], failed: Mapping[str, DeliveryError]) -> None:
    with store.write() as session:
        now = session.env.clock.now()
        for row in leased:
            error = failed.get(row.key)
            values: dict[str, Any] = {"lease_until": None}
            if error is None:
                values |= {"state": DELIVERED, "delivered_at": now}
            else:
                values["last_error"] = str(error)[:200]
                values["stack"] = "".join(traceback.format_tb(error.__traceback__))[-MAX_STACK:] or None
                if error.permanent or row.attempts > len(BACK_OFF):
                    values["state"] = FAILED
            mine = update(Outbox).where(Outbox.id == row.id, Outbox.fence == row.fence).values(**values)
            session.execute(mine.execution_options(synchronize_session=False))
            metrics.OUTBOX_ATTEMPTS.labels(topic, "failed" if error else "delivered").inc()


def pending_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Outbox).where(_IS_PENDING)) or 0
