"""Database migrations, run from code: `gridgov db upgrade`.

They only add, so that the code from before them goes on working beside the new one: new tables, columns that may be
empty or have a default of the server. What takes away or forbids comes a release later and is named in
`additive.CONTRACTS`. Indexes of tables that are there already: `indexes`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import processes.models
from engine.errors import Bug, Busy, OperatorError
from engine.troubles import translating
from processes.migrations import indexes, shape
from processes.migrations.turns import alone

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

assert processes.models  # noqa: S101 # imported for its tables
FOLDER = Path(__file__).parent
TRIES = 20
"""With 4 s of waiting each (env.py) and pauses up to 4 s: two minutes or so for a long transaction to end."""

log = structlog.get_logger(__name__)


class UpgradeBlocked(OperatorError):
    """Something holds a table for long (a report, a backup); revision {revision} was not applied, try again later."""

    code = "upgrade_blocked"
    zh = "有长时间任务占用数据表（如报表、备份），版本 {revision} 尚未升级，请稍后再试。"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; the connection travels in its attributes to env.py."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine, to: str | None = None) -> None:
    """Bring the database to a revision (default: the newest one), whatever other processes do at the same time.

    Each revision is a transaction. On PostgreSQL it gives up a table that it does not get within 4 s, and tries again,
    so that people's work never queues up behind it. A database that is newer than this code is left alone.
    Raises AnotherUpgrade, UpgradeBlocked.
    """
    with alone(engine):
        while revision := _next(engine, to or _head()):
            _apply(engine, revision)
        with engine.connect() as connection:
            at_head = current(connection) == _head()
        if at_head and to is None:
            indexes.make_up_for(engine)


def _apply(engine: Engine, revision: str) -> None:
    for attempt in range(TRIES):
        try:
            with translating(), _transaction(engine) as connection:
                command.upgrade(config(connection), revision)
        except Busy:
            log.warning("a table is in use, the revision is tried again", revision=revision, attempt=attempt + 1)
            time.sleep(random.uniform(0.5, 1) * min(4, 2**attempt / 4))
        else:
            return
    raise UpgradeBlocked(revision=revision)


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    """On SQLite with foreign keys off, as altering by copying demands, and checked at the end (lang_altertable.html)."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 # for the type checker
        raw.execute("PRAGMA foreign_keys = OFF")  # has no effect inside a transaction
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise Bug("the migration left rows that refer to nothing")
        finally:
            raw.execute("PRAGMA foreign_keys = ON")


def _next(engine: Engine, target: str) -> str | None:
    """The revision that comes after the database's on the way to `target`; None when there is nothing to do."""
    with engine.connect() as connection:
        at = current(connection)
    if at is not None and at not in revisions():
        return None  # newer than this code
    wanted = revisions()[: revisions().index(target) + 1]
    ahead = wanted[wanted.index(at) + 1 :] if at in wanted else wanted if at is None else []
    return ahead[0] if ahead else None


def revisions() -> list[str]:
    """Every revision that this code knows, the oldest first."""
    script = ScriptDirectory.from_config(config())
    return [each.revision for each in reversed(list(script.walk_revisions()))]


def _head() -> str:
    return revisions()[-1]


def current(connection: Connection) -> str | None:
    """The revision of a database; None when there is none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def revision(engine: Engine, message: str) -> None:
    """Write a new revision from the difference between models and database."""
    with engine.begin() as connection:
        command.revision(config(connection), message, autogenerate=True)


def is_current(connection: Connection) -> bool:
    """Whether this code may work on the database: at its newest revision or at one that comes after it.

    Migrations only add: while new code takes over, the old one goes on with the database of the new.
    """
    at = current(connection)
    return at is not None and (at == _head() or at not in revisions())


def missing(connection: Connection) -> list[str]:
    """Where the database is not what the models say, in words; empty when every change has its migration."""
    return shape.differences(shape.of_models(connection), shape.read(connection))
