"""Silence in a procedure: the unit is supervised and the step stays, or its superior is told and the clock restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from processes.cases.clocks import give_mark, supervisor_of
from processes.procedures.linking import of_step
from processes.supervisions import operations as supervisions

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


def hold_step(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.hold_step`: the unit that kept silent is supervised; its step stays and gets a new clock when that ends.

    The model leads back to the step through its merge.
    """
    row = step.deadline
    give_mark(step, row, "escalated")
    if row.unit_id is not None:
        supervisions.raise_silence(step, supervisor_of(step, row.unit_id), row.unit_id)
    return True


def tell_upward(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.tell_upward`: the superior is told and the clock begins anew; from the second lapse on it is supervised."""
    procedure = of_step(step)
    procedure.lapses += 1
    if procedure.lapses > 1:
        return hold_step(step, data)
    return tell_superior(step, data)


def tell_superior(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.tell_superior`: the superior of the unit that kept silent is told, and the clock of its step begins anew."""
    row = step.deadline
    give_mark(step, row, "escalated")
    step.tell("step_silent", supervisor_of(step, row.unit_id), "leader", row.occurrence, stage=row.stage)
    step.deadlines.restart(row, row.stage, step.criteria)
    step.record("deadline:clock:restart", {"stage": row.stage, "element": row.element})
    return True


def register(registry: Registry) -> None:
    registry.operations |= {
        "op.hold_step": hold_step,
        "op.tell_upward": tell_upward,
        "op.tell_superior": tell_superior,
    }
