"""After the signing (调解回访): judicial confirmation, performance, and what follows when an agreement is broken.

It is an instance of its own that goes on when the case is closed (processes.md, ruling 6): an agreement is often
performed months later. The committee of the mediation runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.deadlines.book import TASK, Place
from engine.errors import Bug, Conflict, Invalid
from engine.network.units import Level, nearest_above
from engine.worklist import WorkItem
from processes import links
from processes.cases.clocks import give_mark, supervisor_of
from processes.cases.facts import facts_of
from processes.cases.handling import LAST_MINUTE, finding, note, seal_words
from processes.cases.numbers import LOCAL
from processes.mediations import broken
from processes.mediations.models import Agreement, Guidance
from processes.procedures import linking
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

KIND = "mediation_follow_up"
COURT = "court"
VISIT_AFTER = timedelta(days=7)
"""The visit is due so long after the agreed day, and never sooner than so long after it can be made (default)."""


class ConfirmationRefused(Conflict):
    """The court cannot be asked to confirm this agreement: {why}."""

    code = "confirmation_refused"
    zh = "不能申请司法确认：{why}。"


def begin(step: Step, agreement: Agreement) -> Procedure:
    """The follow-up of an agreement that was signed just now, run by the committee that mediated."""
    case = facts_of(step).case
    mediation = step.session.get_one(Procedure, agreement.procedure_id)
    opening = linking.Opening(KIND, mediation.unit_id, previous_id=mediation.id)
    procedure = linking.open_one(step.session, step.actor, case, opening)
    linking.launch(step.session, step.actor, case, procedure, {})
    return procedure


def agreement_of(session: Session, procedure: Procedure) -> Agreement:
    """The agreement that a follow-up is about. Raises Bug when there is none."""
    query = select(Agreement).where(Agreement.procedure_id == procedure.previous_id)
    found = session.scalar(query)
    if found is None:
        raise Bug(f"procedure {procedure.id} follows no agreement")
    return found


def _agreement(step: Step) -> Agreement:
    return agreement_of(step.session, linking.of_step(step))


def _committee(step: Step) -> int:
    return linking.of_step(step).unit_id


def follow_up_begins(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.follow_up_begins`: thirty days from the signing (人民调解法 art. 33); a last day on a holiday moves on."""
    agreement = _agreement(step)
    place = Place(step.scope, "confirmation", _committee(step))
    row = step.deadlines.open(place, TASK, "med_confirmation", step.criteria, start=agreement.signed_at)
    agreement.confirm_by = row.due_at
    return True


