"""How fast a backup is made, checked and restored: real cases, and a trail of two hundred thousand entries."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from engine.backup.archive import Archive
from engine.backup.checking import check
from engine.backup.making import back_up
from processes.restoring import restore

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.district import Bench


def speed(bench: Bench, folder: Path) -> dict[str, float]:
    """Rows a second. A restore checks the archive, writes, reads back and compares, verifies and reconciles."""
    file = folder / "backup.zip"
    start = perf_counter()
    manifest = back_up(bench.store, file, _quiet)
    made = perf_counter()
    with Archive(file) as archive:
        assert check(archive, _quiet) == []
        checked = perf_counter()
        done = restore(f"sqlite:///{folder / 'restored.db'}", bench.store.env, archive, _quiet)
    restored = perf_counter()
    assert done.findings == []
    return {
        "backup_rows": manifest.rows,
        "backup_rows_per_second": manifest.rows / (made - start),
        "backup_checked_per_second": manifest.rows / (checked - made),
        "restored_rows_per_second": manifest.rows / (restored - checked),
    }


def _quiet(_table: str, _done: int, _total: int) -> None:
    """Nobody watches."""
