"""Bulletins that were issued: the figures as they stood then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId


class Bulletin(Base):
    """One issued bulletin. Its figures never change; a new edition follows when a period is reckoned again."""

    __tablename__ = "bulletin"
    __table_args__ = (
        Index("uq_bulletin", "unit_id", "period", "begins_on", "edition", unique=True),
        CheckConstraint("period in ('month', 'quarter', 'half', 'year', 'range')", name="period_known"),
        CheckConstraint("ends_on >= begins_on", name="ends_after_begin"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    period: Mapped[str] = mapped_column(String(8))
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day, included."""
    edition: Mapped[int]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Every figure, as it was computed; counts below five of restricted kinds are hidden when shown, not here."""
    tree_size: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    """Size and root of the district's trail when it was issued: printed, so that paper is a witness too."""
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))
