"""`make bench`: measure, print a table, write build/bench.json."""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import sqlite3
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import structlog

from benchmarks import backup, board, lists, memory, pages, scaling, search, steps, storage, storm, sweeping, verifying
from benchmarks.district import Bench
from benchmarks.serving import postgres
from engine.tuning import calm_collector

MUST: dict[str, float] = {
    "step_over_bare": 2.5,
    "postgres_step_over_bare": 3.0,
    "statements_per_step": 20,
    "step_thirtieth_over_first": 1.3,
    "idle_sweep_growth": 1.3,
    "postgres_idle_sweep_growth": 1.3,
    "state_bytes_ten_hops": 4096,
    "list_over_sql": 2.0,
    "search_common_ms": 200,
    "search_rare_ms": 200,
    "board_ms": 50,
    "phone_lcp_ms": 2500,
    "board_lcp_ms": 2500,
    "urgent_lateness_s": 5,
    "storm_page": 3.0,
    "case_bytes": 24576,
    "serve_memory_mb": 250,
    "postgres_urgent_lateness_s": 5,
    "postgres_storm_page": 3.0,
}
"""The most that a figure may be."""
EXPLAINED: dict[str, float] = {"postgres_step_over_bare": 5.5}
"""Figures that miss what was asked for, explained by a profile in docs/performance.md → what they may be at most."""
AT_LEAST: dict[str, float] = {"postgres_scaling": 1.5, "verify_per_second": 50_000}
"""The least that a figure may be."""
BUILD = Path("build")


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "?")
    return {
        "cpu": f"{cpu}, {os.cpu_count()} cores",
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": f"{sqlite3.sqlite_version}, WAL, synchronous=FULL, file on disk",
        "SpiffWorkflow": version("SpiffWorkflow"),
        "SQLAlchemy": version("SQLAlchemy"),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def main() -> int:
    """Exit 1 when a figure misses what it must reach."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for name, fact in machine().items():
        print(f"{name:14} {fact}")
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        bench = Bench(Path(folder))
        calm_collector()
        figures = steps.against_bare(bench) | steps.along_a_journey(bench) | sweeping.growth(bench)
        figures |= memory.of_a_server(bench)
        figures |= lists.over_sql(bench)
        figures |= search.times(bench)
        figures |= board.time(bench)
        figures |= pages.paints(bench)
        bench.store.dispose()
        figures |= _of_one_case(Path(folder)) | _under_load(Path(folder))
    print(f"\n{'figure':28} {'measured':>10} {'must be':>10}")
    for name, value in figures.items():
        print(f"{name:28} {value:10.2f} {_wanted(name):>10}")
    rounded = {name: round(value, 3) for name, value in figures.items()}
    (BUILD / "bench.json").write_text(json.dumps(rounded, indent=1) + "\n")
    forgotten = (MUST.keys() | AT_LEAST.keys()) - figures.keys()
    if forgotten:
        print("not measured:", ", ".join(sorted(forgotten)))
    return int(bool(forgotten) or any(missed(name, value) for name, value in figures.items()))


def _of_one_case(folder: Path) -> dict[str, float]:
    """In a database of its own, since its clock goes on by months."""
    place = folder / "storage"
    place.mkdir()
    bench = Bench(place)
    figures = storage.of_a_case(bench) | verifying.speed(bench) | backup.speed(bench, place)
    bench.store.dispose()
    return figures


def _under_load(folder: Path) -> dict[str, float]:
    """What many processes and many people at once make of it, on each database in turn."""
    place = folder / "storm"
    place.mkdir()
    bench = Bench(place)
    figures = storm.at_nine(bench)
    bench.store.dispose()
    with postgres() as server:
        place = folder / "postgres"
        place.mkdir()
        bench = Bench(place, server.url(server.create_database()))
        figures |= steps.against_bare(bench, "postgres_") | sweeping.growth(bench, "postgres_")
        figures |= scaling.throughput(bench)
        figures |= storm.at_nine(bench, "postgres_")
        bench.store.dispose()
    return figures


def _wanted(name: str) -> str:
    limits = [f"≤ {MUST[name]:g}"] if name in MUST else []
    limits += [f"(kept under {EXPLAINED[name]:g})"] if name in EXPLAINED else []
    return " ".join(limits + ([f"≥ {AT_LEAST[name]:g}"] if name in AT_LEAST else []))


def missed(name: str, value: float) -> bool:
    """Whether a figure is not what it must be."""
    return value > EXPLAINED.get(name, MUST.get(name, math.inf)) or value < AT_LEAST.get(name, -math.inf)


if __name__ == "__main__":
    sys.exit(main())
