"""How fast an auditor gets through a trail: every entry read, hashed, compared with its columns and the head."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

from engine.trail import entries
from engine.trail.entries import Draft
from engine.trail.verify import verify

if TYPE_CHECKING:
    from benchmarks.district import Bench

ENTRIES, BATCH = 200_000, 1_000
LOG = 10**9
"""A log of its own: a district that nothing else writes to."""


def speed(bench: Bench) -> dict[str, float]:
    """`verify_per_second`: entries verified in a second of one core's time, the reading from the database included."""
    with bench.store.write() as session:
        entries.open_log(session, LOG, "bench")
        for start in range(0, ENTRIES, BATCH):
            entries.append(session, LOG, bench.clock.now(), [_draft(start + number) for number in range(BATCH)])
    with bench.store.read() as session:
        start_time = process_time()
        verdict = verify(session, LOG)
        seconds = process_time() - start_time
    assert (verdict.size, verdict.findings) == (ENTRIES, [])
    return {"verify_per_second": ENTRIES / seconds}


def _draft(number: int) -> Draft:
    """Of the size of an ordinary one."""
    data = {"element": "act", "unit": 57, "outcome": "refer_up", "stay": number}
    return Draft("case:progress:note", "staff:G009009001", f"511302202611{number:06d}", data, ("0" * 64,))
