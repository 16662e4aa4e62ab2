"""Beginning and ending a procedure beside a case, and what the case's clocks do meanwhile.

The case's token waits in `act` and its owner stays responsible (processes.md, section 3.1). The procedure with the
longest clock sets the time of the stay; when the last one ends, stage `conclude` begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime
from engine.deadlines.book import TASK, Deadline
from engine.errors import NotAllowedNow
from engine.trail.entries import Draft
from processes import links
from processes.cases.facts import facts_of
from processes.codes import ENDED, State
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step
    from processes.cases.models import Case

HANDLE, CONCLUDE = "handle", "conclude"
STAGES = (HANDLE, "handle_complex", "handle_mediation", "handle_petition")
"""Stages of a stay, the shortest first."""
BLOCKING = frozenset({"whistle", "mediation"})
"""While one of these is open the case cannot be settled (事不完、人不撤)."""
ENDED_WITH_CASE = "case_ended"


@dataclass(frozen=True)
class Opening:
    """What is begun: kind, the unit that runs it, the clock it gives to the stay, what it carries on."""

    kind: str
    unit_id: int
    stage: str | None = None
    previous_id: int | None = None


def open_one(session: Session, actor: Actor, case: Case, opening: Opening) -> Procedure:
    """The row of a new procedure, with its id: whoever calls adds the rows of its kind, then `launch`es it.

    Raises NotAllowedNow when the case has ended.
    """
    if case.instance_id is None or State(case.state) in ENDED:
        raise NotAllowedNow(state=State(case.state).zh, allowed="read")
    runtime.lock(session, case.instance_id)
    procedure = Procedure(
        district_id=case.district_id,
        case_id=case.id,
        kind=opening.kind,
        unit_id=opening.unit_id,
        opened_by=actor.ref,
        opened_at=session.env.clock.now(),
        stage=opening.stage,
        previous_id=opening.previous_id,
    )
    session.add(procedure)
    session.flush()
    return procedure


def launch(
    session: Session,
    actor: Actor,
    case: Case,
    procedure: Procedure,
    data: Mapping[str, Any],
    commitments: tuple[str, ...] = (),
) -> Step:
    """Start the model of the procedure's kind, tell the trail, give the case its time. Its unit sees the case."""
    links.admit_reader(session, case, procedure.unit_id)
    codes = {"unit": procedure.unit_id, "procedure": procedure.id, "previous": procedure.previous_id}
    draft = Draft(f"procedure:{procedure.kind}:open", actor.ref, case.number, codes, commitments)
    session.drafts.append((case.district_id, draft))
    subject = runtime.Subject(case.district_id, case.id, case.number)
    session.info["starting_procedure"] = procedure
    case.links += 1
    step = runtime.start(
        session, actor, procedure.kind, subject, {"case_no": case.number, **data}, parent_id=case.instance_id
    )
    procedure.instance_id = step.instance.id
    session.flush()
    if procedure.stage is not None and case.instance_id is not None and procedure.ended_at is None:
        runtime.deliver(session, actor, case.instance_id, "procedure_began", {"stage": procedure.stage})
        runtime.deliver(session, actor, case.instance_id, "reclock", {})
    return step


def of_step(step: Step) -> Procedure:
    """The procedure that a step is about."""
    starting = step.session.info.get("starting_procedure")
    if isinstance(starting, Procedure) and starting.instance_id is None:
        return starting
    return step.session.scalars(select(Procedure).where(Procedure.instance_id == step.instance.id)).one()


def open_of(session: Session, case: Case) -> list[Procedure]:
    """The open procedures of a case, the oldest first; no query while there are none."""
    if not case.links:
        return []
    query = select(Procedure).where(Procedure.case_id == case.id, Procedure.ended_at.is_(None))
    return list(session.scalars(query.order_by(Procedure.id)))


def surviving(session: Session, case: Case) -> bool:
    """Whether something goes on after the case, as the follow-up of an agreement: until then its texts are needed."""
    query = select(Procedure.id).where(
        Procedure.case_id == case.id, Procedure.kind.in_(links.SURVIVING), Procedure.ended_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def finish(step: Step, outcome: str) -> Procedure:
    """The procedure is over: its row, the trail, and the clock of the case that waited for it."""
    procedure, case = of_step(step), facts_of(step).case
    procedure.ended_at, procedure.outcome = max(step.now, procedure.opened_at), outcome
    case.links -= 1
    step.record(f"procedure:{procedure.kind}:end", {"outcome": outcome, "procedure": procedure.id})
    if procedure.stage is not None and case.instance_id is not None:
        step.send("procedure_ended", case.instance_id)
        step.send("reclock", case.instance_id)
    return procedure


def began(step: Step, payload: Mapping[str, Any]) -> None:
    """Message `procedure_began` to a case: the stay gets the longer time that is lawful now, and so does the whole."""
    row = _act_clock(step)
    stage = str(payload["stage"])
    if row is None or row.suspended_at is not None or _rank(stage) <= _rank(row.stage):
        return
    step.deadlines.give_lawful_time(row, stage, step.criteria)
    _not_before_stay(step, row)
    step.record("case:clock:procedure", {"stage": stage})


def ended(step: Step, _payload: Mapping[str, Any]) -> None:
    """Message `procedure_ended` to a case: after the last one the owner has stage `conclude` to settle it."""
    row = _act_clock(step)
    if row is None or row.suspended_at is not None:
        return
    if any(procedure.stage for procedure in open_of(step.session, facts_of(step).case)):
        return
    step.deadlines.restart(row, CONCLUDE, step.criteria)
    _not_before_stay(step, row)
    step.record("case:clock:procedure", {"stage": CONCLUDE})


def _act_clock(step: Step) -> Deadline | None:
    return next((row for row in step.deadlines if row.element == "act" and row.clock == TASK), None)


def _not_before_stay(step: Step, row: Deadline) -> None:
    """The whole case is never due before the stay that lawfully takes so long (ruling 5)."""
    overall = step.deadlines.overall
    if overall is not None and overall.due_at < row.due_at:
        step.deadlines.set_due(overall, row.due_at)
        step.deadlines.take_back_marks(overall)


def _rank(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else 0


def act_stage(step: Step) -> str:
    """Which clock a stay has: that of the longest open procedure."""
    stages = [each.stage for each in open_of(step.session, facts_of(step).case) if each.stage]
    return max(stages, key=_rank, default=HANDLE)


def end_with_case(step: Step, _payload: Mapping[str, Any]) -> None:
    """Message `case_closed` to a procedure: there is nothing left for it to do; whoever worked on it is told."""
    case, procedure = facts_of(step).case, of_step(step)
    for item in step.items:
        step.tell("procedure_ended", item.unit_id, item.role, f"p{procedure.id}", kind=procedure.kind)
    procedure.ended_at, procedure.outcome = max(step.now, procedure.opened_at), ENDED_WITH_CASE
    case.links -= 1
    step.record(f"procedure:{procedure.kind}:end", {"outcome": ENDED_WITH_CASE, "procedure": procedure.id})
    step.spiff.cancel()
    step.ended_at_element = ENDED_WITH_CASE


def register(registry: Registry) -> None:
    registry.functions["act_stage"] = act_stage
    registry.inbox |= {"procedure_began": began, "procedure_ended": ended}
    for kind in ("whistle", "consultation", "mediation"):
        registry.inbox[f"{kind}:case_closed"] = end_with_case
