"""Idempotent commands: the same key with the same body gives the same answer; with another body it is refused.

The row is written in the transaction of the act itself, so an answer is stored exactly when its effect is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, LargeBinary, String, and_, bindparam, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, insert_missing
from engine.errors import KeyReused

if TYPE_CHECKING:
    from engine.db import Session

LIFETIME = timedelta(hours=24)
OFFLINE_LIFETIME = timedelta(days=30)
"""For what phones keep and send when there is a network again, which may take days."""


class Command(Base):
    """One command that was carried out: who, where, with which key; what was answered. No secrets."""

    __tablename__ = "command"
    __table_args__ = (Index("ix_command_expires", "expires_at"),)

    actor: Mapped[str] = mapped_column(String(64), primary_key=True)
    route: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    response: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


@dataclass(frozen=True)
class Call:
    """What identifies a command; `body_hash` is SHA-256 of the request body."""

    actor: str
    route: str
    key: str
    body_hash: bytes


@dataclass(frozen=True)
class Answer:
    """`replayed` tells an answer that was given before."""

    status: int
    response: dict[str, Any]
    replayed: bool = False


_it = Command.__table__.c
_named = and_(_it.actor == bindparam("actor"), _it.route == bindparam("route"), _it.key == bindparam("key"))
_KNOWN = select(_it.body_hash, _it.status, _it.response, _it.expires_at).where(_named)
_FORGET = delete(Command.__table__).where(_named)  # type: ignore[arg-type] # a Table at run time


def once(
    session: Session, call: Call, act: Callable[[], tuple[int, dict[str, Any]]], lifetime: timedelta = LIFETIME
) -> Answer:
    """Carry out `act` unless this very command was carried out before. Raises KeyReused and what `act` raises.

    The key is remembered for `lifetime`.

    Two requests with one key at the same time: the second waits for the first one's commit at the unique key.
    """
    _wait_in_line(session, call)
    named = {"actor": call.actor, "route": call.route, "key": call.key}
    known = session.execute(_KNOWN, named).first()
    now = session.env.clock.now()
    if known is not None and known.expires_at > now:
        return _replay(known, call)
    if known is not None:
        session.execute(_FORGET, named)
    status, response = act()
    row = named | {
        "body_hash": call.body_hash,
        "status": status,
        "response": response,
        "created_at": now,
        "expires_at": now + lifetime,
    }
    insert_missing(session, Command, [row])
    return Answer(status, response)


def _wait_in_line(session: Session, call: Call) -> None:
    """On PostgreSQL, make a second request with the same key wait until the first has committed."""
    if not session.is_sqlite:
        name = f"{call.actor}\n{call.route}\n{call.key}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _replay(known: Any, call: Call) -> Answer:
    if known.body_hash != call.body_hash:
        raise KeyReused
    return Answer(known.status, known.response, replayed=True)


def sweep_expired(session: Session) -> int:
    """Forget the keys whose time is over; how many."""
    done = session.execute(delete(Command).where(Command.expires_at <= session.env.clock.now()))
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult
