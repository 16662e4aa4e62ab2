"""`gridgov doctor`: each check sees what is wrong and says what to do; timers are mended; the cost stays bounded."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, event, select, text, update
from structlog.testing import capture_logs

from engine import outbox, timers
from engine.calendar import CalendarDay
from engine.db import Store
from engine.definitions.models import Definition
from engine.doctor import clockwork, mending
from engine.doctor.checks import Check, Finding, Patient, State, as_data, examine, worst
from engine.doctor.mending import Rebuilt, mend_drift
from engine.environment import Environment
from engine.instances import ProcessInstance
from engine.keys import KeyRing
from engine.outbox import Outbox
from engine.scheduler import Worker
from engine.timers import Timer
from engine.trail import entries
from engine.trail.entries import TrailHead
from engine.trail.verify import verify
from engine.vault import SubjectKey
from engine.worklist import WorkItem
from processes.cases.models import Case
from processes.doctor import CHECKS
from tests.cast import Cast, D, V
from tests.db.engine.test_incidents import SQLITE, Down
from tests.db.engine.test_moving import at_work, settled, whole
from tests.story.server import Town, serving
from web.cli import cli

ADMIN = "QH-" + D
NAMES = {check.name: check for check in CHECKS}
_HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What fails here fails on purpose: its tracebacks are drawn for nobody."""
    with capture_logs():
        yield


@pytest.fixture
def alive(cast: Cast) -> Iterator[Cast]:
    """A case at work, and a worker that has just been heard of."""
    at_work(cast)
    with cast.store.write() as session:
        session.add(Worker(host="a", pid=1, started_at=cast.clock.now(), seen_at=cast.clock.now()))
    return cast


def found(cast: Cast, name: str, *, full: bool = False, backups: Path | None = None) -> Finding:
    return next(iter(examine(cast.store, [NAMES[name]], full=full, backups=backups))).finding


def states(cast: Cast, *, full: bool = False) -> dict[str, str]:
    results = list(examine(cast.store, CHECKS, full=full))
    return {result.check.name: result.finding.state for result in results if result.finding.state is not State.OK}


def on_postgresql(cast: Cast) -> bool:
    with cast.store.read() as session:
        return not session.is_sqlite


UNMIGRATED = {"revision"}
"""Tests make their tables from the models."""


def expected(cast: Cast, *names: str) -> set[str]:
    """A test's clock stands still, a server's own does not; and the throw-away server does not sync."""
    return UNMIGRATED | set(names) | ({"clock", "settings"} if on_postgresql(cast) else set())


def test_what_is_well_is_told_well_also_when_looked_at_in_full(alive: Cast) -> None:
    cast = alive
    cast.tell()
    assert set(states(cast)) == expected(cast)
    assert set(states(cast, full=True)) == expected(cast)
    assert found(cast, "trail", full=True).figures["wrong"] == 0
    assert found(cast, "backup").figures == {}


def test_rows_and_state_that_differ_are_found_and_mended_on_record(alive: Cast) -> None:
    cast, number = alive, "511302-20261124-00001"
    with cast.store.write() as session:
        warn, due, _ = session.scalars(select(Timer).where(Timer.element.like("act_%")).order_by(Timer.due_at)).all()
        session.execute(delete(Timer).where(Timer.id == warn.id))
        session.execute(update(Timer).where(Timer.id == due.id).values(due_at=due.due_at - timedelta(days=2)))
        stray = {"district_id": 1, "instance_id": due.instance_id, "task_id": "zz", "element": "gone", "state": "armed"}
        session.add(Timer(**stray, mark="", due_at=due.due_at, wake_at=due.due_at, attempts=0))
    assert found(cast, "drift").figures["differ"] == 3
    assert "--fix" in NAMES["drift"].remedy[1]
    assert mend_drift(cast.store) == {1: Rebuilt(missing=1, extra=1, moved=1)}
    assert found(cast, "drift", full=True).state is State.OK
    assert mend_drift(cast.store) == {}
    with cast.store.read() as session:
        entry = [e for e in entries.entries_of(session, 1, number) if e.action == "instance:timers:rebuild"]
        body = json.loads(entry[0].body)
    assert (body["actor"], body["data"]["missing"], body["data"]["extra"]) == ("system:cli", 1, 1)
    whole(cast, number)
    cast.pass_time(timedelta(days=5))
    assert "warned" in {mark for mark, _ in cast.notices(number)}  # the rebuilt timer fires


