"""What `gridgov doctor --fix` mends: timers are derived from the state, so they can always be made anew from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engine import actors, incidents, runtime, timers
from engine.doctor.clockwork import chosen_instances
from engine.instances import ENDED, ProcessInstance
from engine.spiff.instance import ArmedTimer
from engine.step import Step
from engine.timers import ARMED, FIRED, Owner, Timer
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store


@dataclass(frozen=True)
class Rebuilt:
    """How many timers were armed, taken away, and put to another time."""

    missing: int
    extra: int
    moved: int


def rebuild_timers(session: Session, actor: Actor, instance_id: int) -> Rebuilt:
    """Make the timer rows of an instance what its state says, and record it. Raises NotFound."""
    row = runtime.lock(session, instance_id)
    wanted, pressing = ([], False) if row.status == ENDED else _wanted(session, row)
    standing = session.scalars(select(Timer).where(Timer.instance_id == row.id, Timer.state == ARMED)).all()
    before = [ArmedTimer(each.task_id, each.element, each.due_at, None, each.mark) for each in standing]
    known = {timer.task_id: timer.due_at for timer in before}
    new = [timer.task_id for timer in wanted if timer.task_id not in known]
    _forget_fired(session, row.id, new)
    timers.sync(session, Owner(row.id, row.district_id, pressing), before, wanted)
    moved = sum(known.get(timer.task_id, timer.due_at) != timer.due_at for timer in wanted)
    done = Rebuilt(len(new), len(known.keys() - {timer.task_id for timer in wanted}), moved)
    codes = {"model": row.key, "missing": done.missing, "extra": done.extra, "moved": done.moved}
    incidents.note(session, actor.ref, "rebuild", row, None, **codes)
    session.drafts.append((row.district_id, Draft("instance:timers:rebuild", actor.ref, row.subject_no, codes)))
    return done


def _wanted(session: Session, row: ProcessInstance) -> tuple[list[ArmedTimer], bool]:
    step = Step(session, actors.system(row.district_id), row)
    step.load()
    return step.spiff.timers(), session.env.registry.pressing(step)


def _forget_fired(session: Session, instance_id: int, task_ids: list[str]) -> None:
    """A token that waits again, although its row says that it has fired, gets a new row in place of that one."""
    fired = delete(Timer).where(Timer.instance_id == instance_id, Timer.state == FIRED, Timer.task_id.in_(task_ids))
    session.execute(fired, execution_options={"synchronize_session": False})


def mend_drift(store: Store, actor: Actor | None = None) -> dict[int, Rebuilt]:
    """Rebuild the timers of every instance that drifts, and of ended ones that still have some; each in one commit.

    For an administrator, `actor`, only what the check looks at, in the own district; otherwise all there is.
    """
    with store.read() as session:
        chosen = chosen_instances(session) if actor is not None else None
        found = {instance_id for instance_id, _ in timers.drift(session, limit=1_000_000, instance_ids=chosen)}
        ended = select(Timer.instance_id).join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        found |= set(session.scalars(ended.where(Timer.state == ARMED, ProcessInstance.status == ENDED)))
        districts = select(ProcessInstance.id, ProcessInstance.district_id).where(ProcessInstance.id.in_(found))
        wanted = sorted((instance_id, district_id) for instance_id, district_id in session.execute(districts))
    done = {}
    for instance_id, district_id in wanted:
        if actor is None or actor.district_id == district_id:
            with store.write() as session:
                by = actor or actors.system(district_id, "cli")
                done[instance_id] = rebuild_timers(session, by, instance_id)
    return done
