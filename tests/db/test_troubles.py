"""What goes wrong between us and the database: told in plain words, undone, and tried again where that is safe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import IntegrityError

from engine import db, troubles
from engine.clock import SimulatedClock
from engine.db import Base, Session, Store
from engine.environment import Environment
from engine.errors import Busy, TryLater
from engine.step import StepFailed
from engine.troubles import DatabaseAway, DiskFull, OutcomeUnknown, TookTooLong
from processes.cases.models import Case, CaseCounter
from tests.cast import QUARREL, C, Cast, settle_in
from tests.postgres import Postgres
from tests.story.server import Town, serving

CELL = "C-" + C


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long in these tests."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr(db, "POOL_SECONDS", 0.05)
    monkeypatch.setitem(db.LIMITS, "lock_timeout", "50ms")
    monkeypatch.setitem(db.LIMITS, "statement_timeout", "300ms")


@pytest.fixture
def on_postgres(postgres: Postgres, env: Environment) -> Iterator[Store]:
    """One table on a server."""
    name = postgres.create_database()
    opened = Store(postgres.url(name), env)
    with opened.engine.begin() as connection:
        Base.metadata.create_all(connection, [Base.metadata.tables["case_counter"]])
    yield opened
    opened.dispose()
    postgres.drop_database(name)


def count_up(session: Session, district_id: int = 1) -> None:
    row = session.get(CaseCounter, (district_id, "20261124"), with_for_update=True)
    if row is None:
        session.add(CaseCounter(district_id=district_id, day="20261124", last=1))
    else:
        row.last += 1
    session.flush()


def counted(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.sum(CaseCounter.last))) or 0


def test_a_lock_that_does_not_come_is_busy_and_nothing_is_changed(store: Store) -> None:
    with store.write() as session:
        count_up(session)
    with store.write() as holder:
        count_up(holder)
        with pytest.raises(Busy), store.write() as session:
            count_up(session)
    assert counted(store) == 2


def test_a_lock_that_a_step_waited_for_in_vain_is_busy_and_no_failed_step(store: Store) -> None:
    with store.write() as session:
        count_up(session)

    def in_a_step(session: Session) -> None:
        try:
            count_up(session)
        except Exception as error:
            raise StepFailed(1, "act") from error

    with store.write() as holder:
        count_up(holder)
        with pytest.raises(Busy), store.write() as session:
            in_a_step(session)


def test_what_is_no_trouble_of_the_database_stays_what_it_is(store: Store) -> None:
    with store.write() as session:
        count_up(session)
    with pytest.raises(IntegrityError), store.write() as session:
        session.execute(text("INSERT INTO case_counter (district_id, day, last) VALUES (1, '20261124', 1)"))
    with pytest.raises(ZeroDivisionError), store.read():
        raise ZeroDivisionError


def test_more_at_once_than_there_are_connections_is_busy(database_url: str, env: Environment) -> None:
    small = Store(database_url, env, pool_size=1)
    with small.read() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(Busy), small.read() as second:
            second.execute(text("SELECT 1"))
    small.dispose()


def test_a_full_disk_is_told_as_such_and_nothing_is_changed(sqlite_cast: Cast) -> None:
    store = sqlite_cast.store

    def fill(connection: object) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()  # type: ignore[attr-defined]
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    event.listen(store.engine, "begin", fill)
    with pytest.raises(DiskFull), store.write() as session:
        session.execute(
            text("INSERT INTO definition_file (sha256, content) VALUES ('x', :content)"), {"content": bytes(2**20)}
        )
    event.remove(store.engine, "begin", fill)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM definition_file WHERE sha256 = 'x'")) == 0


def test_a_statement_that_takes_too_long_is_stopped(on_postgres: Store) -> None:
    with pytest.raises(TookTooLong), on_postgres.read() as session:
        session.execute(text("SELECT pg_sleep(30)"))


def test_a_database_that_is_not_there_is_away(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Store("postgresql+psycopg://nobody@/nothing?host=/nowhere", env)
    with pytest.raises(DatabaseAway) as told, nowhere.read() as session:
        session.execute(text("SELECT 1"))
    assert "/nowhere" in troubles.why_of(told.value)
    nowhere.dispose()


def hang_up(store: Store) -> None:
    """End every other session of this database, as a restarted server does."""
    with store.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )


def test_a_connection_that_breaks_before_the_commit_leaves_nothing(on_postgres: Store) -> None:
    def unit() -> None:
        with on_postgres.write() as session:
            count_up(session)
            hang_up(on_postgres)
            session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseAway):
        unit()
    assert counted(on_postgres) == 0


def breaking(store: Store, times: int) -> tuple[Environment, list[int]]:
    """An environment in which the connection breaks in the very moment of the commit, so many times."""
    left = [times]

    def reached(point: str) -> None:
        if point == "before-commit" and left[0]:
            left[0] -= 1
            hang_up(store)

    return replace(store.env, reached=reached), left


def test_a_connection_that_breaks_in_the_commit_leaves_the_outcome_open(on_postgres: Store) -> None:
    env, _ = breaking(on_postgres, 1)
    fragile = Store(on_postgres.url.render_as_string(hide_password=False), env)
    with pytest.raises(OutcomeUnknown), fragile.write() as session:
        count_up(session)
    fragile.dispose()


def test_two_that_wait_for_each_other_both_get_through(on_postgres: Store) -> None:
    for district_id in (1, 2):
        with on_postgres.write() as session:
            count_up(session, district_id)
    met = threading.Barrier(2)
    tries: list[int] = []

    def both(first: int, second: int) -> None:
        def unit() -> None:
            tries.append(first)
            with on_postgres.write() as session:
                session.execute(text("SET LOCAL lock_timeout = '10s'"))
                count_up(session, first)
                if len(tries) <= 2:
                    met.wait(10)
                count_up(session, second)

        troubles.again(unit, repeatable=False)

    threads = [threading.Thread(target=both, args=order) for order in ((1, 2), (2, 1))]
    with lifted(on_postgres.engine):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(tries) == 3  # PostgreSQL chose a victim
    assert counted(on_postgres) == 6


class lifted:  # noqa: N801 # reads as what it does
    """A deadlock takes PostgreSQL a second to find."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        event.listen(self.engine, "begin", self.lift)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "begin", self.lift)

    @staticmethod
    def lift(connection: object) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("trouble", "repeatable", "tries"),
    [(Busy, False, 3), (DatabaseAway, False, 3), (OutcomeUnknown, True, 3), (OutcomeUnknown, False, 1)]
    + [(kind, True, 1) for kind in (TookTooLong, DiskFull)],
)
def test_only_what_is_safe_and_quick_is_tried_again(
    trouble: type[TryLater], repeatable: bool, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    seen: list[None] = []

    def unit() -> None:
        seen.append(None)
        raise trouble

    with pytest.raises(trouble):
        troubles.again(unit, repeatable=repeatable)
    assert len(seen) == tries


def test_nothing_is_tried_again_after_a_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, troubles.RETRY_WITHIN_SECONDS + 0.1])
    monkeypatch.setattr("engine.troubles.time.monotonic", lambda: next(clock))

    def unit() -> None:
        raise Busy

    with pytest.raises(Busy):
        troubles.again(unit, repeatable=True)


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as opened:
        yield opened


