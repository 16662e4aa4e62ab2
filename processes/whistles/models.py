"""What a whistle asks, and what each called department did about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText


class Whistle(Base):
    """One whistle; the caller is the unit of its procedure. `reason`: one of the three lawful ones."""

    __tablename__ = "whistle"
    __table_args__ = (
        CheckConstraint("reason in ('beyond_means', 'joint_enforcement', 'emergency')", name="reason_lawful"),
    )

    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(20))
    again: Mapped[bool] = mapped_column(default=False)
    """The caller was not content and wants those departments back that are still needed."""
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
    """Sealed: what has to be done, where to meet."""


class WhistleCall(Base):
    """One department's part. A mark that is set never changes; `score` is the caller's rating, 1 to 5."""

    __tablename__ = "whistle_call"
    __table_args__ = (
        Index("uq_whistle_call", "procedure_id", "unit_id", unique=True),
        Index("ix_whistle_call_unit", "unit_id", "called_at"),
        CheckConstraint("score is null or score between 1 and 5", name="score_in_range"),
        CheckConstraint("ruling is null or refused_at is not null", name="ruled_when_refused"),
        CheckConstraint("fed_back_at is null or arrived_at is not null", name="arrived_before_fed_back"),
        CheckConstraint("left_at is null or released_at is not null", name="released_before_left"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    called_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    answered_late: Mapped[bool | None]
    silent_at: Mapped[datetime | None]
    """When silence counted as coming, was reported to the district and supervised."""
    ruling: Mapped[str | None] = mapped_column(String(12))
    """`must_come` or `released`."""
    arrived_at: Mapped[datetime | None]
    arrived_late: Mapped[bool | None]
    """True as soon as it is too late, also while it has not arrived."""
    lng: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    fed_back_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    """When it might go: dismissed by the caller, or released by a ruling."""
    left_at: Mapped[datetime | None]
    """When it said that it left, after it might."""
    left_early_at: Mapped[datetime | None]
    """A recorded breach: it left before it had fed back and was dismissed."""
    score: Mapped[int | None]
    rated_at: Mapped[datetime | None]
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
    """Sealed words of the rating."""