def last_call(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.last_call`: three days are left to apply; the mediator and the committee's leader are told."""
    row = step.deadline
    give_mark(step, row, "last_called")
    for role in ("mediator", "leader"):
        step.tell("confirmation_last_call", row.unit_id, role, row.occurrence)
    return True


def write_confirmation(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_confirmation`. Raises ConfirmationRefused for an application too late, or of an oral agreement."""
    agreement, result = _agreement(step), str(data["result"])
    row = step.deadlines.find(_item.scope, _item.element)
    if row is not None and row.started_at == agreement.signed_at:
        agreement.confirm_by = row.due_at  # a calendar published meanwhile may have moved the last day
    if result == "applied":
        if step.now > agreement.confirm_by:
            raise ConfirmationRefused(why="已超过三十日 / the thirty days are over")
        if agreement.oral:
            raise ConfirmationRefused(why="口头协议须先补签书面协议 / an oral agreement has to be written down first")
        agreement.applied_at, agreement.court_no = step.now, data.get("court_no")
    agreement.confirmation = result
    note(step, "med_confirmation", result, seal_words(step, "med_confirmation", data))


def confirmation_lapses(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.confirmation_lapses`: nobody applied within the thirty days."""
    row = step.deadline
    give_mark(step, row, "escalated")
    _agreement(step).confirmation = "lapsed"
    step.tell("confirmation_lapsed", row.unit_id, "mediator", row.occurrence)
    step.record("agreement:confirmation:lapse", {})
    return True


def ask_court(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.ask_court`: the court sees the case and has to decide (法释〔2011〕5号)."""
    court = step.session.env.registry.functions["department"](step, COURT)
    links.admit_reader(step.session, facts_of(step).case, court)
    step.tell("confirmation_asked", court, "liaison", f"p{linking.of_step(step).id}")
    step.record("agreement:confirmation:ask", {"court": court})
    return True


def write_court_decision(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `court_decision`. Raises Invalid for a day that lies ahead, or before the application."""
    agreement, result = _agreement(step), str(data["result"])
    decided = _day(step, "decided_on", data)
    if agreement.applied_at is not None and decided < agreement.applied_at.astimezone(LOCAL).date():
        raise Invalid([finding("decided_on", "lies before the application", "不能早于申请日期")])
    agreement.confirmation, agreement.court_no, agreement.decided_on = result, str(data["court_no"]), decided
    note(step, "court_decision", result, seal_words(step, "court_decision", data))
    if result == "confirmed":
        _tell_both(step, "confirmation_given")


def tell_rejected(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.tell_rejected`: not confirmed; the agreement still binds as a contract, so performance goes on."""
    _tell_both(step, "confirmation_rejected")
    return True


def _tell_both(step: Step, mark: str) -> None:
    occurrence = f"p{linking.of_step(step).id}"
    step.tell(mark, _committee(step), "mediator", occurrence)
    step.tell(mark, facts_of(step).case.owner_id, "handler", occurrence)


def open_performance(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.open_performance`: the visit is due a week after the agreed day; the reminder falls on that day."""
    agreed = datetime.combine(_agreement(step).perform_by, LAST_MINUTE, LOCAL)
    place = Place(step.scope, "performance", _committee(step))
    row = step.deadlines.open(place, TASK, "med_performance", step.criteria)
    step.deadlines.set_due(row, max(row.due_at, agreed + VISIT_AFTER))
    return True


def write_performance(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_performance`: what the visit has found."""
    agreement = _agreement(step)
    agreement.performed, agreement.visited_at = bool(data["performed"]), step.now
    outcome = "performed" if data["performed"] else "broken"
    note(step, "med_performance", outcome, seal_words(step, "med_performance", data))


def follow_up_done(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.follow_up_done`: the agreement was performed."""
    linking.finish(step, "succeeded")
    return True


def agreement_broken(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.agreement_broken`: owner, superior and district are told, and the case is taken up again (ruling 6).

    Returns how: "open" (it still runs), "reopened" (it waited to be rated), "new" (a new case, since it has ended).
    """
    case, agreement, procedure = facts_of(step).case, _agreement(step), linking.of_step(step)
    occurrence = f"p{procedure.id}"
    owner = case.owner_id or case.last_owner_id
    district = nearest_above(step.session, facts_of(step).unit(case.place_unit_id), Level.DISTRICT)
    step.tell("agreement_broken", owner, "handler", occurrence)
    step.tell("agreement_broken", supervisor_of(step, owner), "leader", occurrence)
    step.tell("agreement_broken", district.id, "dispatcher", occurrence)
    how, codes = broken.take_up_again(step, agreement)
    confirmed = agreement.confirmation == "confirmed"
    step.record("agreement:performance:break", {"confirmed": confirmed, "again": how, **codes})
    return how


def write_guidance(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `follow_guidance`. Raises Invalid when enforcement is named for an agreement that no court confirmed."""
    agreement, procedure = _agreement(step), linking.of_step(step)
    if data["route"] == "enforcement" and agreement.confirmation != "confirmed":
        zh = "协议未经司法确认，不能申请强制执行；可告知起诉"
        raise Invalid([finding("route", "only a confirmed agreement is enforced; litigation is open", zh)])
    guidance = Guidance(
        district_id=procedure.district_id,
        procedure_id=procedure.id,
        case_id=procedure.case_id,
        route=data["route"],
        told_on=_day(step, "told_on", data),
        told_by=step.actor.ref,
        words=seal_words(step, "follow_guidance", data),
    )
    step.session.add(guidance)


def follow_up_failed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.follow_up_failed`: the parties know what is open to them."""
    linking.finish(step, "not_performed")
    return True


def _day(step: Step, name: str, data: Mapping[str, Any]) -> date:
    """A day of a form that has been; raises Invalid for one that lies ahead."""
    day = date.fromisoformat(str(data[name]))
    if day > step.now.astimezone(LOCAL).date():
        raise Invalid([finding(name, "lies ahead", "不能晚于今天")])
    return day


def register(registry: Registry) -> None:
    registry.names["committee"] = _committee
    registry.forms |= {
        "med_confirmation": write_confirmation,
        "court_decision": write_court_decision,
        "med_performance": write_performance,
        "follow_guidance": write_guidance,
    }
    registry.operations |= {
        "op.follow_up_begins": follow_up_begins,
        "op.last_call": last_call,
        "op.confirmation_lapses": confirmation_lapses,
        "op.ask_court": ask_court,
        "op.tell_rejected": tell_rejected,
        "op.open_performance": open_performance,
        "op.follow_up_done": follow_up_done,
        "op.agreement_broken": agreement_broken,
        "op.follow_up_failed": follow_up_failed,
    }
