"""Sessions under one clock: it runs over all of them, stands still for an expert, goes on once when both agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.deadlines.arithmetic import WORKING_UNITS
from engine.deadlines.book import TASK, Deadline, Place
from engine.errors import Bug, Invalid
from engine.instances import RUNNING, ProcessInstance
from engine.worklist import WorkItem
from processes.cases.clocks import CASE_MODEL
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.cases.numbers import LOCAL
from processes.codes import MediationKind, ProcedureKind
from processes.mediations.appointing import stand_in
from processes.mediations.models import Mediation, MediationSession
from processes.mediations.operations import day_of, mediation_of, past_day
from processes.procedures import linking

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

ELEMENT = "mediate_session"
LONGEST = {"med_total_administrative": 10, "med_total_suit": 15, "med_total_suit_simple": 7, "med_total": 90}
"""By how many days of its own kind a clock can be lengthened: 10 working days by the local rule on 行政调解, within a
suit at most the limit again, else ninety days (default: the law asks only that both agree)."""
AFTER_PROCEDURE = timedelta(days=1)
"""The case is never due together with its mediation, so that lawful time is never overdue (ruling 5)."""


def stage_of(mediation: Mediation) -> str:
    """The clock of an attempt: thirty days, twenty working days at a department, shorter within a suit."""
    if mediation.suit == "ordinary":
        return "med_total_suit"
    if mediation.suit == "simple":
        return "med_total_suit_simple"
    return "med_total_administrative" if mediation.kind == MediationKind.ADMINISTRATIVE else "med_total"


def write_session(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_session`: one session as the mediator wrote it down; either party may stop (`failed`)."""
    stand_in(step)
    mediation = mediation_of(step)
    mediation.sessions += 1
    sealed = seal_words(step, "med_session", data)
    step.session.add(
        MediationSession(
            district_id=mediation.district_id,
            procedure_id=mediation.procedure_id,
            case_id=mediation.case_id,
            held_on=past_day(step, data, "held_on"),
            result=data["result"],
            with_expert=bool(data.get("with_expert")),
            words=sealed,
        )
    )
    step.session.flush()


