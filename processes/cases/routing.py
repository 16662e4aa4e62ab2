"""What a report form has to know before there is a case: where it may be placed, and who will receive it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import Forbidden
from engine.network.units import Level, Unit, get, is_within, nearest_above
from processes.cases.reporting import area_of, find_place, first_checker, first_owner, reporting_post
from processes.codes import PROTECTED_ROLE, Kind

if TYPE_CHECKING:
    from engine.actors import Actor, Post
    from engine.db import Session

HANDLER = "handler"
WIDE = frozenset({Level.DISTRICT, Level.SUBDISTRICT, Level.VILLAGE})
"""What is offered to those who may report on the whole district: its grids would be thousands."""

DOMAINS = {
    Kind.DISPUTE: "dispute_easing",
    Kind.LIVELIHOOD: "livelihood_service",
    Kind.HAZARD: "public_security",
    Kind.ORDER: "public_security",
    Kind.CRIMINAL: "public_security",
    Kind.CIVIL: "dispute_easing",
    Kind.COMMERCIAL: "dispute_easing",
    Kind.LEGAL_SERVICE: "policy_publicity",
    Kind.ENTERPRISE: "livelihood_service",
}
"""The domain that a kind suggests on the form; the reporter may choose another (default, no source)."""


@dataclass(frozen=True)
class Route:
    """`first` gets the report, through whoever holds `role` there; `checker` looks at what was settled."""

    first: Unit
    role: str
    checker: Unit


@dataclass(frozen=True)
class Offered:
    """A place on the form. `nearness`: 0 at the reporter's own post or below, 1 in the same village, 2 elsewhere."""

    unit: Unit
    nearness: int


def route(session: Session, actor: Actor, place_code: str, *, restricted: bool = False) -> Route:
    """Who will receive a report on this place. Raises Forbidden and NotFound, as reporting does."""
    post = reporting_post(actor)
    place = find_place(session, actor, post, place_code)
    origin = get(session, post.unit_id) if post else place
    first, checker = first_owner(session, origin, place), first_checker(session, origin, place)
    if checker.id == first.id and checker.parent_id is not None:  # nobody checks what their own unit settled
        checker = get(session, checker.parent_id)
    return Route(first, PROTECTED_ROLE if restricted else HANDLER, checker)


def home_of(session: Session, actor: Actor) -> Unit:
    """The place that the form starts with: the unit of the reporting post; beside the network, what it hangs at."""
    home = get(session, _post(actor).unit_id)
    if home.level not in set(Level) and home.parent_id is not None:
        return get(session, home.parent_id)
    return home


def places(session: Session, actor: Actor) -> Sequence[Offered]:
    """Where the actor may report, the nearest first, then by code. Raises Forbidden."""
    area, home = area_of(session, _post(actor)), home_of(session, actor)
    levels = set(Level) if area.level != Level.DISTRICT else WIDE
    query = select(Unit).where(Unit.path.startswith(area.path, autoescape=True), Unit.valid_to.is_(None))
    query = query.where(Unit.level.in_([level.value for level in levels])).order_by(Unit.code)
    village = nearest_above(session, home, Level.VILLAGE)
    found = [Offered(unit, _nearness(unit, home, village)) for unit in session.scalars(query)]
    return sorted(found, key=lambda each: each.nearness)


def _nearness(unit: Unit, home: Unit, village: Unit) -> int:
    if is_within(unit, home):
        return 0
    return 1 if is_within(unit, village) else 2


def _post(actor: Actor) -> Post:
    post = reporting_post(actor)
    if post is None:
        raise Forbidden
    return post
