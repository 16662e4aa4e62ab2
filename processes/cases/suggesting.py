"""Suggestions (建议) for a case, each with its reason: whose duty it is, what it is too big for, how the like went.

The duties of a centre's residents are data (`processes.centres.routing`). What other departments are for stands in
`duties.csv`, one row for a kind (and type) of matter; `source` names where the row comes from, "default" where nobody
has said so yet. A duty for exactly this type goes before one for every type. History counts only what the actor may
read, so that a suggestion tells nothing that a list would not.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.network.units import Beside, Level, Unit, get, is_within, nearest_above
from processes.access import visible_each
from processes.cases.duplicates import Reason
from processes.cases.models import Case
from processes.centres import routing
from processes.codes import ENDED, OWNED, Kind, State

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

HISTORY = timedelta(days=90)
FEW = 3
"""With fewer of the same type, all of the same kind are counted."""
LARGE = frozenset({"100_500", "over_500"})
"""From a hundred people on a grid or village asks its superior (default)."""
_LOW = frozenset({Level.CELL, Level.GRID, Level.VILLAGE})
_LEVELS = {
    Level.CELL: ("方格", "the cell"),
    Level.GRID: ("网格", "the grid"),
    Level.VILLAGE: ("村(社区)", "the village"),
    Level.SUBDISTRICT: ("乡镇(街道)", "the subdistrict"),
    Level.DISTRICT: ("区级", "the district"),
}
_UNSETTLED = {
    State.DECLINED: ("不予受理", "declined"),
    State.MERGED: ("并案", "merged"),
    State.WITHDRAWN: ("撤回", "withdrawn"),
}


@dataclass(frozen=True)
class Duty:
    """What a department beside the centre is for; `type` "*" means every type."""

    kind: str
    type: str
    unit: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True)
class Suggestion:
    """What could be done: an action's code, the unit it would go to, and why."""

    action: str
    unit: Unit
    reasons: Sequence[Reason]


@dataclass(frozen=True)
class History:
    """What became of the like of it: how many, and what they came to, the most frequent first."""

    total: int
    place: Unit
    by_outcome: Sequence[tuple[Reason, int]]

    @property
    def told(self) -> Reason:
        """过去 90 天同类 12 件：9 件由村(社区)办结，3 件由区住建局办结."""
        zh = "，".join(f"{count} 件{outcome.zh}" for outcome, count in self.by_outcome)
        en = ", ".join(f"{count} {outcome.en}" for outcome, count in self.by_outcome)
        days = HISTORY.days
        return Reason(f"过去 {days} 天同类 {self.total} 件：{zh}", f"{self.total} alike in {days} days: {en}")


def suggest(session: Session, case: Case) -> list[Suggestion]:
    """The unit whose duty it is, and the level above for what is too big here; nothing for a case that lies there."""
    if State(case.state) not in OWNED or case.owner_id is None:
        return []
    owner = get(session, case.owner_id)
    found = [*_by_duty(session, case, owner), *_by_size(session, case, owner)]
    return [each for each in found if each.unit.id != owner.id]


def history(session: Session, actor: Actor, case: Case) -> History | None:
    """How cases of this kind and type in the same subdistrict ended within ninety days; None when there are none."""
    place = nearest_above(session, get(session, case.place_unit_id), Level.SUBDISTRICT)
    rows = _ended(session, actor, case, place, of_type=True)
    if sum(count for *_, count in rows) < FEW:
        rows = _ended(session, actor, case, place, of_type=False)
    counted: dict[Reason, int] = {}
    for state, level, name, count in rows:
        outcome = _outcome(state, level, name)
        counted[outcome] = counted.get(outcome, 0) + count
    if not counted:
        return None
    return History(sum(counted.values()), place, sorted(counted.items(), key=lambda each: -each[1])[:FEW])


