"""Tasks that a decision gave (会商决定事项): done by their unit, or late, which is said once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from engine import calendar
from engine.actors import system
from engine.errors import Conflict, Forbidden, GridgovError, NotFound
from engine.network.units import Level, get
from engine.trail.entries import Draft
from processes.cases.models import Case
from processes.cases.telling import telling
from processes.codes import PROTECTED_ROLE, Urgency
from processes.consultations.models import DecisionTask
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from datetime import datetime

    from engine.actors import Actor
    from engine.db import Session, Store

PAGE = 50
DOERS = ("liaison", "handler", "dispatcher", "leader")

log = structlog.get_logger(__name__)


class TaskDone(Conflict):
    """This task is done already."""

    code = "task_done"
    zh = "该任务已完成。"


def answering_role(session: Session, unit_id: int) -> str:
    """Who answers for a unit's task: its leader; a cell has only the one who handles."""
    return "handler" if get(session, unit_id).level == Level.CELL else "leader"


def tasks_of(session: Session, procedure_id: int) -> list[DecisionTask]:
    """The tasks of one consultation, in the order in which they were given."""
    query = select(DecisionTask).where(DecisionTask.procedure_id == procedure_id)
    return list(session.scalars(query.order_by(DecisionTask.id)))


def may_do(actor: Actor, case: Case, task: DecisionTask) -> bool:
    """Whether the actor may say that the task is done: whoever works at its unit."""
    return task.done_at is None and actor.holds(task.unit_id, *((PROTECTED_ROLE,) if case.restricted else DOERS))


def done(session: Session, actor: Actor, case: Case, task_id: int) -> DecisionTask:
    """The unit says that its task is done; the convener is told. Whoever calls has locked the case.

    Raises NotFound (no task of this case), TaskDone and Forbidden.
    """
    task = session.get(DecisionTask, task_id, with_for_update=True)
    if task is None or task.case_id != case.id:
        raise NotFound
    if task.done_at is not None:
        raise TaskDone
    if not may_do(actor, case, task):
        raise Forbidden
    task.done_at, task.done_by = session.env.clock.now(), actor.ref
    _record(session, actor, case, "consultation:task:done", task)
    convener_id = session.get_one(Procedure, task.procedure_id).unit_id
    session.tellings.append(telling(case, "consult_task_done", convener_id, "dispatcher", f"t{task.id}"))
    return task


def mark_overdue(store: Store) -> int:
    """A worker's chore: mark the tasks that have become late, a page at most; each once, in a commit of its own."""
    now = store.env.clock.now()
    late = (
        select(DecisionTask.id)
        .join(Case, Case.id == DecisionTask.case_id)
        .where(DecisionTask.done_at.is_(None), DecisionTask.overdue_at.is_(None), DecisionTask.due_at <= now)
        .where(Case.ended_at.is_(None))
    )
    with store.read() as session:
        due = session.scalars(late.order_by(DecisionTask.due_at).limit(PAGE)).all()
    for task_id in due:
        try:
            with store.write() as session:
                _mark(session, task_id)
        except GridgovError:
            log.exception("overdue task not marked", task=task_id)
    return len(due)


def _mark(session: Session, task_id: int) -> None:
    task = session.get(DecisionTask, task_id, with_for_update=True)
    if task is None or task.done_at is not None or task.overdue_at is not None:
        return
    case, procedure = session.get_one(Case, task.case_id), session.get_one(Procedure, task.procedure_id)
    task.overdue_at = session.env.clock.now()
    _record(session, system(case.district_id), case, "consultation:task:overdue", task)
    for unit_id, role in ((task.unit_id, answering_role(session, task.unit_id)), (procedure.unit_id, "dispatcher")):
        late = telling(
            case, "consult_task_overdue", unit_id, role, f"t{task.id}", not_before=_office_hours(session, case)
        )
        session.tellings.append(late)


def _office_hours(session: Session, case: Case) -> datetime | None:
    """A task is late at midnight; that is said when offices open, unless the case is 特急."""
    if case.urgency == Urgency.EXTRA:
        return None
    return calendar.load(session).add_working_time(session.env.clock.now(), timedelta()).at


def _record(session: Session, actor: Actor, case: Case, action: str, task: DecisionTask) -> None:
    codes = {"unit": task.unit_id, "task": task.id}
    session.drafts.append((case.district_id, Draft(action, actor.ref, case.number, codes)))
