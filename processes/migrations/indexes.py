"""Indexes of tables that are there already are built after the migrations, without anybody waiting for them.

A migration that builds an index locks its table against writing for as long as that takes. So migrations make the
indexes of their new tables and the unique ones, which are constraints; `make_up_for` builds every other index that the
models declare and the database lacks. It can be cut off anywhere: the next upgrade goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import structlog
from alembic.operations.ops import CreateIndexOp, CreateTableOp, DropIndexOp, MigrationScript, ModifyTableOps
from sqlalchemy import Index, inspect, text
from sqlalchemy.schema import CreateIndex

from engine.db import Base

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

_BUILT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": """
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indisvalid AND c.relnamespace = current_schema()::regnamespace""",
}
"""A concurrent build that was cut off leaves an index that is not valid."""

log = structlog.get_logger(__name__)


def make_up_for(engine: Engine) -> list[str]:
    """Build what is missing, one index after the other, each committed by itself; their names."""
    with engine.begin() as connection:
        missing = _missing(connection)
    for index in missing:
        log.info("building index", index=index.name)
        if engine.dialect.name == "sqlite":
            with engine.begin() as connection:
                connection.execute(CreateIndex(index))
        else:
            _build_concurrently(engine, index)
    return [str(index.name) for index in missing]


def _missing(connection: Connection) -> list[Index]:
    """In tables that have all their columns: while a migration is being written, some have not."""
    built = set(connection.scalars(text(_BUILT[connection.dialect.name])))
    declared = [index for table in Base.metadata.sorted_tables for index in table.indexes if not index.unique]
    wanted = [index for index in declared if index.name not in built and _is_whole(connection, index)]
    return sorted(wanted, key=lambda index: str(index.name))


def _is_whole(connection: Connection, index: Index) -> bool:
    table = index.table
    assert table is not None  # noqa: S101 # it comes from one
    inspector = inspect(connection)
    return inspector.has_table(table.name) and {each["name"] for each in inspector.get_columns(table.name)} >= {
        column.name for column in table.columns
    }


def _build_concurrently(engine: Engine, index: Index) -> None:
    """It waits for transactions, and nothing waits for it: so it may take its time."""
    statement = str(CreateIndex(index).compile(dialect=engine.dialect))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET {limit} = 0"))
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))
        connection.exec_driver_sql(statement.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1))
        connection.invalidate()  # its limits must not go back into the pool


def leave_out(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
    """For a new migration: leave out what `make_up_for` will build, and drop what it may not have built yet."""
    for script in directives:
        for way in (cast("Any", script.upgrade_ops), cast("Any", script.downgrade_ops)):
            new = {each.table_name for each in way.ops if isinstance(each, CreateTableOp)}
            for each in way.ops:
                if isinstance(each, ModifyTableOps) and each.table_name not in new:
                    each.ops = list(_kept(each.ops))
            way.ops = [each for each in way.ops if not _is_empty(each)]


def _kept(operations: Iterable[Any]) -> Iterable[Any]:
    for each in operations:
        if isinstance(each, DropIndexOp):
            each.if_exists = True
        if not isinstance(each, CreateIndexOp) or each.unique:
            yield each


def _is_empty(operation: Any) -> bool:
    return isinstance(operation, ModifyTableOps) and not operation.ops
