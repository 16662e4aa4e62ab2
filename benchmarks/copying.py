"""Many cases from one: real rows of a case that took real steps, copied under other ids.

What a copy is for is to be stepped: its tokens, clocks, timers and items are as real as the first one's. Its texts are
the first one's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from engine.deadlines.book import Deadline
from engine.instances import ProcessInstance
from engine.timers import Timer
from engine.worklist import WorkItem
from processes.cases.models import Case, CaseReader, Stay

if TYPE_CHECKING:
    from engine.db import Base, Session, Store

STRIDE = 100_000_000
"""How far the ids of one copying lie from those of the next, and all of them from those that the database gives."""
GAP = 1_000
"""Between the ids of two copies; the rows of a case lie closer together."""
BATCH = 500
TABLES: Sequence[tuple[type[Base], str]] = (
    (Case, "id"),
    (ProcessInstance, "subject_id"),
    (Stay, "case_id"),
    (CaseReader, "case_id"),
    (WorkItem, "subject_id"),
    (Deadline, "subject_id"),
)
_IDS = {
    "cases": ("id", "instance_id"),
    "process_instance": ("id", "subject_id", "parent_id"),
    "stay": ("id", "case_id"),
    "case_reader": ("case_id",),
    "work_item": ("id", "instance_id", "subject_id"),
    "deadline": ("id", "instance_id", "subject_id"),
    "timer": ("id", "instance_id", "deadline_id"),
}


def copies(store: Store, number: str, count: int, batch: int) -> range:
    """Copy the case `number` so many times; `batch` tells one copying from another. Returns what is added to ids."""
    offsets = range(batch * STRIDE, batch * STRIDE + count * GAP, GAP)
    with store.write() as session:
        found = _rows_of(session, number)
        for table, rows in found:
            for part in _batched(_copied(table.__tablename__, rows, offsets)):
                session.execute(insert(table), part)
    return offsets


def _rows_of(session: Session, number: str) -> list[tuple[type[Base], list[dict[str, Any]]]]:
    case = session.scalars(select(Case).where(Case.number == number)).one()
    found: list[tuple[type[Base], list[Any]]] = []
    for table, column in TABLES:
        found.append((table, list(session.scalars(select(table).where(getattr(table, column) == case.id)))))
    instances = [row.id for row in found[1][1]]
    found.append((Timer, list(session.scalars(select(Timer).where(Timer.instance_id.in_(instances))))))
    return [(table, [plain(row) for row in rows]) for table, rows in found]


def plain(row: Any) -> dict[str, Any]:
    """Every column of a row by its name."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _copied(table: str, rows: list[dict[str, Any]], offsets: range) -> Iterator[dict[str, Any]]:
    for offset in offsets:
        for row in rows:
            moved = {name: row[name] + offset for name in _IDS[table] if row[name] is not None}
            yield row | moved | _renamed(row, offset)


def _renamed(row: dict[str, Any], offset: int) -> dict[str, str]:
    """A number of its own, as long as any."""
    return {name: f"{row[name][:15]}{offset // GAP:09d}" for name in ("number", "subject_no") if name in row}


def _batched(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(rows, BATCH)):
        yield part
