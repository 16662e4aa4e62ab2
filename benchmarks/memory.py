"""What a server process holds in memory when it has carried many cases: reports, boards, searches, case pages.

The resident memory of `gridgov serve` with all its processes; a page that several of them share is counted once (Pss).
CASES is what one run of all benchmarks has time for; the long one is `python -m benchmarks.memory 20000`.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.district import CELL, CENTRE, MATTER, Bench
from benchmarks.serving import Caller, get, post, serving, today
from engine.network.people import issue_token

CASES, CALLERS = 2_000, 4
READS = ("/api/v1/cases?limit=50", "/api/v1/cases/counts", "/api/v1/work-items")
EVERY = 10
"""Reports for each round of reading."""


def of_a_server(bench: Bench, cases: int = CASES) -> dict[str, float]:
    """`serve_memory_mb` after `cases` reports, and what the second half of them added."""
    with today(bench) as store, store.write() as session:
        cell, centre = issue_token(session, CELL), issue_token(session, CENTRE)
    with serving(bench, "--no-worker") as port:
        _carry(port, range(cases // 2), cell, centre)
        half = _resident(port)
        _carry(port, range(cases // 2, cases), cell, centre)
        whole = _resident(port)
    return {"serve_memory_mb": whole, "serve_memory_growth_mb": whole - half}


def _carry(port: int, numbers: range, cell: str, centre: str) -> None:
    threads = [
        threading.Thread(target=_call, args=(port, numbers[start::CALLERS], cell, centre)) for start in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _call(port: int, numbers: range, cell: str, centre: str) -> None:
    caller = Caller(port)
    for number in numbers:
        head = {"Authorization": f"Bearer {cell}", "Idempotency-Key": f"memory-{number}"}
        assert caller.send(post("/api/v1/cases", head, MATTER)) == 201
        if number % EVERY == 0:
            for path in READS:
                assert caller.send(get(path, {"Authorization": f"Bearer {centre}"})) == 200
    caller.close()


def _resident(port: int) -> float:
    """MB of all processes that were started with this port, children included: they share its command line."""
    kilobytes = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if b"serve" in command and str(port).encode() in command:
                rows = (folder / "smaps_rollup").read_text().splitlines()
                kilobytes += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        except OSError:
            continue
    return kilobytes * 1024 / 1e6


def main() -> None:
    """With the number of cases that is given."""
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build") as folder:
        bench = Bench(Path(folder))
        print(of_a_server(bench, int(sys.argv[1])))
        bench.store.dispose()


if __name__ == "__main__":
    main()
