"""Idempotent commands: the same key with the same body gives the same answer; with another body it is refused.

The row is written in the transaction of the act itself, so an answer is stored exactly when its effect is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, LargeBinary, String, and_, bindparam, delete, select, update
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
_named = and_(_it.actor == bindparam("by"), _it.route == bindparam("at"), _it.key == bindparam("named"))
_KNOWN = select(_it.body_hash, _it.status, _it.response, _it.expires_at).where(_named).with_for_update()
_ANSWER = update(Command.__table__).where(_named)  # type: ignore[arg-type] # a Table at run time


def once(
    session: Session, call: Call, act: Callable[[], tuple[int, dict[str, Any]]], lifetime: timedelta = LIFETIME
) -> Answer:
    """Carry out `act` unless this very command was carried out before. Raises KeyReused and what `act` raises.

    The key is remembered for `lifetime`.

    1. Reserve the key. Of two requests with one key at the same time, the second waits here for the first one's commit.
    2. When it is taken, answer as before; a key whose time is over is taken over.
    3. Act, and write the answer into the row.
    """
    now = session.env.clock.now()
    row = {"body_hash": call.body_hash, "status": 0, "response": {}, "created_at": now, "expires_at": now + lifetime}
    key = {"actor": call.actor, "route": call.route, "key": call.key}
    named = {"by": call.actor, "at": call.route, "named": call.key}
    if not insert_missing(session, Command, [key | row]):
        known = session.execute(_KNOWN, named).first()
        if known is None:  # swept away a moment ago
            return once(session, call, act, lifetime)
        if known.expires_at > now:
            return _replay(known, call)
    status, response = act()
    session.execute(_ANSWER, named | row | {"status": status, "response": response})
    return Answer(status, response)


def _replay(known: Any, call: Call) -> Answer:
    if known.body_hash != call.body_hash:
        raise KeyReused
    return Answer(known.status, known.response, replayed=True)


def sweep_expired(session: Session) -> int:
    """Forget the keys whose time is over; how many."""
    done = session.execute(delete(Command).where(Command.expires_at <= session.env.clock.now()))
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult
