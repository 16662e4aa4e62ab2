"""Fixtures that every test can use: a clock that stands still, and a store on each database."""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from sqlalchemy import select
from sqlalchemy.orm import close_all_sessions

from engine.clock import SimulatedClock
from engine.db import Base, Session, Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from engine.network.units import Unit
from processes import models
from processes.registry import build
from tests.cast import Cast, settle_in
from tests.postgres import Postgres, find_binaries

pytest.register_assert_rewrite("tests.crash.books")  # so that a finding is shown, not only that there is one
SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)

assert models  # imported for its tables

settings.register_profile("gridgov", deadline=None, print_blob=True)  # a busy machine is no failure
settings.load_profile("gridgov")

for _name in [name for name in os.environ if name.startswith("GRIDGOV_")]:
    del os.environ[_name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it once, also in a quiet run: a hundred dots and letters hide that a whole database was never tried."""
    if find_binaries() is None:
        skipped = len(terminalreporter.stats.get("skipped", []))
        terminalreporter.write_line(
            f"PostgreSQL is not installed (apt-get install postgresql): {skipped} tests skipped, SQLite only", red=True
        )


@pytest.fixture
def clock() -> SimulatedClock:
    """Tuesday 24 November 2026, nine in the morning, when offices open."""
    return SimulatedClock(NINE)


@pytest.fixture
def env(clock: SimulatedClock) -> Environment:
    return Environment(
        clock=clock,
        keys=KeyRing.from_bytes(b"k" * 32),
        catalogue=Catalogue(),
        registry=build(),
        entropy=SeededEntropy(1),
    )


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb is not installed: these tests ran on SQLite only")
    server = Postgres(binaries)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, real: a file with full syncs, a server on a unix socket. Empty, unless for a `cast`."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gridgov.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    settled = "cast" in request.fixturenames
    name = server.create_database(request.getfixturevalue("settled_on_postgres") if settled else None)
    yield server.url(name)
    close_all_sessions()
    server.drop_database(name)


@pytest.fixture
def store(database_url: str, env: Environment) -> Iterator[Store]:
    """All tables, no rows."""
    opened = Store(database_url, env)
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.dispose()


@pytest.fixture
def session(store: Store) -> Iterator[Session]:
    """A transaction that is rolled back at the end."""
    with Session(store.engine, env=store.env, expire_on_commit=False, autoflush=False) as opened:
        opened.begin()
        yield opened
        opened.rollback()


def _settle(url: str) -> SeededEntropy:
    """Let everybody be at work in an empty database; what its randomness has come to."""
    entropy = SeededEntropy(1)
    clock = SimulatedClock(NINE)
    opened = Store(url, Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), entropy))
    Base.metadata.create_all(opened.engine)
    settle_in(opened, clock)
    opened.dispose()
    return entropy


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SeededEntropy]:
    """A SQLite file in which everybody is at work, made once."""
    file = tmp_path_factory.mktemp("settled") / "gridgov.db"
    return file, _settle(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def settled_on_postgres(postgres: Postgres) -> str:
    """The name of a database in which everybody is at work, made once, to be copied."""
    name = postgres.create_database()
    _settle(postgres.url(name))
    return name


@pytest.fixture
def cast(store: Store, clock: SimulatedClock, settled: tuple[Path, SeededEntropy]) -> Cast:
    """Everybody at work, on each database."""
    if store.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(settled[0])) as made, store.engine.connect() as connection:
            made.backup(connection.connection.driver_connection)  # type: ignore[arg-type] # a sqlite3.Connection
    return _go_on(store, clock, settled[1])


def _go_on(store: Store, clock: SimulatedClock, entropy: SeededEntropy) -> Cast:
    """In a copy of what was settled, with the randomness that comes next."""
    vars(store.env.entropy).update(copy.deepcopy(vars(entropy)))
    with store.read() as session:
        district_id = session.scalars(select(Unit.id).where(Unit.level == "district")).one()
    return Cast(store, clock, district_id)


@pytest.fixture
def sqlite_cast(
    tmp_path: Path, env: Environment, clock: SimulatedClock, settled: tuple[Path, SeededEntropy]
) -> Iterator[Cast]:
    """The same on SQLite only, for tests that are about the processes, not the database."""
    shutil.copy(settled[0], tmp_path / "gridgov.db")
    opened = Store(f"sqlite:///{tmp_path / 'gridgov.db'}", env)
    yield _go_on(opened, clock, settled[1])
    opened.dispose()
