"""Put a backup back, into a new place only, and prove that it is all there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from engine import timers
from engine.backup.archive import Archive, Log, Manifest
from engine.backup.checking import check
from engine.backup.loading import load
from engine.backup.tables import REVISION_TABLE
from engine.db import Store
from engine.durable import sync_folder
from engine.errors import OperatorError
from engine.trail.verify import verify
from processes import migrations
from processes.reconcile import reconcile

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from engine.backup.making import Progress
    from engine.environment import Environment

PASSING = ("sign_in", "worker")
"""Not given back: who was signed in then may have been signed out since, and no worker of then is alive."""


class NotEmpty(OperatorError):
    """There is something in {where} already; a backup is restored into a new place only. Nothing was changed."""

    code = "target_not_empty"
    zh = "{where} 中已有数据；备份只能恢复到全新的位置。未作任何改动。"


class KeyDoesNotFit(OperatorError):
    """This backup needs the master key with the check value {wanted}; the key at hand has {given}."""

    code = "key_does_not_fit"
    zh = "此备份需要校验值为 {wanted} 的主密钥；当前密钥的校验值为 {given}。"


class NewerBackup(OperatorError):
    """This backup is of revision {revision}, which this release does not know; use {program} or a later one."""

    code = "newer_backup"
    zh = "此备份的数据库版本 {revision} 比本程序新；请使用 {program} 或更新的版本。"


@dataclass
class Restored:
    """What was put back. `findings`: what was wrong with it at the time already, else empty."""

    manifest: Manifest
    findings: list[str] = field(default_factory=list)


def restore(url: str, env: Environment, archive: Archive, progress: Progress) -> Restored:
    """Restore into an empty database, then verify trails, reconcile, and look for drift.

    The archive is read whole before anything is written. The tables are made as they were at its revision, filled in
    one transaction, read back and compared with the hashes of the backup, and only then brought to this release. A
    file of SQLite gets its name when all that is done. Raises Damaged, KeyDoesNotFit, NewerBackup, NotEmpty,
    NotTheSame, DoesNotFit.
    """
    manifest = archive.manifest
    if manifest.revision not in migrations.revisions():
        raise NewerBackup(revision=manifest.revision, program=manifest.program)
    if manifest.key_check != env.keys.check_value:
        raise KeyDoesNotFit(wanted=manifest.key_check, given=env.keys.check_value)
    with _new_place(url) as place:
        wrong = check(archive, progress)
        if wrong:
            raise archive.damaged("; ".join(wrong[:5]))
        store = Store(place, env)
        try:
            _refuse_rows(store.engine)
            _fill(store.engine, archive, progress)
            return Restored(manifest, _findings(store, manifest.logs))
        finally:
            store.dispose()


@contextmanager
def _new_place(url: str) -> Iterator[str]:
    """Where to write; a file of SQLite is written beside its place and takes it at the end."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield url
        return
    target, beside = Path(parsed.database), Path(f"{parsed.database}.restoring")
    if any(each.exists() for each in (target, *_companions(target))):
        raise NotEmpty(where=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(beside)  # of a restore that was cut off
    try:
        yield parsed.set(database=str(beside)).render_as_string(hide_password=False)
        beside.rename(target)
        sync_folder(target.parent)
    finally:
        _remove(beside)


def _companions(file: Path) -> list[Path]:
    return [Path(f"{file}{ending}") for ending in ("-wal", "-shm", "-journal")]


def _remove(file: Path) -> None:
    for each in (file, *_companions(file), Path(f"{file}.upgrade")):
        each.unlink(missing_ok=True)


def _refuse_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        quote = connection.dialect.identifier_preparer.quote
        for name in sorted(set(inspect(connection).get_table_names()) - {REVISION_TABLE}):
            if connection.scalar(text(f"SELECT 1 FROM {quote(name)} LIMIT 1")):  # noqa: S608 # its own names
                raise NotEmpty(where=engine.url.render_as_string())


def _fill(engine: Engine, archive: Archive, progress: Progress) -> None:
    migrations.upgrade(engine, archive.manifest.revision)
    with engine.begin() as connection:
        _lift_limits(connection)
        load(connection, archive, progress)
        for name in {*PASSING} & {part.name for part in archive.manifest.tables}:
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 # constants
    migrations.upgrade(engine)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr] # sqlite3
    else:
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))


def _lift_limits(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))


def _findings(store: Store, logs: tuple[Log, ...]) -> list[str]:
    found = []
    with store.read() as session:
        for log in logs:
            verdict = verify(session, log.district_id)
            found += [f"trail of {log.origin}: {line}" for line in verdict.findings]
            if (verdict.size, verdict.root_hex) != (log.size, log.root):
                found.append(f"trail of {log.origin}: its root is not that of the backup")
            found += [f"{log.origin}: {line}" for line in reconcile(session, log.district_id)]
        found += [f"instance {instance}: timer {task} has drifted" for instance, task in timers.drift(session)]
    return found
