"""The cost of a sweep follows what is due, never what waits or what has fired."""

from __future__ import annotations

import statistics
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func, insert, literal, select, text, update

from benchmarks.district import GRID
from engine import timers
from engine.db import UtcDateTime
from engine.timers import ARMED, FIRED, Timer

if TYPE_CHECKING:
    from benchmarks.district import Bench

FEW, MANY = 1_000, 1_000_000
DUE, ROUNDS = 50, 3


def growth(bench: Bench, prefix: str = "") -> dict[str, float]:
    """`idle_sweep_growth`: 50 due among a million armed and a million fired, against 50 due among a thousand armed.

    The due ones are warnings of real cases; the others are rows of far-off days. The medians of three sweeps each.
    """
    _sweep(bench)  # what the first one loads
    few = _with_rows(bench, FEW, fired=0)
    many = _with_rows(bench, MANY, fired=MANY)
    with bench.store.write() as session:
        session.execute(delete(Timer).where(Timer.instance_id < 0))
    return {f"{prefix}idle_sweep_growth": many / few, f"{prefix}sweep_of_50_ms": many * 1e3}


def _with_rows(bench: Bench, armed: int, fired: int) -> float:
    """Median seconds of a sweep that fires DUE timers."""
    with bench.store.write() as session:
        session.execute(delete(Timer).where(Timer.instance_id < 0))
        session.execute(_rows(bench.clock.now() + timedelta(days=30), armed, armed + fired))
    with bench.store.write() as session:
        session.execute(text("ANALYZE"))
    return statistics.median(_sweep(bench) for _ in range(ROUNDS))


def _sweep(bench: Bench) -> float:
    _make_due(bench)
    before = _fired(bench)
    start = perf_counter()
    while timers.sweep(bench.store):
        pass
    seconds = perf_counter() - start
    assert _fired(bench) - before == DUE
    return seconds


def _make_due(bench: Bench) -> None:
    """Cases in hand whose warning falls due now."""
    numbers = [bench.report() for _ in range(DUE)]
    for number in numbers:
        bench.next(GRID, number, result="accept")
    with bench.store.write() as session:
        now = bench.clock.now()
        latest = select(Timer.id).where(Timer.element == "act_warn", Timer.state == ARMED).order_by(Timer.id.desc())
        due = update(Timer).where(Timer.id.in_(latest.limit(DUE))).values(due_at=now, wake_at=now)
        session.execute(due, execution_options={"synchronize_session": False})


def _fired(bench: Bench) -> int:
    with bench.store.read() as session:
        fired = select(func.count()).where(Timer.state == FIRED, Timer.instance_id > 0)
        return session.scalar(fired) or 0


def _rows(due: Any, armed: int, count: int) -> Any:
    """An INSERT of that many, made up by the database itself."""
    first = select(literal(1).label("number")).cte("numbers", recursive=True)
    number = first.union_all(select(first.c.number + 1).where(first.c.number < count)).c.number
    state = case((number <= armed, ARMED), else_=FIRED)
    made_up: dict[str, Any] = {
        "district_id": literal(1),
        "instance_id": -number,
        "task_id": literal("1"),
        "element": literal("act_due"),
        "mark": literal("overdue"),
        "due_at": literal(due, UtcDateTime()),
        "wake_at": literal(due, UtcDateTime()),
        "state": state,
        "attempts": literal(0),
        "fired_at": case((number > armed, literal(due, UtcDateTime()))),
    }
    return insert(Timer.__table__).from_select(list(made_up), select(*made_up.values()), include_defaults=False)
