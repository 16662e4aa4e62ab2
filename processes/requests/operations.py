"""Ask the superior for more time (延期) or for the clock to stand still (挂账); decide; carry it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine import runtime, vault
from engine.deadlines.book import TASK, Deadline
from engine.errors import Conflict, Forbidden, Invalid, NotAllowedNow
from engine.network.units import Level
from engine.trail.entries import Draft
from engine.worklist import WorkItem
from processes.cases.facts import command_office, facts_of
from processes.cases.handling import finding, note, seal_words
from processes.cases.models import Case, Stay
from processes.cases.numbers import LOCAL
from processes.codes import PROTECTED_ROLE, State
from processes.requests.models import Request

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

EXTENSION, SUSPENSION = "extension", "suspension"
MAX_SUSPENSIONS = 2
MAX_SUSPENSION_DAYS = 90
"""At most ninety days at a time, twice a case (default)."""


class RequestRefused(Conflict):
    """This cannot be asked for now: {why}."""

    code = "request_refused"
    zh = "现在不能提出申请：{why}。"


@dataclass(frozen=True)
class Asking:
    """What somebody asks for. `days`: working days where the clock counts them, else natural days."""

    kind: str
    reason: str
    days: int | None = None
    review_on: date | None = None


def ask(session: Session, actor: Actor, case: Case, asking: Asking) -> Request:
    """File a request from `act`. Raises Forbidden, NotAllowedNow, RequestRefused and Invalid."""
    if case.instance_id is not None:
        runtime.lock(session, case.instance_id)
    if case.instance_id is None or State(case.state) is not State.HANDLING or case.owner_id is None:
        raise NotAllowedNow(state=State(case.state).zh, allowed="read")
    if not actor.holds(case.owner_id, PROTECTED_ROLE if case.restricted else "handler"):
        raise Forbidden
    stay = session.scalars(select(Stay).where(Stay.case_id == case.id, Stay.closed_at.is_(None))).one()
    _check(session, case, stay, asking)
    words = vault.seal(session, case.district_id, case.id, "request", {"reason": asking.reason})
    request = Request(
        district_id=case.district_id,
        case_id=case.id,
        stay_id=stay.id,
        kind=asking.kind,
        asked_days=asking.days,
        asked_review=asking.review_on,
        asked_by=actor.ref,
        asked_at=session.env.clock.now(),
        state="open",
        words=words,
    )
    session.add(request)
    session.flush()
    codes = {"kind": asking.kind, "days": asking.days, "unit": case.owner_id}
    session.drafts.append(
        (case.district_id, Draft(f"request:{asking.kind}:ask", actor.ref, case.number, codes, (words.commitment,)))
    )
    subject = runtime.Subject(case.district_id, case.id, case.number)
    session.info["starting_request"] = request
    step = runtime.start(session, actor, "request", subject, {"case_no": case.number}, parent_id=case.instance_id)
    request.instance_id = step.instance.id
    case.links += 1
    return request


def _check(session: Session, case: Case, stay: Stay, asking: Asking) -> None:
    if session.scalar(select(Request.id).where(Request.case_id == case.id, Request.state == "open")):
        raise RequestRefused(why="已有申请待批 / one is open already")
    row = _act_clock(session, case)
    if asking.kind == EXTENSION:
        _check_extension(row, stay, asking, session.env.clock.now())
    else:
        _check_suspension(session, case, asking)


def _act_clock(session: Session, case: Case) -> Deadline:
    query = select(Deadline).where(
        Deadline.instance_id == case.instance_id,
        Deadline.element == "act",
        Deadline.clock == TASK,
        Deadline.closed_at.is_(None),
    )
    return session.scalars(query).one()


def _check_extension(row: Deadline, stay: Stay, asking: Asking, now: datetime) -> None:
    if row.overdue_at is not None or now > row.due_at:
        raise RequestRefused(why="已超期 / the deadline is past")
    if stay.extended:
        raise RequestRefused(why="本次承办已延期一次 / extended once already")
    longest = longest_extension(row)
    if asking.days is None or not 1 <= asking.days <= longest:
        raise Invalid([finding("days", f"between 1 and {longest}", f"须为 1 至 {longest} 天")])


PETITION, PETITION_DAYS = "handle_petition", 30
"""A petition is extended by thirty days at most, with the reason told to the petitioner (信访工作条例 art. 34)."""


def longest_extension(row: Deadline) -> int:
    """At most the stay's original limit, in days of the clock's own kind, at least one; a petition's by law."""
    if row.stage == PETITION:
        return PETITION_DAYS
    days = {"wd": row.limit_amount, "d": row.limit_amount, "wh": row.limit_amount // 7, "h": row.limit_amount // 24}
    return max(1, days.get(row.limit_unit, 1))


def _check_suspension(session: Session, case: Case, asking: Asking) -> None:
    granted = select(func.count()).where(
        Request.case_id == case.id, Request.kind == SUSPENSION, Request.state == "granted"
    )
    if (session.scalar(granted) or 0) >= MAX_SUSPENSIONS:
        raise RequestRefused(why="挂账次数已满 / suspended twice already")
    _check_review(asking.review_on, session.env.clock.now())


def _check_review(review_on: date | None, now: datetime) -> None:
    today = now.astimezone(LOCAL).date()
    if review_on is None or not today < review_on <= today + timedelta(days=MAX_SUSPENSION_DAYS):
        zh = f"须在 {MAX_SUSPENSION_DAYS} 天之内"
        raise Invalid([finding("review_on", f"within {MAX_SUSPENSION_DAYS} days from tomorrow", zh)])


def of_step(step: Step) -> Request:
    """The request that a step of model `request` is about."""
    starting = step.session.info.get("starting_request")
    if isinstance(starting, Request) and starting.instance_id is None:
        return starting
    return step.session.scalars(select(Request).where(Request.instance_id == step.instance.id)).one()


def write_decision(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `request_decision`: granted with how much, or refused; what was asked for is the default."""
    request = of_step(step)
    sealed = seal_words(step, "request_decision", data)
    note(step, "request_decision", "granted" if data["granted"] else "refused", sealed)
    if not data["granted"]:
        return
    if request.kind == EXTENSION:
        request.granted_days = min(int(data.get("days") or request.asked_days or 1), request.asked_days or 1)
    else:
        review = data.get("review_date")
        request.review_on = date.fromisoformat(review) if review else request.asked_review
        _check_review(request.review_on, step.now)


def grant(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.grant`: tell the case to re-clock or to stop."""
    request = of_step(step)
    _decide(step, request, "granted")
    case = facts_of(step).case
    if case.instance_id is None:
        return False
    if request.kind == EXTENSION:
        step.send("extend", case.instance_id, {"days": request.granted_days, "stay": request.stay_id})
        step.send("reclock", case.instance_id)
    else:
        step.send(
            "suspend", case.instance_id, {"review_on": request.review_on.isoformat() if request.review_on else None}
        )
    return True


def refuse(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.refuse`: refused, or silence, which counts as refused; then the superior's superior is told."""
    silent = step.fired is not None
    request = of_step(step)
    _decide(step, request, "silent" if silent else "refused")
    if silent:
        row = step.deadline
        row.escalated_at = step.now
        step.tell("request_silent", facts_of(step).parent_of(row.unit_id), "leader", f"q{request.id}")
    return True


def overtaken(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.overtaken`: the case has moved or ended before anybody decided."""
    _decide(step, of_step(step), "overtaken")
    return True


def _decide(step: Step, request: Request, state: str) -> None:
    case = facts_of(step).case
    request.state, request.decided_at, request.decided_by = state, step.now, step.actor.ref
    case.links -= 1
    step.record(f"request:{request.kind}:{state}", {"days": request.granted_days, "asked": request.asked_days})
    step.tell(f"request_{state}", case.owner_id, "handler", f"q{request.id}", kind=request.kind)


def extend(step: Step, payload: Mapping[str, Any]) -> None:
    """Message `extend` to a case: the stay's clock and the overall one get more time (ruling 5)."""
    facts = facts_of(step)
    days = int(payload["days"])
    if facts.stay is None or facts.stay.id != payload["stay"]:
        return
    facts.stay.extended = True
    for row in step.deadlines:
        if row.clock in {TASK, "overall"} and row.element in {"act", "overall"}:
            step.deadlines.extend(row, days)
    step.record("case:clock:extend", {"days": days})


def decider(step: Step) -> int:
    """Who decides: the unit above the owner; above the district its command office."""
    facts = facts_of(step)
    owner = facts.owner
    if owner.level == Level.DISTRICT or owner.parent_id is None:
        return int(command_office(step).id)
    return owner.parent_id


def register(registry: Registry) -> None:
    registry.forms["request_decision"] = write_decision
    registry.names["decider"] = decider
    registry.inbox["extend"] = extend
    registry.operations |= {"op.grant": grant, "op.refuse": refuse, "op.overtaken": overtaken}
