"""One step, one transaction: lock the instance, step it, write state, work items, deadlines, timers and trail.

Nothing here commits. What must be last in the transaction (messages to linked instances, notices, the trail) is
queued on the session and settled by `engine.closing` when the unit of work ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased

from engine import actors, worklist
from engine.definitions import deploy
from engine.errors import Busy, NotFound, StaleVersion
from engine.instances import ENDED, RUNNING, ProcessInstance
from engine.spiff.instance import ArmedTimer, ReadyTask
from engine.step import Step
from engine.timers import ARMED, Timer
from engine.worklist import WorkItem

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session


def _locking(which: Any, *, wait: bool = True) -> Any:
    """A statement that locks instances in the order of their ids, read fresh."""
    query = select(ProcessInstance).where(which).order_by(ProcessInstance.id).with_for_update(skip_locked=not wait)
    return query.execution_options(populate_existing=True)


_own, _of_item = aliased(ProcessInstance), aliased(WorkItem)
_PARENT = select(_own.parent_id).where(_own.id == bindparam("instance_id")).scalar_subquery()
_WITH_PARENT = or_(ProcessInstance.id == bindparam("instance_id"), ProcessInstance.id == _PARENT)
_ITEMS = select(_of_item.instance_id).where(_of_item.id == bindparam("item_id")).scalar_subquery()
_ITEMS_PARENT = select(_own.parent_id).where(_own.id == _ITEMS).scalar_subquery()
_LOCK = _locking(_WITH_PARENT)
_TRY_LOCK = _locking(_WITH_PARENT, wait=False)
_LOCK_EACH = _locking(ProcessInstance.id.in_(bindparam("instance_ids", expanding=True)))
_LOCK_BY_ITEM = _locking(or_(ProcessInstance.id == _ITEMS, ProcessInstance.id == _ITEMS_PARENT))

_ARMED = (
    select(Timer)
    .where(Timer.instance_id == bindparam("instance_id"), Timer.state == ARMED)
    .order_by(Timer.due_at, Timer.id)
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Subject:
    """What an instance is about: the row of `processes` that it carries, and its public number."""

    district_id: int
    id: int
    number: str


def start(
    session: Session,
    actor: Actor,
    key: str,
    subject: Subject,
    data: Mapping[str, Any],
    *,
    parent_id: int | None = None,
    form: Mapping[str, Any] | None = None,
) -> Step:
    """Start the active version of model `key` and run it to its first wait; operations find `form` on the step."""
    definition = deploy.active(session, key)
    row = ProcessInstance(
        district_id=subject.district_id,
        key=key,
        definition_id=definition.id,
        subject_id=subject.id,
        subject_no=subject.number,
        parent_id=parent_id,
        state=b"",
        status=RUNNING,
        steps=0,
        started_at=session.env.clock.now(),
    )
    session.add(row)
    session.flush()
    step = Step(session, actor, row)
    step.form = form or {}
    step.begin(data)
    step.finish()
    return step


def complete(session: Session, actor: Actor, item_id: int, data: Mapping[str, Any], version: int | None = None) -> Step:
    """Complete a work item with its form: validate, write the facts, step.

    `version`: what the caller saw of the item; None when it does not care. Raises NotFound, ItemClosed, Forbidden,
    AlreadyTaken, StaleVersion, Invalid (every wrong field), and whatever the form's writer refuses.
    """
    row = lock_by_item(session, item_id)
    step = Step(session, actor, row)
    item = next((each for each in step.items if each.id == item_id), None) or worklist.get(session, item_id)
    worklist.check_free(session, actor, item)
    if version is not None and version != item.version:
        raise StaleVersion(given=version, current=item.version)
    form = step.compiled.forms[item.form]
    form.check(data)
    step.complete(item, form, data)
    step.finish()
    return step


def claim(session: Session, actor: Actor, item_id: int) -> WorkItem:
    """签收: claim an item; on a step with a sign-off clock this is the signing off, and stops that clock."""
    row = lock_by_item(session, item_id)
    step = Step(session, actor, row)
    item = next((each for each in step.items if each.id == item_id), None) or worklist.get(session, item_id)
    was_free = item.holder_id is None
    worklist.claim(session, actor, item)
    if was_free:
        step.signed_off(item)
    return item


def release(session: Session, actor: Actor, item_id: int) -> WorkItem:
    """释放: put a claimed item back into the unit's queue."""
    row = lock_by_item(session, item_id)
    item = worklist.release(session, actor, worklist.get(session, item_id))
    Step(session, actor, row).record("work:item:release", {"element": item.element, "unit": item.unit_id})
    return item


