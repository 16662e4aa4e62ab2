"""One process at a time changes the shape of a database, however many are started together."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from engine.errors import OperatorError

if TYPE_CHECKING:
    from sqlalchemy import Engine

PATIENCE_SECONDS = 1800
POLL_SECONDS = 0.2
_LOCK = 0x67726964676F76  # "gridgov"; an advisory lock belongs to one database
_held: ContextVar[frozenset[str]] = ContextVar("upgrading", default=frozenset())

log = structlog.get_logger(__name__)


class AnotherUpgrade(OperatorError):
    """Another process has been upgrading this database for half an hour; nothing was changed. Look after that one."""

    code = "another_upgrade"
    zh = "另一个进程正在升级此数据库，已超过半小时；未作任何改动。请先查看那个进程。"


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Wait until no other process is inside, on any host. Inside it may be asked for again. Raises AnotherUpgrade.

    The lock ends with its process. On PostgreSQL it is asked for again and again instead of waited for: a waiting
    statement would hold a snapshot, and CREATE INDEX CONCURRENTLY waits for every snapshot, which would be a deadlock.
    """
    name = engine.url.render_as_string()
    if name in _held.get():
        yield
        return
    lock = _file_lock if engine.dialect.name == "sqlite" else _advisory_lock
    with lock(engine):
        token = _held.set(_held.get() | {name})
        try:
            yield
        finally:
            _held.reset(token)


@contextmanager
def _advisory_lock(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        query = text("SELECT pg_try_advisory_lock(:lock)")
        _wait(lambda: bool(connection.scalar(query, {"lock": _LOCK})))
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


@contextmanager
def _file_lock(engine: Engine) -> Iterator[None]:
    database = engine.url.database
    if not database or database == ":memory:":
        yield
        return
    with Path(f"{database}.upgrade").open("w") as file:
        _wait(lambda: _try_flock(file.fileno()))
        yield


def _try_flock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(taken: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    if taken():
        return
    log.warning("another process upgrades this database; waiting for it")
    while not taken():
        if time.monotonic() > end:
            raise AnotherUpgrade
        time.sleep(POLL_SECONDS)
