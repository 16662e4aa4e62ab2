"""The open whistles that somebody may see, with where each department stands and by when it has to act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.deadlines.book import TASK, Deadline
from processes import access
from processes.cases.models import Case
from processes.codes import ProcedureKind
from processes.procedures.models import Procedure
from processes.whistles.models import Whistle, WhistleCall

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ROLES = frozenset({"supervisor", "commander", "dispatcher", "liaison", "leader"})
"""Whose work whistles are."""
PAGE = 50


@dataclass(frozen=True)
class OpenWhistle:
    """One open whistle. `clocks`: unit id → the clock of the task that waits there now."""

    procedure: Procedure
    whistle: Whistle
    case: Case
    calls: Sequence[WhistleCall]
    clocks: Mapping[int, Deadline]


@dataclass(frozen=True)
class Listed:
    """The latest open whistles and how many there are in all."""

    whistles: Sequence[OpenWhistle]
    total: int


def open_whistles(session: Session, actor: Actor) -> Listed:
    """Within what the actor may read, the latest first."""
    query = (
        select(Procedure, Whistle, Case)
        .join(Whistle, Whistle.procedure_id == Procedure.id)
        .join(Case, Case.id == Procedure.case_id)
        .where(Procedure.kind == ProcedureKind.WHISTLE, Procedure.ended_at.is_(None))
    )
    query = access.scope(query, actor)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.execute(query.order_by(Procedure.id.desc()).limit(PAGE)).all()
    calls, clocks = _calls(session, [row.id for row, _, _ in rows]), _clocks(session, [row for row, _, _ in rows])
    found = [OpenWhistle(row, whistle, case, calls[row.id], clocks[row.instance_id]) for row, whistle, case in rows]
    return Listed(found, total)


def of_case(session: Session, case: Case) -> list[Procedure]:
    """All whistles of a case, the latest first."""
    query = select(Procedure).where(Procedure.case_id == case.id, Procedure.kind == ProcedureKind.WHISTLE)
    return list(session.scalars(query.order_by(Procedure.id.desc())))


def clocks_of(session: Session, procedure: Procedure) -> Mapping[int, Deadline]:
    """Unit id → the running clock of its task in this whistle."""
    return _clocks(session, [procedure])[procedure.instance_id]


def _calls(session: Session, procedure_ids: Sequence[int]) -> Mapping[int, list[WhistleCall]]:
    found: dict[int, list[WhistleCall]] = defaultdict(list)
    query = select(WhistleCall).where(WhistleCall.procedure_id.in_(procedure_ids)).order_by(WhistleCall.id)
    for call in session.scalars(query):
        found[call.procedure_id].append(call)
    return found


def _clocks(session: Session, procedures: Sequence[Procedure]) -> Mapping[int | None, dict[int, Deadline]]:
    found: dict[int | None, dict[int, Deadline]] = defaultdict(dict)
    query = select(Deadline).where(
        Deadline.instance_id.in_([row.instance_id for row in procedures]),
        Deadline.clock == TASK,
        Deadline.closed_at.is_(None),
    )
    for row in session.scalars(query):
        if row.unit_id is not None:
            found[row.instance_id][row.unit_id] = row
    return found
