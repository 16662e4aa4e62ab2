"""What was acknowledged had been synced to the disk before: seen by strace, and counted by PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, text

from engine.db import Base, Store
from engine.environment import Environment
from engine.keys import KeyRing
from engine.network.people import issue_token
from tests.cast import QUARREL, C, Cast
from tests.crash.ground import wait_until
from tests.crash.herd import free_port
from tests.postgres import Postgres

pytestmark = pytest.mark.crash
COMMANDS = 5
COMMITS = 60
REAL = ("-c", "from web.cli import main; main()")
UNSAFE = ("-m", "tests.crash.unsafe_server")
_CALL = re.compile(r"^\S+\s+(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)")


@dataclass
class Seen:
    """What strace saw between a command's arrival and its answer."""

    syncs: int = 0


def trace(cast: Cast, folder: Path, *program: str) -> list[Seen]:
    """Report cases one after the other to a real server under strace; what was synced before each answer."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: this was not tested (apt-get install strace)")
    with cast.store.write() as session:
        token = issue_token(session, f"C-{C}")
    KeyRing.create(folder / "key", b"k" * 32)
    port, log = free_port(), folder / "calls"
    options = ("-f", "-qq", "-y", "-s", "24", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,sendto,recvfrom", "-o")
    serve = ("serve", "--port", str(port), "--no-worker")
    url = cast.store.url.render_as_string(hide_password=False)
    environment = {"GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": str(folder / "key"), "PATH": "/usr/bin:/bin"}
    command = [strace, *options, str(log), sys.executable, *program, *serve]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_until(lambda: _answers(port) or process.poll() is not None, "the server under strace does not start")
        assert process.poll() is None, (folder / "log").read_text()
        for number in range(COMMANDS):
            _report(port, token, number)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # strace itself does not listen while its child lives
        process.wait(30)
    return _read(log)


def _answers(port: int) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    return False


def _report(port: int, token: str, number: int) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"report-{number}"}
    url = f"http://127.0.0.1:{port}/api/v1/cases"
    answer = requests.post(url, json=QUARREL, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text


def _read(log: Path) -> list[Seen]:
    """Requests come one at a time, so that what lies between one's arrival and its answer belongs to it."""
    found: list[Seen] = []
    is_open = False
    for line in log.read_text(errors="replace").splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        name, rest = call.groups()
        if name == "recvfrom" and '"POST /api/v1/cases' in rest:
            found.append(Seen())
            is_open = True
        elif name == "sendto" and '"HTTP/1.1 201' in rest:
            is_open = False
        elif name in {"fsync", "fdatasync"} and "gridgov.db-wal" in rest and is_open:
            found[-1].syncs += 1
    return found


def test_each_command_is_synced_before_it_is_acknowledged_on_sqlite(sqlite_cast: Cast, tmp_path: Path) -> None:
    seen = trace(sqlite_cast, tmp_path, *REAL)
    assert len(seen) == COMMANDS
    assert [each.syncs for each in seen if each.syncs < 1] == []


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_server_that_does_not_sync_is_found_out(sqlite_cast: Cast, tmp_path: Path, level: str) -> None:
    """The proof that the test above can fail: NORMAL syncs SQLite's log at checkpoints only, OFF never."""
    seen = trace(sqlite_cast, tmp_path, *UNSAFE, level)
    assert [each.syncs for each in seen] == [0] * COMMANDS


@pytest.mark.parametrize(("setting", "synced"), [("on", True), ("off", False)])
def test_each_commit_is_synced_by_postgresql_and_the_count_shows_when_it_is_not(
    durable_postgres: Postgres, env: Environment, setting: str, synced: bool
) -> None:
    name = durable_postgres.create_database()
    if not synced:
        durable_postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = Store(durable_postgres.url(name), env)
    Base.metadata.create_all(store.engine)
    before = syncs_of(durable_postgres)
    for number in range(COMMITS):
        with store.write() as session:
            session.execute(text("INSERT INTO case_counter VALUES (1, :day, 1)"), {"day": f"d{number}"})
    store.dispose()  # a connection that ends hands in what it has counted
    time.sleep(0.1)
    counted = syncs_of(durable_postgres) - before
    durable_postgres.drop_database(name)
    assert (counted >= COMMITS) is synced, f"{counted} syncs for {COMMITS} commits"


def syncs_of(server: Postgres) -> int:
    """How often the server has synced its log (PostgreSQL manual, 28.2: pg_stat_wal, since 18 pg_stat_io)."""
    engine = create_engine(server.url("postgres"))
    with engine.connect() as connection:
        new = (connection.dialect.server_version_info or (0,)) >= (18,)
        query = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'" if new else "SELECT wal_sync FROM pg_stat_wal"
        count = int(connection.scalar(text(query)) or 0)
    engine.dispose()
    return count
