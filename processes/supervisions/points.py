"""Points that a rung takes off (扣分): the district's own, else the defaults of `processes.codes.POINTS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.trail.entries import Draft
from processes.administration import require_admin
from processes.codes import POINTS, Rung
from processes.supervisions.models import RungPoints

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MOST = 100


def points_of(session: Session, district_id: int) -> dict[Rung, int]:
    """Points of every rung of the ladder, from the lowest up."""
    own = {Rung(row.rung): row.points for row in _own(session, district_id)}
    return {rung: own.get(rung, POINTS.get(rung, 0)) for rung in Rung}


def set_points(session: Session, actor: Actor, points: Mapping[Rung, int]) -> dict[Rung, int]:
    """Set the points (0 to 100) of these rungs for the administrator's district; cards given keep theirs.

    Raises Forbidden.
    """
    require_admin(actor)
    standing = {row.rung: row for row in _own(session, actor.district_id)}
    before = points_of(session, actor.district_id)
    for rung, amount in points.items():
        row = standing.get(rung.value)
        if row is None:
            row = RungPoints(district_id=actor.district_id, rung=rung.value)
            session.add(row)
        row.points, row.set_at, row.set_by = amount, session.env.clock.now(), actor.ref
    changed = {rung.value: amount for rung, amount in points.items() if amount != before[rung]}
    session.drafts.append((actor.district_id, Draft("admin:points:set", actor.ref, "points", changed)))
    session.flush()
    return points_of(session, actor.district_id)


def _own(session: Session, district_id: int) -> list[RungPoints]:
    return list(session.scalars(select(RungPoints).where(RungPoints.district_id == district_id)))
