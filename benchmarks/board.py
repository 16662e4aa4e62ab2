"""The triage board of a subdistrict centre with three hundred open items, among a hundred thousand cases."""

from __future__ import annotations

import random
import re
import statistics
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from benchmarks.district import CENTRE
from benchmarks.filling import FIRST, fill
from engine.deadlines.book import Deadline
from engine.network.people import by_staff_no
from engine.sign_in import sessions
from engine.worklist import WorkItem
from processes.cases.models import Case, CaseReader
from processes.codes import State
from web.app import create_app
from web.config import DEFAULT_LIMITS, Settings

if TYPE_CHECKING:
    from benchmarks.district import Bench

ITEMS = 300
RUNS = 40
_ELEMENTS = {State.REPORTED: "verify", State.PENDING: "accept", State.HANDLING: "act"}


def time(bench: Bench) -> dict[str, float]:
    """`board_ms`: the whole request for the page with the counts of all its views, on the server.

    `news_ms`: what a board that is left open asks every few seconds, while nothing has changed.
    """
    fill(bench.store)
    furnish(bench)
    client = create_app(bench.store, Settings(str(bench.store.url), Path("unused"), 10**6, None, "")).test_client()
    with bench.store.write() as session:
        client.set_cookie("sid", sessions.begin(session, by_staff_no(session, CENTRE), "bench", DEFAULT_LIMITS))
    took = []
    for _ in range(RUNS):
        start = perf_counter()
        answer = client.get("/triage")
        took.append(perf_counter() - start)
        assert answer.status_code == 200
        assert answer.text.count('class="line"') == 50
    found = re.search(r'data-stamp="([^"]+)"', answer.text)
    assert found is not None
    asked = []
    for _ in range(RUNS):
        start = perf_counter()
        answer = client.get("/triage/lines", query_string={"rows": 50, "stamp": found[1]})
        asked.append(perf_counter() - start)
        assert answer.status_code == 204
    return {"board_ms": statistics.median(took) * 1e3, "news_ms": statistics.median(asked) * 1e3}


def furnish(bench: Bench) -> None:
    """Open items with their clocks: three hundred at the centre, those of every other open case at its owner.

    Of the cases that were filled in: those that run have items of their own.
    """
    chances, now = random.Random(5), bench.clock.now()
    centre = bench.people[CENTRE].posts[0].unit_id
    with bench.store.write() as session:
        if session.scalar(select(WorkItem.id).where(WorkItem.unit_id == centre).limit(1)) is not None:
            return
        below = select(CaseReader.case_id).where(CaseReader.unit_id == centre)
        query: Any = select(Case.id, Case.number, Case.state, Case.owner_id)
        query = query.where(Case.owner_id.is_not(None), Case.id > FIRST)
        mine = session.execute(query.where(Case.id.in_(below)).limit(ITEMS)).all()
        rows = [(row, centre) for row in mine]
        rows += [(row, row.owner_id) for row in session.execute(query) if row.id not in {each.id for each in mine}]
        session.execute(insert(WorkItem), [_item(row, unit_id, now) for row, unit_id in rows])
        session.execute(insert(Deadline), [_clock(chances, row, unit_id, now) for row, unit_id in rows])
        for one, other in zip(mine[::3], mine[1::3], strict=False):
            session.execute(update(Case).where(Case.id == one.id).values(likeness_id=other.id))
        session.connection().exec_driver_sql("ANALYZE")


def _item(row: Any, unit_id: int, now: datetime) -> dict[str, Any]:
    element = _ELEMENTS[State(row.state)]
    return {
        **_place(row, element, unit_id),
        "subject_no": row.number,
        "task_id": str(row.id),
        "role": "handler",
        "form": element,
        "state": "ready",
        "created_at": now,
    }


def _clock(chances: random.Random, row: Any, unit_id: int, now: datetime) -> dict[str, Any]:
    return {
        **_place(row, _ELEMENTS[State(row.state)], unit_id),
        "clock": "task",
        "stage": "handle",
        "started_at": now,
        "limit_amount": 5,
        "limit_unit": "wd",
        "statutory": False,
        "source": "default",
        "due_at": now + timedelta(hours=chances.randint(-40, 160)),
        "provisional": False,
        "extended_days": 0,
    }


def _place(row: Any, element: str, unit_id: int) -> dict[str, Any]:
    shared = {"district_id": 1, "instance_id": row.id, "subject_id": row.id}
    return {**shared, "scope": "", "element": element, "unit_id": unit_id}
