"""What has got stuck, as an operator looks at it: open incidents and effects in trouble, filtered, counted, paged.

Effects are rows of the outbox and no incidents: one truth. An effect is in trouble when its last try failed; it is
tried again by itself until it is given up, by the engine or by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from engine import timers
from engine.errors import NotFound
from engine.incidents import OPEN, RESOLVED, TIMER, Incident, OperatorAct
from engine.instances import ProcessInstance
from engine.outbox import FAILED, PENDING, Outbox
from engine.timers import ARMED, Timer

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

EFFECT = "effect"
PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """A filter. `after`: the id to go on behind; `older_than`: stuck for at least so long. None: whatever."""

    state: str = OPEN
    kind: str | None = None
    model: str | None = None
    element: str | None = None
    older_than: timedelta | None = None
    after: int | None = None


@dataclass(frozen=True)
class Stuck:
    """An incident or an effect. `next_try_at` None: nothing will be tried by itself.

    `element` is the topic of an effect, and `waiting` how many timers of an incident can be tried or passed over.
    """

    id: int
    kind: str
    state: str
    subject_no: str
    instance_id: int | None
    model: str | None
    element: str
    reason: str
    stack: str
    attempts: int
    since: datetime
    failed_at: datetime | None
    next_try_at: datetime | None
    waiting: int
    resolved_at: datetime | None
    resolved_by: str | None
    how: str | None
    words: str | None

    @property
    def is_effect(self) -> bool:
        return self.kind == EFFECT

    @property
    def can_retry(self) -> bool:
        return self.is_effect or (self.state == OPEN and self.waiting > 0)

    @property
    def can_skip(self) -> bool:
        return self.state == OPEN and (self.is_effect or self.waiting > 0)


@dataclass(frozen=True)
class Group:
    """How many are stuck at one place for one reason."""

    kind: str
    model: str | None
    element: str
    reason: str
    count: int
    oldest: datetime


_instance = aliased(ProcessInstance)


def incidents(session: Session, actor: Actor, wanted: Wanted, limit: int = PAGE) -> list[Stuck]:
    """The oldest open ones first; of the resolved ones the latest first."""
    query = _filtered(session, actor, wanted)
    newest = wanted.state == RESOLVED
    if wanted.after is not None:
        query = query.where(Incident.id < wanted.after if newest else Incident.id > wanted.after)
    found = session.execute(query.order_by(Incident.id.desc() if newest else Incident.id).limit(limit)).all()
    tries = _tries(session, [row for row, _ in found])
    return [_of_incident(row, model, tries) for row, model in found]


def incident(session: Session, actor: Actor, incident_id: int) -> Stuck:
    """One incident. Raises NotFound."""
    query = select(Incident, _instance.key).outerjoin(_instance, _instance.id == Incident.instance_id)
    mine = query.where(Incident.id == incident_id, Incident.district_id == actor.district_id)
    found = session.execute(mine).first()
    if found is None:
        raise NotFound
    return _of_incident(found[0], found[1], _tries(session, [found[0]]))


def effects(session: Session, actor: Actor, wanted: Wanted, limit: int = PAGE) -> list[Stuck]:
    """Effects in trouble; for the resolved ones those that a person gave up, the latest first."""
    query = _filtered_effects(session, actor, wanted)
    newest = wanted.state == RESOLVED
    if wanted.after is not None:
        query = query.where(Outbox.id < wanted.after if newest else Outbox.id > wanted.after)
    rows = session.scalars(query.order_by(Outbox.id.desc() if newest else Outbox.id).limit(limit))
    return [_of_effect(row) for row in rows]


def effect(session: Session, actor: Actor, effect_id: int) -> Stuck:
    """One effect that is or was in trouble. Raises NotFound."""
    row = session.get(Outbox, effect_id)
    if row is None or row.district_id != actor.district_id or row.last_error is None:
        raise NotFound
    return _of_effect(row)


def groups(session: Session, actor: Actor, limit: int = 20) -> list[Group]:
    """Open incidents and effects in trouble, counted by place and reason; the most first."""
    place = (Incident.kind, _instance.key, Incident.element, Incident.reason)
    counted = _filtered(session, actor, Wanted()).with_only_columns(*place, func.count(), func.min(Incident.created_at))
    found = [Group(*row) for row in session.execute(counted.group_by(*place))]
    reason = func.coalesce(Outbox.last_error, "")
    undelivered = _filtered_effects(session, actor, Wanted()).with_only_columns(
        Outbox.topic, reason, func.count(), func.min(Outbox.created_at)
    )
    for topic, why, count, oldest in session.execute(undelivered.group_by(Outbox.topic, reason)):
        found.append(Group(EFFECT, None, topic, why, count, oldest))
    return sorted(found, key=lambda group: (-group.count, group.oldest))[:limit]


def counts(session: Session, actor: Actor) -> Mapping[str, int]:
    """Kind → how many are open."""
    query = select(Incident.kind, func.count()).where(Incident.district_id == actor.district_id, Incident.state == OPEN)
    found = dict(session.execute(query.group_by(Incident.kind)).all())
    stuck = _filtered_effects(session, actor, Wanted()).with_only_columns(func.count())
    return {**found, EFFECT: session.scalar(stuck) or 0}


def history(session: Session, effect_id: int) -> Sequence[OperatorAct]:
    """What was done about an effect, the oldest first."""
    query = select(OperatorAct).where(OperatorAct.effect_id == effect_id).order_by(OperatorAct.id)
    return session.scalars(query).all()


def _filtered(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    joined = select(Incident, _instance.key).outerjoin(_instance, _instance.id == Incident.instance_id)
    query: Any = joined.where(Incident.district_id == actor.district_id, Incident.state == wanted.state)
    if wanted.kind is not None:
        query = query.where(Incident.kind == wanted.kind)
    if wanted.model is not None:
        query = query.where(_instance.key == wanted.model)
    if wanted.element is not None:
        query = query.where(Incident.element == wanted.element)
    if wanted.older_than is not None:
        query = query.where(Incident.created_at <= session.env.clock.now() - wanted.older_than)
    return cast("Select[Any]", query)


def _filtered_effects(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    if wanted.state == RESOLVED:
        condition = and_(Outbox.state == FAILED, Outbox.given_up_at.is_not(None))
    else:
        waits = and_(Outbox.state == PENDING, Outbox.last_error.is_not(None))
        condition = or_(waits, and_(Outbox.state == FAILED, Outbox.given_up_at.is_(None)))
    query = select(Outbox).where(Outbox.district_id == actor.district_id, condition)
    if wanted.element is not None:
        query = query.where(Outbox.topic == wanted.element)
    if wanted.older_than is not None:
        query = query.where(Outbox.created_at <= session.env.clock.now() - wanted.older_than)
    return query


def _tries(session: Session, rows: Sequence[Incident]) -> Mapping[tuple[int, str], tuple[datetime | None, int]]:
    """(instance, element) → when the next try is, and how many timers wait that were tried before."""
    mine = [row.instance_id for row in rows if row.kind == TIMER and row.state == OPEN]
    if not mine:
        return {}
    query = select(Timer.instance_id, Timer.element, Timer.wake_at, Timer.attempts).where(
        Timer.instance_id.in_(mine), Timer.state == ARMED, Timer.attempts > 0
    )
    found: dict[tuple[int, str], tuple[datetime | None, int]] = {}
    for instance_id, element, wake_at, attempts in session.execute(query):
        before, count = found.get((instance_id, element), (None, 0))
        wakes = wake_at if attempts <= timers.MAX_ATTEMPTS else None
        found[(instance_id, element)] = (min(filter(None, (before, wakes)), default=None), count + 1)
    return found


def _of_incident(
    row: Incident, model: str | None, tries: Mapping[tuple[int, str], tuple[datetime | None, int]]
) -> Stuck:
    next_try_at, waiting = tries.get((row.instance_id or 0, row.element), (None, 0))
    return Stuck(
        id=row.id,
        kind=row.kind,
        state=row.state,
        subject_no=row.subject_no,
        instance_id=row.instance_id,
        model=model,
        element=row.element,
        reason=row.reason,
        stack=row.stack,
        attempts=row.attempts,
        since=row.created_at,
        failed_at=row.failed_at,
        next_try_at=next_try_at if row.kind == TIMER else None,
        waiting=waiting if row.kind == TIMER else 0,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        how=row.resolved_how,
        words=row.resolution,
    )


def _of_effect(row: Outbox) -> Stuck:
    over = row.given_up_at is not None or row.state not in {PENDING, FAILED}
    return Stuck(
        id=row.id,
        kind=EFFECT,
        state=RESOLVED if over else OPEN,
        subject_no=str(row.payload.get("subject_no", "")),
        instance_id=None,
        model=None,
        element=row.topic,
        reason=row.last_error or "",
        stack=row.stack or "",
        attempts=row.attempts,
        since=row.created_at,
        failed_at=None,
        next_try_at=row.next_try_at if row.state == PENDING else None,
        waiting=0,
        resolved_at=row.given_up_at or row.delivered_at,
        resolved_by=None,
        how=None,
        words=None,
    )
