"""A new calendar year: the open deadlines that it touches are reckoned again, each with an entry in the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import calendar, runtime
from engine.deadlines.arithmetic import WORKING_UNITS
from engine.deadlines.book import Deadline
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step


def import_calendar(session: Session, actor: Actor, year: int, content: bytes) -> tuple[int, int]:
    """Replace a year of the calendar; returns (days changed, deadlines moved). Raises ImportRefused."""
    changed = calendar.import_year(session, year, content)
    data = {"year": year, "days": changed}
    session.drafts.append((actor.district_id, Draft("calendar:year:import", actor.ref, f"calendar:{year}", data)))
    touched = select(Deadline.instance_id).where(
        Deadline.closed_at.is_(None), Deadline.provisional | Deadline.limit_unit.in_(WORKING_UNITS)
    )
    before = session.info["recounted"] = []
    for instance_id in sorted(set(session.scalars(touched))):
        runtime.deliver(session, actor, instance_id, "recount", {})
    return changed, len(before)


def recount(step: Step, _payload: Mapping[str, object]) -> None:
    """Message `recount`: reckon the running clocks again; what moved or became certain is recorded."""
    moved: list[int] = step.session.info.setdefault("recounted", [])
    for row in step.deadlines:
        if row.overdue_at is None and row.suspended_at is None and step.deadlines.recount(row):
            moved.append(row.id)
            data = {"stage": row.stage, "element": row.element, "due": row.due_at.isoformat()}
            step.record("deadline:clock:recount", {**data, "provisional": row.provisional})


def register(registry: Registry) -> None:
    registry.inbox["recount"] = recount
