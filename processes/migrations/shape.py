"""What a database looks like, in words that can be compared: each database puts its own definitions into one form.

Alembic's comparison does not see CHECK constraints, predicates of indexes, or triggers. Two databases of one kind that
were made in two ways (by migrations, from the models) say the same of themselves exactly when they are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect, text

from engine.db import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Inspector

Shape = Mapping[str, Mapping[str, str]]
"""Table → what it has ("column due_at", "index ix_timer_armed") → how it is defined."""
OWN_TABLE = "alembic_version"
_SCRATCH = "gridgov_shape"
_SQLITE_TRIGGERS = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
_POSTGRES_TRIGGERS = """
    SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"""
_POSTGRES_INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema()"""
_SQLITE_INDEXES = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


def read(connection: Connection) -> Shape:
    """The shape of everything in the current schema."""
    inspector = inspect(connection)
    shape = {name: _table(inspector, name) for name in inspector.get_table_names() if name != OWN_TABLE}
    for kind, query in _catalogue(connection.dialect.name):
        for table, name, definition in connection.execute(text(query)):
            if table in shape:
                shape[table].setdefault(f"{kind} {name}", _plain(definition))
    return shape


def _catalogue(dialect: str) -> list[tuple[str, str]]:
    if dialect == "sqlite":
        return [("index", _SQLITE_INDEXES), ("trigger", _SQLITE_TRIGGERS)]
    return [("index", _POSTGRES_INDEXES), ("trigger", _POSTGRES_TRIGGERS)]


def _table(inspector: Inspector, name: str) -> dict[str, str]:
    found = {f"column {each['name']}": _column(inspector.dialect, each) for each in inspector.get_columns(name)}
    found["primary key"] = ", ".join(inspector.get_pk_constraint(name)["constrained_columns"])
    found["options"] = ", ".join(f"{key}: {value}" for key, value in sorted(inspector.get_table_options(name).items()))
    for key in inspector.get_foreign_keys(name):
        referred = f"{key['referred_table']}({', '.join(key['referred_columns'])})"
        found[f"foreign key {key['name']}"] = f"{', '.join(key['constrained_columns'])} → {referred}"
    for unique in inspector.get_unique_constraints(name):
        found[f"unique {unique['name']}"] = ", ".join(unique["column_names"])
    for check in inspector.get_check_constraints(name):
        found[f"check {check['name']}"] = _plain(check["sqltext"])
    return found


def _column(dialect: Dialect, column: Mapping[str, Any]) -> str:
    default = column.get("default")
    parts = [column["type"].compile(dialect), "null" if column["nullable"] else "not null"]
    return " ".join(parts + ([f"default {_plain(str(default))}"] if default is not None else []))


def _plain(definition: str) -> str:
    """Without the name of the schema and of the way in which it was written down."""
    return re.sub(r"\s+", " ", re.sub(rf'\b(?:{_SCRATCH}|public)\.|"', "", definition)).strip()


def of_models(connection: Connection) -> Shape:
    """The shape that the models ask for, on the kind of database of `connection`, which is left as it is.

    On PostgreSQL the tables are made in a schema of their own inside a savepoint that is rolled back.
    """
    with _scratch(connection) as scratch:
        Base.metadata.create_all(scratch)
        return read(scratch)


@contextmanager
def _scratch(connection: Connection) -> Iterator[Connection]:
    if connection.dialect.name == "sqlite":
        engine = create_engine("sqlite://")
        with engine.connect() as scratch:
            yield scratch
        engine.dispose()
        return
    with connection.begin_nested() as savepoint:
        connection.execute(text(f"CREATE SCHEMA {_SCRATCH}"))
        connection.execute(text(f"SET LOCAL search_path TO {_SCRATCH}"))
        yield connection
        savepoint.rollback()


def differences(wanted: Shape, found: Shape) -> list[str]:
    """What one has and the other has not, in words; empty when both are the same."""
    lines = [f"{table}: is missing" for table in sorted(wanted.keys() - found.keys())]
    lines += [f"{table}: is not in the models" for table in sorted(found.keys() - wanted.keys())]
    for table in sorted(wanted.keys() & found.keys()):
        ours, theirs = wanted[table], found[table]
        for part in sorted(ours.keys() | theirs.keys()):
            if ours.get(part) != theirs.get(part):
                lines.append(f"{table}: {part} is “{theirs.get(part)}”, the models say “{ours.get(part)}”")
    return lines
