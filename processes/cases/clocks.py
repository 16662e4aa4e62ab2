"""What happens when a clock of a case runs out: warn, overdue, escalate, move up, hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.deadlines.book import Deadline
from engine.errors import Bug
from engine.network.units import Level
from processes.cases import hops
from processes.cases.facts import command_office, facts_of, ground_of
from processes.codes import Disposition, Rung
from processes.supervisions import operations as supervisions

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

CASE_MODEL = "case"
OUTAGE = timedelta(minutes=5)
"""Overdue told later than this counts as an outage: grace then starts anew (ruling 9; default)."""


def warn(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.warn`: the holder is warned (黄)."""
    row = step.deadline
    give_mark(step, row, "warned")
    step.tell("warned", row.unit_id, _role_at(step, row), row.occurrence, stage=row.stage)
    return True


def overdue(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.overdue`: holder and superior are told, and the superior gets a supervision item (红)."""
    row = step.deadline
    give_mark(step, row, "overdue")
    if row.grace_at is not None and step.now - row.due_at > OUTAGE:
        step.deadlines.regrace(row)
        step.record("deadline:grace:renew", {"stage": row.stage, "element": row.element})
    _tell_both(step, "overdue", row)
    if step.instance.key == CASE_MODEL:
        supervisions.raise_item(step, supervisor_of(step, row.unit_id), Rung.URGE, origin="overdue")
    return True


def urge_sign(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.urge_sign`: nobody signed off in time; holder and superior are told."""
    row = step.deadline
    give_mark(step, row, "unsigned")
    _tell_both(step, "sign_off_overdue", row)
    return True


def warn_overall(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.warn_overall`: the whole case nears its deadline."""
    row = step.deadline
    give_mark(step, row, "warned")
    step.tell("overall_warned", facts_of(step).case.owner_id, "handler", row.occurrence, stage=row.stage)
    return True


def overdue_overall(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.overdue_overall`: the whole case is late; its owner, the superior and the district are told."""
    row = step.deadline
    give_mark(step, row, "overdue")
    owner = facts_of(step).case.owner_id
    step.tell("overall_overdue", owner, "handler", row.occurrence)
    step.tell("overall_overdue", supervisor_of(step, owner), "supervisor", row.occurrence)
    supervisions.raise_item(step, supervisor_of(step, owner), Rung.SUPERVISE, origin="overall")
    return True


def escalate(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.escalate`: the grace period is over. Returns "escalate" (one level up), or "hold" at the top.

    `hold`: the command office supervises, the step stays with its owner (processes.md, section 1).
    """
    row = step.deadline
    give_mark(step, row, "escalated")
    facts = facts_of(step)
    owner = facts.owner
    if owner.level == Level.DISTRICT or owner.parent_id is None:
        hold(step)
        return "hold"
    step.tell("escalated", owner.id, "leader", row.occurrence)
    step.tell("escalated_to_you", owner.parent_id, "dispatcher", row.occurrence)
    return "escalate"


def move_up_verify(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.move_up_verify`: nobody verified the report; the unit above does. "hold" at the top."""
    give_mark(step, step.deadline, "escalated")
    owner = facts_of(step).owner
    if owner.level == Level.DISTRICT or owner.parent_id is None:
        hold(step)
        return "hold"
    hops.move(step, owner.parent_id, Disposition.MOVE_UP)
    return "moved"


def hold(step: Step) -> None:
    """Silence at the top: a supervision by the command office holds the step."""
    supervisions.raise_item(step, command_office(step).id, Rung.SUPERVISE, origin="hold")


def after_hold(step: Step, _payload: Mapping[str, Any]) -> None:
    """A supervision ended and the step it held still stands: its clocks begin anew, stage `conclude`."""
    for row in step.deadlines:
        if row.clock == "task" and row.escalated_at is not None:
            step.deadlines.restart(row, "conclude", step.criteria)
            step.record("deadline:clock:restart", {"stage": "conclude", "element": row.element})


def supervisor_of(step: Step, unit_id: int | None) -> int:
    """Who supervises a unit: its parent; the district itself is supervised by the command office."""
    parent = ground_of(step).parent_of(unit_id)
    return parent if parent is not None else int(command_office(step).id)


def give_mark(step: Step, row: Deadline, mark: str) -> None:
    """Give a mark, once: the row remembers, the trail proves, with the lateness in seconds."""
    if getattr(row, f"{mark}_at") is not None:
        raise Bug(f"{mark} was given before on deadline {row.id}")
    fell_due = row.moment(mark)
    setattr(row, f"{mark}_at", step.now)
    late = int((step.now - fell_due).total_seconds()) if fell_due else 0
    data = {"stage": row.stage, "element": row.element, "clock": row.clock, "unit": row.unit_id, "late_s": late}
    step.record(f"deadline:mark:{mark}", {**data, "provisional": row.provisional})


def _tell_both(step: Step, mark: str, row: Deadline) -> None:
    step.tell(mark, row.unit_id, _role_at(step, row), row.occurrence, stage=row.stage)
    above, role = ground_of(step).watcher(row.unit_id)
    step.tell(f"{mark}_below", above, role, row.occurrence, stage=row.stage)


def _role_at(step: Step, row: Deadline) -> str:
    return step.compiled.tasks[row.element].role


def register(registry: Registry) -> None:
    registry.inbox["hold_ended"] = after_hold
    registry.operations |= {
        "op.warn": warn,
        "op.overdue": overdue,
        "op.urge_sign": urge_sign,
        "op.warn_overall": warn_overall,
        "op.overdue_overall": overdue_overall,
        "op.escalate": escalate,
        "op.move_up_verify": move_up_verify,
    }
