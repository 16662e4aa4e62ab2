"""The cases behind the figures: exactly the rows that a tile, a cell of the table or a bar counts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import aliased

from engine.network.units import Beside, Level, Unit
from processes.access import visible_each
from processes.cases.models import Case
from processes.codes import Code, Light, Rung
from processes.supervisions.models import Supervision

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

PAGE = 50
BESIDE = "beside"
"""Stands for departments, third parties and centres together, which hang beside the levels."""


class Show(Code):
    """Which cases of a place are listed."""

    OVERDUE = "overdue", "超期", "overdue"
    SOON = "soon", "即将到期", "due soon"
    OPEN = "open", "在办", "open"


class Age(Code):
    """How late a case is: the bars of the histogram, each up to its limit."""

    HOURS_4 = "4h", "4 小时内", "up to 4 h"
    DAY = "1d", "4–24 小时", "4–24 h"
    DAYS_3 = "3d", "1–3 天", "1–3 d"
    DAYS_7 = "7d", "3–7 天", "3–7 d"
    DAYS_15 = "15d", "7–15 天", "7–15 d"
    MORE = "more", "15 天以上", "over 15 d"


LIMITS = {
    Age.HOURS_4: timedelta(hours=4),
    Age.DAY: timedelta(days=1),
    Age.DAYS_3: timedelta(days=3),
    Age.DAYS_7: timedelta(days=7),
    Age.DAYS_15: timedelta(days=15),
    Age.MORE: timedelta.max,
}


@dataclass(frozen=True)
class Wanted:
    """Which rows: at `at` and below, or of its own desk only; of units of one level (or `beside`); of one age."""

    at: Unit
    own: bool = False
    show: Show = Show.OVERDUE
    level: str | None = None
    age: Age | None = None


@dataclass(frozen=True)
class Listed:
    """One page of rows, and how many there are in all."""

    rows: Sequence[Row[Any]]
    total: int


_owner, _place = aliased(Unit), aliased(Unit)
COLUMNS = (
    Case.id,
    Case.number,
    Case.state,
    Case.kind,
    Case.urgency,
    Case.restricted,
    Case.light,
    Case.due_at,
    Case.late_since,
    Case.provisional,
    Case.reported_at,
    Case.summary_id,
    Case.owner_id,
    _owner.code.label("owner_code"),
    _owner.name.label("owner_name"),
    _owner.level.label("owner_level"),
    _owner.path.label("owner_path"),
    _place.name.label("place_name"),
)


def list_cases(session: Session, actor: Actor, wanted: Wanted, *, page: int = 1, size: int = PAGE) -> Listed:
    """The latest first, then those due next."""
    conditions = _conditions(session, actor, wanted)
    order = (Case.late_since.asc().nulls_last(), Case.due_at.asc().nulls_last(), Case.id)
    query = select(*COLUMNS).join(_owner, _owner.id == Case.owner_id).join(_place, _place.id == Case.place_unit_id)
    rows: Sequence[Any] = session.execute(
        query.where(*conditions).order_by(*order).limit(size).offset((page - 1) * size)
    ).all()
    if page == 1 and len(rows) < size:
        return Listed(rows, len(rows))
    counted = select(func.count()).select_from(Case).join(_owner, _owner.id == Case.owner_id)
    return Listed(rows, session.scalar(counted.where(*conditions)) or 0)


def _conditions(session: Session, actor: Actor, wanted: Wanted) -> list[Any]:
    found = [visible_each(actor), Case.district_id == wanted.at.district_id]
    found.append(Case.owner_id == wanted.at.id if wanted.own else _owner.path.startswith(wanted.at.path))
    if wanted.show is Show.OVERDUE:
        found.append(Case.late_since.is_not(None))
    elif wanted.show is Show.SOON:
        found.append(Case.light == Light.YELLOW.value)
    if wanted.level == BESIDE:
        found.append(_owner.level.in_([kind.value for kind in Beside]))
    elif wanted.level is not None:
        found.append(_owner.level == Level(wanted.level).value)
    if wanted.age is not None:
        found += _of_age(session, wanted.age)
    return found


def _of_age(session: Session, age: Age) -> list[Any]:
    """Later than the limit of the bar before, not later than its own."""
    now, ages = session.env.clock.now(), list(Age)
    before = ages.index(age) - 1
    found = [Case.late_since < now - LIMITS[ages[before]]] if before >= 0 else []
    return found + ([Case.late_since >= now - LIMITS[age]] if age is not Age.MORE else [])


def histogram(late: Sequence[datetime], now: datetime) -> Mapping[Age, int]:
    """How many are late by how much; `late`: since when."""
    limits = [now - LIMITS[age] for age in Age if age is not Age.MORE]  # the latest first
    ordered = sorted(late)
    before = [bisect_left(ordered, limit) for limit in limits]  # how many are later than each limit
    counts = [above - below for above, below in pairwise([len(ordered), *before, 0])]
    return dict(zip(Age, counts, strict=True))


def supervised(session: Session, actor: Actor, case_ids: Sequence[int]) -> Mapping[int, str]:
    """Highest rung of the supervisions that a unit of the actor has open, by case."""
    query = select(Supervision.case_id, Supervision.rung).where(
        Supervision.case_id.in_(case_ids), Supervision.issuer_id.in_(actor.unit_ids), Supervision.ended_at.is_(None)
    )
    ladder = list(Rung)
    found = sorted(session.execute(query), key=lambda row: ladder.index(Rung(row[1])))
    return {row[0]: row[1] for row in found}
