"""Make a backup while everybody works: one snapshot of the whole database, read in order, a little at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from engine.backup.archive import Log, Manifest, Writer, new_file
from engine.backup.tables import REVISION_TABLE, Table, count_of, lines_of, tables_of
from engine.errors import OperatorError
from engine.troubles import translating

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from engine.db import Store

Progress = Callable[[str, int, int], object]
"""Told the table, how many rows are done and how many there are in all."""
EVERY_ROWS = 500


class NothingToBackUp(OperatorError):
    """This database holds no tables of gridgov; check GRIDGOV_DATABASE_URL."""

    code = "nothing_to_back_up"
    zh = "此数据库中没有 gridgov 的数据表；请检查 GRIDGOV_DATABASE_URL。"


def back_up(store: Store, destination: Path, progress: Progress, *, key: bytes | None = None) -> Manifest:
    """Write a backup to a new file; returns what it holds. People go on working meanwhile.

    `key`: the master key's file, to be put in too. On SQLite the snapshot is a read transaction in WAL mode, on
    PostgreSQL a REPEATABLE READ one that holds off nobody but migrations. The database may be at any revision: the
    backup before an upgrade is the one that matters most. Raises NothingToBackUp, DestinationExists, TryLater.
    """
    with (
        translating(),
        new_file(destination) as file,
        snapshot(store.engine) as connection,
        Writer(file) as writer,
    ):
        tables = tables_of(connection)
        total = sum(count_of(connection, table) for table in tables)
        parts, done = [], 0
        for table in tables:
            parts.append(writer.add_table(table, told(lines_of(connection, table), table, progress, done, total)))
            done += parts[-1].rows
        manifest = Manifest(
            program=f"gridgov {version('gridgov')}",
            made_at=store.env.clock.now().isoformat(timespec="seconds"),
            database=connection.dialect.name,
            revision=_revision(connection),
            key_check=store.env.keys.check_value,
            has_key=key is not None,
            logs=_logs(connection),
            tables=tuple(parts),
        )
        writer.finish(manifest, key)
    return manifest


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nothing changes, however long it takes. Raises NothingToBackUp."""
    is_sqlite = engine.dialect.name == "sqlite"
    options = {"gridgov_reading": True} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with engine.execution_options(**options).connect() as connection, connection.begin():
        if not is_sqlite:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(text("SET TRANSACTION READ ONLY"))
        names = inspect(connection).get_table_names()
        if REVISION_TABLE not in names:
            raise NothingToBackUp
        if not is_sqlite:  # as pg_dump does: no migration comes in between
            quoted = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in sorted(names))
            connection.execute(text(f"LOCK TABLE {quoted} IN ACCESS SHARE MODE"))
        yield connection


def told(lines: Iterator[bytes], table: Table, progress: Progress, done: int, total: int) -> Iterator[bytes]:
    """The same lines; every EVERY_ROWS of them `progress` hears of it."""
    count = 0
    for line in lines:
        yield line
        count += 1
        if count % EVERY_ROWS == 0:
            progress(table.name, done + count, total)
    progress(table.name, done + count, total)


def _revision(connection: Connection) -> str:
    found = connection.scalar(text(f"SELECT version_num FROM {REVISION_TABLE}"))  # noqa: S608 # a constant
    if found is None:
        raise NothingToBackUp
    return str(found)


def _logs(connection: Connection) -> tuple[Log, ...]:
    query = text("SELECT district_id, origin, size, root FROM trail_head ORDER BY district_id")
    return tuple(Log(row.district_id, row.origin, row.size, bytes(row.root).hex()) for row in connection.execute(query))
