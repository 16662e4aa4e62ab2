"""A clock that several processes read from one file: the machine's time and an offset that a test may move."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

_OFFSET = struct.Struct("d")


class MovingClock:
    """Runs as fast as the machine's; `leap` moves it for every process that opened the same file."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError when nobody has `create`d the file."""
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _OFFSET.size)

    @classmethod
    def create(cls, path: Path, start: datetime) -> MovingClock:
        path.write_bytes(_OFFSET.pack(start.timestamp() - time()))
        return cls(path)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time() + _OFFSET.unpack_from(self._shared)[0], UTC)

    def leap(self, span: timedelta) -> None:
        """Also backwards."""
        _OFFSET.pack_into(self._shared, 0, _OFFSET.unpack_from(self._shared)[0] + span.total_seconds())

    def close(self) -> None:
        self._shared.close()
