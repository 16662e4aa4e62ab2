"""State is small and stays small (invariant 7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime
from engine.instances import ProcessInstance
from processes.cases import hops
from tests.cast import Cast, G


def test_state_is_of_one_size_after_ten_and_thirty_hops(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hops, "MAX_HOPS", 1000)
    number = sqlite_cast.report().case.number
    sqlite_cast.do(number, "verify", result="accept")
    sizes, tasks = [], []
    for _ in range(15):
        sqlite_cast.do(number, "act", outcome="refer_up", reason="x")
        sqlite_cast.do(number, "accept", outcome="accept")
        by = (sqlite_cast.clock.now() + timedelta(hours=5)).isoformat()
        sqlite_cast.do(number, "act", outcome="assign", target=G, deadline=by)
        with sqlite_cast.store.read() as session:
            row = session.scalars(select(ProcessInstance).where(ProcessInstance.key == "case")).one()
            sizes.append(len(row.state))
            tasks.append(runtime.inspect(session, row.id).tasks)
        sqlite_cast.do(number, "accept", outcome="accept")
    assert len(set(tasks)) == 1
    assert max(sizes) <= min(sizes) * 1.05


def test_the_ladder_of_silence_does_not_grow_a_supervision(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    sqlite_cast.do(number, "verify", result="accept")
    sqlite_cast.pass_time(timedelta(days=12))
    seen = []
    for _ in range(6):
        sqlite_cast.pass_time(timedelta(days=10))
        with sqlite_cast.store.read() as session:
            rows = session.scalars(select(ProcessInstance).where(ProcessInstance.key == "supervision")).all()
            seen.append(max(runtime.inspect(session, row.id).tasks for row in rows if row.status == "running"))
    assert max(seen) <= 70
