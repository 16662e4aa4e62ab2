"""A step against bare SpiffWorkflow, its statements, and whether it grows with the length of the journey."""

from __future__ import annotations

import statistics
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select

from benchmarks.bare import Bare
from benchmarks.district import GRID, VILLAGE, Bench
from engine.definitions.deploy import read_directory
from engine.instances import ProcessInstance
from processes import models_folder
from processes.cases import hops

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 120
JOURNEYS = 8


def against_bare(bench: Bench, prefix: str = "") -> dict[str, float]:
    """Refer the first stay up: ours through the public operation, the bare model in memory, in turn.

    The ratio is taken pair by pair, so that it holds while the machine's speed drifts.
    """
    bare = Bare(read_directory(models_folder()))
    ours, theirs = [], []
    for _ in range(RUNS):
        item_id = item_at_first_act(bench)
        start = perf_counter()
        bench.complete(GRID, item_id, outcome="refer_up", reason="两家都不让步")
        ours.append(perf_counter() - start)
        workflow = bare.at_first_act()
        start = perf_counter()
        ready = bare.complete(workflow, outcome="refer_up", target=None)
        theirs.append(perf_counter() - start)
        assert ready == "accept", ready
    figures = {
        "step_over_bare": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
        "step_ms_median": statistics.median(ours) * 1e3,
        "step_ms_p95": statistics.quantiles(ours, n=20)[18] * 1e3,
        "bare_ms_median": statistics.median(theirs) * 1e3,
        "statements_per_step": _statements(bench),
    }
    return {prefix + name: value for name, value in figures.items()}


def item_at_first_act(bench: Bench) -> int:
    number = bench.report()
    bench.next(GRID, number, result="accept")
    return bench.open_item(number).id


def _statements(bench: Bench) -> int:
    """Counted apart, since listening costs time."""
    item_id = item_at_first_act(bench)
    with counting(bench) as sent:
        bench.complete(GRID, item_id, outcome="refer_up", reason="两家都不让步")
    return len(sent)


@contextmanager
def counting(bench: Bench) -> Iterator[list[str]]:
    """The SQL statements sent meanwhile, without BEGIN."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(bench.store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(bench.store.engine, "before_cursor_execute", note)


def along_a_journey(bench: Bench) -> dict[str, float]:
    """Cases that go up from the grid and down from the village again and again, without a ruling in between."""
    limit, hops.MAX_HOPS = hops.MAX_HOPS, 10**6
    try:
        journeys = [_journey(bench) for _ in range(JOURNEYS)]
    finally:
        hops.MAX_HOPS = limit
    first = statistics.median(times[0] for times, _ in journeys)
    thirtieth = statistics.median(times[30] for times, _ in journeys)
    return {
        "step_thirtieth_over_first": thirtieth / first,
        "state_bytes_ten_hops": max(sizes[9] for _, sizes in journeys),
    }


def _journey(bench: Bench) -> tuple[list[float], list[int]]:
    """Times of the hops (up, down, up …) and the stored bytes after each; the first and 31st go the same way."""
    number = bench.report()
    bench.next(GRID, number, result="accept")
    times, sizes = [], []
    for _ in range(16):
        times.append(_timed(bench, GRID, number, outcome="refer_up", reason="r"))
        sizes.append(_state_bytes(bench, number))
        bench.next(VILLAGE, number, outcome="accept")
        by = "2026-11-25T09:00:00+08:00"
        times.append(_timed(bench, VILLAGE, number, outcome="assign", target="511302009009001", deadline=by))
        sizes.append(_state_bytes(bench, number))
        bench.next(GRID, number, outcome="accept")
    return times, sizes


def _timed(bench: Bench, staff_no: str, number: str, **data: Any) -> float:
    item_id = bench.open_item(number).id
    start = perf_counter()
    bench.complete(staff_no, item_id, **data)
    return perf_counter() - start


def _state_bytes(bench: Bench, number: str) -> int:
    with bench.store.read() as session:
        query = select(ProcessInstance.state).where(ProcessInstance.subject_no == number, ProcessInstance.key == "case")
        return len(session.scalars(query).one())
