"""Procedures that run beside a case: which they are, and what a case and they tell each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select

from engine import timers
from engine.instances import RUNNING, ProcessInstance
from engine.network.units import get
from processes.cases.facts import facts_of
from processes.cases.readers import admit

if TYPE_CHECKING:
    from engine.db import Session
    from engine.step import Step
    from processes.cases.models import Case


FOLLOWING = ("request", "supervision")
"""Models whose instances care where the case is; the others stay with the unit that runs them."""


def following_instances(step: Step) -> list[int]:
    """Ids of the running instances that are told when the case moves."""
    return _running(step, ProcessInstance.key.in_(FOLLOWING))


SURVIVING = ("mediation_follow_up",)
"""Models whose instances go on when the case is closed: an agreement is performed after that."""


def linked_instances(step: Step) -> list[int]:
    """Ids of the running instances that are linked to the case of this step; no query while there are none."""
    return _running(step)


def ending_instances(step: Step) -> list[int]:
    """Ids of the running instances that are told when the case ends."""
    return _running(step, ProcessInstance.key.not_in(SURVIVING))


def _running(step: Step, *which: ColumnElement[bool]) -> list[int]:
    if not facts_of(step).case.links:
        return []
    query = select(ProcessInstance.id).where(
        ProcessInstance.parent_id == step.instance.id, ProcessInstance.status == RUNNING, *which
    )
    return list(step.session.scalars(query.order_by(ProcessInstance.id)))


def press(step: Step) -> None:
    """The urgency has changed: the timers of the case and of what runs beside it go first from now on, or not."""
    pressing = step.session.env.registry.pressing(step)
    timers.press(step.session, [step.instance.id, *linked_instances(step)], pressing=pressing)


def admit_reader(session: Session, case: Case, unit_id: int) -> None:
    """A unit that was called to a case sees it."""
    admit(session, case, get(session, unit_id))
