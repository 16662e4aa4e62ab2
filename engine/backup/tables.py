"""The tables of a database as they are, whatever revision it is at, and their values as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.db import UtcDateTime
from engine.errors import Bug

if TYPE_CHECKING:
    from sqlalchemy import Connection, Inspector
    from sqlalchemy.types import TypeEngine

REVISION_TABLE = "alembic_version"
BATCH_ROWS = 1000
BATCH_BYTES = 4 * 2**20


class Kind(StrEnum):
    """How a value is written: bytes in base64, a moment in UTC to the microsecond, JSON as the text that it is."""

    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    BOOL = "bool"
    BYTES = "bytes"
    MOMENT = "moment"
    DAY = "day"
    JSON = "json"


_KINDS: Sequence[tuple[type[TypeEngine[Any]], Kind]] = (
    (sa.JSON, Kind.JSON),
    (sa.LargeBinary, Kind.BYTES),
    (sa.BINARY, Kind.BYTES),
    (sa.Boolean, Kind.BOOL),
    (sa.DateTime, Kind.MOMENT),
    (sa.Date, Kind.DAY),
    (sa.Integer, Kind.INT),
    (sa.Float, Kind.FLOAT),
    (sa.String, Kind.TEXT),
)
_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    Kind.INT: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    Kind.TEXT: sa.Text(),
    Kind.BOOL: sa.Boolean(),
    Kind.BYTES: sa.LargeBinary(),
    Kind.MOMENT: UtcDateTime(),
    Kind.DAY: sa.Date(),
    Kind.JSON: sa.Text(),
}
_ENCODE: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.BYTES: lambda value: base64.b64encode(value).decode(),
    Kind.MOMENT: lambda value: value.isoformat(timespec="microseconds")[:26] + "Z",
    Kind.DAY: date.isoformat,
}


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Table:
    """A table, what its columns hold, and the columns by which its rows are ordered."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


def tables_of(connection: Connection) -> list[Table]:
    """Every table but Alembic's, each after those that it refers to. Raises Bug for a type that is not known here."""
    inspector = sa.inspect(connection)
    names = sorted(set(inspector.get_table_names()) - {REVISION_TABLE})
    order = TopologicalSorter({name: _referred(inspector, name) for name in names})
    return [_read(inspector, name) for name in order.static_order()]


def _referred(inspector: Inspector, name: str) -> list[str]:
    return sorted({each["referred_table"] for each in inspector.get_foreign_keys(name)} - {name})


def _read(inspector: Inspector, name: str) -> Table:
    columns = tuple((each["name"], _kind(name, each["type"])) for each in inspector.get_columns(name))
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    if not key:
        raise Bug(f"{name} has no primary key")
    return Table(name, columns, key)


def _kind(table: str, given: TypeEngine[Any]) -> Kind:
    found = next((kind for each, kind in _KINDS if isinstance(given, each)), None)
    if found is None:
        raise Bug(f"{table} holds a type that backups do not know: {given!r}")
    return found


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """The rows of a table as JSON lines, in the order of its key: alike for alike rows, on both databases.

    Reads a few megabytes at a time, on PostgreSQL through a cursor of the server.
    """
    encoders = [(at, _ENCODE[kind]) for at, (_, kind) in enumerate(table.columns) if kind in _ENCODE]
    query = _select(connection, table).execution_options(yield_per=_batch(connection, table))
    for row in connection.execute(query):
        values = list(row)
        for at, encode in encoders:
            if values[at] is not None:
                values[at] = encode(values[at])
        yield _JSON.encode(values).encode() + b"\n"


def _select(connection: Connection, table: Table) -> sa.Select[Any]:
    columns = {name: sa.column(name, _TYPES[kind]) for name, kind in table.columns}
    kinds = dict(table.columns)
    source = sa.table(table.name, *columns.values())
    wanted = [
        sa.cast(column, sa.Text()) if kinds[name] is Kind.JSON else column for name, column in source.columns.items()
    ]
    bytewise = connection.dialect.name == "postgresql"  # as SQLite does anyway
    order = [
        sa.collate(source.columns[name], "C") if bytewise and kinds[name] is Kind.TEXT else source.columns[name]
        for name in table.key
    ]
    return sa.select(*wanted).select_from(source).order_by(*order)


def _batch(connection: Connection, table: Table) -> int:
    """How many rows are read at a time, by the largest of them: attachments may have megabytes each."""
    heavy: list[sa.ColumnElement[Any]] = [sa.column(name) for name, kind in table.columns if kind is Kind.BYTES]
    if not heavy:
        return BATCH_ROWS
    total = sum((sa.func.coalesce(sa.func.length(column), 0) for column in heavy), start=sa.literal(0))
    largest = connection.scalar(sa.select(sa.func.max(total)).select_from(sa.table(table.name))) or 0
    return max(1, min(BATCH_ROWS, BATCH_BYTES // (int(largest) + 1)))


def count_of(connection: Connection, table: Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table.name))) or 0
