"""Upgrades of a database in use: one process at a time, and nobody's work waits for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from engine.db import Store
from engine.environment import Environment
from processes import migrations
from processes.migrations import indexes, turns
from processes.migrations.turns import alone
from tests.postgres import Postgres

NOVEL = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{before}"


def upgrade() -> None:
    op.add_column("case_counter", sa.Column("novel", sa.Integer(), nullable=True))
"""


def gridgov(url: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": str(folder / "master.key")}
    command = [sys.executable, "-c", "from web.cli import main; main()", *arguments]
    return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_processes_that_upgrade_at_once_take_turns(database_url: str, env: Environment, tmp_path: Path) -> None:
    store = Store(database_url, env)
    with alone(store.engine):
        both = [gridgov(database_url, tmp_path, "db", "upgrade") for _ in range(2)]
        for each in both:
            assert each.stderr is not None
            assert "waiting for it" in each.stderr.readline()
        assert inspect(store.engine).get_table_names() == []
    for each in both:
        _, said = each.communicate(timeout=60)
        assert each.returncode == 0, said
    with store.read() as session:
        assert migrations.is_current(session.connection())
        assert session.scalar(text("SELECT count(*) FROM calendar_revision")) == 1
    assert sorted(path.name for path in tmp_path.glob("*key*")) == ["master.key"]
    store.dispose()


def test_whoever_waits_too_long_is_told(database_url: str, env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0)
    store = Store(database_url, env)
    with alone(store.engine), ThreadPoolExecutor(1) as elsewhere, pytest.raises(turns.AnotherUpgrade):
        elsewhere.submit(migrations.upgrade, store.engine).result()
    store.dispose()


@pytest.fixture
def server_store(postgres: Postgres, env: Environment) -> Iterator[Store]:
    name = postgres.create_database()
    opened = Store(postgres.url(name), env)
    migrations.upgrade(opened.engine)
    yield opened
    opened.dispose()
    postgres.drop_database(name)


def a_later_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same migrations and one more, which waits for a table only for a moment."""
    folder = shutil.copytree(migrations.FOLDER, tmp_path / "migrations")
    (folder / "versions" / "9999_novel.py").write_text(NOVEL.format(before=migrations.revisions()[-1]))
    entry = folder / "env.py"
    entry.write_text(entry.read_text().replace('"4s"', '"100ms"'))
    monkeypatch.setattr(migrations, "FOLDER", folder)


def test_a_table_in_use_is_given_up_and_tried_again_while_others_go_on(
    server_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_later_release(monkeypatch, tmp_path)
    engine = server_store.engine
    tried = threading.Event()
    monkeypatch.setattr(migrations.log, "warning", lambda *_a, **_k: tried.set())
    upgrading = threading.Thread(target=migrations.upgrade, args=[engine])
    with engine.connect() as report, report.begin():
        report.execute(text("SELECT count(*) FROM case_counter"))  # holds the table until it ends
        upgrading.start()
        assert tried.wait(30)
        with server_store.write() as session:  # does not queue up behind the upgrade
            session.execute(text("INSERT INTO case_counter (district_id, day, last) VALUES (1, '20261124', 1)"))
    upgrading.join(30)
    assert "novel" in {each["name"] for each in inspect(engine).get_columns("case_counter")}
    with engine.connect() as connection:
        assert migrations.current(connection) == "9999"


def test_an_upgrade_that_never_gets_its_table_says_so_and_has_changed_nothing(
    server_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_later_release(monkeypatch, tmp_path)
    monkeypatch.setattr(migrations, "TRIES", 2)
    before = migrations.revisions()[-2]
    with server_store.engine.connect() as report, report.begin():
        report.execute(text("SELECT count(*) FROM case_counter"))
        with pytest.raises(migrations.UpgradeBlocked):
            migrations.upgrade(server_store.engine)
    with server_store.engine.connect() as connection:
        assert migrations.current(connection) == before


def test_an_index_is_built_while_others_write_and_one_that_was_cut_off_anew(server_store: Store) -> None:
    engine = server_store.engine
    with engine.begin() as connection:  # as it stands after a build that was cut off
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_cases_closed'::regclass")
        )
    built: list[str] = []
    building = threading.Thread(target=lambda: built.extend(indexes.make_up_for(engine)))
    with engine.connect() as report, report.begin():
        report.execute(text("LOCK TABLE cases IN ROW EXCLUSIVE MODE"))  # somebody is writing
        building.start()
        with engine.connect() as watching:
            wait_for_statement(watching, "CONCURRENTLY")
        with server_store.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            session.execute(text("LOCK TABLE cases IN ROW EXCLUSIVE MODE"))  # nobody waits for the build
    building.join(30)
    assert built == ["ix_cases_closed"]
    with engine.connect() as connection:
        valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_cases_closed'::regclass")
        assert connection.scalar(valid)


def wait_for_statement(connection: Connection, words: str) -> None:
    query = text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :words")
    end = time.monotonic() + 30
    while not connection.scalar(query, {"words": f"%{words}%"}):
        assert time.monotonic() < end
        connection.rollback()
        time.sleep(0.02)
