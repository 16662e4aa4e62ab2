"""Postpone an act, undo it, carry out what nobody undid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from engine import incidents, runtime, vault
from engine.db import insert_missing
from engine.errors import Conflict, GridgovError, NotFound, StaleVersion, TryLater
from engine.instances import ProcessInstance
from engine.network.people import Staff, actor_of
from engine.notices import Notice
from engine.step import StepFailed
from engine.worklist import WorkItem, check_free
from processes.cases.worklist import check_outcome, complete
from processes.postponing.models import DONE, REFUSED, UNDONE, WAITING, PostponedAct

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store
    from engine.registry import Registry

PAGE = 50
MAX_ATTEMPTS = 3
AGAIN = timedelta(seconds=30)
"""How long an act that lost its worker waits for the next try."""

log = structlog.get_logger(__name__)


class TooLateToUndo(Conflict):
    """This has been carried out already."""

    code = "too_late_to_undo"
    zh = "已经执行，无法撤销。"


class AlreadyPostponed(Conflict):
    """This item is about to be carried out already."""

    code = "already_postponed"
    zh = "该待办即将执行，请勿重复操作。"


def postpone(
    session: Session,
    actor: Actor,
    item: WorkItem,
    data: Mapping[str, Any],
    wait: timedelta,
    version: int | None = None,
) -> PostponedAct:
    """Keep the form until `wait` is over; the item is the actor's meanwhile, so that nobody else takes it.

    What can be known to be refused is refused now: raises as `runtime.complete` does for a closed, taken or stale item,
    a wrong form and an outcome that is not allowed; and AlreadyPostponed.
    """
    runtime.lock_by_item(session, item.id)
    check_free(session, actor, item)
    if version is not None and version != item.version:
        raise StaleVersion(given=version, current=item.version)
    _form_of(session, item).check(data)
    check_outcome(session, actor, item, data)
    if session.scalar(select(PostponedAct.id).where(PostponedAct.item_id == item.id, PostponedAct.state == WAITING)):
        raise AlreadyPostponed
    was_free = item.holder_id is None
    runtime.claim(session, actor, item.id)
    now = session.env.clock.now()
    row = PostponedAct(
        district_id=item.district_id,
        staff_id=actor.staff_id,
        item_id=item.id,
        subject_id=item.subject_id,
        subject_no=item.subject_no,
        outcome=str(data.get("outcome") or data.get("result") or item.form),
        was_free=was_free,
        form=vault.seal(session, item.district_id, item.subject_id, "postponed", dict(data)),
        run_at=now + wait,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _form_of(session: Session, item: WorkItem) -> Any:
    instance = session.get_one(ProcessInstance, item.instance_id)
    return session.env.catalogue.get(session, instance.definition_id).forms[item.form]


def undo(session: Session, actor: Actor, act_id: int) -> PostponedAct:
    """撤销: the item is as it was. Raises NotFound for another person's act, TooLateToUndo."""
    row = session.get(PostponedAct, act_id, with_for_update=True)
    if row is None or row.staff_id != actor.staff_id:
        raise NotFound
    if row.state != WAITING:
        raise TooLateToUndo
    _end(session, row, UNDONE)
    if row.was_free:
        runtime.release(session, actor, row.item_id)
    return row


def carry_out_due(store: Store) -> int:
    """Carry out what is due, a page at most; how many were tried.

    1. In a commit of its own, count the attempt and push the next one out: an act that kills its worker stops.
    2. Each act is one step in one commit, under the posts that its person holds now.
    3. A refusal ends the act and tells the person, who sees the item where it was.
    """
    due = _lease(store)
    for act_id in due:
        try:
            with store.write() as session:
                _carry_out(session, act_id)
        except TryLater:
            log.info("postponed act waits", act=act_id)  # it is tried again, nothing is wrong with it
        except StepFailed as error:
            incidents.open_for_failed_step(store, error)
            _refuse(store, act_id, error.code)
        except GridgovError as error:
            _refuse(store, act_id, error.code)
        except Exception:
            log.exception("postponed act failed", act=act_id)
            _refuse(store, act_id, "internal")
    return len(due)


def _lease(store: Store) -> list[int]:
    now = store.env.clock.now()
    is_due = select(PostponedAct.id).where(PostponedAct.state == WAITING, PostponedAct.run_at <= now)
    with store.read() as session:
        if session.scalar(is_due.limit(1)) is None:
            return []
    with store.write() as session:
        query = select(PostponedAct).where(PostponedAct.state == WAITING, PostponedAct.run_at <= now)
        rows = session.scalars(query.order_by(PostponedAct.run_at).limit(PAGE).with_for_update(skip_locked=True)).all()
        for row in rows:
            row.attempts += 1
            row.run_at = now + AGAIN
        return [row.id for row in rows]


def _carry_out(session: Session, act_id: int) -> None:
    row = session.get(PostponedAct, act_id, with_for_update=True)
    if row is None or row.state != WAITING:
        return
    if row.attempts > MAX_ATTEMPTS:
        raise GridgovError
    actor = actor_of(session, session.get_one(Staff, row.staff_id))
    data = vault.open_text(session, row.form) or {}
    complete(session, actor, session.get_one(WorkItem, row.item_id), data)
    _end(session, row, DONE)


def _refuse(store: Store, act_id: int, code: str) -> None:
    with store.write() as session:
        row = session.get(PostponedAct, act_id, with_for_update=True)
        if row is None or row.state != WAITING:
            return
        row.refused_code = code
        _end(session, row, REFUSED)
        item = session.get_one(WorkItem, row.item_id)
        told = {
            "district_id": row.district_id,
            "key": f"postponed:{row.id}",
            "staff_id": row.staff_id,
            "unit_id": item.unit_id,
            "role": item.role,
            "subject_id": row.subject_id,
            "subject_no": row.subject_no,
            "mark": "act_refused",
            "data": {"outcome": row.outcome, "code": code},
            "created_at": row.ended_at,
        }
        insert_missing(session, Notice, [told])


def _end(session: Session, row: PostponedAct, state: str) -> None:
    sealed = row.form
    row.state, row.ended_at = state, session.env.clock.now()
    row.form = row.form_id = None
    if sealed is not None:
        session.flush()
        session.delete(sealed)


def waiting_of(session: Session, actor: Actor) -> list[PostponedAct]:
    """What the actor has decided and can still undo."""
    query = select(PostponedAct).where(PostponedAct.staff_id == actor.staff_id, PostponedAct.state == WAITING)
    return list(session.scalars(query.order_by(PostponedAct.id)))


def register(registry: Registry) -> None:
    registry.chores.append(carry_out_due)
