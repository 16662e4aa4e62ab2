"""The golden sets on disk: one folder a release, the files of their models by hash beside them.

`manifest.json` says what each scene must look like; `rows.json.xz` holds every row of the release's database, table by
table, in plain JSON: moments as `{"t": ISO 8601 in UTC}`, days as `{"d": ISO 8601}`, JSON as `{"j": …}`, bytes as
`{"b": base64}`, or, since they pack better so, as `{"s": text}` and stored states as `{"z": [format, inflated]}`. Rows
are put back into a database at the release's own schema, which is then upgraded: so migrations are tried on them too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, inspect, select, text

FOLDER = Path(__file__).parent
FILES = FOLDER / "files"
_FILE_TABLE = "definition_file"
_SHARED = ("calendar_day",)
"""Tables whose rows are a file of their own, since releases have the same ones."""

Rows = Mapping[str, list[dict[str, Any]]]


def releases() -> list[str]:
    """The releases that have a set, oldest first."""
    found = [path.parent.name for path in FOLDER.glob("*/manifest.json")]
    return sorted(found, key=lambda release: [int(part) for part in release.split(".")])


def manifest(release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / release / "manifest.json").read_text("utf-8"))
    return found


def rows(release: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of a set, the files of its models with them."""
    found: dict[str, Any] = json.loads(lzma.decompress((FOLDER / release / "rows.json.xz").read_bytes()))
    for table in _SHARED:
        found[table] = json.loads(file(found[table]))
    found[_FILE_TABLE] = [{"sha256": digest, "content": _told(file(digest))} for digest in found[_FILE_TABLE]]
    return found


def file(digest: str) -> bytes:
    """A file by its SHA-256."""
    return lzma.decompress((FILES / f"{digest}.xz").read_bytes())


def _keep(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    kept = FILES / f"{digest}.xz"
    if not kept.exists():
        kept.write_bytes(lzma.compress(content, preset=9))
    return digest


def write(release: str, said: Mapping[str, Any], found: Rows) -> None:
    """Keep a set. Raises FileExistsError: what a release left is never written anew."""
    folder = FOLDER / release
    folder.mkdir(parents=True)
    FILES.mkdir(exist_ok=True)
    packed: dict[str, Any] = dict(found)
    packed[_FILE_TABLE] = [_keep(read(row["content"], naive=True)) for row in found[_FILE_TABLE]]
    for table in _SHARED:
        packed[table] = _keep(_flat(found[table]).encode())
    (folder / "rows.json.xz").write_bytes(lzma.compress(_flat(packed).encode(), preset=9))
    (folder / "manifest.json").write_text(_lines(said), "utf-8")


def _lines(said: Mapping[str, Any]) -> str:
    """A manifest with a line for each of its parts and each scene, so that people can compare two."""
    scenes = ",\n".join(f"  {json.dumps(name)}: {_flat(scene)}" for name, scene in said["scenes"].items())
    parts = [f" {json.dumps(name)}: {_flat(part)}" for name, part in said.items() if name != "scenes"]
    return "{\n" + ",\n".join([*parts, f' "scenes": {{\n{scenes}\n }}']) + "\n}\n"


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def take(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of a database, but for Alembic's."""
    tables = _tables(connection)
    return {
        table.name: [{name: _told(value) for name, value in row.items()} for row in _all(connection, table)]
        for table in tables.values()
    }


def put_back(connection: Connection, found: Rows) -> None:
    """Insert the rows of a set into empty tables; numbers given from then on are free ones."""
    tables = _tables(connection)
    for name, kept in found.items():
        if kept:
            naive = connection.dialect.name == "sqlite"
            given = [{column: read(value, naive=naive) for column, value in row.items()} for row in kept]
            connection.execute(tables[name].insert(), given)
    if connection.dialect.name == "postgresql":
        for table in tables.values():
            _count_on(connection, table)


def _tables(connection: Connection) -> dict[str, Table]:
    """The tables as the database has them, whatever this release's code says."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def _all(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]


def _count_on(connection: Connection, table: Table) -> None:
    for column in inspect(connection).get_columns(table.name):
        if "nextval" in str(column["default"]):
            last = connection.scalar(select(func.max(table.c[column["name"]])))
            if last is not None:
                sequence = text(f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column['name']}'), :last)")
                connection.execute(sequence, {"last": last})


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return _told_bytes(bytes(value))
    if isinstance(value, datetime):
        return {"t": (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return {"j": value} if isinstance(value, dict) else value


def _told_bytes(value: bytes) -> dict[str, Any]:
    """In the form that packs best; each is tried back, so that the bytes come out as they were."""
    if value[1:3] == b"\x78\x01":
        state = {"z": [value[0], zlib.decompress(value[1:]).decode()]}
        if read(state, naive=True) == value:
            return state
    try:
        return {"s": value.decode()}
    except UnicodeDecodeError:
        return {"b": base64.b64encode(value).decode()}


def read(value: Any, *, naive: bool) -> Any:
    """A value as the database takes it. `naive`: moments without their zone, as SQLite keeps them."""
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "t":
        moment = datetime.fromisoformat(inner)
        return moment if naive else moment.replace(tzinfo=UTC)
    return _READERS[kind](inner)


_READERS: dict[str, Callable[[Any], Any]] = {
    "b": base64.b64decode,
    "s": str.encode,
    "z": lambda state: bytes([state[0]]) + zlib.compress(state[1].encode(), 1),
    "d": date.fromisoformat,
    "j": lambda value: value,
}
