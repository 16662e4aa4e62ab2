"""How often something may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, String, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Session, insert_missing
from engine.errors import UserError


class TooManyAttempts(UserError):
    """Too many attempts. Try again in {minutes} minutes."""

    code = "too_many_attempts"
    zh = "尝试次数过多，请在 {minutes} 分钟后再试。"


class Attempt(Base):
    """Attempts at one thing since `since`; `subject` is a hash, so that typed secrets are never kept."""

    __tablename__ = "attempt"

    scope: Mapped[str] = mapped_column(String(24), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime]


@dataclass(frozen=True)
class Limit:
    """At most `times` attempts within `span`; then nothing until the span is over."""

    scope: str
    times: int
    span: timedelta


SIGN_IN_NUMBER = Limit("sign_in_number", 5, timedelta(minutes=15))
"""Default; ASVS 5.0, 6.3.1 asks for a limit against guessing. A right password clears it."""
SIGN_IN_ADDRESS = Limit("sign_in_address", 60, timedelta(minutes=15))
"""Default; many people of one office share an address."""


def count(session: Session, limit: Limit, subject: str) -> None:
    """Count an attempt before it is looked at, so that parallel guesses count too. Raises TooManyAttempts."""
    now = session.env.clock.now()
    key = hashlib.sha256(subject.encode()).digest()
    row = None
    while row is None:  # `forget` may take it away just before it is locked
        insert_missing(session, Attempt, [{"scope": limit.scope, "subject": key, "count": 0, "since": now}])
        row = session.get(Attempt, (limit.scope, key), with_for_update=True, populate_existing=True)
    if not timedelta() <= now - row.since < limit.span:  # from the future: the clock was set back
        row.count, row.since = 0, now
    if row.count >= limit.times:
        left = row.since + limit.span - now
        raise TooManyAttempts(minutes=max(1, -(-int(left.total_seconds()) // 60)))
    row.count += 1
    session.flush()  # the next attempt reads the row fresh


def forget(session: Session, limit: Limit, subject: str) -> None:
    """The attempt was good: count from zero again."""
    key = hashlib.sha256(subject.encode()).digest()
    session.execute(delete(Attempt).where(Attempt.scope == limit.scope, Attempt.subject == key))


def give_back(session: Session, limit: Limit, subject: str) -> None:
    """This one attempt was good and counts no more; what others tried meanwhile does."""
    key = hashlib.sha256(subject.encode()).digest()
    one_less = update(Attempt).where(Attempt.scope == limit.scope, Attempt.subject == key, Attempt.count > 0)
    session.execute(one_less.values(count=Attempt.count - 1))


def sweep_old(session: Session) -> None:
    """Drop what no limit looks at any more."""
    session.execute(delete(Attempt).where(Attempt.since < session.env.clock.now() - timedelta(days=1)))
