"""A disk that is soon full: a tmpfs where mounting is allowed."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of a few megabytes. `fill` leaves `left` bytes of it; `free` gives the room back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left: int) -> None:
        with self._ballast.open("ab", buffering=0) as ballast:
            room = os.statvfs(self.folder)
            ballast.write(bytes(max(0, room.f_bavail * room.f_frsize - left)))

    @property
    def left(self) -> int:
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def free(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """In a folder that PostgreSQL's user may enter too. Skips the test where this process may not mount."""
    folder = Path(tempfile.mkdtemp(prefix="gridgov-disk-"))
    folder.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        if mounted.returncode:
            pytest.skip("mounting is not allowed here: a full file system was not tested, only SQLite's own limit")
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
        folder.rmdir()
