"""Who looked at what, and who was refused. Kept apart from the trail, at least six months (网络安全法 art. 21)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId

if TYPE_CHECKING:
    from engine.db import Session

GRANTED, REFUSED = "granted", "refused"
KEPT_DAYS = 200


class Access(Base):
    """One look at protected data, or one refusal."""

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("outcome in ('granted', 'refused')", name="outcome_known"),
        Index("ix_access_log_at", "at"),
        Index("ix_access_log_subject", "subject"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    outcome: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[str] = mapped_column(String(36))


def record(
    session: Session, *, district_id: int, actor: str, action: str, subject: str, outcome: str, request_id: str
) -> None:
    """Write one line; texts are cut to their columns."""
    session.add(
        Access(
            district_id=district_id,
            at=session.env.clock.now(),
            actor=actor[:64],
            action=action[:64],
            subject=subject[:128],
            outcome=outcome,
            request_id=request_id[:36],
        )
    )


def sweep_older(session: Session, days: int = KEPT_DAYS) -> int:
    """Drop lines older than `days` (never fewer than 180); how many."""
    limit = session.env.clock.now() - timedelta(days=max(days, 180))
    done = session.execute(delete(Access).where(Access.at < limit))
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult
