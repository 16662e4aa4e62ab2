"""A migration: many instances moved to another version, each in a transaction of its own, with a row for each.

The rows are written before the first instance moves, and each is marked in the transaction that moves its instance:
wherever the process dies, `go_on` finishes exactly the rest. A dry run does the same work and rolls it back, so it
cannot promise anything else than what will happen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import CheckConstraint, Index, Select, String, func, literal, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.definitions.migrating import Moved, move
from engine.definitions.models import Definition
from engine.errors import NotFound, UserError
from engine.instances import RUNNING, ProcessInstance
from engine.spiff.migrating import DoesNotMap
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store
    from engine.definitions.reading import Finding
    from engine.spiff.compiler import Compiled

PLANNED, MOVED, REFUSED, FAILED, LEFT = "planned", "moved", "refused", "failed", "left"
PAGE = 100

log = structlog.get_logger(__name__)


class UnknownVersion(UserError):
    """Model {key} has no version {version}; there are: {known}."""

    code = "unknown_version"
    zh = "流程模型 {key} 没有第 {version} 版；现有：{known}。"


class UnknownCases(UserError):
    """No running instance of {key} in another version than {version}: {numbers}."""

    code = "unknown_cases"
    zh = "没有可迁移到 {key} 第 {version} 版的运行中实例：{numbers}。"


class BadMapping(UserError):
    """{element} cannot be mapped: {reason}."""

    code = "bad_mapping"
    zh = "元素 {element} 无法映射：{reason_zh}。"


class Migration(Base):
    """One migration. `mapping`: old element id → new one; `source_version` None: from all other versions."""

    __tablename__ = "migration"
    __table_args__ = (
        CheckConstraint("state in ('open', 'finished')", name="state_known"),
        CheckConstraint("(state = 'finished') = (finished_at is not null)", name="finished_has_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(64))
    source_version: Mapped[int | None]
    target_id: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(64))
    finished_at: Mapped[datetime | None]


class MigrationEntry(Base):
    """One instance of a migration. `findings`: why it was refused; `error`: the class of what it failed by."""

    __tablename__ = "migration_entry"
    __table_args__ = (
        CheckConstraint("state in ('planned', 'moved', 'refused', 'failed', 'left')", name="state_known"),
        Index("ix_migration_entry_state", "migration_id", "state", "instance_id"),
    )

    migration_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    instance_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    subject_no: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    """left: it had ended by its turn, or had been moved otherwise."""
    findings: Mapped[list[Any] | None]
    error: Mapped[str | None] = mapped_column(String(64))
    done_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Wanted:
    """Which instances go where. `source`: from this version only; `numbers`: these subjects only."""

    key: str
    target: int
    source: int | None = None
    numbers: Sequence[str] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What became of one instance, or would become of it in a dry run."""

    instance_id: int
    subject_no: str
    state: str
    moved: Moved | None = None
    findings: tuple[Finding, ...] = ()
    error: str = ""


def plan(session: Session, actor: Actor, wanted: Wanted) -> Migration:
    """Write down a migration with a row for each instance that it is about; nothing moves yet.

    Raises UnknownVersion, UnknownCases, BadMapping.
    """
    target = _check(session, actor, wanted)
    row = Migration(
        district_id=actor.district_id,
        key=wanted.key,
        source_version=wanted.source,
        target_id=target.id,
        mapping=dict(wanted.mapping),
        state="open",
        started_at=session.env.clock.now(),
        started_by=actor.ref,
    )
    session.add(row)
    session.flush()
    which = _candidates(actor, wanted, target.id)
    columns = which.with_only_columns(
        literal(row.id), ProcessInstance.id, ProcessInstance.subject_no, ProcessInstance.definition_id, literal(PLANNED)
    )
    names = ["migration_id", "instance_id", "subject_no", "source_id", "state"]
    session.execute(MigrationEntry.__table__.insert().from_select(names, columns))  # type: ignore[attr-defined] # a Table at run time
    codes = {"run": row.id, "to": target.id, "planned": counts(session, row.id)[PLANNED]}
    mapping = [f"{old}={new}" for old, new in sorted(wanted.mapping.items())]
    _record(session, row, actor, "definition:migration:begin", {**codes, "mapping": mapping})
    return row


