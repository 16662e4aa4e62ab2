"""Views that people saved for themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId


class SavedView(Base):
    """A person's own view. Its name and what it looks for are sealed: people look for names."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_staff", "staff_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int] = mapped_column(BigId)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
