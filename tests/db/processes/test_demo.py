"""The demonstration's month: killed half-way it goes on, real people are left alone, every desk has something on it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import calendar, incidents, runtime, timers
from engine.actors import Actor
from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.deadlines.book import Deadline
from engine.definitions.deploy import read_directory
from engine.environment import Environment
from engine.network.importing import import_units
from engine.network.people import Staff, actor_of, by_staff_no, holders
from engine.network.staffing import import_staff
from engine.notices import Notice
from engine.sign_in.credentials import Credential
from engine.trail import entries
from engine.trail.verify import verify
from engine.worklist import OPEN, WorkItem
from processes import models_folder
from processes.attachments import Attachment
from processes.cases.models import Case
from processes.cases.reporting import report
from processes.demo import month, runs
from processes.demo.accounts import ACCOUNTS
from processes.demo.opening import open_demo
from processes.demo.runs import DemoRun, MonthOver
from processes.reconcile import reconcile
from processes.requests.models import Request
from processes.supervisions.models import Supervision
from tests.cast import QUARREL, Cast, units_csv

DAYS = 3


def opened(store: Store) -> DemoRun:
    with store.write() as session:
        calendar.seed(session)
    open_demo(store, read_directory(models_folder()), days=DAYS)
    return run_of(store)


def run_of(store: Store) -> DemoRun:
    with store.read() as session:
        row = runs.find(session)
        assert row is not None
        return row


def person(store: Store, staff_no: str) -> Actor:
    with store.read() as session:
        return actor_of(session, by_staff_no(session, staff_no))


def kill_after(store: Store, commits: int) -> None:
    url = store.url.render_as_string(hide_password=False)
    arguments = [url, store.env.clock.now().isoformat(), str(commits)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.db.processes.demo_victim", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -9, done.stderr


def check_whole(store: Store, district_id: int) -> None:
    with store.read() as session:
        assert verify(session, district_id).findings == []
        assert reconcile(session, district_id) == []
        assert timers.drift(session) == []
        assert incidents.open_count(session) == 0


def claim_something(store: Store) -> str:
    """A real person takes up a made-up matter; the number of its case."""
    with store.write() as session:
        query = select(WorkItem).where(WorkItem.state.in_(OPEN), WorkItem.element.in_(("verify", "accept", "act")))
        item = session.scalars(query.order_by(WorkItem.id)).first()
        assert item is not None
        post = (item.unit_id, item.role)
        runtime.claim(session, actor_of(session, holders(session, [post])[post][0]), item.id)
        return item.subject_no


def story_of(store: Store, district_id: int, number: str) -> list[tuple[str, str]]:
    with store.read() as session:
        return [(entry.action, entry.actor) for entry in entries.entries_of(session, district_id, number)]


def test_a_month_killed_half_way_goes_on_and_leaves_real_people_alone(store: Store, clock: SimulatedClock) -> None:
    district_id = opened(store).district_id
    kill_after(store, 60)
    half = run_of(store)
    assert half.state == runs.RUNNING
    assert half.day < DAYS
    check_whole(store, district_id)

    clock.advance(timedelta(seconds=20))
    assert runs.holds(store)
    reporter = person(store, "C009009001001")
    with store.write() as session:
        own = report(session, reporter, {**QUARREL, "place_unit": "511302009009001001"}).case.number
    taken = claim_something(store)
    before = {number: story_of(store, district_id, number) for number in (own, taken)}

    row = month.live(store, cases_per_day=5)
    assert row is not None
    assert (row.state, row.share) == (runs.FINISHED, 1.0)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == row.cases + 1
    assert {number: story_of(store, district_id, number) for number in (own, taken)} == before
    assert not runs.holds(store)
    check_whole(store, district_id)

    clock.advance(timedelta(days=2))  # the worker takes over, theirs and the made-up ones alike
    timers.sweep(store)
    assert ("deadline:mark:overdue", "system:clock") in story_of(store, district_id, own)
    check_whole(store, district_id)


def test_every_demo_account_finds_something_on_its_desk(tmp_path: Path, env: Environment) -> None:
    store = Store(f"sqlite:///{tmp_path / 'gridgov.db'}", env)
    Base.metadata.create_all(store.engine)
    opened(store)
    month.live(store, cases_per_day=5)
    found = {account.staff_no: desk_of(store, account.staff_no) for account in ACCOUNTS}
    for number in ("C009009001001", "G009009001", "VA009009", "SB009", "QB", "D-police-A", "D-linjiang-A"):
        assert {"ok", "warned", "overdue"} <= {light for _, light in found[number]}, number
    expected = {
        "G009009001": {"verify", "act", "decide", "reply"},
        "VA009009": {"accept", "act", "suspended"},
        "VB009009": {"check", "confirm", "consider_return"},
        "SA009": {"callback"},
        "SC009": {"confirm", "consider_return"},
        "SE009": {"decide", "rule"},
        "SF009": {"judge"},
        "QF": {"judge"},
        "D-command-A": {"judge"},
    }
    for number, elements in expected.items():
        assert elements <= {element for element, _ in found[number]}, number
    with store.read() as session:
        unread = set(session.scalars(select(Notice.staff_id).where(Notice.read_at.is_(None))))
        assert {person(store, number).staff_id for number in ("C009009001001", "G009009001", "SB009", "QF")} <= unread
        kinds = set(session.scalars(select(Case.kind)))
        assert {"dispute", "livelihood", "hazard", "criminal", "legal_service"} <= kinds
        assert {"satisfied"} <= set(session.scalars(select(Case.rating)))
        assert {"open", "granted"} <= set(session.scalars(select(Request.state)))
        assert {"hand"} <= set(session.scalars(select(Supervision.origin)))
        assert session.scalar(select(func.count()).select_from(Attachment)) > 0
    store.dispose()


def desk_of(store: Store, staff_no: str) -> set[tuple[str, str]]:
    """(element, light) of the open items at the person's posts."""
    posts = {(post.unit_id, post.role) for post in person(store, staff_no).posts}
    with store.read() as session:
        query = (
            select(WorkItem, Deadline)
            .join(
                Deadline,
                (Deadline.instance_id == WorkItem.instance_id)
                & (Deadline.scope == WorkItem.scope)
                & (Deadline.element == WorkItem.element),
            )
            .where(WorkItem.state.in_(OPEN), Deadline.closed_at.is_(None))
        )
        return {
            (item.element, "overdue" if clock.overdue_at else "warned" if clock.warned_at else "ok")
            for item, clock in session.execute(query)
            if (item.unit_id, item.role) in posts
        }


