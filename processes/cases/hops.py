"""Moving a case along the network: the only code that changes who owns it.

Every move closes one stay and opens the next at the same instant, so the stays tile the time without gap or overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound
from engine.network.units import Unit, by_code, is_within, network_level_of
from processes.cases.facts import CaseFacts, facts_of, is_strictly_above
from processes.cases.models import Stay
from processes.cases.readers import admit
from processes.codes import Disposition

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

MAX_HOPS = 8
"""After so many moves the common superior rules (default; processes.md, section 0, ruling 3)."""

DESK_ROLE = "handler"


def move(step: Step, target_id: int, how: Disposition) -> Stay:
    """Close the open stay and open one at `target_id`; ownership, level, readers and assigners follow."""
    facts = facts_of(step)
    case, before = facts.case, facts.stay
    target = facts.unit(target_id)
    origin_id = before.unit_id if before else case.last_owner_id
    at = close_stay(step, how, target_id)
    stay = _open(step, target, how, sender_id=origin_id, at=at)
    case.hops += 1
    _drop_assigners(step, target)
    if case.restricted or not is_within(facts.unit(origin_id), target):  # what lies above a reader reads already
        admit(step.session, case, target)
    record = {"to": target.code, "from": facts.unit(origin_id).code, "skipped": stay.skipped, "hops": case.hops}
    step.record(f"case:stay:{how.value}", record)
    step.tell("arrived", target.id, DESK_ROLE, f"hop{case.hops}", how=how.value)
    notify_linked(step)
    return stay


def open_first(step_session: Any, case: Any, unit: Unit, how: Disposition, at: Any) -> Stay:
    """The stay that a report opens."""
    stay = Stay(
        district_id=case.district_id,
        case_id=case.id,
        unit_id=unit.id,
        level=network_level_of(step_session, unit).value,
        sender_id=None,
        arrived_by=how.value,
        opened_at=at,
        measures=0,
    )
    step_session.add(stay)
    return stay


def _open(step: Step, unit: Unit, how: Disposition, *, sender_id: int, at: datetime) -> Stay:
    facts = facts_of(step)
    case = facts.case
    stay = open_first(step.session, case, unit, how, at)
    stay.sender_id = sender_id
    stay.skipped = _skips(facts, sender_id, unit) if how is Disposition.REFER_UP else False
    case.owner_id = case.last_owner_id = unit.id
    case.level = stay.level
    facts.stay = stay
    return stay


def close_stay(step: Step, how: Disposition, target_id: int | None = None) -> datetime:
    """Close the open stay, if there is one, with how it was left; when. Never before it began: clocks are set back."""
    stay = facts_of(step).stay
    if stay is None:
        return step.now
    stay.closed_at = max(step.now, stay.opened_at)
    stay.outcome, stay.target_id = how.value, target_id
    facts_of(step).stay = None
    return stay.closed_at


def _skips(facts: CaseFacts, sender_id: int, target: Unit) -> bool:
    return facts.parent_of(sender_id) != target.id and is_within(facts.unit(sender_id), target)


def _drop_assigners(step: Step, target: Unit) -> None:
    """Assigners that are not strictly above the new owner have no say any more (ruling 4)."""
    facts = facts_of(step)
    for assignment in list(facts.assignments):
        if not is_strictly_above(facts, assignment.assigner_id, target.id):
            assignment.state, assignment.ended_at = "dropped", step.now
            facts.assignments.remove(assignment)


def notify_linked(step: Step) -> None:
    """Tell the instances that are linked to the case that it has moved: a supervision follows the owner."""
    from processes.links import following_instances  # noqa: PLC0415 # it reads the facts of this package

    for instance_id in following_instances(step):
        step.send("case_moved", instance_id)


def hop(step: Step, data: Mapping[str, Any]) -> str:
    """`op.hop`: carry out the outcome of the stay, or of the step that ruled on it.

    Returns "rule" when the case has travelled enough and must be ruled on before it goes on, else "go".
    """
    facts = facts_of(step)
    how = Disposition(data["outcome"]) if data.get("outcome") in _HOPS else Disposition.RULE
    move(step, _target(step, facts, how, data.get("target")), how)
    return "rule" if must_be_ruled(step) else "go"


def _target(step: Step, facts: CaseFacts, how: Disposition, target: int | str | None) -> int:
    """The sender for a return; else a unit id from the model, a unit code from a form, or the unit above."""
    if how is Disposition.RETURN and facts.sender is not None:
        return facts.sender
    if isinstance(target, str):
        unit = by_code(step.session, target)
        if unit is None:
            raise NotFound
        return unit.id
    return target or facts.parent_of(facts.case.owner_id) or facts.owner.id


_HOPS = {d.value for d in (Disposition.REFER_UP, Disposition.ASSIGN, Disposition.TRANSFER, Disposition.RETURN)} | {
    Disposition.ESCALATE.value
}


def must_be_ruled(step: Step) -> bool:
    """Bounded travel (ruling 3): too many hops, or the overall deadline is past, and nobody was bound yet."""
    facts = facts_of(step)
    overall = step.deadlines.overall
    late = overall is not None and overall.overdue_at is not None
    return facts.case.binding_unit_id is None and (facts.case.hops >= MAX_HOPS or late)


def register(registry: Registry) -> None:
    registry.operations["op.hop"] = hop
