"""Running models: one row an instance, its state a small blob of tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId

RUNNING, ENDED = "running", "ended"


class ProcessInstance(Base):
    """A running model. `state` holds tokens only; facts are rows, the parsed model is cached by `definition_id`."""

    __tablename__ = "process_instance"
    __table_args__ = (
        CheckConstraint("status in ('running', 'ended')", name="status_known"),
        CheckConstraint("(status = 'ended') = (ended_at is not null)", name="ended_has_time"),
        Index("ix_process_instance_subject", "subject_id"),
        Index("ix_process_instance_parent", "parent_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(64))
    definition_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[int] = mapped_column(BigId)
    subject_no: Mapped[str] = mapped_column(String(32))
    parent_id: Mapped[int | None] = mapped_column(BigId)
    """The instance of the case that this one is linked to; locked first, so that locks always go one way."""
    state: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(8))
    steps: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_element: Mapped[str | None] = mapped_column(String(64))
    troubled: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Some incident of it may be open: its steps look whether that is over now."""
