"""What was asked, what was granted; both are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

_OPEN = text("state = 'open'")


class Request(Base):
    """One request, one at a time for a case."""

    __tablename__ = "request"
    __table_args__ = (
        Index("uq_request_open", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_request_case", "case_id"),
        CheckConstraint("kind in ('extension', 'suspension')", name="kind_known"),
        CheckConstraint("state in ('open', 'granted', 'refused', 'silent', 'overtaken')", name="state_known"),
        CheckConstraint("(state = 'open') = (decided_at is null)", name="open_until_decided"),
        CheckConstraint("granted_days is null or granted_days > 0", name="grant_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    stay_id: Mapped[int] = mapped_column(ForeignKey("stay.id"))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    asked_days: Mapped[int | None]
    asked_review: Mapped[date | None]
    granted_days: Mapped[int | None]
    review_on: Mapped[date | None]
    asked_by: Mapped[str] = mapped_column(String(64))
    decided_by: Mapped[str | None] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
