"""What a closed case costs on disk: all rows and indexes of its journey, its trail, its clocks, its notices.

The journey is an ordinary one of three units: reported by a cell worker, accepted and referred up by the grid, settled
by the village, checked, archived when the time for rating is over. Photos are not counted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from benchmarks.district import GRID, VILLAGE
from engine import notices, outbox, timers
from processes.cases.models import Case

if TYPE_CHECKING:
    from benchmarks.district import Bench

JOURNEYS = 200
RATING_IS_OVER = timedelta(days=30)


def of_a_case(bench: Bench) -> dict[str, float]:
    """`case_bytes`: growth of the database by JOURNEYS closed cases, divided by them."""
    _close(bench, 1)  # the pages that the first one opens
    before = _size(bench)
    numbers = _close(bench, JOURNEYS)
    grown = _size(bench) - before
    with bench.store.read() as session:
        states = set(session.scalars(select(Case.state).where(Case.number.in_(numbers))))
    assert states == {"archived"}, states
    return {"case_bytes": grown / JOURNEYS}


def _journey(bench: Bench) -> str:
    number = bench.report()
    bench.next(GRID, number, result="accept")
    bench.next(GRID, number, outcome="refer_up", reason="两家都不让步，需要村里出面协调")
    bench.next(VILLAGE, number, outcome="accept")
    bench.next(VILLAGE, number, outcome="self_handle", measures="双方签字和解，围墙退回半米")
    bench.by_whom_it_waits_for(number, ok=True, finding="围墙确已退回")
    return number


def _close(bench: Bench, journeys: int) -> list[str]:
    """Go that many ways, let the time for rating pass, and tell everybody."""
    numbers = [_journey(bench) for _ in range(journeys)]
    bench.clock.advance(RATING_IS_OVER)
    while timers.sweep(bench.store):
        pass
    while outbox.deliver(bench.store, [notices.InboxChannel()]):
        pass
    return numbers


def _size(bench: Bench) -> int:
    """Bytes that hold something."""
    with bench.store.read() as session:
        if session.is_sqlite:
            pages = "(select * from pragma_page_count) - (select * from pragma_freelist_count)"
            query = f"select ({pages}) * (select * from pragma_page_size)"
        else:
            query = "select pg_database_size(current_database())"
        return int(session.execute(text(query)).scalar_one())
