"""Does a second server process carry more work, when all of it is one district with one trail?

Eight callers complete items of cases of their own over HTTP at real `gridgov serve` processes on PostgreSQL with fsync
on, through a unix socket: first all at one process, then four at each of two. Everything runs on this one machine:
PostgreSQL takes its share of the same cores, the callers a little (see `serving.Caller`). Rounds with one and with two
take turns, since the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sqlalchemy import select

from benchmarks import copying
from benchmarks.district import GRID
from benchmarks.serving import Caller, post, serving, today
from engine.network.people import issue_token
from engine.worklist import OPEN, WorkItem

if TYPE_CHECKING:
    from benchmarks.district import Bench

CALLERS = 8
ROUNDS = 3
STEPS = 320
"""In each round, for each number of processes."""
WARM_UP = 160
_COPYING = 1


def throughput(bench: Bench) -> dict[str, float]:
    """`postgres_scaling`: steps a second of two processes ÷ of one."""
    requests = iter(_prepared(bench, (ROUNDS * STEPS + WARM_UP) * 2))
    one, two = [], []
    with ExitStack() as stack:
        ports = [stack.enter_context(serving(bench, "--no-worker")) for _ in range(2)]
        for used in (ports[:1], ports[1:]):
            _round(used, [next(requests) for _ in range(WARM_UP)])
        for _ in range(ROUNDS):
            one.append(_round(ports[:1], [next(requests) for _ in range(STEPS)]))
            two.append(_round(ports, [next(requests) for _ in range(STEPS)]))
    return {
        "postgres_scaling": statistics.median(b / a for a, b in zip(one, two, strict=True)),
        "postgres_steps_per_second": statistics.median(two),
    }


def _prepared(bench: Bench, count: int) -> list[bytes]:
    """Requests that each refer another case up."""
    number = bench.report()
    bench.next(GRID, number, result="accept")
    copying.copies(bench.store, number, count, _COPYING)
    with today(bench) as store, store.write() as session:
        token = issue_token(session, GRID)
        query = select(WorkItem.id).where(WorkItem.state.in_(OPEN), WorkItem.id > copying.STRIDE)
        items = session.scalars(query.order_by(WorkItem.id).limit(count)).all()
    body = {"data": {"outcome": "refer_up", "reason": "两家都不让步"}}
    head = {"Authorization": f"Bearer {token}"}
    return [
        post(f"/api/v1/work-items/{item}/complete", head | {"Idempotency-Key": f"scaling-{item}"}, body)
        for item in items
    ]


def _round(ports: list[int], requests: list[bytes]) -> float:
    """Steps a second."""
    shares = [requests[number::CALLERS] for number in range(CALLERS)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=_call, args=(ports[number % len(ports)], share, statuses))
        for number, share in enumerate(shares)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    assert statuses == [200] * len(requests), set(statuses)
    return len(requests) / took


def _call(port: int, requests: list[bytes], statuses: list[int]) -> None:
    caller = Caller(port)
    statuses.extend(caller.send(request) for request in requests)
    caller.close()
