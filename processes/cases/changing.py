"""What people do to a case beside its steps: note progress, reclassify and press, withdraw, rate."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime, vault
from engine.actors import Actor
from engine.deadlines.book import OVERALL, TASK
from engine.errors import Invalid, NotAllowedNow, NotFound
from engine.trail.entries import Draft
from processes import links
from processes.cases.actions import require
from processes.cases.facts import facts_of
from processes.cases.handling import finding
from processes.cases.models import Case, Progress, Stay
from processes.cases.reporting import tracking_code
from processes.codes import Kind, State

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

ANSWERS = ("satisfied", "basic", "unsatisfied")


def feedback(session: Session, actor: Actor, case: Case, words: str, *, measure: bool) -> Progress:
    """反馈进展: a line of progress; a measure ends the right to return the case. Raises as `actions.require`."""
    _lock(session, case)
    require(session, actor, case, "feedback")
    stay = session.scalar(select(Stay).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    sealed = vault.seal(session, case.district_id, case.id, "feedback", {"words": words})
    line = Progress(
        district_id=case.district_id,
        case_id=case.id,
        stay_id=stay.id if stay else None,
        unit_id=case.owner_id,
        actor=actor.ref,
        at=session.env.clock.now(),
        kind="measure" if measure else "feedback",
        words=sealed,
    )
    session.add(line)
    if measure and stay is not None:
        stay.measures += 1
    draft = Draft("case:progress:note", actor.ref, case.number, {"measure": measure}, (sealed.commitment,))
    session.drafts.append((case.district_id, draft))
    return line


def reclassify(session: Session, actor: Actor, case: Case, changes: Mapping[str, str], reason: str) -> Case:
    """改类、加急: another kind, type or urgency, with a reason; clocks are read again, time used is kept."""
    _lock(session, case)
    require(session, actor, case, "reclassify")
    if changes.get("kind") == Kind.CRIMINAL:
        raise Invalid([finding("kind", "verify it as a criminal lead instead", "刑事线索请在核实立案环节认定")])
    sealed = vault.seal(session, case.district_id, case.id, "reclassify", {"reason": reason})
    codes = {f"{name}_was": getattr(case, name) for name in changes} | dict(changes)
    draft = Draft("case:case:reclassify", actor.ref, case.number, codes, (sealed.commitment,))
    session.drafts.append((case.district_id, draft))
    if case.instance_id is not None:
        runtime.deliver(session, actor, case.instance_id, "reclassified", changes)
    return case


def take_classification(step: Step, changes: Mapping[str, Any]) -> None:
    """Message `reclassified`: change the row and read the clocks again; pressing never shortens below its own limit."""
    case = facts_of(step).case
    pressed = "urgency" in changes and changes["urgency"] != case.urgency
    for name, value in changes.items():
        setattr(case, name, value)
    if pressed:
        links.press(step)
    for row in step.deadlines:
        if row.clock in {TASK, OVERALL} and row.suspended_at is None and row.overdue_at is None:
            step.deadlines.rebase(row, row.stage, step.criteria)
            if pressed:
                step.deadlines.not_sooner_than_fresh(row, step.criteria)


def withdraw(session: Session, actor: Actor, case: Case) -> None:
    """撤回 by the reporter. Raises as `actions.require`."""
    _lock(session, case)
    require(session, actor, case, "withdraw")
    if case.instance_id is None or not runtime.deliver(session, actor, case.instance_id, "withdraw", {}):
        raise NotAllowedNow(state=State(case.state).value, allowed="read")


def rate(session: Session, number: str, code: str, answer: str, words: str | None) -> Case:
    """评价 by the citizen with number and secret code.

    Raises NotFound alike for an unknown number and a wrong code, NotAllowedNow outside the time for rating.
    """
    case = citizens_case(session, number, code)
    _lock(session, case)
    if answer not in ANSWERS:
        raise Invalid([finding("answer", f"one of {', '.join(ANSWERS)}", "请选择满意、基本满意或不满意")])
    if case.state != State.RATING or case.instance_id is None:
        raise NotAllowedNow(state=State(case.state).value, allowed="read")
    citizen = Actor(f"citizen:{case.number}", case.district_id)
    runtime.deliver(session, citizen, case.instance_id, "rated", {"answer": answer, "words": words})
    return case


def citizens_case(session: Session, number: str, code: str) -> Case:
    """A citizen's own case. Raises NotFound; the code is compared in constant time, also for unknown numbers."""
    case = session.scalar(select(Case).where(Case.number == number))
    fits = hmac.compare_digest(tracking_code(session, number).encode(), code.strip().upper().encode())
    if case is None or not fits or not case.has_citizen:
        raise NotFound
    return case


def _lock(session: Session, case: Case) -> None:
    """From here on the case is as it is read."""
    if case.instance_id is not None:
        runtime.lock(session, case.instance_id)


def register(registry: Registry) -> None:
    registry.inbox["reclassified"] = take_classification