@cache
def duties() -> tuple[Duty, ...]:
    """The table, rows of a single type before those of every type."""
    text = files("processes.cases").joinpath("duties.csv").read_text("utf-8")
    rows = [Duty(**row) for row in csv.DictReader(text.splitlines())]
    return tuple(sorted(rows, key=lambda duty: duty.type == "*"))


def _by_duty(session: Session, case: Case, owner: Unit) -> list[Suggestion]:
    """The resident whose duty it is and the department that it belongs to, each where the owner may send it."""
    found = sorted([*_of_residents(session, case), *_of_departments(session, case)], key=lambda each: not each.exact)
    if any(each.exact for each in found):
        found = [each for each in found if each.exact or each.unit.level == Level.SUBDISTRICT]
    ways = [(_way_to(each.unit, owner, case), each) for each in found]
    return [Suggestion(way, each.unit, (each.reason,)) for way, each in ways if way is not None]


@dataclass(frozen=True)
class _Fitting:
    exact: bool
    unit: Unit
    reason: Reason


def _of_residents(session: Session, case: Case) -> list[_Fitting]:
    place = get(session, case.place_unit_id)
    drawn = routing.drawn(session, case.district_id, case.kind, case.type, place)
    if drawn is None:
        return []
    return [_Fitting(drawn.duty.type is not None, drawn.unit, Reason(drawn.told("zh"), drawn.told("en")))]


def _of_departments(session: Session, case: Case) -> list[_Fitting]:
    fitting = [duty for duty in duties() if duty.kind == case.kind and duty.type in {"*", case.type}]
    for duty in fitting[:1]:
        unit = routing.unit_called(session, case.district_id, duty.unit)
        if unit is not None:
            return [_Fitting(duty.type != "*", unit, Reason(duty.zh, duty.en))]
    return []


def _way_to(unit: Unit, owner: Unit, case: Case) -> str | None:
    """The action that takes the case there; None where it lies already, or where no way leads."""
    if is_within(owner, unit):
        return None
    if unit.level == Beside.THIRD_PARTY:
        return "mediate" if case.kind != Kind.CRIMINAL else None
    if unit.level == Beside.DEPARTMENT or unit.parent_id == owner.parent_id:
        return "transfer"
    return "assign" if is_within(unit, owner) else None


def _by_size(session: Session, case: Case, owner: Unit) -> list[Suggestion]:
    if case.head_count not in LARGE or owner.level not in _LOW or owner.parent_id is None:
        return []
    reason = Reason("涉及 100 人以上，超出本级处置能力", "more than a hundred people: beyond this level")
    return [Suggestion("refer_up", nearest_above(session, owner, Level.SUBDISTRICT), (reason,))]


def _ended(
    session: Session, actor: Actor, case: Case, place: Unit, *, of_type: bool
) -> Sequence[tuple[str, str, str, int]]:
    """(state, level and name of the last owner, how many)."""
    here = select(Unit.id).where(Unit.path.startswith(place.path, autoescape=True))
    since = session.env.clock.now() - HISTORY
    query = (
        select(Case.state, Unit.level, Unit.name, func.count())
        .join(Unit, Unit.id == Case.last_owner_id)
        .where(
            Case.place_unit_id.in_(here),
            Case.kind == case.kind,
            Case.reported_at >= since,
            Case.state.in_([State.RATING.value, *(state.value for state in ENDED)]),
            Case.id != case.id,
            visible_each(actor),
        )
        .group_by(Case.state, Unit.level, Unit.name)
    )
    if of_type and case.type is not None:
        query = query.where(Case.type == case.type)
    return [(state, level, name, count) for state, level, name, count in session.execute(query)]


def _outcome(state: str, level: str, name: str) -> Reason:
    if State(state) in _UNSETTLED:
        return Reason(*_UNSETTLED[State(state)])
    if level in set(Level):
        zh, en = _LEVELS[Level(level)]
        return Reason(f"由{zh}办结", f"settled by {en}")
    return Reason(f"由{name}办结", f"settled by {name}")
