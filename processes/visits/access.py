"""Who may see and do what with a visit: the centre's desk and its leaders, each window its own part, the district."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, false, or_, select

from engine.errors import Forbidden, NotFound
from engine.network.units import Beside, Unit, by_code
from processes.access import BLIND_ROLES, COMMANDER
from processes.centres.models import Window
from processes.visits.models import Visit, VisitWindow

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

DESK = "desk"
CENTRE_ROLES = frozenset({DESK, "handler", "leader", "supervisor", "dispatcher"})
"""Who at a centre sees all that comes through its door; its mediators see the cases they mediate."""
ROUTING_ROLES = (DESK, "leader", "dispatcher")
"""Who may make a case of a visit."""


def visible(actor: Actor) -> Any:
    """The condition on `Visit` that holds for what the actor may read."""
    if actor.district_id in district_posts(actor):
        return Visit.district_id == actor.district_id
    units = reading_units(actor)
    if not units:
        return false()
    own = exists(
        select(VisitWindow.id)
        .join(Window, Window.id == VisitWindow.window_id)
        .where(VisitWindow.visit_id == Visit.id, Window.unit_id.in_(units))
    )
    return and_(Visit.district_id == actor.district_id, or_(Visit.centre_id.in_(centre_posts(actor)), own))


def reading_units(actor: Actor) -> list[int]:
    """The units at whose windows the actor stands."""
    return sorted({post.unit_id for post in actor.posts if post.role not in BLIND_ROLES})


def centre_posts(actor: Actor) -> list[int]:
    return sorted({post.unit_id for post in actor.posts if post.role in CENTRE_ROLES})


def district_posts(actor: Actor) -> set[int]:
    """The district's own id when the actor reads for all of it."""
    at = {post.unit_id for post in actor.posts if post.role not in BLIND_ROLES}
    return (at | {actor.district_id} if COMMANDER in actor.roles else at) & {actor.district_id}


def read_visit(session: Session, actor: Actor, number: str) -> Visit:
    """One visit by its number. Raises NotFound alike for what is unknown and what is out of scope."""
    visit: Visit | None = session.scalar(select(Visit).where(Visit.number == number, visible(actor)))
    if visit is None:
        raise NotFound
    return visit


def read_centre(session: Session, actor: Actor, code: str) -> Unit:
    """A centre of the actor's district. Raises NotFound."""
    centre = by_code(session, code)
    if centre is None or centre.level != Beside.CENTRE or centre.district_id != actor.district_id:
        raise NotFound
    return centre


def check_board(actor: Actor, centre: Unit) -> None:
    """Raise Forbidden unless the actor may see all that comes through this centre's door."""
    if centre.id not in centre_posts(actor) and not district_posts(actor):
        raise Forbidden


def reads_words(actor: Actor, visit: Visit, window: Window) -> bool:
    """What a window wrote is for its own people and the centre that leads the visit, not for the whole district."""
    return actor.holds(visit.centre_id, *CENTRE_ROLES) or window.unit_id in reading_units(actor)


def has_window(session: Session, unit_ids: Iterable[int]) -> bool:
    """Whether one of these units staffs a window, or is a centre."""
    staffed = select(Window.id).where(Window.unit_id.in_(unit_ids), Window.closed.is_(False))
    return session.scalar(staffed.limit(1)) is not None


def has_desk(session: Session, actor: Actor, units: Iterable[Unit]) -> bool:
    """Whether the front desk is a place of work for the actor, whose posts are at `units`."""
    if any(unit.level == Beside.CENTRE for unit in units):
        return True
    return bool(actor.roles & {DESK, "leader"}) and has_window(session, actor.unit_ids)