def test_the_worker_takes_a_silent_month_over_for_good(sqlite_cast: Cast) -> None:
    store, clock = sqlite_cast.store, sqlite_cast.clock
    with store.write() as session:
        runs.begin(session, sqlite_cast.district_id, clock.now())
    assert runs.holds(store)
    clock.advance(runs.SILENCE + timedelta(seconds=1))
    assert not runs.holds(store)
    assert run_of(store).state == runs.CUT_SHORT
    assert month.live(store) is None
    with store.write() as session:
        assert not runs.started_anew(session)


def test_a_process_that_was_overtaken_can_write_no_more(sqlite_cast: Cast) -> None:
    store = sqlite_cast.store
    with store.write() as session:
        runs.begin(session, sqlite_cast.district_id, sqlite_cast.clock.now())
    with store.write() as session:
        first = runs.take_up(session)
        assert first is not None
        old = month.MonthStore(str(store.url), store.env, first.fence)
    with old.write():
        pass
    with store.write() as session:
        runs.take_up(session)
    with pytest.raises(MonthOver), old.write():
        raise AssertionError("must not get in")
    old.dispose()


def test_somebodys_own_network_gets_no_made_up_people(store: Store) -> None:
    with store.write() as session:
        import_units(session, "system:test", units_csv())
        import_staff(session, "system:test", b"staff_no,name,unit_code,roles,phone\nQB,\xe7\x8e\x8b,511302,handler,\n")
    open_demo(store, read_directory(models_folder()))
    with store.read() as session:
        assert runs.find(session) is None
        assert session.scalar(select(func.count()).select_from(Staff)) == 1
        assert session.scalar(select(func.count()).select_from(Credential)) == 0
    assert month.live(store) is None
    assert not runs.holds(store)
