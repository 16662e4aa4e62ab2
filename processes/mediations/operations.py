"""调解: begin an attempt, ask both parties, end without an agreement (processes.md, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime
from engine.errors import Bug, Conflict, Invalid
from engine.worklist import WorkItem
from processes.cases.clocks import give_mark, supervisor_of
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.cases.numbers import LOCAL
from processes.codes import Kind, MediationKind, ProcedureKind
from processes.mediations import committees
from processes.mediations.models import Guidance, Mediation, MediationSession
from processes.mediations.routing import take_route
from processes.procedures import linking
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.network.units import Unit
    from engine.registry import Registry
    from engine.step import Step
    from processes.cases.models import Case

STAGE = "handle_mediation"
"""The time that a mediation gives to the stay of its case."""


class MediationRefused(Conflict):
    """This case cannot be mediated so: {why}."""

    code = "mediation_refused"
    zh = "不能这样调解：{why}。"


@dataclass(frozen=True)
class Wish:
    """Who shall mediate. `origin`: act, court, desk or hand_over; `suit`: none, ordinary or simple, of a court only."""

    committee: Unit
    origin: str = "act"
    suit: str = "none"
    previous_id: int | None = None


def open_mediation(session: Session, actor: Actor, case: Case, wish: Wish) -> Mediation:
    """Begin an attempt beside a case. The caller has asked `actions.require` where a person wishes it.

    Raises MediationRefused (criminal lead, another is open, the committee does not fit) and NotAllowedNow.
    """
    if case.instance_id is not None:
        runtime.lock(session, case.instance_id)
    kind = _check(session, case, wish)
    opening = linking.Opening(ProcedureKind.MEDIATION.value, wish.committee.id, STAGE, wish.previous_id)
    procedure = linking.open_one(session, actor, case, opening)
    mediation = Mediation(
        procedure_id=procedure.id,
        district_id=case.district_id,
        case_id=case.id,
        kind=kind.value,
        origin=wish.origin,
        suit=wish.suit,
    )
    session.add(mediation)
    session.flush()
    linking.launch(session, actor, case, procedure, {})
    return mediation


def _check(session: Session, case: Case, wish: Wish) -> MediationKind:
    if case.kind == Kind.CRIMINAL:
        raise MediationRefused(why="刑事线索不得调解，请移送公安 / a criminal lead goes to the police")
    if open_one(session, case) is not None:
        raise MediationRefused(why="已有调解在进行，请先移交或结束 / one is open already: hand it over or end it")
    offered = {choice.unit.id: choice.kind for choice in committees.choices(session, case)}
    kind = offered.get(wish.committee.id)
    if kind is None:
        raise MediationRefused(why="该单位没有可调解本件的调解员 / that unit has no mediator for this case")
    if wish.suit != "none" and kind is not MediationKind.JUDICIAL:
        raise MediationRefused(why="只有司法调解分诉讼程序 / only the court mediates within a suit")
    return kind


def open_one(session: Session, case: Case) -> Procedure | None:
    """The open mediation of a case."""
    query = select(Procedure).where(
        Procedure.case_id == case.id,
        Procedure.kind == ProcedureKind.MEDIATION.value,
        Procedure.ended_at.is_(None),
    )
    return session.scalar(query)


def mediation_of(step: Step) -> Mediation:
    """The mediation that a step of model `mediation` is about."""
    found = step.session.get(Mediation, linking.of_step(step).id)
    if found is None:
        raise Bug("the procedure has no mediation")
    return found


def begun(step: Step, _data: Mapping[str, Any]) -> int:
    """`op.mediation_begun`: the committee is told; returns the unit that appoints the mediator."""
    mediation, procedure = mediation_of(step), linking.of_step(step)
    step.record("mediation:attempt:begin", {"kind": mediation.kind, "origin": mediation.origin, "suit": mediation.suit})
    step.tell("mediation_begun", procedure.unit_id, "desk", f"p{procedure.id}")
    return procedure.unit_id


def write_consent(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_consent`. Of a restricted case the parties must have been told of the police and of protection."""
    mediation, case = mediation_of(step), facts_of(step).case
    past_day(step, data, "asked_on")
    if case.restricted and not data.get("protection"):
        raise Invalid(
            [finding("protection", "tell them of the police and of protection first", "请先告知报警和保护令")]
        )
    if data["all_willing"]:
        mediation.consented_at = step.now
    note(step, "med_consent", "willing" if data["all_willing"] else "unwilling", seal_words(step, "med_consent", data))


