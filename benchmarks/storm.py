"""Two thousand deadlines at nine o'clock sharp, one of them 特急, while people work and look at their board.

The deadlines are those of real cases (see `copying`): each is one step that marks the case overdue, tells two people
and starts a supervision. The board is the triage page of a subdistrict with some hundred open items, loaded again and
again by one person; three others complete items of theirs meanwhile. On SQLite everything is one process, as `make run`
starts it: the server with its worker inside. On PostgreSQL it is a server and two workers.
"""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from benchmarks import copying
from benchmarks.district import CENTRE, GRID, VILLAGE
from benchmarks.serving import Caller, get, post, running, serving, today
from engine.deadlines.book import TASK, Deadline
from engine.network.people import by_staff_no, issue_token
from engine.sign_in import sessions
from engine.timers import ARMED, FIRED, Timer
from engine.worklist import OPEN, WorkItem
from web.config import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.district import Bench
    from engine.db import Store

DUE = 2_000
PRESSING = 1_234
"""Which of them, in the order of their ids, is 特急."""
WORKING = 1_500
"""Items for the three who work meanwhile."""
BOARD = 300
IDLE_LOADS = 70
PAUSE = 0.1
"""Seconds between two looks at the board, and between two items of one person."""
PATIENCE = 240
WORKERS, PEOPLE = 2, 3
WARM_UP = 10
STORM, WORK, ON_BOARD = 11, 12, 13
"""Batches of copies, apart from those of other benchmarks."""


def at_nine(bench: Bench, prefix: str = "") -> dict[str, float]:
    """`nine_o_clock_p99_s`, `urgent_lateness_s`, `storm_page` and what they come from; `prefix` tells the database."""
    alone = bench.store.url.get_backend_name() == "sqlite"
    with today(bench) as store, ExitStack() as stack:
        _furnish(bench)
        port = stack.enter_context(serving(bench, *([] if alone else ["--no-worker"])))
        for _ in range(0 if alone else WORKERS):
            stack.enter_context(running(bench, "worker"))
        board = Board(store, port)
        idle = [board.look() for _ in range(IDLE_LOADS)][WARM_UP:]
        with _working(_requests(store), port) as done:
            nine = _fall_due(store)
            busy = _watch(store, board, nine)
        late, pressing = _lateness(store, nine)
        board.close()
    figures = {
        "nine_o_clock_p99_s": _percentile(late, 99),
        "urgent_lateness_s": pressing,
        "storm_page": _percentile(busy, 95) / _percentile(idle, 95),
        "storm_page_idle_ms": _percentile(idle, 95) * 1e3,
        "storm_timers_per_second": DUE / max(late),
        "storm_items_per_second": len(done) / max(late),
    }
    return {prefix + name: value for name, value in figures.items()}


def _furnish(bench: Bench) -> None:
    """The cases whose deadlines will be due, those that people work on, and those on the board."""
    bench.clock.set(datetime.now(UTC))
    at_grid, on_board = bench.report(), bench.report()
    for number in (at_grid, on_board):
        bench.next(GRID, number, result="accept")
    for staff_no in (GRID, VILLAGE):
        bench.next(staff_no, on_board, outcome="refer_up", reason="两家都不让步")
        if staff_no == GRID:
            bench.next(VILLAGE, on_board, outcome="accept")
    copying.copies(bench.store, at_grid, DUE, STORM)
    copying.copies(bench.store, at_grid, WORKING, WORK)
    copying.copies(bench.store, on_board, BOARD, ON_BOARD)


