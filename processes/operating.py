"""What an administrator does about what got stuck: try again, pass over, resolve, move tokens. All of it is recorded.

An administrator sees codes, numbers of cases and where things failed, and no content of any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import incidents, moving, retrying
from engine.errors import NotFound
from engine.instances import ProcessInstance
from processes.administration import require_admin
from processes.cases.models import Case

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.incidents import Incident
    from engine.moving import Choice, Moved, Wanted
    from engine.outbox import Outbox


def retry_incident(session: Session, actor: Actor, incident_id: int) -> int:
    """Raises Forbidden, and as `engine.retrying.retry_incident`."""
    require_admin(actor)
    return retrying.retry_incident(session, actor, incident_id)


def skip_incident(session: Session, actor: Actor, incident_id: int, words: str) -> Incident:
    """Raises Forbidden, and as `engine.retrying.skip_incident`."""
    require_admin(actor)
    return retrying.skip_incident(session, actor, incident_id, words)


def resolve_incident(session: Session, actor: Actor, incident_id: int, words: str) -> Incident:
    """Raises Forbidden, NotFound, IncidentClosed."""
    require_admin(actor)
    return incidents.resolve(session, actor, incident_id, words)


def retry_effect(session: Session, actor: Actor, effect_id: int) -> Outbox:
    """Raises Forbidden, and as `engine.retrying.retry_effect`."""
    require_admin(actor)
    return retrying.retry_effect(session, actor, effect_id)


def skip_effect(session: Session, actor: Actor, effect_id: int, words: str) -> Outbox:
    """Raises Forbidden, and as `engine.retrying.skip_effect`."""
    require_admin(actor)
    return retrying.skip_effect(session, actor, effect_id, words)


def choices(session: Session, actor: Actor, instance_id: int) -> list[Choice]:
    """Raises Forbidden, and as `engine.moving.choices`."""
    require_admin(actor)
    return moving.choices(session, actor, instance_id)


def move_token(session: Session, actor: Actor, instance_id: int, wanted: Wanted, words: str) -> Moved:
    """Raises Forbidden, and as `engine.moving.move`."""
    require_admin(actor)
    return moving.move(session, actor, instance_id, wanted, words)


def instances_of(session: Session, actor: Actor, number: str) -> Sequence[ProcessInstance]:
    """The models of a case by its number, the oldest first; none of its content. Raises Forbidden, NotFound."""
    require_admin(actor)
    mine = select(Case.id).where(Case.number == number, Case.district_id == actor.district_id)
    case_id = session.scalar(mine)
    if case_id is None:
        raise NotFound
    return moving.instances_of(session, actor.district_id, case_id)
