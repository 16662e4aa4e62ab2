"""What goes wrong between us and the database, said so that nobody ever sees a raw lock error, and what is tried again.

`translating` stands around every unit of work (`Store.write`, `Store.read`). It knows two things by which everything
else is decided: whether the work is surely undone, and whether a little later it may well succeed.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.errors import Busy, TryLater

TRIES = 3
RETRY_WITHIN_SECONDS = 8.0
"""No new try is begun later than this: a person waits for the answer, and a thread waits with them."""

Answer = TypeVar("Answer")


class TookTooLong(TryLater):
    """It took too long and was stopped; nothing was changed."""

    code = "took_too_long"
    zh = "处理时间过长，已中止，未作任何改动。"
    after_seconds = 30


class DatabaseAway(TryLater):
    """The database cannot be reached at the moment; nothing was changed."""

    code = "database_away"
    zh = "暂时连不上数据库，未作任何改动。"
    after_seconds = 10


class DiskFull(TryLater):
    """The server's disk is full; nothing was changed."""

    code = "disk_full"
    zh = "服务器磁盘已满，未作任何改动。"
    then = ("请告知管理员清理磁盘，之后再发送一次。", "Tell your administrator to make room, then send it again.")
    after_seconds = 60


class OutcomeUnknown(TryLater):
    """The connection broke at the moment of saving: it may be done or not."""

    code = "outcome_unknown"
    zh = "保存时连接中断，可能已办成，也可能未办成。"
    then = (
        "请原样再发送一次，不会重复办理；若不带 Idempotency-Key，请先查看是否已办成。",
        "Send the same again, it is never done twice; without an Idempotency-Key look first whether it is done.",
    )
    undone = False


_BY_STATE: dict[str, type[TryLater]] = {
    "40001": Busy,  # serialization failure
    "40P01": Busy,  # deadlock detected
    "55P03": Busy,  # lock timeout
    "53300": Busy,  # too many connections
    "57014": TookTooLong,  # statement timeout
    "25P03": TookTooLong,  # idle in transaction for too long: the session is gone
    "53100": DiskFull,
    "25006": DatabaseAway,  # read-only: a standby after a fail-over
    "57P01": DatabaseAway,  # shut down by the administrator
    "57P02": DatabaseAway,  # crash of another process of the server
    "57P03": DatabaseAway,  # starting up
}
"""By SQLSTATE (PostgreSQL manual, appendix A); class 08 is about connections."""
_BY_SQLITE: dict[int, type[TryLater]] = {
    sqlite3.SQLITE_BUSY: Busy,
    sqlite3.SQLITE_LOCKED: Busy,
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DatabaseAway,
    sqlite3.SQLITE_CANTOPEN: DatabaseAway,
    sqlite3.SQLITE_READONLY: DatabaseAway,
}
"""By primary result code: the low byte (sqlite.org/rescode.html)."""


@dataclass
class Stage:
    """Where a unit of work is. A connection that breaks while `committing` leaves the outcome open."""

    committing: bool = False


@contextmanager
def translating() -> Iterator[Stage]:
    """Raises TryLater for what may succeed later; everything else goes through as it is."""
    stage = Stage()
    try:
        yield stage
    except Exception as error:
        trouble = trouble_of(error, committing=stage.committing)
        if trouble is None or trouble is error:
            raise
        raise trouble from error


def trouble_of(error: BaseException, *, committing: bool = False) -> TryLater | None:
    """The trouble behind an error, also when it was wrapped on its way up; None when there is none."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, TryLater):
            return link
        if isinstance(link, SQLAlchemyError):
            return _told(_kind(link), committing=committing)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return None


def why_of(error: BaseException) -> str:
    """For an operator: what the database itself said, in one line."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, DBAPIError):
        link = link.__cause__
    return str(link.orig if link is not None else error).strip().partition("\n")[0]


def _told(kind: type[TryLater] | None, *, committing: bool) -> TryLater | None:
    if kind is None:
        return None
    return OutcomeUnknown() if committing and kind in {DatabaseAway, TookTooLong} else kind()


def _kind(error: SQLAlchemyError) -> type[TryLater] | None:
    if isinstance(error, PoolTimeout):
        return Busy
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _BY_SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver's own: nothing came back from the server
        return DatabaseAway if error.connection_invalidated or type(error.orig).__name__ == "OperationalError" else None
    return _BY_STATE.get(state) or (DatabaseAway if state.startswith("08") else None)


def again(unit: Callable[[], Answer], *, repeatable: bool) -> Answer:
    """Carry out a unit of work, at most TRIES times; `unit` opens its own transaction each time.

    It is tried again at once, after a random moment, when it is surely undone; when that is not certain, only if it is
    `repeatable`: done under an idempotency key, it answers what it answered before. What takes long by itself, a full
    disk and waits beyond RETRY_WITHIN_SECONDS are left to who asked.
    """
    begun = time.monotonic()
    for attempt in range(1, TRIES):
        try:
            return unit()
        except (Busy, DatabaseAway, OutcomeUnknown) as trouble:
            late = time.monotonic() - begun > RETRY_WITHIN_SECONDS
            if late or not (trouble.undone or repeatable):
                raise
        time.sleep(random.uniform(0.02, 0.1) * 4**attempt)
    return unit()
