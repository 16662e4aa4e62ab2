"""Hand-over between committees (village → subdistrict → district, or to a trade), and the end that the law sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime, vault
from engine.errors import Forbidden, NotAllowedNow, NotFound
from engine.instances import RUNNING, ProcessInstance
from engine.network.units import Unit, get, is_within
from engine.trail.entries import Draft
from processes.cases.clocks import CASE_MODEL
from processes.cases.facts import facts_of
from processes.codes import PROTECTED_ROLE, Kind, MediationKind, ProcedureKind
from processes.mediations import committees
from processes.mediations.models import Mediation
from processes.mediations.operations import MediationRefused, Wish, open_mediation
from processes.procedures import linking
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step
    from processes.cases.models import Case

HANDED_OVER, TURNED_CRIMINAL = "handed_over", "turned_criminal"


def may_hand_over(actor: Actor, case: Case, procedure: Procedure) -> bool:
    """A mediator or the leader of the committee; of a restricted case its protected reader."""
    roles = (PROTECTED_ROLE,) if case.restricted else ("mediator", "leader")
    return any(actor.holds(procedure.unit_id, role) for role in roles)


def targets(session: Session, case: Case, procedure: Procedure) -> list[committees.Choice]:
    """Committees that can carry the attempt on: a people's committee only above one, any of another kind."""
    here = get(session, procedure.unit_id)
    found = [choice for choice in committees.choices(session, case) if choice.unit.id != here.id]
    if committees.kind_of(here) is not MediationKind.PEOPLE:
        return found
    return [each for each in found if each.kind is not MediationKind.PEOPLE or is_within(here, each.unit)]


def hand_over(session: Session, actor: Actor, case: Case, procedure_id: int, committee: Unit, reason: str) -> Mediation:
    """移交: the attempt ends as handed over, and the other committee begins with a clock of its own.

    Raises NotFound, Forbidden, NotAllowedNow (it has ended) and MediationRefused (no such way).
    """
    procedure = session.get(Procedure, procedure_id)
    if procedure is None or procedure.case_id != case.id or procedure.kind != ProcedureKind.MEDIATION:
        raise NotFound
    if not may_hand_over(actor, case, procedure):
        raise Forbidden
    if procedure.ended_at is not None or procedure.instance_id is None:
        raise NotAllowedNow(state="调解已结束", allowed="read")
    if committee.id not in {choice.unit.id for choice in targets(session, case, procedure)}:
        raise MediationRefused(why="村、街道、区逐级向上移交，或移交行业、专业等调解 / upwards, or to another kind")
    sealed = vault.seal(session, case.district_id, case.id, "med_hand_over", {"reason": reason})
    codes = {"from": procedure.unit_id, "to": committee.id, "procedure": procedure.id}
    draft = Draft("mediation:attempt:hand_over", actor.ref, case.number, codes, (sealed.commitment,))
    session.drafts.append((case.district_id, draft))
    runtime.deliver(session, actor, procedure.instance_id, "hand_over", {})
    session.flush()
    return open_mediation(session, actor, case, Wish(committee, "hand_over", previous_id=procedure.id))


def handed_over(step: Step, _payload: Mapping[str, Any]) -> None:
    """Message `hand_over` to a mediation: it is over here; the case keeps the time that it has."""
    _stop(step, HANDED_OVER)


def turned_criminal(step: Step, _payload: Mapping[str, Any]) -> None:
    """Message `turned_criminal` to a mediation: a criminal lead is never mediated (invariant 9)."""
    procedure = linking.of_step(step)
    for item in step.items:
        step.tell("mediation_criminal", item.unit_id, item.role, f"p{procedure.id}")
    _stop(step, TURNED_CRIMINAL)
    case = facts_of(step).case
    if case.instance_id is not None:
        step.send("procedure_ended", case.instance_id)
        step.send("reclock", case.instance_id)


def _stop(step: Step, outcome: str) -> None:
    case, procedure = facts_of(step).case, linking.of_step(step)
    for row in step.deadlines:
        if row.suspended_at is not None:
            step.deadlines.close(row)
    procedure.ended_at, procedure.outcome = max(step.now, procedure.opened_at), outcome
    case.links -= 1
    step.record("procedure:mediation:end", {"outcome": outcome, "procedure": procedure.id})
    step.spiff.cancel()
    step.ended_at_element = outcome


def watch_kind(step: Step) -> None:
    """At the end of every step of a case: when it is a criminal lead now, its mediation ends."""
    if step.instance.key != CASE_MODEL or not facts_of(step).case.links:
        return
    if facts_of(step).case.kind != Kind.CRIMINAL:
        return
    query = select(ProcessInstance.id).where(
        ProcessInstance.parent_id == step.instance.id,
        ProcessInstance.key == ProcedureKind.MEDIATION.value,
        ProcessInstance.status == RUNNING,
    )
    for instance_id in step.session.scalars(query):
        step.send("turned_criminal", instance_id)


def register(registry: Registry) -> None:
    registry.inbox |= {"mediation:hand_over": handed_over, "mediation:turned_criminal": turned_criminal}
    registry.settled.append(watch_kind)
