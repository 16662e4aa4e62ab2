"""会商 step by step: opinions side by side, the meeting with its minutes, the decision and the tasks that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import vault
from engine.errors import Invalid
from engine.worklist import WorkItem
from processes import links
from processes.cases.clocks import give_mark
from processes.cases.facts import facts_of
from processes.cases.handling import LAST_MINUTE, finding, note, seal_words
from processes.cases.numbers import LOCAL
from processes.consultations.models import Consultation, DecisionTask, Opinion
from processes.consultations.opening import unit_named
from processes.consultations.tasks import answering_role, mark_overdue, tasks_of
from processes.procedures.linking import finish, of_step

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

GIVEN, ABSENT, DECIDED = "given", "absent", "decided"


def invite_units(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.invite_units`: each unit's liaison is told."""
    procedure = of_step(step)
    for unit_id in data["invited"]:
        step.tell("consult_invited", unit_id, "liaison", f"p{procedure.id}")
    step.record("consultation:units:invite", {"units": list(data["invited"])})
    return True


def write_opinion(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `opinion`: what the unit thinks, what it can do, whether it comes."""
    opinion = _opinion_of(step, item.unit_id)
    opinion.state, opinion.given_at, opinion.will_attend = GIVEN, step.now, bool(data["attend"])
    opinion.words = seal_words(step, "opinion", data)
    note(step, "opinion", GIVEN, opinion.words)


def opinion_given(_step: Step, _data: Mapping[str, Any]) -> str:
    """`op.opinion_given`: its part is done."""
    return GIVEN


def opinion_absent(step: Step, data: Mapping[str, Any]) -> str:
    """`op.opinion_absent`: it kept silent; that is recorded, its leader and the convener are told, and it goes on."""
    give_mark(step, step.deadline, "escalated")
    opinion, procedure = _opinion_of(step, data["unit"]), of_step(step)
    opinion.state = ABSENT
    step.tell("consult_absent", opinion.unit_id, "leader", f"o{opinion.id}")
    step.tell("consult_absent", procedure.unit_id, "dispatcher", f"o{opinion.id}")
    step.record("consultation:unit:absent", {"unit": opinion.unit_id})
    return ABSENT


def write_meeting(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `meeting`: the day, who was there, the minutes. Who is not named was not there.

    Raises Invalid for a day to come and for a unit that was not invited.
    """
    held_on = date.fromisoformat(data["held_on"])
    if held_on > step.now.astimezone(LOCAL).date():
        raise Invalid([finding("held_on", "lies in the future", "不得晚于今天")])
    present = _present(step, data["attendance"])
    for opinion in _opinions(step):
        opinion.attended = opinion.unit_id in present
    row = _row(step)
    row.held_on, row.minutes = held_on, seal_words(step, "meeting", data)
    note(step, "meeting", None, row.minutes)


def _present(step: Step, attendance: list[Mapping[str, Any]]) -> set[int]:
    case, invited = facts_of(step).case, {opinion.unit_id for opinion in _opinions(step)}
    found: dict[int, bool] = {}
    for place, each in enumerate(attendance):
        unit = unit_named(step.session, case, each["unit"], f"attendance/{place}/unit")
        if unit.id not in invited:
            raise Invalid([finding(f"attendance/{place}/unit", "was not invited", f"{unit.name}未受邀")])
        found[unit.id] = bool(each["present"])
    return {unit_id for unit_id, was_there in found.items() if was_there}


def write_decision(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `decision`: who leads, who does what until when. Raises Invalid for unknown units and days gone by."""
    case, row = facts_of(step).case, _row(step)
    lead = unit_named(step.session, case, data["lead"], "lead") if data.get("lead") else None
    row.lead_unit_id = lead.id if lead is not None else None
    row.decided_at = step.now
    row.decision = seal_words(step, "decision", data)
    for place, each in enumerate(data.get("tasks", ())):
        _give_task(step, place, each)
    step.session.flush()
    note(step, "decision", None, row.decision)


def _give_task(step: Step, place: int, given: Mapping[str, Any]) -> None:
    """A task is due at the end of its day, Beijing time."""
    case = facts_of(step).case
    unit = unit_named(step.session, case, given["unit"], f"tasks/{place}/unit")
    due = datetime.combine(date.fromisoformat(given["due"]), LAST_MINUTE, LOCAL)
    if due <= step.now:
        raise Invalid([finding(f"tasks/{place}/due", "lies in the past", "不得早于今天")])
    words = vault.seal(step.session, case.district_id, case.id, "decision_task", {"task": given["task"]})
    step.commitments.append(words.commitment)
    links.admit_reader(step.session, case, unit.id)
    task = DecisionTask(
        district_id=case.district_id,
        procedure_id=of_step(step).id,
        case_id=case.id,
        unit_id=unit.id,
        due_at=due,
        words=words,
    )
    step.session.add(task)


def consultation_done(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.consultation_done`: every unit is told its tasks, the holder of the case what was decided."""
    procedure, case, row = of_step(step), facts_of(step).case, _row(step)
    tasks = tasks_of(step.session, procedure.id)
    for task in tasks:
        step.tell("consult_task", task.unit_id, answering_role(step.session, task.unit_id), f"t{task.id}")
    step.tell("consult_decided", case.owner_id, "handler", f"p{procedure.id}")
    step.record("consultation:decision:make", {"lead": row.lead_unit_id, "tasks": [task.unit_id for task in tasks]})
    finish(step, DECIDED)
    return DECIDED


def _row(step: Step) -> Consultation:
    return step.session.get_one(Consultation, of_step(step).id)


def _opinions(step: Step) -> list[Opinion]:
    query = select(Opinion).where(Opinion.procedure_id == of_step(step).id)
    return list(step.session.scalars(query.order_by(Opinion.id)))


def _opinion_of(step: Step, unit_id: int) -> Opinion:
    return next(opinion for opinion in _opinions(step) if opinion.unit_id == unit_id)


def register(registry: Registry) -> None:
    registry.forms |= {"opinion": write_opinion, "meeting": write_meeting, "decision": write_decision}
    registry.operations |= {
        "op.invite_units": invite_units,
        "op.opinion_given": opinion_given,
        "op.opinion_absent": opinion_absent,
        "op.consultation_done": consultation_done,
    }
    registry.chores.append(mark_overdue)