def try_out(store: Store, actor: Actor, wanted: Wanted) -> Iterator[Result]:
    """A dry run: each instance is moved and put back. Raises as `plan`."""
    with store.read() as session:
        target_id = _check(session, actor, wanted).id
        which = _candidates(actor, wanted, target_id)
        columns = which.with_only_columns(ProcessInstance.id, ProcessInstance.subject_no)
        subjects = [_Subject(*row) for row in session.execute(columns.order_by(ProcessInstance.id))]

    def try_one(subject: _Subject) -> Moved | None:
        try:
            with store.write() as session:
                raise _PutBackError(move(session, actor, subject.instance_id, target_id, wanted.mapping))
        except _PutBackError as done:
            return done.moved

    for subject in subjects:
        yield _judged(subject, lambda each=subject: try_one(each))  # type: ignore[misc] # bound at once


def go_on(store: Store, actor: Actor, migration_id: int, page: int = PAGE) -> Iterator[Result]:
    """Carry out what is still planned of a migration, `page` rows read at a time, one transaction for each.

    What the database could not do just now (locked, gone) stays planned. Raises NotFound.
    """
    with store.read() as session:
        migration = session.get(Migration, migration_id)
        if migration is None or migration.district_id != actor.district_id:
            raise NotFound
    last = 0
    while subjects := _planned(store, migration_id, last, page):
        for subject in subjects:
            yield _carry_out(store, actor, migration, subject)
        last = subjects[-1].instance_id
    with store.write() as session:
        _finish(session, actor, migration_id)


def counts(session: Session, migration_id: int) -> Counter[str]:
    """State → how many instances of a migration."""
    query = select(MigrationEntry.state, func.count()).where(MigrationEntry.migration_id == migration_id)
    return Counter(dict(session.execute(query.group_by(MigrationEntry.state)).all()))


@dataclass(frozen=True)
class _Subject:
    instance_id: int
    number: str


class _PutBackError(Exception):
    """Ends the transaction of a dry run, so that it is rolled back."""

    def __init__(self, moved: Moved | None) -> None:
        self.moved = moved
        super().__init__()


def _carry_out(store: Store, actor: Actor, migration: Migration, subject: _Subject) -> Result:
    """Move one instance and mark its row in the same transaction; a refusal is marked in one of its own."""

    def move_one() -> Moved | None:
        with store.write() as session:
            done = move(session, actor, subject.instance_id, migration.target_id, migration.mapping, run=migration.id)
            _mark(session, migration.id, Result(*_who(subject), MOVED if done else LEFT))
            return done

    result = _judged(subject, move_one)
    if result.state in {REFUSED, FAILED}:
        with store.write() as session:
            _mark(session, migration.id, result)
    return result


def _who(subject: _Subject) -> tuple[int, str]:
    return subject.instance_id, subject.number


def _judged(subject: _Subject, attempt: Callable[[], Moved | None]) -> Result:
    """What came of an attempt; its refusal or failure too."""
    try:
        moved = attempt()
    except DoesNotMap as refusal:
        return Result(*_who(subject), REFUSED, findings=tuple(refusal.findings))
    except DBAPIError as error:
        return Result(*_who(subject), PLANNED, error=_name(error))
    except Exception as error:  # noqa: BLE001 # whatever one instance raises must not stop the others
        log.warning("migration failed", instance=subject.instance_id, error=repr(error))
        return Result(*_who(subject), FAILED, error=_name(error))
    return Result(*_who(subject), MOVED if moved else LEFT, moved)


def _name(error: Exception) -> str:
    """The class of what went wrong; its text may hold what people wrote."""
    return type(error.__cause__ or error).__name__[:64]


