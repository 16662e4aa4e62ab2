"""移动令牌: an operator puts the token of a running model elsewhere in the same process; tried first, then recorded.

What the token stood at is cancelled with its item, clock and timers; what it comes to opens its own, as if the model
had led there. Facts are not touched: who owns the case and what was written stays. `Registry.may_move` knows which
moves keep the rules of a case, and `Registry.sound` looks again when it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import incidents, runtime
from engine.errors import Conflict, NotFound
from engine.instances import RUNNING, ProcessInstance
from engine.soundness import check_sound
from engine.spiff.moving import CannotMove, Place
from engine.step import Step
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

NOTHING_THERE = ("no token stands there", "此处没有令牌")


class HasEnded(Conflict):
    """This instance has ended; there is no token to move."""

    code = "instance_ended"
    zh = "该流程已结束，没有可移动的令牌。"


@dataclass(frozen=True)
class Wanted:
    """`scope`: the call in which the token stands; None when its element says enough."""

    element: str
    target: str
    scope: str | None = None


@dataclass(frozen=True)
class Choice:
    """A token and where it can go; `refused`: element → why not (English, Chinese)."""

    place: Place
    possible: Sequence[str]
    refused: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Item:
    """A work item that a move opens or cancels."""

    element: str
    unit_id: int
    role: str


@dataclass(frozen=True)
class Picture:
    """What an instance shows: tokens as "process/element", items, timers by due time, messages it waits for."""

    tokens: Sequence[str]
    items: Sequence[Item]
    timers: Sequence[tuple[datetime, str]]
    messages: Sequence[str]


@dataclass(frozen=True)
class Moved:
    """What was there before, and what is there now."""

    before: Picture
    after: Picture


def choices(session: Session, actor: Actor, instance_id: int) -> list[Choice]:
    """The tokens of an instance and where each can go. Raises NotFound, HasEnded."""
    step = _step(session, actor, _running(session.get(ProcessInstance, instance_id), actor))
    return [_choice(step, place) for place in step.spiff.places()]


def picture(session: Session, actor: Actor, instance_id: int) -> Picture:
    """What an instance shows now. Raises NotFound, HasEnded."""
    return _picture(_step(session, actor, _running(session.get(ProcessInstance, instance_id), actor)))


def move(session: Session, actor: Actor, instance_id: int, wanted: Wanted, words: str) -> Moved:
    """Put a token elsewhere, one step; for a dry run the caller rolls back.

    Raises NotFound, HasEnded, CannotMove with where it could go, Unsound, and StepFailed.
    """
    row = _running(session.get(ProcessInstance, instance_id), actor)
    row = _running(runtime.lock(session, row.id), actor)
    step = _step(session, actor, row)
    place = _place(step, wanted)
    before = _picture(step)
    step.spiff.move(place.scope, place.element, wanted.target)
    step.run()
    for hook in session.env.registry.moved:
        hook(step)
    step.finish()
    check_sound(step)
    after = _picture(step)
    for item in after.items:
        if item not in before.items:
            step.tell("token_moved", item.unit_id, item.role, f"move{row.steps}")
    codes = {"model": row.key, "before": list(before.tokens), "after": list(after.tokens)}
    line = incidents.note(session, actor.ref, "move", row, words, **codes)
    session.drafts.append(
        (row.district_id, Draft("instance:token:move", actor.ref, row.subject_no, codes, line.commitment))
    )
    return Moved(before, after)


def instances_of(session: Session, district_id: int, subject_id: int) -> Sequence[ProcessInstance]:
    """The models that run, or ran, for a subject; the oldest first."""
    mine = select(ProcessInstance).where(
        ProcessInstance.subject_id == subject_id, ProcessInstance.district_id == district_id
    )
    return session.scalars(mine.order_by(ProcessInstance.id)).all()


def _running(row: ProcessInstance | None, actor: Actor) -> ProcessInstance:
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    if row.status != RUNNING:
        raise HasEnded
    return row


def _step(session: Session, actor: Actor, row: ProcessInstance) -> Step:
    step = Step(session, actor, row)
    step.load()
    step.ready = step.spiff.ready()
    return step


def _place(step: Step, wanted: Wanted) -> Place:
    """The token that is meant. Raises CannotMove."""
    places = step.spiff.places()
    found = [each for each in places if each.element == wanted.element and wanted.scope in {None, each.scope}]
    if len(found) != 1:
        several = ("several tokens stand there: name the call", "此处有多个令牌，须指明所在调用")
        standing = [each.element for each in places]
        raise CannotMove(wanted.element, wanted.target, several if found else NOTHING_THERE, standing)
    choice = _choice(step, found[0])
    if wanted.target in choice.refused:
        raise CannotMove(wanted.element, wanted.target, choice.refused[wanted.target], choice.possible)
    return found[0]


def _choice(step: Step, place: Place) -> Choice:
    may_move = step.session.env.registry.may_move
    judged = {target: may_move(step, place, target) for target in place.targets}
    possible = [target for target, why in judged.items() if why is None]
    return Choice(place, possible, {target: why for target, why in judged.items() if why is not None})


def _picture(step: Step) -> Picture:
    items = [Item(item.element, item.unit_id, item.role) for item in step.items if item.is_open]
    timers = sorted((timer.due_at, timer.element) for timer in step.spiff.timers())
    return Picture(step.spiff.tokens(), items, timers, sorted(step.spiff.messages()))
