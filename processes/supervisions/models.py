"""Supervisions and the cards that they gave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId

_OPEN = text("ended_at is null")


class Supervision(Base):
    """One supervision of one case by one issuer. `rung` never falls; the subject is whoever owns the case now."""

    __tablename__ = "supervision"
    __table_args__ = (
        Index("uq_supervision_open", "case_id", "issuer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_supervision_case", "case_id"),
        Index("ix_supervision_issuer", "issuer_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("rung in ('urge', 'supervise', 'yellow', 'red')", name="rung_known"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    issued_by: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(12))
    """hand, overdue, overall or hold."""
    rung: Mapped[str] = mapped_column(String(12))
    waits: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(12))


class Card(Base):
    """A rung announced to the unit that owned the case then; its points stay there."""

    __tablename__ = "supervision_card"
    __table_args__ = (
        Index("uq_supervision_card", "supervision_id", "rung", unique=True),
        Index("ix_supervision_card_unit", "unit_id", "given_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    supervision_id: Mapped[int] = mapped_column(ForeignKey("supervision.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    rung: Mapped[str] = mapped_column(String(12))
    points: Mapped[int]
    given_at: Mapped[datetime]
