"""`python -m benchmarks.statements`: where the time of a step on PostgreSQL goes, statement by statement."""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter, thread_time

import structlog
from sqlalchemy import event

from benchmarks.district import GRID, Bench
from benchmarks.serving import postgres
from benchmarks.steps import item_at_first_act
from engine.tuning import calm_collector

WARM, STEPS = 60, 100


def main() -> None:
    """Milliseconds a step: on the wall and of the client's processor, in all and for each statement."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), server.url(server.create_database()))
        calm_collector()
        _complete(bench, [item_at_first_act(bench) for _ in range(WARM)])
        items = [item_at_first_act(bench) for _ in range(STEPS)]
        spent = _watch(bench)
        wall, processor = perf_counter(), thread_time()
        _complete(bench, items)
        wall, processor = perf_counter() - wall, thread_time() - processor
        bench.store.dispose()
    _tell("a step", wall, processor)
    for statement, (on_wall, of_client) in sorted(spent.items(), key=lambda each: -each[1][0]):
        _tell(statement, on_wall, of_client)
    _tell("all statements", *(sum(part) for part in zip(*spent.values(), strict=True)))


def _tell(what: str, wall: float, processor: float) -> None:
    print(f"{wall * 1e3 / STEPS:8.3f} {processor * 1e3 / STEPS:8.3f}  {what}")


def _complete(bench: Bench, items: Iterable[int]) -> None:
    for item in items:
        bench.complete(GRID, item, outcome="refer_up", reason="两家都不让步")


def _watch(bench: Bench) -> dict[str, tuple[float, float]]:
    """Beginning of each statement → seconds on the wall and of the processor, filled from now on."""
    spent: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    begun = [0.0, 0.0]

    def before(*_event: object) -> None:
        begun[:] = perf_counter(), thread_time()

    def after(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        wall, processor = perf_counter() - begun[0], thread_time() - begun[1]
        key = " ".join(statement.split())[:70]
        spent[key] = (spent[key][0] + wall, spent[key][1] + processor)

    event.listen(bench.store.engine, "before_cursor_execute", before)
    event.listen(bench.store.engine, "after_cursor_execute", after)
    return spent


if __name__ == "__main__":
    main()
