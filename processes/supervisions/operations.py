"""督办: raise a supervision, climb the ladder, lift, cancel or file it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime
from engine.errors import Conflict, Forbidden, NotAllowedNow, NotFound
from engine.network.units import Unit, get, is_within
from engine.worklist import WorkItem
from processes import links
from processes.cases.facts import facts_of
from processes.cases.handling import note, seal_words
from processes.cases.models import Case
from processes.cases.permissions import is_over
from processes.codes import ENDED, Rung, State, Urgency
from processes.supervisions.models import Card, Supervision
from processes.supervisions.points import points_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

LADDER = list(Rung)
"""From the lowest rung up, one way."""
REPLIED = frozenset({Rung.URGE, Rung.SUPERVISE, Rung.YELLOW, Rung.RED})
"""Rungs that ask the subject for a reply."""
FIRST = (Rung.URGE, Rung.SUPERVISE)
FIRST_OF_COMMANDER = (*FIRST, Rung.YELLOW)
"""Where a person may begin (default)."""
MODEL = "supervision"
COMMANDER = "commander"
SUPERVISOR = "supervisor"
REMINDERS = frozenset({"warned", *(f"supervision_{rung.value}" for rung in Rung)})
"""What a supervision says in office hours only, unless the case is 特急."""


class AlreadySupervised(Conflict):
    """Your unit supervises this case already, at rung {rung}."""

    code = "already_supervised"
    zh = "本单位已在督办该事件（{rung}）。"


def supervise(session: Session, actor: Actor, case: Case, rung: Rung = Rung.URGE) -> Supervision:
    """催办、督办 by hand: a supervisor of an ancestor of the owner, or a commander, who may begin with a yellow card.

    A higher rung takes the place of a lower one that the same unit has open, also of one that a clock raised.
    Raises Forbidden, NotAllowedNow (the case has ended) and AlreadySupervised.
    """
    if rung not in (FIRST_OF_COMMANDER if COMMANDER in actor.roles else FIRST):
        raise Forbidden
    if case.instance_id is not None:
        runtime.lock(session, case.instance_id)
    issuer = _issuer(session, actor, case)
    if State(case.state) in ENDED or case.instance_id is None:
        raise NotAllowedNow(state=State(case.state).zh, allowed="read")
    standing = _open_one(session, case.id, issuer.id)
    if standing is not None and standing.instance_id is not None and _is_higher(rung, standing):
        runtime.deliver(session, actor, standing.instance_id, "cancel", {})
        session.flush()
    elif standing is not None:
        raise AlreadySupervised(rung=Rung(standing.rung).zh)
    return _start(session, actor, case, issuer.id, rung, "hand")


def _is_higher(rung: Rung, standing: Supervision) -> bool:
    return standing.origin != "hold" and LADDER.index(rung) > LADDER.index(Rung(standing.rung))


def raise_item(step: Step, issuer_id: int, rung: Rung, origin: str) -> Supervision:
    """A supervision raised by a clock; each issuer has one open for a case, a hold takes over the one that stands."""
    case = facts_of(step).case
    standing = _open_one(step.session, case.id, issuer_id)
    if standing is not None:
        if origin == "hold":
            standing.origin = origin
        return standing
    return _start(step.session, step.actor, case, issuer_id, rung, origin)


def raise_silence(step: Step, issuer_id: int, subject_id: int) -> Supervision:
    """A unit that was called keeps silent: it is supervised itself, and the step of its procedure stays until then."""
    case = facts_of(step).case
    standing = _open_one(step.session, case.id, issuer_id, subject_id)
    if standing is None:
        standing = _start(step.session, step.actor, case, issuer_id, Rung.SUPERVISE, "silence", subject_id=subject_id)
    standing.held_id = step.instance.id
    return standing


def cancel(session: Session, actor: Actor, supervision: Supervision) -> None:
    """取消督办: only by the issuer's unit or one above it, or a commander.

    Raises Forbidden, and NotAllowedNow when it has ended or has come to the report for accountability.
    """
    issuer = get(session, supervision.issuer_id)
    places = [get(session, post.unit_id) for post in actor.posts if post.role == SUPERVISOR]
    if COMMANDER not in actor.roles and not any(is_within(issuer, place) for place in places):
        raise Forbidden
    if supervision.ended_at is not None or supervision.instance_id is None:
        raise NotAllowedNow(state="ended", allowed="read")
    if supervision.rung == Rung.ACCOUNT:
        raise NotAllowedNow(state=Rung.ACCOUNT.zh, allowed="report_account")
    runtime.deliver(session, actor, supervision.instance_id, "cancel", {})


def _issuer(session: Session, actor: Actor, case: Case) -> Unit:
    owner = get(session, case.owner_id or case.last_owner_id)
    for post in actor.posts:
        if post.role == COMMANDER:
            return get(session, post.unit_id)
        if post.role == SUPERVISOR:
            unit = get(session, post.unit_id)
            if is_over(session, unit, owner):
                return unit
    raise Forbidden


def _open_one(session: Session, case_id: int, issuer_id: int, subject_id: int | None = None) -> Supervision | None:
    query = select(Supervision).where(
        Supervision.case_id == case_id,
        Supervision.issuer_id == issuer_id,
        Supervision.subject_id == subject_id if subject_id is not None else Supervision.subject_id.is_(None),
        Supervision.ended_at.is_(None),
    )
    return session.scalar(query)


def _start(
    session: Session,
    actor: Actor,
    case: Case,
    issuer_id: int,
    rung: Rung,
    origin: str,
    subject_id: int | None = None,
) -> Supervision:
    supervision = Supervision(
        district_id=case.district_id,
        case_id=case.id,
        issuer_id=issuer_id,
        issued_by=actor.ref,
        origin=origin,
        subject_id=subject_id,
        rung=rung.value,
        waits=0,
        opened_at=session.env.clock.now(),
    )
    session.add(supervision)
    session.flush()
    links.admit_reader(session, case, issuer_id)
    about = runtime.Subject(case.district_id, case.id, case.number)
    session.info["starting"] = supervision
    step = runtime.start(session, actor, MODEL, about, {"case_no": case.number}, parent_id=case.instance_id)
    supervision.instance_id = step.instance.id
    case.links += 1
    return supervision


def of_step(step: Step) -> Supervision:
    """The supervision that a step of model `supervision` is about."""
    starting = step.session.info.get("starting")
    if isinstance(starting, Supervision) and starting.instance_id is None:
        return starting
    found = step.session.scalar(select(Supervision).where(Supervision.instance_id == step.instance.id))
    if found is None:
        raise NotFound
    return found


def announce(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.announce`: the rung is told to whoever answers now; its points go on that unit.

    No rung is given twice. Returns the rung, by which the model goes on.
    """
    supervision, case = of_step(step), facts_of(step).case
    rung = Rung(supervision.rung)
    if _has_card(step, supervision):
        return rung.value
    unit_id = subject(step)
    points = _points(step, rung)
    step.session.add(
        Card(
            district_id=case.district_id,
            supervision_id=supervision.id,
            case_id=case.id,
            unit_id=unit_id,
            rung=rung.value,
            points=points,
            given_at=step.now,
        )
    )
    step.record("supervision:card:give", {"rung": rung.value, "unit": unit_id, "points": points})
    step.tell(f"supervision_{rung.value}", unit_id, "leader", f"s{supervision.id}")
    return rung.value


