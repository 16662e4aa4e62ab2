"""The triage list of one subdistrict among 100,000 cases, with its counts, against the bare SQL."""

from __future__ import annotations

import sqlite3
import statistics
from time import perf_counter
from typing import TYPE_CHECKING

from sqlalchemy.dialects import sqlite

from benchmarks import filling
from benchmarks.district import CENTRE
from processes import access
from processes.cases import reading

if TYPE_CHECKING:
    from benchmarks.district import Bench

RUNS = 60
FILTERS = reading.Filters(open_only=True)


def over_sql(bench: Bench) -> dict[str, float]:
    """`list_over_sql`: the policy, the list and the counts, against the same statements through sqlite3."""
    filling.fill(bench.store)
    actor = bench.people[CENTRE]
    bare = sqlite3.connect(bench.path)
    statements = _statements(bench)
    ours, theirs = [], []
    for _ in range(RUNS):
        with bench.store.read() as session:
            start = perf_counter()
            page = reading.list_cases(session, actor, FILTERS, cursor=None, limit=50)
            counted = reading.counts(session, actor, access.reading_units(actor))
            ours.append(perf_counter() - start)
        start = perf_counter()
        rows = [bare.execute(statement).fetchall() for statement in statements]
        theirs.append(perf_counter() - start)
        assert len(page.rows) == 50
        assert sum(row[1] for row in rows[1]) == counted["open"]
    bare.close()
    return {
        "list_over_sql": statistics.median(ours) / statistics.median(theirs),
        "list_ms": statistics.median(ours) * 1e3,
    }


def _statements(bench: Bench) -> list[str]:
    """The two statements with their values written in."""
    actor = bench.people[CENTRE]
    with bench.store.read() as session:
        listed = reading.list_query(session, actor, FILTERS, cursor=None).limit(51)
        counted = reading.counts_query(actor, access.reading_units(actor))
    literal = {"literal_binds": True}
    return [str(each.compile(dialect=sqlite.dialect(), compile_kwargs=literal)) for each in (listed, counted)]
