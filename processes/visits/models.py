"""A visit, the windows it was sent to, and the petition that a window may have registered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

_OPEN = text("closed_at is null")


class Visit(Base):
    """One person or enterprise at the front desk. Its texts are sealed under `-id`: cases count upward from 1."""

    __tablename__ = "visit"
    __table_args__ = (
        Index("uq_visit_number", "number", unique=True),
        Index("ix_visit_centre", "centre_id", "received_at"),
        Index("ix_visit_open", "centre_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("channel in ('walk_in', 'call', 'card', 'online')", name="channel_known"),
        CheckConstraint("heads > 0", name="somebody_came"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(32))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    received_by: Mapped[str] = mapped_column(String(64))
    """Ref of who received first, and leads to the end (首接负责)."""
    channel: Mapped[str] = mapped_column(String(8))
    matter: Mapped[str] = mapped_column(String(32))
    heads: Mapped[int] = mapped_column(default=1)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("contact_card.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    """The case of the same number, once the matter needs the network."""
    received_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    told: Mapped[bool | None]
    rating: Mapped[str | None] = mapped_column(String(16))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
    """Sealed: name, phone, identity number, wishes."""

    @property
    def subject_id(self) -> int:
        """The number under which instances, work items and sealed texts know the visit."""
        return -self.id


class VisitWindow(Base):
    """One window's part in a visit."""

    __tablename__ = "visit_window"
    __table_args__ = (
        Index("ix_visit_window_visit", "visit_id"),
        Index("ix_visit_window_service", "district_id", "service", "opened_at"),
        CheckConstraint("(ended_at is null) = (outcome is null)", name="ended_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"))
    window_id: Mapped[int] = mapped_column(ForeignKey("service_window.id"))
    service: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str | None] = mapped_column(String(32))
    """The call of model `window` that serves it: by it its tasks are known."""
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    served_by: Mapped[str | None] = mapped_column(String(64))
    eligible: Mapped[bool | None]
    """Legal aid: the means test (经济审查)."""
    granted: Mapped[bool | None]
    """Legal aid: the decision."""
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()


class Petition(Base):
    """A petition (信访) with its statutory course (信访工作条例 art. 22–36)."""

    __tablename__ = "petition"
    __table_args__ = (
        Index("uq_petition_window", "visit_window_id", unique=True),
        CheckConstraint("representatives <= 5", name="five_representatives"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    visit_window_id: Mapped[int] = mapped_column(ForeignKey("visit_window.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    representatives: Mapped[int] = mapped_column(default=1)
    registered_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    told_at: Mapped[datetime | None]
    """When the petitioner was told in writing whether it is accepted."""
