"""The disk fills up while people report: they are told what to do, nothing is half written, and it goes on after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import event, func, select

from engine import notices, outbox, timers
from engine.clock import SimulatedClock
from engine.commands import Command
from engine.db import Base, Store
from engine.environment import Environment
from engine.trail.verify import verify
from processes.cases.models import Case
from processes.reconcile import reconcile
from tests.cast import QUARREL, C, Cast, settle_in
from tests.crash.small_disk import small_disk
from tests.postgres import Postgres, find_binaries
from tests.story.server import Client, serving

pytestmark = pytest.mark.crash
PAGES_LEFT = 200
FILLER = "两家为围墙争吵，反复调解未果。" * 60
MOST = 400
"""So many reports fill any disk of these tests."""


@dataclass
class Disk:
    """`fill` leaves room for a few reports, `free` gives it back; `revive` does what an operator then has to do."""

    fill: Callable[[], None]
    free: Callable[[], None]
    revive: Callable[[], None] = lambda: None


def check_whole(cast: Cast, numbers: list[str]) -> None:
    """Exactly the cases that were acknowledged, whole; an answer kept for each of them and for nothing else."""
    with cast.store.read() as session:
        assert sorted(session.scalars(select(Case.number))) == sorted(numbers)
        assert session.scalar(select(func.count()).select_from(Command)) == len(numbers)
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
        assert timers.drift(session) == []


def report(client: Client, key: str) -> requests.Response:
    return client.post("/cases", {**QUARREL, "text": FILLER}, key=key)


def fill_up(client: Client, numbers: list[str]) -> tuple[str, requests.Response]:
    """Report until the disk is full: the key and the answer of the first that failed."""
    for number in range(MOST):
        key = f"report-{number}"
        answer = report(client, key)
        if answer.status_code != 201:
            return key, answer
        numbers.append(answer.json()["number"])
    raise AssertionError("the disk is never full")


def check_told(answer: requests.Response) -> dict[str, Any]:
    """A problem that says in both languages that the disk is full and whom to tell."""
    told: dict[str, Any] = answer.json()
    assert answer.status_code in {503, 507}, told
    assert answer.headers["Content-Type"] == "application/problem+json"
    return told


def live_through(cast: Cast, disk: Disk) -> None:
    """Fill, fail, free, go on, in one and the same server."""
    with serving(cast.store) as town:
        client = town.client(f"C-{C}")
        numbers = [report(client, "before").json()["number"]]
        disk.fill()
        key, answer = fill_up(client, numbers)
        told = check_told(answer)
        chinese = client.post("/cases", {**QUARREL, "text": FILLER}, key=key, headers={"Accept-Language": "zh"})
        english = client.post("/cases", {**QUARREL, "text": FILLER}, key=key, headers={"Accept-Language": "en"})
        assert {check_told(each)["code"] for each in (chinese, english)} == {told["code"]} == {"disk_full"}
        assert "管理员" in chinese.json()["detail"]
        assert "administrator" in english.json()["detail"]
        disk.free()
        disk.revive()
        again = report(client, key)
        assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, None)
        numbers.append(again.json()["number"])
        numbers += [report(client, f"after-{number}").json()["number"] for number in range(5)]
    assert len(set(numbers)) == len(numbers)
    check_whole(cast, numbers)
    cast.do(numbers[0], "verify", result="accept")
    while outbox.deliver(cast.store, [notices.InboxChannel()]):
        pass


@contextmanager
def on_sqlite(folder: Path, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    store = Store(f"sqlite:///{folder / 'gridgov.db'}", env)
    Base.metadata.create_all(store.engine)
    yield settle_in(store, clock)
    store.dispose()


def test_a_full_disk_under_sqlite_is_told_loses_nothing_and_is_survived(
    env: Environment, clock: SimulatedClock
) -> None:
    with small_disk(megabytes=12) as disk, on_sqlite(disk.folder, env, clock) as cast:
        live_through(cast, Disk(fill=lambda: disk.fill(left=PAGES_LEFT * 4096), free=disk.free))


def test_a_database_at_its_own_limit_is_told_loses_nothing_and_is_survived(
    tmp_path: Path, env: Environment, clock: SimulatedClock
) -> None:
    """What SQLite says of a full disk, also where nothing can be mounted: `PRAGMA max_page_count`."""
    with on_sqlite(tmp_path, env, clock) as cast:
        limit = {"pages": 2**31 - 2}

        @event.listens_for(cast.store.engine, "checkout")
        def _limit(connection: Any, _record: Any, _proxy: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={limit['pages']}")

        def fill() -> None:
            with cast.store.read() as session:
                used = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
            limit["pages"] = used + PAGES_LEFT

        live_through(cast, Disk(fill, free=lambda: limit.update(pages=2**31 - 2)))


@pytest.mark.soak
def test_a_full_disk_under_postgresql_is_told_loses_nothing_and_is_survived(
    env: Environment, clock: SimulatedClock
) -> None:
    """Its data and its log share the disk, so that it may have to stop; our processes need no restart."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb is not installed: this was not tested")
    with small_disk(megabytes=120) as disk:
        data = disk.folder / "data"
        data.mkdir()
        server = Postgres(binaries, durable=True, data=data)
        server.start()
        store = Store(server.url(server.create_database()), env)
        Base.metadata.create_all(store.engine)

        def revive() -> None:
            if not server.is_running:
                server.go_on()

        live_through(settle_in(store, clock), Disk(lambda: disk.fill(left=64 * 1024), disk.free, revive))
        store.dispose()
        server.stop()
