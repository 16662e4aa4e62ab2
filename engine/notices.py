"""Notices (提醒): who was told what about a subject, each person once for each mark.

A step writes one outbox row for each post that must be told; the channel below turns it into one notice for each
person who holds the post when it is delivered. Keys make a repetition impossible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from engine import outbox
from engine.db import Base, BigId, insert_missing
from engine.network.people import holders

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store

TOPIC = "notice"
_UNREAD = text("read_at is null")


class Notice(Base):
    """What one person was told. `staff_id` is None when nobody held the post: the unit is unstaffed there."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice_key", "key", unique=True),
        Index("ix_notice_unread", "staff_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        Index("ix_notice_staff", "staff_id", "id"),
        Index("ix_notice_subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(200))
    staff_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId)
    role: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    subject_no: Mapped[str] = mapped_column(String(32))
    mark: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Telling:
    """Tell whoever holds `role` at `unit_id`. `occurrence` tells one giving of a mark from the next."""

    district_id: int
    subject_id: int
    subject_no: str
    mark: str
    unit_id: int
    role: str
    occurrence: str
    data: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    """When it may be delivered at the earliest; at once without."""

    @property
    def key(self) -> str:
        return f"{self.subject_no}:{self.mark}:{self.occurrence}:{self.unit_id}:{self.role}"


def tell_many(session: Session, tellings: Sequence[Telling]) -> None:
    """Queue tellings in the outbox, one statement for each district."""
    for district_id, found in groupby(sorted(tellings, key=lambda t: t.district_id), key=lambda t: t.district_id):
        told = list(found)
        held = {telling.key: telling.not_before for telling in told if telling.not_before is not None}
        outbox.enqueue(session, district_id, TOPIC, [(telling.key, _payload(telling)) for telling in told], held)


def _payload(telling: Telling) -> dict[str, Any]:
    return {
        "subject_id": telling.subject_id,
        "subject_no": telling.subject_no,
        "mark": telling.mark,
        "unit_id": telling.unit_id,
        "role": telling.role,
        "data": dict(telling.data),
    }


class InboxChannel:
    """Turns tellings into notices in the same database. The key of a notice makes a second delivery harmless."""

    topic = TOPIC

    def send(self, store: Store, parcels: Sequence[outbox.Parcel]) -> dict[str, outbox.DeliveryError]:
        with store.write() as session:
            posts = {(p.payload["unit_id"], p.payload["role"]) for p in parcels}
            people = holders(session, posts)
            rows = [row for parcel in parcels for row in _rows(session, parcel, people)]
            insert_missing(session, Notice, rows)
        return {}


def _rows(
    session: Session, parcel: outbox.Parcel, people: Mapping[tuple[int, str], Sequence[Any]]
) -> list[dict[str, Any]]:
    payload = parcel.payload
    base = {
        "district_id": parcel.district_id,
        "created_at": session.env.clock.now(),
        **{name: payload[name] for name in ("subject_id", "subject_no", "mark", "unit_id", "role", "data")},
    }
    told = people.get((payload["unit_id"], payload["role"])) or [None]
    return [
        {**base, "staff_id": person.id if person else None, "key": f"{parcel.key}:{person.staff_no if person else '-'}"}
        for person in told
    ]


def inbox(session: Session, actor: Actor, *, limit: int = 50, after: int | None = None) -> list[Notice]:
    """The actor's unread notices, newest first; `after`: the id to go on below."""
    query = select(Notice).where(Notice.staff_id == actor.staff_id, Notice.read_at.is_(None))
    if after is not None:
        query = query.where(Notice.id < after)
    return list(session.scalars(query.order_by(Notice.id.desc()).limit(limit)))


def history(session: Session, actor: Actor, *, limit: int = 50, after: int | None = None) -> list[Notice]:
    """The actor's notices that were read, newest first; `after`: the id to go on below."""
    query = select(Notice).where(Notice.staff_id == actor.staff_id, Notice.read_at.is_not(None))
    if after is not None:
        query = query.where(Notice.id < after)
    return list(session.scalars(query.order_by(Notice.id.desc()).limit(limit)))


def unread(session: Session, actor: Actor) -> int:
    """How many the actor has not read."""
    query = select(func.count()).where(Notice.staff_id == actor.staff_id, Notice.read_at.is_(None))
    return session.scalar(query) or 0


def mark_all_read(session: Session, actor: Actor, until: int) -> int:
    """Mark the actor's notices up to this id read: what came after the page was shown stays unread; how many were."""
    done = session.execute(
        update(Notice)
        .where(Notice.id <= until, Notice.staff_id == actor.staff_id, Notice.read_at.is_(None))
        .values(read_at=session.env.clock.now())
    )
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult


def mark_read(session: Session, actor: Actor, notice_ids: Sequence[int]) -> int:
    """Mark the actor's own notices read; how many were."""
    done = session.execute(
        update(Notice)
        .where(Notice.id.in_(notice_ids), Notice.staff_id == actor.staff_id, Notice.read_at.is_(None))
        .values(read_at=session.env.clock.now())
    )
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult
