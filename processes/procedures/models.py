"""One row for each procedure that was started beside a case; what it is about stands in the tables of its kind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId

_OPEN = text("ended_at is null")
_OPEN_MEDIATION = text("ended_at is null and kind = 'mediation'")


class Procedure(Base):
    """A procedure of a case, run by a unit. `stage`: which clock it gives to the case's stay while it is open."""

    __tablename__ = "procedure"
    __table_args__ = (
        Index("ix_procedure_case", "case_id"),
        Index("ix_procedure_unit", "district_id", "kind", "unit_id", "opened_at"),
        Index("ix_procedure_instance", "instance_id"),
        Index(
            "uq_procedure_mediation",
            "case_id",
            unique=True,
            sqlite_where=_OPEN_MEDIATION,
            postgresql_where=_OPEN_MEDIATION,
        ),
        CheckConstraint("(ended_at is null) = (outcome is null)", name="ended_how"),
        CheckConstraint("ended_at is null or ended_at >= opened_at", name="ended_after_opened"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    """Who runs it: the convener of a whistle or consultation, the committee of a mediation."""
    opened_by: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    stage: Mapped[str | None] = mapped_column(String(32))
    previous_id: Mapped[int | None] = mapped_column(BigId)
    """The procedure that this one carries on: a second whistle, a mediation handed over, the follow-up of one."""
    lapses: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a step of it lapsed and was told upward; the second time it is supervised."""
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