def _fall_due(store: Store) -> datetime:
    """Move the deadlines of the first copying to the next moment: warned already, overdue then. Returns the moment."""
    with store.write() as session:
        nine = session.env.clock.now().replace(microsecond=0) + timedelta(seconds=3)
        mine = _within(Deadline.id, STORM) & (Deadline.clock == TASK)
        moments = {"warn_at": nine, "warned_at": nine, "due_at": nine, "grace_at": nine + timedelta(days=1)}
        session.execute(update(Deadline).where(mine).values(**moments))
        armed = _within(Timer.id, STORM) & Timer.deadline_id.in_(select(Deadline.id).where(mine))
        session.execute(delete(Timer).where(armed, Timer.mark == "warned"))
        for mark, moment in (("overdue", nine), ("escalated", moments["grace_at"])):
            session.execute(update(Timer).where(armed, Timer.mark == mark).values(due_at=moment, wake_at=moment))
        urgent = select(Timer.id).where(armed, Timer.mark == "overdue").order_by(Timer.id).offset(PRESSING).limit(1)
        session.execute(update(Timer).where(Timer.id == session.scalar(urgent)).values(pressing=True))
    return nine


def _within(column: Any, batch: int) -> Any:
    return column.between(batch * copying.STRIDE, (batch + 1) * copying.STRIDE)


class Board:
    """Somebody at the subdistrict's centre who loads the triage page."""

    def __init__(self, store: Store, port: int) -> None:
        with store.write() as session:
            secret = sessions.begin(session, by_staff_no(session, CENTRE), "bench", DEFAULT_LIMITS)
        self._page = get("/triage", {"Cookie": f"sid={secret}"})
        self._caller = Caller(port)

    def look(self) -> float:
        """Seconds until the whole page was there."""
        time.sleep(PAUSE)
        start = time.perf_counter()
        status = self._caller.send(self._page)
        took = time.perf_counter() - start
        assert status == 200, status
        return took

    def close(self) -> None:
        self._caller.close()


def _requests(store: Store) -> list[bytes]:
    """What people do meanwhile: each request completes another item."""
    with store.write() as session:
        token = issue_token(session, GRID)
        query = select(WorkItem.id).where(_within(WorkItem.id, WORK), WorkItem.state.in_(OPEN))
        items = session.scalars(query.order_by(WorkItem.id)).all()
    body = {"data": {"outcome": "refer_up", "reason": "两家都不让步"}}
    return [post(f"/api/v1/work-items/{item}/complete", {"Authorization": f"Bearer {token}"}, body) for item in items]


@contextmanager
def _working(requests: list[bytes], port: int) -> Iterator[list[int]]:
    """PEOPLE who complete one item after the other while the block runs; gives the answers' statuses."""
    statuses: list[int] = []
    enough = threading.Event()

    def work(mine: list[bytes]) -> None:
        caller = Caller(port)
        for request in mine:
            if enough.wait(PAUSE):
                break
            statuses.append(caller.send(request))
        caller.close()

    threads = [threading.Thread(target=work, args=(requests[number::PEOPLE],)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    yield statuses
    enough.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}, set(statuses)


def _watch(store: Store, board: Board, nine: datetime) -> list[float]:
    """Load the board until all have fired; the times of what was loaded from nine on."""
    times, end = [], time.monotonic() + PATIENCE
    while _left(store, nine):
        assert time.monotonic() < end, "the timers did not all fire"
        for _ in range(10):
            is_storm = datetime.now(UTC) >= nine
            took = board.look()
            if is_storm:
                times.append(took)
    return times


def _left(store: Store, nine: datetime) -> int:
    with store.read() as session:
        due = select(func.count()).where(_within(Timer.id, STORM), Timer.state == ARMED, Timer.due_at == nine)
        return session.scalar(due) or 0


def _lateness(store: Store, nine: datetime) -> tuple[list[float], float]:
    """Seconds of each timer, and of the one that is 特急."""
    with store.read() as session:
        rows = session.execute(
            select(Timer.fired_at, Timer.pressing).where(
                _within(Timer.id, STORM), Timer.state == FIRED, Timer.due_at == nine
            )
        ).all()
    late = [((row.fired_at - nine).total_seconds(), row.pressing) for row in rows]
    assert len(late) == DUE, len(late)
    return [seconds for seconds, _ in late], next(seconds for seconds, pressing in late if pressing)


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
