"""Who may see and do what: one policy and one `scope()` for lists, single reads, exports, files and counts.

Role × action × state × the actor's place in the tree. What is out of scope does not exist for the actor: it is not
found, not counted and not distinguishable from what never was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, exists, false, func, or_, select

from engine import runtime
from engine.errors import NotFound
from processes.cases.models import Case, CaseReader, NamedReader

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

COMMANDER = "commander"
BLIND_ROLES = frozenset({"admin", "auditor"})
"""Roles that see no case by themselves: the administrator runs the network, the auditor reads the trail."""
MANY = 2_000


def reading_units(actor: Actor) -> list[int]:
    """The units through which the actor reads cases; a commander, who supervises them all, reads like the district.

    A centre reads like the subdistricts that it covers (processes.md, section 0, ruling 12).
    """
    units = {post.unit_id for post in actor.posts if post.role not in BLIND_ROLES}
    units |= actor.covers if units else frozenset()
    return sorted(units | {actor.district_id} if COMMANDER in actor.roles else units)


def visible(actor: Actor) -> Any:
    """The condition on `Case` that holds exactly for what the actor may read."""
    return _condition(actor, Case.id.in_)


def visible_each(actor: Actor) -> Any:
    """The same condition as probes of one case after the other: for walks that stop when they have found enough."""
    return _condition(actor, lambda readers: exists(readers.where(readers.selected_columns.case_id == Case.id)))


def visible_below(actor: Actor) -> Any:
    """The same condition for cases that are or were at, or below, a unit through which the actor reads.

    Such a unit has its `CaseReader` row (`processes.cases.readers.admit`), so only what is restricted is left to probe;
    counting tens of thousands of cases needs no probe for each.
    """
    named = select(NamedReader.case_id).where(NamedReader.staff_id == actor.staff_id)
    probe = exists(named.where(NamedReader.case_id == Case.id))
    return and_(Case.district_id == actor.district_id, or_(Case.restricted.is_(False), probe))


def _condition(actor: Actor, within: Callable[[Select[int]], Any]) -> Any:
    units = reading_units(actor)
    conditions = []
    if units:
        read = select(CaseReader.case_id).where(CaseReader.unit_id.in_(units))
        conditions.append(and_(Case.restricted.is_(False), within(read)))
    if actor.staff_id is not None:
        named = select(NamedReader.case_id).where(NamedReader.staff_id == actor.staff_id)
        conditions.append(and_(Case.restricted.is_(True), within(named)))
    return and_(Case.district_id == actor.district_id, or_(*conditions) if conditions else false())


def reads_many(session: Session, actor: Actor) -> bool:
    """Whether so many cases are visible that it is better to probe the newest one by one than to gather them all."""
    some = select(CaseReader.case_id).where(CaseReader.unit_id.in_(reading_units(actor))).limit(MANY).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) == MANY


def scope(query: Any, actor: Actor) -> Any:
    """Narrow a query over `Case` to what the actor may read."""
    return query.where(visible(actor))


def hold_case(session: Session, actor: Actor, number: str) -> Case:
    """The same for who is about to act: its instance is locked first, so what is read of it holds until the commit."""
    case = read_case(session, actor, number)
    if case.instance_id is None:
        return case
    runtime.lock(session, case.instance_id)
    return read_case(session, actor, number)


def read_case(session: Session, actor: Actor, number: str) -> Case:
    """One case by its number. Raises NotFound alike for what is unknown and what is out of scope."""
    case: Case | None = session.scalar(scope(select(Case).where(Case.number == number), actor))
    if case is None:
        raise NotFound
    return case
