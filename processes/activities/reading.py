"""Lists of activities, their linked cases, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from engine.network.units import Unit
from processes import access
from processes.activities.codes import ActivityKind
from processes.activities.models import Activity, ActivityCase
from processes.cases.models import Case

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is listed: kind, first and last day, the unit with all below it that held it or where it was held."""

    kind: ActivityKind | None = None
    begin: date | None = None
    end: date | None = None
    under: Unit | None = None


@dataclass(frozen=True)
class Count:
    """Of one kind: entries, what their amounts add up to, and people reached."""

    entries: int = 0
    amount: int = 0
    people: int = 0


def within(units: Any) -> Any:
    """The condition that an activity belongs to these units (a subquery of ids): held by one, or held there."""
    return or_(Activity.unit_id.in_(units), Activity.place_unit_id.in_(units))


def counts(session: Session, district_id: int, *conditions: Any) -> Mapping[ActivityKind, Count]:
    """By kind, without what was struck out; a campaign counts on the day on which it began."""
    query = (
        select(Activity.kind, func.count(), func.sum(Activity.amount), func.sum(Activity.people))
        .where(Activity.district_id == district_id, Activity.struck_at.is_(None), *conditions)
        .group_by(Activity.kind)
    )
    return {
        ActivityKind(kind): Count(entries, amount, people) for kind, entries, amount, people in session.execute(query)
    }


def conditions_of(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.kind is not None:
        found.append(Activity.kind == wanted.kind.value)
    if wanted.begin is not None:
        found.append(Activity.held_on >= wanted.begin)
    if wanted.end is not None:
        found.append(Activity.held_on <= wanted.end)
    if wanted.under is not None:
        found.append(within(select(Unit.id).where(Unit.path.startswith(wanted.under.path))))
    return found


def listed(session: Session, actor: Actor, wanted: Wanted, *, page: int = 1) -> tuple[Sequence[Activity], int]:
    """(one page of them, how many there are): the latest first, those struck out among them."""
    here = [Activity.district_id == actor.district_id, *conditions_of(wanted)]
    total = session.scalar(select(func.count()).select_from(Activity).where(*here)) or 0
    query = select(Activity).where(*here).order_by(Activity.held_on.desc(), Activity.id.desc())
    return session.scalars(query.limit(PAGE).offset((page - 1) * PAGE)).all(), total


def cases_of(session: Session, actor: Actor, row: Activity) -> Sequence[tuple[Case, bool]]:
    """The linked cases that the actor may read, and whether the activity gave rise to each."""
    query = select(Case, ActivityCase.opened).join(ActivityCase, ActivityCase.case_id == Case.id)
    query = access.scope(query.where(ActivityCase.activity_id == row.id), actor).order_by(Case.id)
    return [(case, opened) for case, opened in session.execute(query)]
