"""A sweep with nothing due must not notice how much is waiting or how much has fired."""

from __future__ import annotations

import statistics
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert

from engine import timers
from engine.timers import ARMED, FIRED, Timer

if TYPE_CHECKING:
    from benchmarks.district import Bench

FEW, MANY = 1_000, 100_000
RUNS = 300


def growth(bench: Bench) -> dict[str, float]:
    """`idle_sweep_growth`: 100,000 armed and 100,000 fired against 1,000 armed."""
    few = _with_rows(bench, FEW, fired=0)
    many = _with_rows(bench, MANY, fired=MANY)
    with bench.store.write() as session:
        session.execute(delete(Timer).where(Timer.instance_id < 0))
    return {"idle_sweep_growth": many / few, "idle_sweep_ms": many * 1e3}


def _with_rows(bench: Bench, armed: int, fired: int) -> float:
    """Median seconds of an idle sweep over made-up timers of far-off days."""
    with bench.store.write() as session:
        session.execute(delete(Timer).where(Timer.instance_id < 0))
        due = bench.clock.now() + timedelta(days=30)
        rows = [_row(number, ARMED if number <= armed else FIRED, due) for number in range(1, armed + fired + 1)]
        session.execute(insert(Timer), rows)
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        timers.sweep(bench.store)
        times.append(perf_counter() - start)
    return statistics.median(times)


def _row(number: int, state: str, due: object) -> dict[str, object]:
    return {
        "district_id": 1,
        "instance_id": -number,
        "task_id": f"{number:032x}",
        "element": "act_due",
        "mark": "overdue",
        "due_at": due,
        "wake_at": due,
        "state": state,
        "attempts": 0,
        "fired_at": due if state == FIRED else None,
    }
