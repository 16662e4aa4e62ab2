"""What is written last in a unit of work: messages to linked instances, then notices, then the trail.

Operations queue on the session; `settle` runs once, just before the commit, so that the trail's head is locked for
the shortest time and every instance is locked in the order of its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session


@dataclass(frozen=True)
class Message:
    """A BPMN message on its way to another instance of the same district."""

    actor: Actor
    instance_id: int
    name: str
    payload: Mapping[str, Any]


def queue_message(session: Session, actor: Actor, instance_id: int, name: str, payload: Mapping[str, Any]) -> None:
    session.messages.append(Message(actor, instance_id, name, payload))


def settle(session: Session) -> None:
    """Deliver the queued messages, tell the people, append to the trail."""
    from engine import notices, runtime  # noqa: PLC0415 # these modules import this one
    from engine.trail import entries  # noqa: PLC0415 # these modules import this one

    while session.messages:
        session.messages.sort(key=lambda message: message.instance_id)
        message = session.messages.pop(0)
        runtime.deliver(session, message.actor, message.instance_id, message.name, message.payload)
    if session.tellings:
        notices.tell_many(session, session.tellings)
        session.tellings.clear()
    if session.drafts:
        session.flush()
        now = session.env.clock.now()
        by_district = sorted(session.drafts, key=itemgetter(0))
        for district_id, drafts in groupby(by_district, key=itemgetter(0)):
            session.env.reached("before-trail")
            entries.append(session, district_id, now, [draft for _, draft in drafts])
        session.drafts.clear()
