"""Database migrations, run from code: `gridgov db upgrade`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import processes.models
from engine.db import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

assert processes.models  # noqa: S101 # imported for its tables
FOLDER = Path(__file__).parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; the connection travels in its attributes to env.py."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision, in one transaction."""
    with engine.begin() as connection:
        command.upgrade(config(connection), "head")


def revision(engine: Engine, message: str) -> None:
    """Write a new revision from the difference between models and database."""
    with engine.begin() as connection:
        command.revision(config(connection), message, autogenerate=True)


def is_current(connection: Connection) -> bool:
    """Whether the database is at the newest revision."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def missing(connection: Connection) -> list[Any]:
    """What the models have and the migrated database has not; empty when every change has its migration."""
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    return list(compare_metadata(context, Base.metadata))
