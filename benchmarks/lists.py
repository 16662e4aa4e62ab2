"""The triage list of one subdistrict among 100,000 cases, with its counts, against the bare SQL."""

from __future__ import annotations

import random
import sqlite3
import statistics
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import sqlite

from benchmarks.district import CENTRE
from engine.network.units import Unit, lineage
from processes import access
from processes.cases import reading
from processes.cases.models import Case, CaseReader
from processes.codes import Kind, Light, State

if TYPE_CHECKING:
    from benchmarks.district import Bench

CASES = 100_000
RUNS = 60
FILTERS = reading.Filters(open_only=True)


def over_sql(bench: Bench) -> dict[str, float]:
    """`list_over_sql`: the policy, the list and the counts, against the same statements through sqlite3."""
    _fill(bench)
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


def _fill(bench: Bench) -> None:
    """Cases all over the district: owned, seen by the line above, of all states and lamps."""
    chances = random.Random(7)
    with bench.store.write() as session:
        units = session.scalars(select(Unit).where(Unit.level.in_(("grid", "village", "subdistrict")))).all()
        start = bench.clock.now()
        cases: list[dict[str, Any]] = []
        readers: list[dict[str, Any]] = []
        for number in range(1, CASES + 1):
            unit = chances.choice(units)
            cases.append(_case(chances, number, unit, start - timedelta(minutes=number)))
            readers += [{"unit_id": u, "case_id": 10**6 + number, "district_id": 1} for u in lineage(unit)]
        session.execute(insert(Case), cases)
        session.execute(insert(CaseReader), readers)
    with bench.store.write() as session:
        session.connection().exec_driver_sql("ANALYZE")


def _case(chances: random.Random, number: int, unit: Unit, at: Any) -> dict[str, Any]:
    ended = chances.random() < 0.8
    state = State.ARCHIVED if ended else chances.choice([State.REPORTED, State.PENDING, State.HANDLING])
    return {
        "id": 10**6 + number,
        "district_id": unit.district_id,
        "number": f"bench-{number}",
        "state": state.value,
        "kind": chances.choice(list(Kind)).value,
        "domain": "other",
        "urgency": "ordinary",
        "head_count": "up_to_50",
        "source": "worker",
        "place_unit_id": unit.id,
        "owner_id": None if ended else unit.id,
        "last_owner_id": unit.id,
        "level": unit.level,
        "checker_id": unit.id,
        "reporter_ref": "staff:bench",
        "light": chances.choice(list(Light)).value,
        "reported_at": at,
        "due_at": at,
    }
