"""What has got stuck is tried again, or passed over, because a person says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from engine import incidents, runtime
from engine.errors import Busy, Conflict, NotFound
from engine.incidents import OPEN, SKIPPED, TIMER, Incident, IncidentClosed, OperatorAct
from engine.outbox import FAILED, PENDING, Outbox
from engine.soundness import check_sound
from engine.step import Step
from engine.timers import ARMED, Timer
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

_BLIND = {"synchronize_session": False}


class NothingToRetry(Conflict):
    """Nothing of this waits for another try; let the person repeat the step, then resolve the incident."""

    code = "nothing_to_retry"
    zh = "这里没有可以自动重试的内容；请让经办人重做这一步，然后关闭该异常。"


class NothingToSkip(Conflict):
    """Nothing of this waits that could be passed over: a step that failed was rolled back whole. Move the token."""

    code = "nothing_to_skip"
    zh = "这里没有可以跳过的内容：失败的步骤已整体回滚。如需绕过，请移动令牌。"


class TokenStandsThere(Conflict):
    """The token itself waits for this timer; without it the case would stand for ever. Move the token instead."""

    code = "token_stands_there"
    zh = "令牌正停在该定时上，跳过会使流程永远停住；请改用移动令牌。"


def retry_incident(session: Session, actor: Actor, incident_id: int) -> int:
    """Arm the timers of an incident anew, as if never tried; returns how many. The incident stays open till one fires.

    Raises NotFound, IncidentClosed, and NothingToRetry when no timer of it waits any more.
    """
    row = _locked(session, actor, incident_id)
    found = _waiting(session, row)
    if not found:
        raise NothingToRetry
    for timer in found:
        timer.attempts, timer.wake_at = 0, timer.due_at
    incidents.note(session, actor.ref, "retry", row, armed=len(found))
    draft = Draft(f"incident:{row.kind}:retry", actor.ref, row.subject_no, {"element": row.element})
    session.drafts.append((row.district_id, draft))
    return len(found)


def skip_incident(session: Session, actor: Actor, incident_id: int, words: str) -> Incident:
    """跳过: let the mark of a failing timer pass without what the model does at it, and resolve the incident.

    The mark is given in its clock, so the timer is disarmed in rows and in state alike; a timer of the model's own
    (a fixed duration) is taken away with its event. Raises NotFound, IncidentClosed, NothingToSkip, TokenStandsThere,
    and Unsound: the last clock of a case is never passed over.
    """
    row = _locked(session, actor, incident_id)
    found = _waiting(session, row)
    if not found or row.instance_id is None:
        raise NothingToSkip
    step = Step(session, actor, runtime.lock(session, row.instance_id))
    step.load()
    marks = [_pass_over(step, timer) for timer in found]
    row = incidents.resolve(session, actor, row.id, words, SKIPPED, marks=marks)
    step.finish()
    check_sound(step)
    return row


def _locked(session: Session, actor: Actor, incident_id: int) -> Incident:
    """The open incident, its instance locked first, as every step does."""
    row = incidents.get(session, actor, incident_id)
    if row.instance_id is not None:
        runtime.lock(session, row.instance_id)
        session.refresh(row)
    if row.state != OPEN:
        raise IncidentClosed
    return row


def _waiting(session: Session, row: Incident) -> Sequence[Timer]:
    """The timers of an incident that were tried and wait."""
    if row.kind != TIMER:
        return []
    waiting = select(Timer).where(
        Timer.instance_id == row.instance_id, Timer.element == row.element, Timer.state == ARMED, Timer.attempts > 0
    )
    return session.scalars(waiting.order_by(Timer.id).with_for_update()).all()


def _pass_over(step: Step, timer: Timer) -> str:
    """Give the mark without its effect; returns the mark, empty for a timer without a clock."""
    clock = step.deadlines.by_id(timer.deadline_id) if timer.deadline_id is not None else None
    if clock is not None:
        setattr(clock, f"{timer.mark}_at", step.now)
    elif not step.spiff.disarm(timer.task_id):
        raise TokenStandsThere
    return timer.mark


def retry_effect(session: Session, actor: Actor, effect_id: int) -> Outbox:
    """Send an effect at the next tick: one that was given up as if never tried, one that waits without waiting longer.

    Raises NotFound, NothingToRetry, and Busy while a worker is sending it.
    """
    row = _stuck_effect(session, actor, effect_id)
    values = {"state": PENDING, "next_try_at": session.env.clock.now(), "lease_until": None, "given_up_at": None}
    if row.state == FAILED:
        values["attempts"] = 0
    _swap(session, row, values)
    _note_effect(session, actor, row, "retry")
    draft = Draft("effect:delivery:retry", actor.ref, f"effect:{row.id}", {"topic": row.topic})
    session.drafts.append((row.district_id, draft))
    return row


def skip_effect(session: Session, actor: Actor, effect_id: int, words: str) -> Outbox:
    """Give an effect up for good: it is never sent. Raises NotFound, NothingToRetry, Busy while it is being sent."""
    row = _stuck_effect(session, actor, effect_id)
    if row.given_up_at is not None:
        raise NothingToRetry
    _swap(session, row, {"state": FAILED, "given_up_at": session.env.clock.now(), "lease_until": None})
    line = _note_effect(session, actor, row, "skip", words)
    draft = Draft("effect:delivery:skip", actor.ref, f"effect:{row.id}", {"topic": row.topic}, line.commitment)
    session.drafts.append((row.district_id, draft))
    return row


def _stuck_effect(session: Session, actor: Actor, effect_id: int) -> Outbox:
    row = session.get(Outbox, effect_id, with_for_update=True)
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    if row.state != FAILED and not (row.state == PENDING and row.last_error is not None):
        raise NothingToRetry
    if row.lease_until is not None and row.lease_until > session.env.clock.now():
        raise Busy
    return row


def _swap(session: Session, row: Outbox, values: dict[str, object]) -> None:
    """By compare-and-swap on the fence, which goes up: a worker that lost its lease can record nothing any more."""
    mine = update(Outbox).where(Outbox.id == row.id, Outbox.fence == row.fence, Outbox.state == row.state)
    done = session.execute(mine.values(fence=row.fence + 1, **values), execution_options=_BLIND)
    if done.rowcount != 1:  # type: ignore[attr-defined] # CursorResult
        raise Busy
    session.refresh(row)


def _note_effect(session: Session, actor: Actor, row: Outbox, act: str, words: str | None = None) -> OperatorAct:
    line = OperatorAct(
        district_id=row.district_id,
        at=session.env.clock.now(),
        actor=actor.ref,
        act=act,
        subject_no=str(row.payload.get("subject_no", "")),
        effect_id=row.id,
        element=row.topic,
    )
    incidents.say(session, line, words)
    session.add(line)
    return line