def _mark(session: Session, migration_id: int, result: Result) -> None:
    """The row of an instance, unless somebody else who carries out the same migration was first."""
    one = (MigrationEntry.migration_id == migration_id, MigrationEntry.instance_id == result.instance_id)
    values = {
        "state": result.state,
        "findings": list(result.findings) or None,
        "error": result.error or None,
        "done_at": session.env.clock.now(),
    }
    session.execute(update(MigrationEntry).where(*one, MigrationEntry.state == PLANNED).values(values))


def _planned(store: Store, migration_id: int, after: int, page: int) -> list[_Subject]:
    with store.read() as session:
        query = select(MigrationEntry.instance_id, MigrationEntry.subject_no).where(
            MigrationEntry.migration_id == migration_id,
            MigrationEntry.state == PLANNED,
            MigrationEntry.instance_id > after,
        )
        return [_Subject(*row) for row in session.execute(query.order_by(MigrationEntry.instance_id).limit(page))]


def _finish(session: Session, actor: Actor, migration_id: int) -> None:
    """Close a migration of which nothing is planned any more."""
    row = session.get(Migration, migration_id, with_for_update=True, populate_existing=True)
    found = counts(session, migration_id)
    if row is None or row.state != "open" or found[PLANNED]:
        return
    row.state, row.finished_at = "finished", session.env.clock.now()
    codes = {state: found[state] for state in (MOVED, REFUSED, FAILED, LEFT)}
    _record(session, row, actor, "definition:migration:end", {"run": row.id, **codes})


def _candidates(actor: Actor, wanted: Wanted, target_id: str) -> Select[Any]:
    """The running instances that a migration is about."""
    query = select(ProcessInstance).where(
        ProcessInstance.district_id == actor.district_id,
        ProcessInstance.key == wanted.key,
        ProcessInstance.status == RUNNING,
        ProcessInstance.definition_id != target_id,
    )
    if wanted.source is not None:
        of_version = select(Definition.id).where(Definition.key == wanted.key, Definition.version == wanted.source)
        query = query.where(ProcessInstance.definition_id == of_version.scalar_subquery())
    if wanted.numbers:
        query = query.where(ProcessInstance.subject_no.in_(wanted.numbers))
    return query


def _check(session: Session, actor: Actor, wanted: Wanted) -> Definition:
    """The version that instances are to go to, if all that is wanted makes sense."""
    versions = {row.version: row for row in session.scalars(select(Definition).where(Definition.key == wanted.key))}
    for version in (wanted.target, wanted.source):
        if version is not None and version not in versions:
            known = ", ".join(map(str, sorted(versions))) or "–"
            raise UnknownVersion(key=wanted.key, version=version, known=known)
    target = versions[wanted.target]
    which = _candidates(actor, wanted, target.id)
    if wanted.numbers:
        found = set(session.scalars(which.with_only_columns(ProcessInstance.subject_no)))
        missing = ", ".join(number for number in wanted.numbers if number not in found)
        if missing:
            raise UnknownCases(key=wanted.key, version=wanted.target, numbers=missing)
    if wanted.mapping:
        of = session.scalars(which.with_only_columns(ProcessInstance.definition_id).distinct())
        sources = [session.env.catalogue.get(session, each) for each in of]
        _check_mapping(wanted.mapping, sources, session.env.catalogue.get(session, target.id))
    return target


def _check_mapping(mapping: Mapping[str, str], sources: Sequence[Compiled], target: Compiled) -> None:
    """Each pair leads from an element of a version that runs to one of the same process. Raises BadMapping."""
    for old, new in mapping.items():
        homes = {source.process_of(old) for source in sources} - {None}
        if not homes:
            raise BadMapping(element=old, reason="no version that runs has it", reason_zh="运行中的版本没有该元素")
        if target.process_of(new) not in homes:
            raise BadMapping(
                element=old,
                reason=f"{new} is not in the same process of the target",
                reason_zh=f"目标版本的同一流程中没有 {new}",
            )


def _record(session: Session, row: Migration, actor: Actor, action: str, data: Mapping[str, Any]) -> None:
    session.drafts.append((row.district_id, Draft(action, actor.ref, f"definition:{row.key}", data)))
