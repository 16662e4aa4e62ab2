"""Put the rows of a backup into the empty tables of a database of either kind, and read them back to be sure."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import text

from engine.backup.making import told
from engine.backup.tables import Kind, Table, count_of, lines_of, tables_of
from engine.errors import Bug, OperatorError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.backup.archive import Archive, Part
    from engine.backup.making import Progress


class DoesNotFit(OperatorError):
    """Table {table}: this database does not take what the backup holds, near row {row}: {why}."""

    code = "does_not_fit"
    zh = "数据表 {table}：数据库无法写入备份内容，约第 {row} 行：{why}。"


class NotTheSame(OperatorError):
    """Table {table}: what was written is not what the backup holds. Nothing was kept."""

    code = "restored_differs"
    zh = "数据表 {table}：写入内容与备份不一致，未保留任何数据。"


def load(connection: Connection, archive: Archive, progress: Progress) -> None:
    """Write every row, in the transaction of `connection`, and compare what was written with the backup's hashes.

    The tables must be those of the backup's revision; what a migration put into them makes room. Afterwards new rows
    get ids after those that are there. Raises DoesNotFit, NotTheSame, Damaged.
    """
    tables = {table.name: table for table in tables_of(connection)}
    for name in reversed(list(tables)):
        if count_of(connection, tables[name]):
            connection.execute(text(f"DELETE FROM {_quoted(connection, name)}"))  # noqa: S608 # a name of ours
    done, total = 0, 2 * archive.manifest.rows
    for part in archive.manifest.tables:
        if part.name not in tables or set(tables[part.name].names) != set(part.table.names):
            raise Bug(f"{part.name} of revision {archive.manifest.revision} is not the table that was backed up")
        _fill(connection, part, told(archive.lines(part), part.table, progress, done, total))
        done += part.rows
    for part in archive.manifest.tables:
        _compare(connection, part, told(lines_of(connection, part.table), part.table, progress, done, total))
        done += part.rows
    if connection.dialect.name == "postgresql":
        _go_on_counting(connection, tables.values())


def _compare(connection: Connection, part: Part, lines: Iterator[bytes]) -> None:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    if digest.hexdigest() != part.sha256:
        raise NotTheSame(table=part.name)


def _fill(connection: Connection, part: Part, lines: Iterator[bytes]) -> None:
    counted = _Counted(lines)
    raw: Any = connection.connection.driver_connection
    fill = _into_sqlite if connection.dialect.name == "sqlite" else _into_postgresql
    try:
        fill(connection, raw, part.table, counted)
    except (sqlite3.DataError, sqlite3.IntegrityError, psycopg.DataError, psycopg.IntegrityError) as error:
        why = str(error).splitlines()[0]
        raise DoesNotFit(table=part.name, row=counted.count, why=why) from None


class _Counted:
    """Lines, and how many of them have gone by."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.count = 0

    def rows(self, table: Table, decode: Mapping[Kind, Callable[[Any], Any]]) -> Iterator[list[Any]]:
        decoders = [(at, decode[kind]) for at, (_, kind) in enumerate(table.columns) if kind in decode]
        for line in self._lines:
            values = json.loads(line)
            for at, decoder in decoders:
                if values[at] is not None:
                    values[at] = decoder(values[at])
            self.count += 1
            yield values


_FOR_SQLITE: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.BYTES: base64.b64decode,
    Kind.MOMENT: lambda value: f"{value[:10]} {value[11:26]}",
    Kind.BOOL: int,
}
_FOR_POSTGRESQL: Mapping[Kind, Callable[[Any], Any]] = {Kind.BYTES: base64.b64decode}


def _into_sqlite(connection: Connection, raw: sqlite3.Connection, table: Table, lines: _Counted) -> None:
    columns = ", ".join(_quoted(connection, name) for name in table.names)
    marks = ", ".join("?" for _ in table.names)
    raw.executemany(
        f"INSERT INTO {_quoted(connection, table.name)} ({columns}) VALUES ({marks})",  # noqa: S608 # names of ours
        lines.rows(table, _FOR_SQLITE),
    )


def _into_postgresql(connection: Connection, raw: psycopg.Connection[Any], table: Table, lines: _Counted) -> None:
    columns = ", ".join(_quoted(connection, name) for name in table.names)
    statement = f"COPY {_quoted(connection, table.name)} ({columns}) FROM STDIN"
    with raw.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in lines.rows(table, _FOR_POSTGRESQL):
            copy.write_row(row)


def _go_on_counting(connection: Connection, tables: Any) -> None:
    for table in tables:
        if len(table.key) != 1 or dict(table.columns)[table.key[0]] is not Kind.INT:
            continue
        name, key = _quoted(connection, table.name), _quoted(connection, table.key[0])
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence(:table, :key), max({key})) FROM {name} "  # noqa: S608
                f"HAVING max({key}) IS NOT NULL AND pg_get_serial_sequence(:table, :key) IS NOT NULL"
            ),
            {"table": name, "key": table.key[0]},
        )


def _quoted(connection: Connection, name: str) -> str:
    return str(connection.dialect.identifier_preparer.quote(name))
