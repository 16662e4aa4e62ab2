"""The row of a postponed act."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

WAITING, DONE, UNDONE, REFUSED = "waiting", "done", "undone", "refused"
_IS_WAITING = text("state = 'waiting'")


class PostponedAct(Base):
    """A form that completes a work item at `run_at`, unless it is undone before; nobody was told of it yet.

    `form` is sealed under the key of the case and gone once the act is carried out or undone.
    """

    __tablename__ = "postponed_act"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'done', 'undone', 'refused')", name="state_known"),
        CheckConstraint("(state = 'waiting') = (ended_at is null)", name="waiting_until_ended"),
        CheckConstraint("(state = 'waiting') = (form_id is not null)", name="form_while_waiting"),
        CheckConstraint("(state = 'refused') = (refused_code is not null)", name="refused_with_code"),
        Index("uq_postponed_item", "item_id", unique=True, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
        Index("ix_postponed_due", "run_at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int] = mapped_column(BigId)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    subject_id: Mapped[int] = mapped_column(BigId)
    subject_no: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(32))
    was_free: Mapped[bool]
    """Nobody had claimed the item before; undoing puts it back."""
    form_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    form: Mapped[SealedText | None] = relationship()
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    refused_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
