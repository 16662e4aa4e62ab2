"""Backups again and again while people work, restored each time; backup and restore killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.backup.archive import Archive
from engine.backup.making import back_up
from engine.clock import SimulatedClock
from engine.db import Store
from engine.environment import Environment
from engine.errors import TryLater, UserError
from processes import attachments
from processes.cases.models import Case
from processes.restoring import restore
from tests.cast import Cast, G
from tests.lived_in import settled
from tests.pictures import jpeg
from tests.postgres import Postgres
from tests.soaking import rounds, seed_of_this_run

pytestmark = pytest.mark.soak
WORKERS = 3


def quiet(_table: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@contextmanager
def people_at_work(cast: Cast, seed: int) -> Iterator[list[int]]:
    """Some who report, verify, refer up and attach, as fast as they can; how much each has done."""
    over, done = threading.Event(), [0] * WORKERS
    broken: list[Exception] = []

    def work(me: int) -> None:
        chance = random.Random(f"{seed}:{me}")
        try:
            while not over.is_set():
                try:
                    act(cast, chance)
                except (UserError, TryLater, IndexError):
                    continue  # somebody else was faster
                done[me] += 1
        except Exception as error:
            broken.append(error)
            raise

    threads = [threading.Thread(target=work, args=[me]) for me in range(WORKERS)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert broken == []


def act(cast: Cast, chance: random.Random) -> None:
    number = cast.report().case.number
    if chance.random() < 0.7:
        cast.do(number, "verify", result="accept")
    if chance.random() < 0.3:
        with cast.store.write() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            attachments.attach(session, cast("G-" + G), case, "a.jpg", jpeg())
    if chance.random() < 0.5:
        cast.do(number, "act", outcome="refer_up", reason="办不了")


def cases(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0


@pytest.fixture
def at_work(database_url: str, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    yield from settled(database_url, env, clock)


def test_every_backup_taken_under_load_comes_back_whole(at_work: Cast, postgres: Postgres, tmp_path: Path) -> None:
    seed = seed_of_this_run()
    print(f"\nbackups under load, seed {seed}", flush=True)
    rows = number = 0
    with people_at_work(at_work, seed) as done:
        for number in rounds(0.1):
            file = tmp_path / f"{number}.zip"
            before = cases(at_work.store)
            manifest = back_up(at_work.store, file, quiet)
            after = cases(at_work.store)
            kept = next(part.rows for part in manifest.tables if part.name == "cases")
            assert before <= kept <= after
            restored_whole(file, number, at_work.store.env, postgres, tmp_path)
            rows += manifest.rows
    print(f"{number + 1} backups of {rows} rows restored and compared, {sum(done)} acts meanwhile", flush=True)


def restored_whole(file: Path, number: int, env: Environment, postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.create_database() if number % 2 else None
    place = postgres.url(name) if name else f"sqlite:///{tmp_path / f'{number}.db'}"
    with Archive(file) as archive:
        assert restore(place, env, archive, quiet).findings == []
    if name:
        postgres.drop_database(name)


def gridgov(environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from web.cli import main; main()", *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def killed(process: subprocess.Popen[bytes], after: float) -> bool:
    """Kill it after so many seconds; False when it had ended by then."""
    end = time.monotonic() + after
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.005)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return was_running


def finish(environ: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-c", "from web.cli import main; main()", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_backup_or_a_restore_that_is_killed_is_nothing_and_can_be_repeated(
    lived_in_file: Path, tmp_path: Path
) -> None:
    seed = seed_of_this_run()
    print(f"\nbackup and restore killed, seed {seed}", flush=True)
    chance, kills = random.Random(seed), 0
    (tmp_path / "key").write_text("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=\n")
    key = {"GRIDGOV_KEY_FILE": str(tmp_path / "key")}
    source = {**key, "GRIDGOV_DATABASE_URL": f"sqlite:///{lived_in_file}"}
    begun = time.monotonic()
    finish(source, "backup", str(tmp_path / "whole.zip"))
    long = time.monotonic() - begun
    for number in rounds(0.1):
        folder = tmp_path / str(number)
        folder.mkdir()
        kills += killed(gridgov(source, "backup", str(folder / "b.zip")), chance.uniform(0.5, 1.1) * long)
        if (folder / "b.zip").exists():
            finish(key, "backup", "verify", str(folder / "b.zip"))
        target = {**key, "GRIDGOV_DATABASE_URL": f"sqlite:///{folder / 'new' / 'gridgov.db'}"}
        kills += killed(gridgov(target, "restore", str(tmp_path / "whole.zip")), chance.uniform(0.5, 2) * long)
        if not (folder / "new" / "gridgov.db").exists():
            finish(target, "restore", str(tmp_path / "whole.zip"))
        finish(target, "trail", "verify")
        assert [each.name for each in (folder / "new").iterdir() if "restoring" in each.name] == []
    print(f"killed {kills} times in {number + 1} rounds", flush=True)
