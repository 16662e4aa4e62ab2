"""The case row's derived columns: state, lamp, nearest due time. Written at the end of every step, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.deadlines.book import OVERALL, TASK
from processes.cases.clocks import CASE_MODEL
from processes.cases.facts import facts_of
from processes.codes import STATE_AFTER, STATE_AT, Light, State

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


def derive(step: Step) -> None:
    """Set what follows from the token and its clocks; other models do not speak for the case.

    At a task that a district has added to its model the case stays in the state it was in.
    """
    if step.instance.key != CASE_MODEL:
        return
    case = facts_of(step).case
    if step.instance.end_element is not None:
        case.state = STATE_AFTER[step.instance.end_element].value
    elif step.ready:
        case.state = STATE_AT.get(step.ready[0].element, State(case.state)).value
    _set_light(step)
    case.version += 1


def _set_light(step: Step) -> None:
    case = facts_of(step).case
    clocks = [row for row in step.deadlines if row.clock in {TASK, OVERALL}]
    running = [row for row in clocks if row.suspended_at is None]
    late = [row.due_at for row in running if row.overdue_at and case.state != State.SUSPENDED]
    case.late_since = min(late, default=None)
    if case.state == State.SUSPENDED:
        case.light = Light.GREY.value
    elif late:
        case.light = Light.RED.value
    elif any(row.warned_at for row in running):
        case.light = Light.YELLOW.value
    else:
        case.light = Light.GREEN.value
    own = [row for row in running if row.clock == TASK]
    case.due_at = min((row.due_at for row in own), default=None)
    case.provisional = any(row.provisional for row in running)


def register(registry: Registry) -> None:
    registry.settled.append(derive)
