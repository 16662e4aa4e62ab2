"""Issuing a bulletin: the figures as they stand, with size and root of the trail, so that paper is a witness too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rfc8785
from sqlalchemy import func, or_, select

from engine.errors import Conflict, Forbidden, NotFound
from engine.network.units import Beside, Unit, by_code, covered, get, is_within
from engine.trail.entries import Draft, TrailHead
from processes.bulletins.figures import compute
from processes.bulletins.models import Bulletin
from processes.bulletins.periods import Period, PeriodKind
from processes.bulletins.shape import to_json
from processes.overdue.board import roots_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ISSUERS = frozenset({"leader", "commander"})
LISTED = 50


class NotBegun(Conflict):
    """This period has not begun; choose an earlier one."""

    code = "period_not_begun"
    zh = "该统计周期尚未开始，请选择之前的周期。"


def roots(session: Session, actor: Actor) -> Sequence[Unit]:
    """The units whose bulletins the actor sees: those they lead or supervise, and what a centre of theirs covers."""
    own = roots_of(session, actor)
    return [*own, *(unit for centre in own if centre.level == Beside.CENTRE for unit in covered(session, centre))]


def find_unit(session: Session, actor: Actor, code: str | None) -> Unit:
    """The unit with this code, the actor's own without one. Raises NotFound outside of what is led or supervised."""
    mine = roots(session, actor)
    unit = by_code(session, code) if code else next(iter(mine), None)
    if unit is None or not any(is_within(unit, root) for root in mine):
        raise NotFound
    return unit


def may_issue(session: Session, actor: Actor, unit: Unit) -> bool:
    """Its own leader, or the leader of a unit above; a commander."""
    if "commander" in actor.roles:
        return True
    return any(post.role in ISSUERS and is_within(unit, get(session, post.unit_id)) for post in actor.posts)


def issue(session: Session, actor: Actor, unit: Unit, period: Period) -> Bulletin:
    """A new edition. Raises Forbidden and NotBegun."""
    if not may_issue(session, actor, unit):
        raise Forbidden
    now = session.env.clock.now()
    if period.begin > now:
        raise NotBegun
    head = session.scalars(select(TrailHead).where(TrailHead.district_id == unit.district_id).with_for_update()).one()
    figures = to_json(compute(session, unit, period))
    row = Bulletin(
        district_id=unit.district_id,
        unit_id=unit.id,
        period=period.kind.value,
        begins_on=period.begins_on,
        ends_on=period.ends_on,
        edition=_last_edition(session, unit, period) + 1,
        figures=figures,
        tree_size=head.size,
        root=head.root.hex(),
        issued_at=now,
        issued_by=actor.ref,
    )
    session.add(row)
    session.flush()
    codes = {
        "unit": unit.code,
        "period": row.period,
        "begins_on": row.begins_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "edition": row.edition,
        "sha256": digest(row),
    }
    session.drafts.append((row.district_id, Draft("bulletin:edition:issue", actor.ref, f"bulletin:{row.id}", codes)))
    return row


def digest(row: Bulletin) -> str:
    """SHA-256 of an edition's figures (RFC 8785): the trail holds it, so that nobody changes them afterwards."""
    return hashlib.sha256(rfc8785.dumps(row.figures)).hexdigest()


def find(session: Session, actor: Actor, bulletin_id: int) -> Bulletin:
    """An issued bulletin. Raises NotFound, also when its unit is not the actor's."""
    row = session.scalar(select(Bulletin).where(Bulletin.id == bulletin_id, Bulletin.district_id == actor.district_id))
    if row is None or not any(is_within(get(session, row.unit_id), root) for root in roots(session, actor)):
        raise NotFound
    return row


def issued(session: Session, actor: Actor, unit: Unit | None = None) -> Sequence[Bulletin]:
    """The latest editions of one unit, or of all whose bulletins the actor sees."""
    seen = [Unit.path.startswith(root.path) for root in roots(session, actor)]
    if not seen:
        return []
    query = select(Bulletin).join(Unit, Unit.id == Bulletin.unit_id).where(or_(*seen))
    if unit is not None:
        query = query.where(Bulletin.unit_id == unit.id)
    return session.scalars(query.order_by(Bulletin.issued_at.desc(), Bulletin.id.desc()).limit(LISTED)).all()


def period_of_row(row: Bulletin) -> Period:
    return Period(PeriodKind(row.period), row.begins_on, row.ends_on)


def _last_edition(session: Session, unit: Unit, period: Period) -> int:
    query = select(func.max(Bulletin.edition)).where(
        Bulletin.unit_id == unit.id, Bulletin.period == period.kind.value, Bulletin.begins_on == period.begins_on
    )
    return session.scalar(query) or 0