def deliver(session: Session, actor: Actor, instance_id: int, message: str, payload: Mapping[str, Any]) -> bool:
    """Deliver a message; False, and an entry in the trail, when nothing waits for it any more."""
    row = lock(session, instance_id)
    if row.status == ENDED:
        return False
    step = Step(session, actor, row)
    step.load()
    inbox = session.env.registry.inbox
    handler = inbox.get(f"{row.key}:{message}") or inbox.get(message)
    if handler is not None:
        handler(step, payload)
        step.finish()
        return True
    if not step.spiff.deliver(message, payload):
        step.record("instance:message:drop", {"message": message, "model": row.key})
        return False
    step.message = message
    step.run()
    step.finish()
    return True


def fire(session: Session, timer_id: int) -> bool:
    """Fire one due timer; False when it was disarmed or moved meanwhile.

    Raises Busy when its instance is locked, or an earlier timer of it has yet to be tried.
    """
    seen = session.get(Timer, timer_id)
    if seen is None:
        return False
    row = lock(session, seen.instance_id, wait=False)
    if row is None:
        raise Busy
    armed = session.scalars(_ARMED, {"instance_id": row.id}).all()
    timer = next((each for each in armed if each.id == timer_id), None)
    if timer is None or timer.due_at > session.env.clock.now():
        return False
    if any(each.attempts <= 1 for each in armed[: armed.index(timer)]):
        raise Busy  # another worker has just taken up one that fell due before: first the warning, then the deadline
    step = Step(session, actors.system(row.district_id), row)
    step.load()
    step.fire(timer)
    step.finish()
    return True


def cancel(session: Session, actor: Actor, instance_id: int, end_element: str) -> None:
    """End an instance at once, as when the case it is linked to is over."""
    row = lock(session, instance_id)
    if row.status == RUNNING:
        step = Step(session, actor, row)
        step.load()
        step.spiff.cancel()
        step.ended_at_element = end_element
        step.finish()


def lock(session: Session, instance_id: int, *, wait: bool = True) -> Any:
    """The instance row, locked for this transaction after the one it is linked to.

    `wait=False` returns None when somebody holds one of them (PostgreSQL; SQLite has one writer anyway).
    Raises NotFound.
    """
    _read_afresh(session, instance_id)
    rows = session.scalars(_LOCK if wait else _TRY_LOCK, {"instance_id": instance_id}).all()
    found = next((row for row in rows if row.id == instance_id), None)
    if found is None and wait:
        raise NotFound
    if found is not None and found.parent_id is not None and len(rows) == 1:
        return None  # without the case's lock a message to it would wait for it the wrong way round
    return found


def lock_each(session: Session, instance_ids: Iterable[int]) -> None:
    """Lock several cases' instances, the oldest first, before an act that changes them all."""
    wanted = sorted(set(instance_ids))
    _read_afresh(session, *wanted)
    session.scalars(_LOCK_EACH, {"instance_ids": wanted}).all()


def _read_afresh(session: Session, *instance_ids: int) -> None:
    """What was read before the lock may change while it is waited for: it is read again when it is next asked for.

    On SQLite a unit of work that writes is alone from its first statement on.
    """
    session.flush()
    held: set[int] = session.info.setdefault("held instances", set())
    if not session.is_sqlite and not held.issuperset(instance_ids):
        session.expire_all()
    held.update(instance_ids)


def lock_by_item(session: Session, item_id: int) -> ProcessInstance:
    """The locked instance of a work item. Raises NotFound."""
    known: dict[int, ProcessInstance] = session.info.setdefault("instances of items", {})
    if item_id not in known:
        _read_afresh(session, -item_id)  # the instance is not known yet, and ids of instances are positive
        rows = session.scalars(_LOCK_BY_ITEM, {"item_id": item_id}).all()
        if not rows:
            raise NotFound
        known[item_id] = rows[-1]  # a linked instance is younger than its case
    return known[item_id]


@dataclass(frozen=True)
class Inspection:
    """What the state of an instance says, read without a lock."""

    ready: list[ReadyTask]
    timers: list[ArmedTimer]
    messages: set[str]
    tasks: int


def inspect(session: Session, instance_id: int) -> Inspection:
    """Look into a running instance. Raises NotFound."""
    row = session.get(ProcessInstance, instance_id)
    if row is None:
        raise NotFound
    step = Step(session, actors.system(row.district_id), row)
    step.load()
    spiff = step.spiff
    return Inspection(spiff.ready(), spiff.timers(), spiff.messages(), spiff.task_count())
