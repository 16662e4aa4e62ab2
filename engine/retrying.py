"""What has got stuck is tried again because a person says so: timers that were given up, effects that never arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import Conflict, NotFound
from engine.incidents import Incident, IncidentClosed
from engine.outbox import FAILED, PENDING, Outbox
from engine.timers import ARMED, Timer
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

SHOWN = 100


class NothingToRetry(Conflict):
    """Nothing of this waits for another try; let the person repeat the step, then resolve the incident."""

    code = "nothing_to_retry"
    zh = "这里没有可以自动重试的内容；请让经办人重做这一步，然后关闭该异常。"


def open_incidents(session: Session, district_id: int) -> Sequence[Incident]:
    """The oldest first, at most SHOWN."""
    query = select(Incident).where(Incident.district_id == district_id, Incident.state == "open")
    return session.scalars(query.order_by(Incident.id).limit(SHOWN)).all()


def resolved_incidents(session: Session, district_id: int, limit: int = 20) -> Sequence[Incident]:
    """The latest first."""
    query = select(Incident).where(Incident.district_id == district_id, Incident.state == "resolved")
    return session.scalars(query.order_by(Incident.resolved_at.desc(), Incident.id.desc()).limit(limit)).all()


def failed_effects(session: Session, district_id: int) -> Sequence[Outbox]:
    """Effects that are not tried any more, the oldest first, at most SHOWN."""
    query = select(Outbox).where(Outbox.district_id == district_id, Outbox.state == FAILED)
    return session.scalars(query.order_by(Outbox.id).limit(SHOWN)).all()


def retry_incident(session: Session, actor: Actor, incident_id: int) -> int:
    """Arm the timers of an incident anew, as if never tried; returns how many. The incident stays open.

    Raises NotFound, IncidentClosed, and NothingToRetry when no timer of it waits any more.
    """
    row = session.get(Incident, incident_id)
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    if row.state != "open":
        raise IncidentClosed
    waiting = select(Timer).where(
        Timer.instance_id == row.instance_id, Timer.element == row.element, Timer.state == ARMED, Timer.attempts > 0
    )
    found = session.scalars(waiting.with_for_update()).all() if row.kind == "timer" else []
    if not found:
        raise NothingToRetry
    for timer in found:
        timer.attempts, timer.wake_at = 0, timer.due_at
    draft = Draft(f"incident:{row.kind}:retry", actor.ref, row.subject_no, {"element": row.element})
    session.drafts.append((row.district_id, draft))
    return len(found)


def retry_effect(session: Session, actor: Actor, effect_id: int) -> Outbox:
    """Put an effect that was given up back into the queue, as if never tried. Raises NotFound, NothingToRetry."""
    row = session.get(Outbox, effect_id, with_for_update=True)
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    if row.state != FAILED:
        raise NothingToRetry
    row.state, row.attempts, row.lease_until = PENDING, 0, None
    row.next_try_at = session.env.clock.now()
    row.fence += 1
    draft = Draft("effect:delivery:retry", actor.ref, f"effect:{row.id}", {"topic": row.topic})
    session.drafts.append((row.district_id, draft))
    return row
