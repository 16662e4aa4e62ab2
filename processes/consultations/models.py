"""A consultation's invitations, its decision, and the tasks that the decision gave."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

_NOT_SAID = text("done_at is null and overdue_at is null")


class Consultation(Base):
    """One consultation; the convener is the unit of its procedure."""

    __tablename__ = "consultation"

    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(BigId)
    held_on: Mapped[date | None]
    lead_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    """The unit that the decision wants to lead; the case moves only through `act`."""
    decided_at: Mapped[datetime | None]
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    """Sealed: what is to be consulted about."""
    minutes_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    subject: Mapped[SealedText | None] = relationship(foreign_keys=subject_id)
    minutes: Mapped[SealedText | None] = relationship(foreign_keys=minutes_id)
    decision: Mapped[SealedText | None] = relationship(foreign_keys=decision_id)


class Opinion(Base):
    """One invited unit's opinion (书面意见), and whether it came to the meeting."""

    __tablename__ = "opinion"
    __table_args__ = (
        Index("uq_opinion", "procedure_id", "unit_id", unique=True),
        Index("ix_opinion_unit", "unit_id", "invited_at"),
        CheckConstraint("state in ('invited', 'given', 'absent')", name="state_known"),
        CheckConstraint("(state = 'given') = (given_at is not null)", name="given_has_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    invited_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="invited")
    given_at: Mapped[datetime | None]
    will_attend: Mapped[bool | None]
    attended: Mapped[bool | None]
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()


class DecisionTask(Base):
    """A task that a decision gave to a unit, with its day (会商决定事项)."""

    __tablename__ = "decision_task"
    __table_args__ = (
        Index("ix_decision_task_procedure", "procedure_id"),
        Index("ix_decision_task_unit", "unit_id", "due_at"),
        Index("ix_decision_task_due", "due_at", sqlite_where=_NOT_SAID, postgresql_where=_NOT_SAID),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    due_at: Mapped[datetime]
    overdue_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(64))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