@SQLITE
def test_a_timer_that_fired_in_its_row_only_waits_again(alive: Cast) -> None:
    with alive.store.write() as session:
        warn = session.scalars(select(Timer).where(Timer.element == "act_warn")).one()
        warn.state, warn.fired_at = "fired", alive.clock.now()
    assert found(alive, "drift").figures["differ"] == 1
    assert mend_drift(alive.store) == {1: Rebuilt(missing=1, extra=0, moved=0)}
    whole(alive, "511302-20261124-00001")


@SQLITE
def test_timers_of_an_ended_model_are_orphans_and_go_away(cast: Cast) -> None:
    number = settled(cast)
    cast.do(number, "check", ok=True, finding="属实")
    cast.do(number, "callback", answer="satisfied")
    with cast.store.write() as session:
        now = cast.clock.now()
        session.add(Timer(district_id=1, instance_id=1, task_id="zz", element="x", due_at=now, wake_at=now, mark=""))
    assert found(cast, "orphans").figures == {"timer_without_instance": 1}
    assert mend_drift(cast.store) == {1: Rebuilt(missing=0, extra=1, moved=0)}
    assert found(cast, "orphans").state is State.OK


def test_lateness_is_graded_and_what_was_given_up_is_not_late(alive: Cast) -> None:
    cast = alive
    with cast.store.read() as session:
        due = timers.next_wake(session)
    assert due is not None
    for late, state in ((30, State.OK), (90, State.WARN), (900, State.BAD)):
        cast.clock.set(due + timedelta(seconds=late))
        assert found(cast, "timers").state is state
        assert (found(cast, "timers").figures["due"] or 0) >= 1
    cast.tell()
    with cast.store.write() as session:
        outbox.enqueue(session, 1, "test", [("a", {"subject_no": "1"})])
    for late, state in ((60, State.OK), (300, State.WARN), (3600, State.BAD)):
        cast.clock.set(due + timedelta(seconds=900 + late))
        assert found(cast, "effects").state is state
    outbox.deliver(cast.store, [Down()])
    assert found(cast, "failed_effects").state is State.WARN
    assert found(cast, "effects").state is State.OK
    with cast.store.write() as session:
        session.execute(update(Outbox).where(Outbox.topic == "test").values(state="failed"))
    assert found(cast, "failed_effects").figures == {"given_up": 1, "waiting": 0}


@SQLITE
def test_workers_that_are_silent_or_missing(alive: Cast) -> None:
    alive.clock.advance(timedelta(minutes=1))
    assert found(alive, "workers").state is State.BAD
    with alive.store.write() as session:
        session.add(Worker(host="b", pid=2, started_at=alive.clock.now(), seen_at=alive.clock.now()))
    assert found(alive, "workers").says[1] == "1 alive, 1 without a heartbeat"
    assert found(alive, "workers").state is State.WARN


@SQLITE
def test_clocks_that_differ_are_seen_by_heartbeats_and_by_the_trail(alive: Cast) -> None:
    with alive.store.write() as session:
        session.execute(update(Worker).values(seen_at=alive.clock.now() + timedelta(seconds=10)))
    assert found(alive, "clock").state is State.WARN
    alive.clock.set(alive.clock.now() - timedelta(hours=1))  # set back: entries lie ahead of now
    assert found(alive, "clock").state is State.BAD
    assert found(alive, "clock").figures["skew_seconds"] == 3610.0


