"""Deployed models and their files. Rows never change but for `active`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base

_ACTIVE = text("active")


class Definition(Base):
    """One version of one process with everything it needs. `id` is the SHA-256 of its canonical manifest."""

    __tablename__ = "definition"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        Index("uq_definition_active", "key", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    manifest: Mapped[dict[str, Any]]
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool]


class DefinitionFile(Base):
    """The bytes of a file by their SHA-256; shared by all versions that hold it."""

    __tablename__ = "definition_file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
