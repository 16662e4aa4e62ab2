"""Sessions of the browser: a random id in a cookie, its SHA-256 in a row; idle and absolute limits; ended at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId, Session
from engine.network.people import Staff

ID_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the time of the last request is kept: a write for each request would be too dear."""


class SignIn(Base):
    """One signed-in browser."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_staff", "staff_id"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int] = mapped_column(BigId)
    device: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


@dataclass(frozen=True)
class Limits:
    """After `idle` without a request, and after `absolute` in any case, a person signs in again."""

    idle: timedelta
    absolute: timedelta


def begin(session: Session, staff: Staff, device: str, limits: Limits) -> str:
    """A new session; the id is returned once, for the cookie, and kept only as a hash."""
    secret = session.env.entropy.token_bytes(ID_BYTES).hex()
    now = session.env.clock.now()
    row = SignIn(
        digest=digest_of(secret),
        district_id=staff.district_id,
        staff_id=staff.id,
        device=device[:120],
        created_at=now,
        seen_at=now,
        expires_at=now + limits.absolute,
    )
    session.add(row)
    return secret


def find(session: Session, secret: str, limits: Limits) -> tuple[SignIn, Staff] | None:
    """The session and its person; None when unknown, idle too long, over, or the person has left."""
    now = session.env.clock.now()
    query = (
        select(SignIn, Staff)
        .join(Staff, Staff.id == SignIn.staff_id)
        .where(
            SignIn.digest == digest_of(secret),
            SignIn.expires_at > now,
            SignIn.seen_at > now - limits.idle,
            Staff.active,
        )
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row is not None else None


def touch(session: Session, secret: str) -> None:
    """The person is still there."""
    now = session.env.clock.now()
    session.execute(update(SignIn).where(SignIn.digest == digest_of(secret)).values(seen_at=now))


def end(session: Session, secret: str) -> None:
    session.execute(delete(SignIn).where(SignIn.digest == digest_of(secret)))


def end_all(session: Session, staff_id: int) -> None:
    """Every device of a person: after a new password, or when a phone is lost."""
    session.execute(delete(SignIn).where(SignIn.staff_id == staff_id))


def csrf_token(session: Session, secret: str) -> str:
    """What a page must send back with every change; it follows from the session and is stored nowhere."""
    return session.env.keys.derive_code("csrf", digest_of(secret).hex())


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def sweep_over(session: Session) -> None:
    """Drop what has run out."""
    session.execute(delete(SignIn).where(SignIn.expires_at < session.env.clock.now()))