@SQLITE
def test_a_key_of_another_database_opens_nothing(alive: Cast) -> None:
    env = alive.store.env
    other = Environment(env.clock, KeyRing.from_bytes(b"x" * 32), env.catalogue, env.registry, env.entropy)
    store = Store(alive.store.url.render_as_string(hide_password=False), other)
    assert found(Cast(store, alive.clock, 1), "key").state is State.BAD
    store.dispose()
    assert found(alive, "key").state is State.OK


def test_rows_that_belong_to_nothing_are_counted_by_kind(alive: Cast) -> None:
    cast = alive
    with cast.store.write() as session:
        session.execute(update(Case).values(instance_id=None))
        session.execute(update(WorkItem).values(instance_id=77))
        session.execute(delete(SubjectKey))
        session.execute(update(ProcessInstance).values(subject_id=88))
    for full in (False, True):
        assert found(cast, "orphans", full=full).figures == {
            "instance_without_case": 1,
            "case_without_instance": 1,
            "item_without_instance": 1,
            "clock_without_item": 1,
            "text_without_key": found(cast, "orphans").figures["text_without_key"],
        }
    assert (found(cast, "orphans").figures["text_without_key"] or 0) >= 1
    assert "在办事件无流程 1" in found(cast, "orphans").says[0]


@SQLITE
def test_a_trail_that_was_changed_is_seen(alive: Cast) -> None:
    cast = alive
    with cast.store.write() as session:
        session.execute(update(TrailHead).values(root=b"x" * 32))
    assert found(cast, "trail").state is State.BAD
    assert found(cast, "trail", full=True).state is State.BAD
    with cast.store.read() as session:
        assert verify(session, 1).findings != []


