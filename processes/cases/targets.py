"""The units to which a case may go by an action: what `processes.cases.handling` accepts, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from engine.errors import NotFound
from engine.network.units import Beside, Level, Unit, get, lineage
from processes.cases.actions import require
from processes.cases.handling import JUSTICE
from processes.codes import Kind

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

MOST = 50


def targets(session: Session, actor: Actor, case: Case, code: str, text: str = "", limit: int = MOST) -> list[Unit]:
    """The valid units for action `code` whose name holds `text`, by code.

    Raises as `actions.require`; NotFound for an action that sends a case nowhere.
    """
    condition = _CONDITIONS.get(code)
    if condition is None:
        raise NotFound
    require(session, actor, case, code)
    owner = get(session, case.owner_id or case.last_owner_id)
    query = select(Unit).where(Unit.district_id == case.district_id, Unit.valid_to.is_(None))
    query = query.where(condition(session, actor, case, owner))
    if text:
        query = query.where(or_(Unit.name.contains(text, autoescape=True), Unit.code.startswith(text, autoescape=True)))
    return list(session.scalars(query.order_by(Unit.code).limit(limit)))


def _below(_session: Session, _actor: Actor, _case: Case, owner: Unit) -> Any:
    return and_(Unit.path.startswith(owner.path), Unit.id != owner.id)


def _beside(_session: Session, _actor: Actor, case: Case, owner: Unit) -> Any:
    if case.kind == Kind.CRIMINAL:
        return and_(Unit.slug.in_(JUSTICE), Unit.id != owner.id)
    return and_(or_(Unit.level == Beside.DEPARTMENT, Unit.parent_id == owner.parent_id), Unit.id != owner.id)


def _above(_session: Session, _actor: Actor, _case: Case, owner: Unit) -> Any:
    return and_(Unit.id.in_(lineage(owner)), Unit.id != owner.id)


def _of_ruler(session: Session, actor: Actor, _case: Case, _owner: Unit) -> Any:
    """Below the units where the actor leads."""
    places = [get(session, post.unit_id) for post in actor.posts if post.role == "leader"]
    return or_(*(Unit.path.startswith(place.path) for place in places))


def _places(_session: Session, _actor: Actor, _case: Case, _owner: Unit) -> Any:
    return Unit.level.in_([level.value for level in Level])


_CONDITIONS = {
    "assign": _below,
    "transfer": _beside,
    "refer_up": _above,
    "rule": _of_ruler,
    "accept_case": _places,
}