def _points(step: Step, rung: Rung) -> int:
    """What the judge who sends it up has set, else what the district takes off for the rung."""
    is_judged = step.item is not None and step.item.element == "judge"
    chosen = step.form.get("points") if is_judged else None
    return int(chosen) if chosen is not None else points_of(step.session, step.instance.district_id)[rung]


def _has_card(step: Step, supervision: Supervision) -> bool:
    query = select(Card.id).where(Card.supervision_id == supervision.id, Card.rung == supervision.rung)
    return step.session.scalar(query) is not None


def next_rung(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.next_rung`: one rung up; the top one stays. Returns the rung."""
    supervision, ladder = of_step(step), _ladder(step)
    before = Rung(supervision.rung)
    climbed = ladder[min(ladder.index(before) + 1, len(ladder) - 1)]
    if climbed is not before:
        supervision.rung, supervision.waits = climbed.value, 0
    if step.fired is not None:
        _count_anew(step, supervision, before)
    step.record("supervision:ladder:climb", {"rung": climbed.value, "silent": step.fired is not None})
    return climbed.value


def _ladder(step: Step) -> list[Rung]:
    """As far as the running version of the model goes: the first one ended at the red card."""
    return LADDER if "hold_interview" in step.compiled.tasks else [rung for rung in LADDER if rung in REPLIED]


def _count_anew(step: Step, supervision: Supervision, before: Rung) -> None:
    """Nobody replied: the clock of the reply begins again for the rung reached; after the red card none is asked."""
    row = step.deadline
    if Rung(supervision.rung) in REPLIED:
        step.deadlines.restart(row, f"sup_reply_{supervision.rung}", step.criteria)
    if before is Rung.RED:
        superior = facts_of(step).parent_of(supervision.issuer_id)
        step.tell("red_unanswered", superior, "leader", row.occurrence)


def judge_silent(step: Step, _data: Mapping[str, Any]) -> int:
    """`op.judge_silent`: the issuer did not judge; counts as "wait", and its superior is told from the second time."""
    supervision = of_step(step)
    supervision.waits += 1
    if supervision.waits > 1:
        superior = facts_of(step).parent_of(supervision.issuer_id)
        step.tell("judge_silent", superior, "leader", f"s{supervision.id}w{supervision.waits}")
    step.record("supervision:judge:silent", {"waits": supervision.waits})
    return supervision.waits


def write_reply(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    note(step, "sup_reply", "done" if data.get("done") else "not_done", seal_words(step, "sup_reply", data))


def write_judge(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    note(step, "sup_judge", data["verdict"], seal_words(step, "sup_judge", data))


def lift(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.lift`: the answer was good, or the case is over; points stay."""
    _end(step, "lifted")
    return True


def cancelled(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.cancel_supervision`: taken back by the issuer or above."""
    _end(step, "cancelled")
    return True


def filed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.file_supervision`: the advice is given; nothing higher is left."""
    _end(step, "filed")
    return True


def _end(step: Step, how: str) -> None:
    supervision = of_step(step)
    case = facts_of(step).case
    supervision.ended_at, supervision.ended_by = step.now, how
    case.links -= 1
    step.record("supervision:item:end", {"how": how, "rung": supervision.rung})
    if supervision.held_id is not None:
        step.send("hold_ended", supervision.held_id)  # what was held may outlive the case
    elif supervision.origin == "hold" and State(case.state) not in ENDED and case.instance_id is not None:
        step.send("hold_ended", case.instance_id)


def subject(step: Step) -> int:
    """Who answers: the unit that was silent, else whoever owns the case now."""
    case = facts_of(step).case
    return of_step(step).subject_id or case.owner_id or case.last_owner_id


def hold_back(step: Step, mark: str) -> datetime | None:
    """A reminder waits until offices open, unless the case is 特急."""
    if step.instance.key != MODEL or mark not in REMINDERS or step.criteria()[1] == Urgency.EXTRA:
        return None
    opening = step.deadlines.calendar.add_working_time(step.now, timedelta()).at
    return opening if opening > step.now else None


def register(registry: Registry) -> None:
    registry.hold_back = hold_back
    registry.forms |= {"sup_reply": write_reply, "sup_judge": write_judge}
    registry.operations |= {
        "op.announce": announce,
        "op.next_rung": next_rung,
        "op.judge_silent": judge_silent,
        "op.lift": lift,
        "op.cancel_supervision": cancelled,
        "op.file_supervision": filed,
    }
    registry.names |= {
        "issuer": lambda step: of_step(step).issuer_id,
        "subject": subject,
        "rung": lambda step: of_step(step).rung,
    }