def test_a_person_never_sees_a_lock_error(cast: Cast, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    cell = town.client(CELL)
    cast.report()
    with cast.store.write() as holder:
        holder.execute(text("UPDATE case_counter SET last = last + 1"))
        answers = [
            cell.post("/cases", QUARREL, key="k", headers={"Accept-Language": language}) for language in ("zh", "en")
        ]
    for answer, words in zip(answers, ("未作任何改动", "nothing was changed"), strict=True):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        problem = answer.json()
        assert problem["code"] == "busy"
        assert words in problem["title"]
        assert "lock" not in answer.text
    assert cell.post("/cases", QUARREL, key="k").status_code == 201


def cases(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0


def test_a_server_that_restarts_in_the_moment_of_saving_loses_and_doubles_nothing(
    postgres: Postgres, env: Environment, clock: SimulatedClock
) -> None:
    name = postgres.create_database()
    store = Store(postgres.url(name), env)
    Base.metadata.create_all(store.engine)
    settle_in(store, clock)
    breaks, left = breaking(store, 0)
    fragile = Store(postgres.url(name), breaks)
    with serving(fragile) as town:
        cell = town.client(CELL)
        left[0] = 1
        unsure = cell.post("/cases", QUARREL)
        left[0] = 1
        answer = cell.post("/cases", QUARREL, key="k")
    assert (unsure.status_code, unsure.json()["code"]) == (503, "outcome_unknown")
    assert "Retry-After" not in unsure.headers  # without a key the same could be done twice
    assert answer.status_code == 201
    assert cases(store) == 1
    fragile.dispose()
    store.dispose()
    postgres.drop_database(name)
