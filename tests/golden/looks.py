"""What a case looks like from outside, in plain words: kept in a manifest, and compared with what a release sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from engine import runtime
from engine.instances import ProcessInstance
from engine.worklist import OPEN, WorkItem
from processes.cases.models import Case
from tests.cast import Cast


def look(cast: Cast, number: str) -> dict[str, Any]:
    """The state of a case and what its instances wait for: "ready" elements, "armed" timers, "messages"."""
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        rows = session.scalars(select(ProcessInstance).where(ProcessInstance.subject_no == number))
        instances = sorted(rows, key=lambda row: row.id)
        return {"state": case.state, "instances": [_instance(session, row) for row in instances]}


def _instance(session: Any, row: ProcessInstance) -> dict[str, Any]:
    said: dict[str, Any] = {"model": row.key, "definition": row.definition_id[:12], "format": row.state[0]}
    if row.status != "running":
        return {**said, "ended_at": row.end_element}
    seen = runtime.inspect(session, row.id)
    query = select(WorkItem).where(WorkItem.instance_id == row.id, WorkItem.state.in_(OPEN)).order_by(WorkItem.id)
    return {
        **said,
        "ready": sorted(task.element for task in seen.ready),
        "items": [f"{item.element} {item.role} {item.form} {item.state}" for item in session.scalars(query)],
        "armed": {timer.element: _moment(timer.due_at) for timer in sorted(seen.timers, key=lambda t: t.element)},
        "messages": sorted(seen.messages),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