def lapsed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.mediation_lapsed`: nobody acted in time; what silence means stands in the model, the leader is told."""
    row = step.deadline
    give_mark(step, row, "escalated")
    step.tell("mediation_lapsed", row.unit_id, "leader", row.occurrence, stage=row.stage)
    step.tell("step_silent", supervisor_of(step, row.unit_id), "leader", row.occurrence, stage=row.stage)
    return True


def write_guidance(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_guidance`: every failure owes the parties other ways (invariant 12)."""
    mediation, case = mediation_of(step), facts_of(step).case
    sealed = seal_words(step, "med_guidance", data)
    step.session.add(
        Guidance(
            district_id=case.district_id,
            procedure_id=mediation.procedure_id,
            case_id=case.id,
            route=data["way"],
            told_on=past_day(step, data, "told_on"),
            told_by=step.actor.ref,
            words=sealed,
        )
    )
    take_route(step, mediation, data["route"])


def failed(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.mediation_failed`: the parties know other ways; the case goes on with its owner. Returns the outcome."""
    mediation = mediation_of(step)
    outcome = outcome_of(step.session, mediation)
    told = step.session.scalars(select(Guidance.route).where(Guidance.procedure_id == mediation.procedure_id)).first()
    step.record("mediation:guidance:give", {"way": told, "route": mediation.route})
    procedure = linking.finish(step, outcome)
    owner = facts_of(step).case.owner_id
    step.tell("mediation_failed", owner, "handler", f"p{procedure.id}", outcome=outcome)
    return outcome


def outcome_of(session: Session, mediation: Mediation) -> str:
    """Why there is no agreement: unwilling, failed (a party stopped or did not sign), stopped (the time was over)."""
    if mediation.consented_at is None:
        return "unwilling"
    query = select(MediationSession.result).where(MediationSession.procedure_id == mediation.procedure_id)
    last = session.scalars(query.order_by(MediationSession.id.desc())).first()
    return "failed" if last in {"failed", "agreed"} else "stopped"


def past_day(step: Step, data: Mapping[str, Any], name: str) -> date:
    """A day on which something has happened. Raises Invalid when it is no date or lies ahead."""
    day = day_of(data, name)
    if day > step.now.astimezone(LOCAL).date():
        raise Invalid([finding(name, "lies in the future", "不能晚于今天")])
    return day


def day_of(data: Mapping[str, Any], name: str) -> date:
    """The date in a field. Raises Invalid."""
    try:
        return date.fromisoformat(str(data[name]))
    except (KeyError, ValueError):
        raise Invalid([finding(name, "is not a date", "日期格式不正确")]) from None


def end_with_case(step: Step, payload: Mapping[str, Any]) -> None:
    """Message `case_closed` to a mediation, also to one whose clock stands still."""
    for row in step.deadlines:
        if row.suspended_at is not None:
            step.deadlines.close(row)
    linking.end_with_case(step, payload)


def register(registry: Registry) -> None:
    registry.forms |= {"med_consent": write_consent, "med_guidance": write_guidance}
    registry.operations |= {
        "op.mediation_begun": begun,
        "op.mediation_lapsed": lapsed,
        "op.mediation_failed": failed,
    }
    registry.inbox["mediation:case_closed"] = end_with_case
