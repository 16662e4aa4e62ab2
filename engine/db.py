"""The database: SQLite by default, PostgreSQL by URL, and sessions that carry their environment.

Operations receive a `Session`, never commit and read no globals: what they need besides rows (clock, keys,
registry, compiled definitions) is `session.env`. The commit happens at the edge, in `Store.write`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.orm import Session as SqlSession
from sqlalchemy.types import TypeDecorator

from engine.closing import settle
from engine.troubles import translating

if TYPE_CHECKING:
    from engine.closing import Message
    from engine.environment import Environment
    from engine.notices import Telling
    from engine.trail.entries import Draft

BUSY_TIMEOUT_MS = 30_000
LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",  # the longest report takes seconds; migrations, backup and restore lift it
    "idle_in_transaction_session_timeout": "60s",  # of a process that hangs or whose host is gone, with its locks
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
"""What each session of ours asks of PostgreSQL, on top of what its administrator has set."""
CONNECT_SECONDS = 10
POOL_SECONDS = 10
"""How long a thread waits for a connection before it says that it is busy."""
POOL_SIZE = 40
"""Connections of one process at most; they are opened when they are needed (`GRIDGOV_POOL_SIZE`)."""

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A primary key: 64 bits on PostgreSQL; SQLite numbers rows by itself only for INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC on both databases; a naive one is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The root of all tables; every constraint is named so that migrations can address it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(type_annotation_map={datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON})


class Session(SqlSession):
    """One unit of work, the environment it runs in, and what `engine.closing` will write last."""

    def __init__(self, *args: Any, env: Environment, **kwargs: Any) -> None:
        self.env = env
        self.messages: list[Message] = []
        self.tellings: list[Telling] = []
        self.drafts: list[tuple[int, Draft]] = []
        super().__init__(*args, **kwargs)

    @property
    def is_sqlite(self) -> bool:
        return self.get_bind().dialect.name == "sqlite"


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """INSERT … ON CONFLICT DO NOTHING, in one statement on both databases; how many were missing."""
    if not rows:
        return 0
    done = session.execute(_insert_missing(table, session.is_sqlite), list(rows))
    return int(done.rowcount)  # type: ignore[attr-defined] # CursorResult


@cache
def _insert_missing(table: type[Base], on_sqlite: bool) -> Any:  # noqa: FBT001 # a cache key
    """Built once for each table, past the ORM: nobody wants the rows back as objects."""
    insert = sqlite.insert if on_sqlite else postgresql.insert
    missing = insert(table.__table__).on_conflict_do_nothing()  # type: ignore[arg-type] # a Table at run time
    return missing.execution_options(preserve_rowcount=True)


class Store:
    """A database and the environment of everything that runs on it."""

    def __init__(self, url: str, env: Environment, pool_size: int = POOL_SIZE) -> None:
        """`url`: an SQLAlchemy URL; `sqlite:///path` files are opened in WAL mode with full syncs."""
        self.url = make_url(url)
        self.env = env
        self.engine = _create(url, pool_size)
        self._reading = self.engine.execution_options(gridgov_reading=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits when the block ends well and rolls back when it does not.

        On SQLite it begins IMMEDIATE: a read turned into a write half-way could fail with "locked" at once.
        Nothing is flushed by a query in between: a step's rows fit their constraints only when it is finished.
        Raises TryLater when the database could not: Busy when a lock did not come in time, and others.
        """
        with (
            translating() as stage,
            Session(self.engine, env=self.env, expire_on_commit=False, autoflush=False) as session,
        ):
            with session.begin():
                yield session
                settle(session)
                session.flush()
                self.env.reached("before-commit")
                stage.committing = True
            stage.committing = False
            self.env.reached("after-commit")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction for looking only; it takes no write lock. Raises TryLater."""
        with translating(), Session(self._reading, env=self.env, autoflush=False) as session:
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


_QUIET: dict[str, Any] = {"hide_parameters": True}
"""The text of a failed statement goes to the log; its values, which may be personal, do not."""


def _create(url: str, pool_size: int) -> Engine:
    pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": POOL_SECONDS}
    if make_url(url).get_backend_name() == "sqlite":
        return _create_sqlite(url, pool)
    options = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    arguments = {"options": options, "connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": 60_000}
    return create_engine(url, pool_pre_ping=True, connect_args=arguments, **pool, **_QUIET)


def _create_sqlite(url: str, pool: dict[str, Any]) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **pool, **_QUIET)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("gridgov_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