@SQLITE
def test_the_calendar_is_missed_from_december_on(alive: Cast) -> None:
    cast = alive
    assert found(cast, "calendar").state is State.OK
    cast.clock.set(datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert (found(cast, "calendar").state, "2027" in found(cast, "calendar").says[0]) == (State.WARN, True)
    cast.clock.set(datetime(2027, 1, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert found(cast, "calendar").state is State.BAD
    with cast.store.write() as session:
        session.execute(update(CalendarDay).values(official=True))
    assert found(cast, "calendar").state is State.OK


@SQLITE
def test_models_and_network_that_are_missing(alive: Cast) -> None:
    with alive.store.write() as session:
        session.execute(update(Definition).where(Definition.key == "request").values(active=False))
    assert found(alive, "models").says[1] == "request: no active version"


@SQLITE
def test_a_backup_that_is_old_or_missing(alive: Cast, tmp_path: Path) -> None:
    assert found(alive, "backup", backups=tmp_path).state is State.BAD
    file = tmp_path / "gridgov-20261125T030000Z.zip"
    file.touch()
    now = file.stat().st_mtime
    for hours, state in ((1, State.OK), (30, State.WARN), (100, State.BAD)):
        os.utime(file, (now - hours * 3600, now - hours * 3600))
        assert found(alive, "backup", backups=tmp_path).state is state


@SQLITE
def test_settings_that_lose_commits_are_seen(alive: Cast) -> None:
    def weaken(connection: object, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

    assert found(alive, "settings").state is State.OK
    event.listen(alive.store.engine, "checkout", weaken)
    assert found(alive, "settings").figures == {"wrong": "synchronous"}


def test_a_server_that_does_not_sync_is_seen(alive: Cast) -> None:
    if not on_postgresql(alive):
        assert found(alive, "settings").says[1].startswith("SQLite")
        return
    assert found(alive, "settings").figures == {"wrong": "fsync, full_page_writes"}  # what tests start with
    with alive.store.engine.connect() as connection, connection.begin():
        name = connection.scalar(text("select current_database()"))
        connection.execute(text(f'alter database "{name}" set synchronous_commit = off'))
    alive.store.dispose()
    assert found(alive, "settings").figures == {"wrong": "fsync, synchronous_commit, full_page_writes"}


def test_a_check_that_cannot_be_made_hides_no_other(alive: Cast) -> None:
    def fail(patient: Patient) -> Finding:
        patient.session.execute(text("select nothing from nowhere"))
        raise AssertionError

    broken = Check("x", ("甲", "x"), fail, ("做", "do"), ("零", "none"))
    results = list(examine(alive.store, [broken, NAMES["key"]]))
    assert [result.finding.state for result in results] == [State.BAD, State.OK]
    assert results[0].finding.says[1].startswith("could not be checked: ")
    assert worst(results) is State.BAD
    assert as_data(results)["checks"][0]["do"] == {"zh": "做", "en": "do"}


def test_what_it_costs_does_not_grow_with_the_database(sqlite_cast: Cast) -> None:
    """Statements, not seconds: as many for sixty running cases as for six, once the sample is full."""
    counted: list[str] = []
    event.listen(sqlite_cast.store.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    sizes = []
    for _ in range(2):
        for _ in range(6):
            sqlite_cast.report()
        counted.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clockwork, "LOOKED_AT", 8)
            list(examine(sqlite_cast.store, CHECKS))
        sizes.append(len(counted))
    assert sizes[1] <= sizes[0] + 4


def test_every_check_says_in_both_languages_what_it_means_and_what_to_do() -> None:
    assert len(NAMES) == len(CHECKS)
    for check in CHECKS:
        for zh, en in (check.title, check.remedy, check.cost):
            assert _HAN.search(zh), check.name
            assert en, check.name
            assert not _HAN.search(en), check.name


def test_the_runbook_has_a_line_for_every_check() -> None:
    runbook = (Path(__file__).parents[3] / "docs" / "incidents.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", runbook, re.MULTILINE) == list(NAMES)


@pytest.fixture
def shell(alive: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """The command line on the same database, by the machine's own clock."""
    key = tmp_path / "master.key"
    KeyRing.create(key, b"k" * 32)
    monkeypatch.setenv("GRIDGOV_DATABASE_URL", alive.store.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GRIDGOV_KEY_FILE", str(key))
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return CliRunner()


@SQLITE
def test_the_command_speaks_both_languages_and_ends_with_how_bad_it_is(shell: CliRunner, tmp_path: Path) -> None:
    told = shell.invoke(cli, ["doctor", "--backups", str(tmp_path / "none")])
    assert told.exit_code == 2  # no migration stands in the tables of a test
    assert "→ 程序较新时运行 gridgov db upgrade" in told.output
    english = shell.invoke(cli, ["doctor", "--lang", "en", "--full"])
    assert "→ Run gridgov db upgrade" in english.output
    assert not _HAN.search(english.output)
    answer = json.loads(shell.invoke(cli, ["doctor", "--json", "--fix"]).output)
    assert {check["name"] for check in answer["checks"]} == set(NAMES)
    assert (answer["state"], answer["mended"]) == ("bad", {})


@SQLITE
def test_without_its_key_it_says_so_and_what_to_do(shell: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDGOV_KEY_FILE", "/nonexistent/key")
    told = shell.invoke(cli, ["doctor"])
    assert told.exit_code == 2
    assert "找不到主密钥" in told.output


@SQLITE
def test_over_the_api_for_administrators_only(alive: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with alive.store.write() as session:
        session.execute(delete(Timer).where(Timer.element == "act_warn"))
    with serving(alive.store) as town:
        _over_the_api(town)
    assert mending.mend_drift(alive.store) == {}


def _over_the_api(town: Town) -> None:
    for path in ("/admin/health",):
        assert town.client(f"VA-{V}").get(path).status_code == 403
    assert town.client(f"VA-{V}").post("/admin/timers/rebuild").status_code == 403
    admin = town.client(ADMIN)
    drift = next(c for c in admin.get("/admin/health").json()["checks"] if c["name"] == "drift")
    assert (drift["state"], drift["do"]["en"].startswith("Run gridgov doctor --fix")) == ("bad", True)
    done = admin.done("/admin/timers/rebuild")["rebuilt"]
    assert [(each["missing"], each["extra"], each["moved"]) for each in done] == [(1, 0, 0)]
