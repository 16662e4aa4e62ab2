"""Entries of the trail: the exact bytes that were hashed, appended last in the transaction that they record.

Hashed bytes hold codes, ids and salted commitments, never free text or personal data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, LargeBinary, String, bindparam, event, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import Bug
from engine.trail import merkle, triggers

if TYPE_CHECKING:
    from engine.db import Session

VERSION = 1
MAX_TEXT = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotACode(Bug):
    """The trail takes codes, not {value!r}."""

    code = "trail_not_a_code"
    zh = "审计轨迹只记录代码，不接受 {value!r}。"


class LogMissing(Bug):
    """District {district} has no trail yet."""

    code = "trail_log_missing"
    zh = "区 {district} 尚无审计轨迹。"


class TrailEntry(Base):
    """One leaf. The columns repeat what the body says so that it can be queried; the body is the evidence."""

    __tablename__ = "trail_entry"
    __table_args__ = (Index("ix_trail_entry_subject", "district_id", "subject", "seq"),)

    district_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class TrailHead(Base):
    """Size, right edge and root of a district's log; locked only while a transaction appends."""

    __tablename__ = "trail_head"

    district_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigId)
    edge: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)


@event.listens_for(TrailEntry.__table__, "after_create")
def _protect(_table: Any, connection: Any, **_kwargs: Any) -> None:
    for statement in triggers.statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


@dataclass(frozen=True)
class Draft:
    """An entry to be: `action` is noun:noun:verb, `actor` an `Actor.ref`, `subject` a case number or code."""

    action: str
    actor: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
    commitments: tuple[str, ...] = ()


def open_log(session: Session, district_id: int, origin: str) -> None:
    """Begin the log of a district; `origin` is its code."""
    session.add(TrailHead(district_id=district_id, origin=origin, size=0, edge=b"", root=merkle.EMPTY_ROOT))
    session.flush()


_heads = TrailHead.__table__.c
_LOCK_HEAD = (
    select(_heads.origin, _heads.size, _heads.edge).where(_heads.district_id == bindparam("district")).with_for_update()
)
_INSERT = insert(TrailEntry.__table__)  # type: ignore[arg-type] # a Table at run time
_MOVE_HEAD = (
    update(TrailHead.__table__)  # type: ignore[arg-type] # a Table at run time
    .where(_heads.district_id == bindparam("district"))
    .values(size=bindparam("size"), edge=bindparam("edge"), root=bindparam("root"))
)


def append(session: Session, district_id: int, at: datetime, drafts: Sequence[Draft]) -> None:
    """Append entries in three statements: lock the head, insert, move the head. Raises NotACode, LogMissing."""
    session.flush()  # the head is read fresh: what an earlier append changed must stand in the table by then
    head = session.execute(_LOCK_HEAD, {"district": district_id}).first()
    if head is None:
        raise LogMissing(district=district_id)
    frontier = merkle.Frontier.from_bytes(head.size, head.edge)
    rows = []
    for draft in drafts:
        body = canonical(head.origin, frontier.size, at, draft)
        leaf = merkle.leaf_hash(body)
        rows.append(
            {
                "district_id": district_id,
                "seq": frontier.size,
                "at": at,
                "action": draft.action,
                "actor": draft.actor,
                "subject": draft.subject,
                "leaf_hash": leaf,
                "body": body,
            }
        )
        frontier.append(leaf)
    session.execute(_INSERT, rows)
    moved = {"size": frontier.size, "edge": frontier.to_bytes(), "root": frontier.root()}
    session.execute(_MOVE_HEAD, {"district": district_id, **moved})


write_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""What `_check` lets through is written alike by RFC 8785 and by this; a test holds the two together."""


def canonical(origin: str, seq: int, at: datetime, draft: Draft) -> bytes:
    """The bytes that are hashed: RFC 8785 of the entry. Times are integer microseconds since 1970, UTC."""
    for value in draft.data.values():
        _check(value)
    entry = {
        "v": VERSION,
        "log": origin,
        "seq": seq,
        "at": microseconds(at),
        "action": draft.action,
        "actor": draft.actor,
        "subject": draft.subject,
        "data": dict(draft.data),
        "commit": list(draft.commitments),
    }
    return write_json(entry).encode()


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _check(value: Any) -> None:
    if isinstance(value, list | tuple):
        for each in value:
            if isinstance(each, list | tuple | Mapping):
                raise NotACode(value=type(each).__name__)
            _check(each)
        return
    if value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= MAX_TEXT):
        return
    raise NotACode(value=type(value).__name__)


def entries_of(session: Session, district_id: int, subject: str) -> list[TrailEntry]:
    """The entries about one subject, oldest first."""
    query = select(TrailEntry).where(TrailEntry.district_id == district_id, TrailEntry.subject == subject)
    return list(session.scalars(query.order_by(TrailEntry.seq)))


def stream(session: Session, district_id: int, after: int = -1) -> Iterator[TrailEntry]:
    """All entries after `after`, in order, without holding them all in memory."""
    query = select(TrailEntry).where(TrailEntry.district_id == district_id, TrailEntry.seq > after)
    yield from session.scalars(query.order_by(TrailEntry.seq).execution_options(yield_per=2000))
