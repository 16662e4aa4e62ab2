"""Returns, and the rulings that end an argument about whose case it is (退回、裁定)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import incidents
from engine.network.units import Level, by_code, is_within
from engine.worklist import WorkItem
from processes.cases import hops
from processes.cases.clocks import hold
from processes.cases.facts import facts_of
from processes.cases.handling import TravelRefused, note, seal_words
from processes.codes import Disposition

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


def write_return_reply(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    note(step, "return_reply", "agree" if data["agree"] else "refuse", seal_words(step, "return_reply", data))


def count_return(step: Step, _data: Mapping[str, Any]) -> int:
    """`op.count_return`: a return is asked for; the returning unit stays owner meanwhile."""
    case = facts_of(step).case
    case.returns += 1
    step.record("case:return:ask", {"count": case.returns, "unit": case.owner_id})
    return case.returns


def return_silent(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.return_silent`: the sender did not answer, which counts as refused; the sender may not sit on it."""
    row = step.deadline
    row.escalated_at = step.now
    step.record("case:return:silent", {"sender": row.unit_id})
    return True


def write_ruling(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `ruling`: the superior names the owner among its own; it binds when travel is spent (ruling 3)."""
    facts = facts_of(step)
    unit = by_code(step.session, str(data["target"]))
    if unit is None or not is_within(unit, facts.unit(item.unit_id)):
        raise TravelRefused(why="裁定单位须在本级辖内 / the ruling must name a unit of your own subtree")
    if hops.must_be_ruled(step):
        facts.case.binding_unit_id = unit.id
    note(step, "ruling", "ruled", seal_words(step, "ruling", data))


def rule(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.rule`: the named unit owns it."""
    facts = facts_of(step)
    facts.case.ruler_id = None
    unit = by_code(step.session, str(data["target"]))
    hops.move(step, unit.id if unit else facts.owner.id, Disposition.RULE)
    return True


def move_up_rule(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.move_up_rule`: nobody ruled; the next level does. "hold" at the top."""
    row = step.deadline
    row.escalated_at = step.now
    facts = facts_of(step)
    ruler = facts.unit(facts.ruler)
    if ruler.level == Level.DISTRICT or ruler.parent_id is None:
        hold(step)
        return "hold"
    facts.case.ruler_id = ruler.parent_id
    step.record("case:ruling:move_up", {"ruler": ruler.parent_id})
    return "moved"


def unknown_outcome(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.incident`: a stay ended with an outcome that no flow knows; the case stays and operators are told."""
    reason = f"unknown outcome {str(data.get('outcome'))[:40]}"
    incidents.open_incident(step.session, step.instance, "gateway", "outcome_gate", reason)
    return True


def register(registry: Registry) -> None:
    registry.forms |= {"return_reply": write_return_reply, "ruling": write_ruling}
    registry.operations |= {
        "op.count_return": count_return,
        "op.return_silent": return_silent,
        "op.rule": rule,
        "op.move_up_rule": move_up_rule,
        "op.incident": unknown_outcome,
    }
