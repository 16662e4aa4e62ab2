"""The archive: members that are hashed as they are written and read, and the manifest that says what must be there."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from engine.backup.tables import Kind, Table
from engine.durable import sync_folder
from engine.errors import OperatorError

FORMAT = 1
MANIFEST, ABOUT, KEY = "manifest.json", "README.txt", "master.key"
CHUNK_BYTES = 2**18
LEVEL = 1
"""Of deflate: most of it is ciphertext, which no level makes smaller; base64 is what is taken back."""
_ABOUT = """This is a backup of gridgov. `gridgov backup verify FILE` checks it, `gridgov restore FILE` puts it back.
rows/*.jsonl: each line is one row, its values in the order of the columns that manifest.json names. Bytes are in
base64, moments in UTC, JSON is text. manifest.json: how many rows each table has, the SHA-256 of each member, size and
root of each district's audit trail, and a check value of the master key, without which texts and files stay sealed.
"""


class NotABackup(OperatorError):
    """{path} is not a whole backup of gridgov: {why}."""

    code = "not_a_backup"
    zh = "{path} 不是完整的 gridgov 备份：{why}。"


class Damaged(OperatorError):
    """The backup {path} is damaged; nothing was restored. {what}"""

    code = "backup_damaged"
    zh = "备份 {path} 已损坏，未恢复任何数据。{what}"


class DestinationExists(OperatorError):
    """{path} is there already; a backup never overwrites anything."""

    code = "destination_exists"
    zh = "{path} 已存在；备份不会覆盖任何文件。"


@dataclass(frozen=True)
class Part:
    """What the backup holds of one table; `size` and `sha256` are of its JSON lines."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]
    rows: int
    size: int
    sha256: str

    @property
    def member(self) -> str:
        return f"rows/{self.name}.jsonl"

    @property
    def table(self) -> Table:
        return Table(self.name, self.columns, self.key)


@dataclass(frozen=True)
class Log:
    """The audit trail of one district at the moment of the backup."""

    district_id: int
    origin: str
    size: int
    root: str


@dataclass(frozen=True)
class Manifest:
    """What must be in the archive. `revision`: of the database; `key_check`: `KeyRing.check_value`."""

    program: str
    made_at: str
    database: str
    revision: str
    key_check: str
    has_key: bool
    logs: tuple[Log, ...]
    tables: tuple[Part, ...]
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.tables)

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Raises ValueError, KeyError and TypeError for what is none."""
        data: dict[str, Any] = json.loads(content)
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']}, this release reads {FORMAT}")
        return cls(
            **{
                **data,
                "logs": tuple(Log(**each) for each in data["logs"]),
                "tables": tuple(_part(each) for each in data["tables"]),
            }
        )


def _part(data: Mapping[str, Any]) -> Part:
    columns = tuple((name, Kind(kind)) for name, kind in data["columns"])
    return Part(**{**data, "columns": columns, "key": tuple(data["key"])})


class Writer:
    """Writes members into a ZIP archive, counting and hashing what goes in. Without its manifest it is none."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._zip.writestr(ABOUT, _ABOUT)

    def add_table(self, table: Table, lines: Iterable[bytes]) -> Part:
        digest, rows, size, waiting = hashlib.sha256(), 0, 0, bytearray()
        with self._zip.open(f"rows/{table.name}.jsonl", "w", force_zip64=True) as member:
            for line in lines:
                waiting += line
                rows, size = rows + 1, size + len(line)
                if len(waiting) >= CHUNK_BYTES:
                    member.write(waiting)
                    digest.update(waiting)
                    waiting.clear()
            member.write(waiting)
            digest.update(waiting)
        return Part(table.name, table.columns, table.key, rows, size, digest.hexdigest())

    def finish(self, manifest: Manifest, key: bytes | None) -> None:
        if key is not None:
            self._zip.writestr(KEY, key)
        self._zip.writestr(MANIFEST, manifest.to_bytes())

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


@contextmanager
def new_file(destination: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole and on the disk; until then, and after a failure, there is none.

    Raises DestinationExists.
    """
    if destination.exists():
        raise DestinationExists(path=destination)
    handle, written = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}-", suffix=".partial")
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if destination.exists():
            raise DestinationExists(path=destination)
        Path(written).rename(destination)
        sync_folder(destination.parent)
    finally:
        Path(written).unlink(missing_ok=True)


class Archive:
    """A backup that is read. Raises NotABackup when it is cut off or something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = Manifest.from_bytes(self._zip.read(MANIFEST))
        except FileNotFoundError:
            raise NotABackup(path=path, why="there is no such file") from None
        except (OSError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError) as error:
            raise NotABackup(path=path, why=str(error).strip("'\"")) from error

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def lines(self, part: Part) -> Iterator[bytes]:
        """The rows of a table, one at a time. Raises Damaged where they cannot be read or are not what was written."""
        digest, rows = hashlib.sha256(), 0
        try:
            with self._zip.open(part.member) as member:
                for line in member:
                    digest.update(line)
                    rows += 1
                    yield line
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError) as error:
            raise self.damaged(f"{part.member}, after row {rows}: {error}") from error
        if digest.hexdigest() != part.sha256 or rows != part.rows:
            raise self.damaged(f"{part.member}: {rows} rows are not the {part.rows} that were written")

    def key(self) -> bytes | None:
        """The master key's file, when it was put in. Raises Damaged."""
        try:
            return self._zip.read(KEY) if self.manifest.has_key else None
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError) as error:
            raise self.damaged(f"{KEY}: {error}") from error

    def strangers(self) -> list[str]:
        """Members of which the manifest knows nothing."""
        known = {MANIFEST, ABOUT, KEY, *(part.member for part in self.manifest.tables)}
        return sorted(set(self._zip.namelist()) - known)

    def damaged(self, what: str) -> Damaged:
        return Damaged(path=self.path, what=what)
