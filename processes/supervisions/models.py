"""Supervisions and the cards that they gave."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

_OPEN = text("ended_at is null")
_OF_OWNER = text("ended_at is null and subject_id is null")
_OF_UNIT = text("ended_at is null and subject_id is not null")


class Supervision(Base):
    """One supervision of one case by one issuer. `rung` never falls.

    The subject, who answers, is whoever owns the case now, unless it is named: a department that kept silent.
    """

    __tablename__ = "supervision"
    __table_args__ = (
        Index(
            "uq_supervision_of_owner",
            "case_id",
            "issuer_id",
            unique=True,
            sqlite_where=_OF_OWNER,
            postgresql_where=_OF_OWNER,
        ),
        Index(
            "uq_supervision_of_unit",
            "case_id",
            "issuer_id",
            "subject_id",
            unique=True,
            sqlite_where=_OF_UNIT,
            postgresql_where=_OF_UNIT,
        ),
        Index("ix_supervision_case", "case_id"),
        Index("ix_supervision_issuer", "issuer_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("rung in ('urge', 'supervise', 'yellow', 'red', 'interview', 'account')", name="rung_known"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    issued_by: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(12))
    """hand, overdue, overall, hold or silence."""
    subject_id: Mapped[int | None] = mapped_column(BigId)
    held_id: Mapped[int | None] = mapped_column(BigId)
    """The instance whose step it holds; told when the supervision ends."""
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


class SupervisionMeeting(Base):
    """An interview (约谈通报) or an accountability report (问责建议) on the last two rungs."""

    __tablename__ = "supervision_meeting"
    __table_args__ = (
        Index("ix_supervision_meeting", "supervision_id"),
        CheckConstraint("kind in ('interview', 'account')", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    supervision_id: Mapped[int] = mapped_column(ForeignKey("supervision.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    """Who was interviewed, or is to be held to account."""
    kind: Mapped[str] = mapped_column(String(12))
    held_on: Mapped[date]
    adopted: Mapped[bool | None]
    """Of an accountability report: whether its advice was taken (written feedback is owed, 信访工作条例 art. 40)."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(64))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()


class RungPoints(Base):
    """Points taken off with a card, where a district has set its own; see `processes.codes.POINTS`."""

    __tablename__ = "rung_points"
    __table_args__ = (CheckConstraint("points between 0 and 100", name="points_in_range"),)

    district_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    rung: Mapped[str] = mapped_column(String(12), primary_key=True)
    points: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(64))
