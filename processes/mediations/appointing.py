"""选定调解员: who can be appointed, and who has to stand aside (回避)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import vault
from engine.errors import Conflict, Invalid
from engine.network.people import Staff, name_of
from engine.worklist import WorkItem
from processes import links
from processes.cases.clocks import give_mark
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.mediations import committees
from processes.mediations.operations import mediation_of
from processes.procedures import linking
from processes.procedures.silence import hold_step

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step
    from processes.cases.models import Case

_HANDLING = ("verify", "accept", "act")
"""Whoever did one of these has handled the case and does not mediate it."""


class MediatorRefused(Conflict):
    """This person cannot mediate the case: {why}. Appoint somebody else."""

    code = "mediator_refused"
    zh = "该人员不能调解本件：{why}。请另选调解员。"


def write_appoint(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_appoint`. Raises MediatorRefused (no mediator there, or a conflict of interest) and Invalid."""
    mediation, case = mediation_of(step), facts_of(step).case
    if not data["conflict_checked"]:
        raise Invalid([finding("conflict_checked", "check for ties to the parties first", "请先核对回避情形")])
    offered = committees.mediators(step.session, case, linking.of_step(step).unit_id)
    staff = next((each for each in offered if each.staff_no == data["mediator"]), None)
    if staff is None:
        raise MediatorRefused(why="不是该调解组织的调解员 / not a mediator of this committee")
    check_conflict(step.session, case, staff)
    mediation.mediator_id = staff.id
    mediation.with_lawyer = bool(data.get("with_lawyer"))
    note(step, "med_appoint", None, seal_words(step, "med_appoint", data))


def check_conflict(session: Session, case: Case, staff: Staff) -> None:
    """Raises MediatorRefused when the person is a party, reported the case, or has handled it."""
    if _is_party(session, case, staff):
        raise MediatorRefused(why="与一方当事人同名或同一电话 / same name or telephone as a party")
    if case.reporter_staff_id == staff.id:
        raise MediatorRefused(why="是本件的报告人 / reported the case")
    if _has_handled(session, case, staff):
        raise MediatorRefused(why="办理过本件 / has handled the case")


def _is_party(session: Session, case: Case, staff: Staff) -> bool:
    """Compares with the sealed parties, which nobody gets to see by this."""
    parties = (vault.open_text(session, case.summary) or {}).get("parties", [])
    name, phone = _plain(name_of(session, staff)), _phone_of(session, staff)
    return any(_plain(p.get("name")) == name or (phone and _plain(p.get("phone")) == phone) for p in parties)


def _phone_of(session: Session, staff: Staff) -> str:
    if staff.phone_sealed is None:
        return ""
    return _plain(session.env.keys.open_field(staff.phone_sealed, f"staff.phone:{staff.staff_no}"))


def _plain(text: str | None) -> str:
    return "".join((text or "").split()).replace("-", "")


def _has_handled(session: Session, case: Case, staff: Staff) -> bool:
    ref = f"staff:{staff.staff_no}"
    if case.settled_by == ref:
        return True
    query = select(WorkItem.id).where(
        WorkItem.subject_id == case.id,
        WorkItem.element.in_(_HANDLING),
        (WorkItem.done_by == ref) | (WorkItem.holder_id == staff.id),
    )
    return session.scalar(query.limit(1)) is not None


def stand_in(step: Step) -> None:
    """Whoever mediates has no conflict of interest: a colleague who stands in is checked as the mediator was."""
    mediation = mediation_of(step)
    if step.actor.staff_id is None or step.actor.staff_id == mediation.mediator_id:
        return
    staff = step.session.get_one(Staff, step.actor.staff_id)
    check_conflict(step.session, facts_of(step).case, staff)
    mediation.mediator_id = staff.id
    step.record("mediation:mediator:replace", {"mediator": staff.staff_no})


def appoint_above(step: Step, data: Mapping[str, Any]) -> int:
    """`op.appoint_above`: nobody appointed; the unit above does. At the top it is supervised. Returns who appoints."""
    row = step.deadline
    above = facts_of(step).parent_of(row.unit_id)
    if above is None or row.unit_id is None:
        hold_step(step, data)
        return int(row.unit_id or linking.of_step(step).unit_id)
    give_mark(step, row, "escalated")
    links.admit_reader(step.session, facts_of(step).case, above)
    step.tell("mediation_appoint_above", above, "leader", row.occurrence)
    step.tell("mediation_lapsed", row.unit_id, "leader", row.occurrence, stage=row.stage)
    return above


def register(registry: Registry) -> None:
    registry.forms["med_appoint"] = write_appoint
    registry.operations["op.appoint_above"] = appoint_above