def pause(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.mediation_pause`: the clock stands still while an expert works; what is left is kept."""
    row = _clock(step)
    if row is not None:
        step.deadlines.suspend(row)
    step.record("mediation:clock:pause", {})
    return True


def resume(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.mediation_resume`: the clock goes on with what was left."""
    row = _clock(step)
    if row is not None:
        step.deadlines.resume(row)
    step.record("mediation:clock:resume", {"silent": step.fired is not None})
    return True


def write_resume(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_resume`: what the expert found."""
    stand_in(step)
    note(step, "med_resume", None, seal_words(step, "med_resume", data))


def time_up(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.mediation_time_up`: the time is over. Returns whether the parties can still be asked to go on, once."""
    mediation, row = mediation_of(step), step.deadline
    step.record("mediation:clock:end", {"stage": row.stage, "extended": mediation.extended})
    step.tell("mediation_time_up", row.unit_id, "mediator", row.occurrence)
    return not mediation.extended


def write_longer(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_longer`. Raises Invalid when the day is not within what the kind of mediation allows."""
    stand_in(step)
    note(step, "med_longer", "longer" if data["both_agree"] else "stop", seal_words(step, "med_longer", data))
    if not data["both_agree"]:
        return
    last = _last_clock(step)
    until, days = day_of(data, "until"), 0
    today = step.now.astimezone(LOCAL).date()
    if until > today:
        days = _days_to(step, last, until)
    most = LONGEST[last.stage]
    if not 1 <= days <= most:
        zh = f"须晚于今天，且延长不超过 {most} {'个工作日' if last.limit_unit in WORKING_UNITS else '天'}"
        raise Invalid([finding("until", f"after today, at most {most} days more", zh)])


def lengthen(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.lengthen`: both agreed; the clock of the first session runs on to that day, once."""
    mediation, last = mediation_of(step), _last_clock(step)
    committee = linking.of_step(step).unit_id
    row = step.deadlines.open(
        Place(last.scope, ELEMENT, committee), TASK, last.stage, step.criteria, start=last.started_at
    )
    days = _days_to(step, last, day_of(step.form, "until")) if "until" in step.form else LONGEST[last.stage]
    step.deadlines.extend(row, last.extended_days + days)
    row.warn_at = step.now + (row.due_at - step.now) * 2 / 3
    mediation.extended = True
    step.record("mediation:clock:extend", {"days": days, "due": row.due_at.isoformat()})
    return True


def _clock(step: Step) -> Deadline | None:
    return next((row for row in step.deadlines if row.element == ELEMENT and row.clock == TASK), None)


def _last_clock(step: Step) -> Deadline:
    """The clock that ran over all sessions; it ended when the parties were asked to go on."""
    query = select(Deadline).where(Deadline.instance_id == step.instance.id, Deadline.element == ELEMENT)
    row = step.session.scalars(query.order_by(Deadline.id.desc())).first()
    if row is None:
        raise Bug("no session has had a clock")
    return row


def _days_to(step: Step, row: Deadline, until: date) -> int:
    """From the end of a clock to `until`, in days of the clock's own kind; negative or 0 when it is not later."""
    due = row.due_at.astimezone(LOCAL).date()
    if row.limit_unit not in WORKING_UNITS:
        return (until - due).days
    days = (due + timedelta(days=n) for n in range(1, (until - due).days + 1))
    return sum(step.deadlines.calendar.is_working(day) for day in days)


def keep_time(step: Step) -> None:
    """At the end of every step: the case is due after what its mediation may still take (ruling 5)."""
    if step.instance.key != ProcedureKind.MEDIATION or step.instance.ended_at is not None:
        return
    instance_id = facts_of(step).case.instance_id
    needed = max((_end_of(step, row) for row in step.deadlines), default=None)
    if instance_id is None or needed is None:
        return
    until = needed + AFTER_PROCEDURE
    due = _due_of_stay(step.session, instance_id)
    if due is not None and due < until:
        step.send("mediation_time", instance_id, {"until": until.isoformat()})
        step.send("reclock", instance_id)


def _end_of(step: Step, row: Deadline) -> datetime:
    """When a clock has run out with its grace; a stopped one has what is left, after the expert's review."""
    if row.suspended_at is None:
        return row.grace_at or row.due_at
    review = [each.grace_at or each.due_at for each in step.deadlines if each.suspended_at is None]
    left = max(row.due_at - row.suspended_at, timedelta())
    return max(review, default=step.now) + left


def _due_of_stay(session: Session, instance_id: int) -> datetime | None:
    query = select(Deadline.due_at).where(
        Deadline.instance_id == instance_id,
        Deadline.element == "act",
        Deadline.clock == TASK,
        Deadline.closed_at.is_(None),
        Deadline.suspended_at.is_(None),
    )
    return session.scalar(query)


def keep_stay(step: Step) -> None:
    """The same at the end of every step of a case: a new stay or kind has other clocks, the mediation stays lawful."""
    if step.instance.key != CASE_MODEL or step.instance.ended_at is not None or not facts_of(step).case.links:
        return
    stay = next((row for row in step.deadlines if row.element == "act" and row.suspended_at is None), None)
    if stay is None:
        return
    needed = _end_of_mediation(step.session, step.instance.id)
    if needed is not None and stay.due_at < needed + AFTER_PROCEDURE:
        step.send("mediation_time", step.instance.id, {"until": (needed + AFTER_PROCEDURE).isoformat()})
        step.send("reclock", step.instance.id)


def _end_of_mediation(session: Session, case_instance_id: int) -> datetime | None:
    """When the running clocks of a case's mediation have run out with their grace."""
    query = (
        select(func.max(func.coalesce(Deadline.grace_at, Deadline.due_at)))
        .join(ProcessInstance, ProcessInstance.id == Deadline.instance_id)
        .where(
            ProcessInstance.parent_id == case_instance_id,
            ProcessInstance.key == ProcedureKind.MEDIATION.value,
            ProcessInstance.status == RUNNING,
            Deadline.closed_at.is_(None),
            Deadline.suspended_at.is_(None),
        )
    )
    return session.scalar(query)


def give_time(step: Step, payload: Mapping[str, Any]) -> None:
    """Message `mediation_time` to a case: stay and case are due no sooner than the mediation needs."""
    until = datetime.fromisoformat(str(payload["until"]))
    rows = [row for row in step.deadlines if row.element in {"act", "overall"} and row.suspended_at is None]
    late = [row for row in rows if row.due_at < until]
    for row in late:
        step.deadlines.set_due(row, until)
        step.deadlines.take_back_marks(row)
    if late:
        step.record("case:clock:procedure", {"stage": late[0].stage})


def register(registry: Registry) -> None:
    registry.forms |= {"med_session": write_session, "med_resume": write_resume, "med_longer": write_longer}
    registry.operations |= {
        "op.mediation_pause": pause,
        "op.mediation_resume": resume,
        "op.mediation_time_up": time_up,
        "op.lengthen": lengthen,
    }
    registry.functions["med_stage"] = lambda step: stage_of(mediation_of(step))
    registry.inbox["mediation_time"] = give_time
    registry.settled += [keep_time, keep_stay]
