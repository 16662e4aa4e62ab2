"""Activities as they were entered, and the cases they are linked to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId


class Activity(Base):
    """One activity. A wrong entry is struck out with its reason, never changed (作废)."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_unit", "unit_id", "held_on"),
        Index("ix_activity_kind", "district_id", "kind", "held_on"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("until is null or until >= held_on", name="until_after_begin"),
        CheckConstraint("(struck_at is null) = (struck_why is null)", name="struck_with_reason"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    """Who held it: a unit or a centre."""
    kind: Mapped[str] = mapped_column(String(24))
    """`processes.activities.codes.ActivityKind`."""
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text, default="")
    held_on: Mapped[date]
    until: Mapped[date | None]
    """The last day of a campaign; None for what took one day."""
    place_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    people: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(default=1)
    """How many it counts for: sessions, covenants …"""
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(64))
    struck_at: Mapped[datetime | None]
    struck_by: Mapped[str | None] = mapped_column(String(64))
    struck_why: Mapped[str | None] = mapped_column(String(200))


class ActivityCase(Base):
    """A case that belongs to an activity: opened at a meeting, part of a campaign."""

    __tablename__ = "activity_case"
    __table_args__ = (Index("ix_activity_case_case", "case_id"),)

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    opened: Mapped[bool] = mapped_column(default=False)
    """The activity gave rise to the case."""
    linked_at: Mapped[datetime]
    linked_by: Mapped[str] = mapped_column(String(64))
