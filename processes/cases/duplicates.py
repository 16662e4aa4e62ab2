"""Likely duplicates (疑似重复): open cases near by, of the same kind, with a title that reads alike, and why.

Near means the same grid, or within 50 m when both positions are known. Only what the actor may read is compared, so
that nothing restricted shows through. Candidates come by index from the village of the place; the rest is arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Row, select

from engine import vault
from engine.network.units import Level, Unit, get, lineage, nearest_above
from processes.access import visible
from processes.cases.models import Case
from processes.cases.search import pieces

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

NEAR_METRES = 50
MOST_SHOWN = 5
MOST_COMPARED = 200
"""Candidates of a village that are looked at, the newest first."""
LEAST_SCORE = 0.5
LEAST_LIKENESS = 0.3
"""Titles that share less are not called alike."""
_TITLE, _PLACE, _KIND = 0.5, 0.3, 0.2
_SAME_GRID = 0.6
"""What the same grid weighs against the same spot."""
_EARTH_METRES = 6_371_000
_BELOW_VILLAGE = frozenset({Level.VILLAGE, Level.GRID, Level.CELL})


class Position(NamedTuple):
    """Degrees, WGS 84."""

    lng: float
    lat: float


class Reason(NamedTuple):
    """Why, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Matter:
    """What is compared: a case, or a report before it is one. `case_id`: itself, to be left out."""

    place: Unit
    kind: str | None = None
    title: str = ""
    position: Position | None = None
    case_id: int | None = None


@dataclass(frozen=True)
class Duplicate:
    """A case that may be the same matter. `score`: 0.5 to 1; `distance_m`: None when a position is unknown."""

    case_id: int
    number: str
    title: str
    state: str
    kind: str
    distance_m: int | None
    reported_at: datetime
    score: float
    reasons: tuple[Reason, ...]


def matter_of(session: Session, case: Case) -> Matter:
    """A case as something to be compared."""
    summary = vault.open_text(session, case.summary) or {}
    position = _position(case.lng, case.lat)
    return Matter(get(session, case.place_unit_id), case.kind, str(summary.get("title", "")), position, case.id)


def find(session: Session, actor: Actor, matter: Matter) -> list[Duplicate]:
    """The likeliest first, at most five; what is out of the actor's scope does not exist."""
    return _likely(session, matter, visible(actor))


def likest(session: Session, case: Case, title: str) -> int | None:
    """The id of the open case that a new one is most like, for `Case.likeness_id`; restricted ones take no part."""
    if case.restricted:
        return None
    matter = Matter(get(session, case.place_unit_id), case.kind, title, _position(case.lng, case.lat), case.id)
    found = _likely(session, matter, Case.restricted.is_(False))
    return found[0].case_id if found else None


def _likely(session: Session, matter: Matter, within: ColumnElement[bool]) -> list[Duplicate]:
    grids = _grids_around(session, matter.place)
    query: Any = select(
        Case.id,
        Case.number,
        Case.state,
        Case.kind,
        Case.place_unit_id,
        Case.lng,
        Case.lat,
        Case.reported_at,
        Case.summary_id,
    ).where(Case.place_unit_id.in_(grids), Case.ended_at.is_(None), Case.id != (matter.case_id or 0))
    rows = session.execute(query.where(within).order_by(Case.reported_at.desc()).limit(MOST_COMPARED)).all()
    near = [row for row in rows if _is_near(matter, row, grids)]
    found = [_compared(matter, row, title, grids) for row, title in _with_titles(session, near)]
    likely = [each for each in found if each.score >= LEAST_SCORE]
    return sorted(likely, key=lambda each: (-each.score, -each.reported_at.timestamp()))[:MOST_SHOWN]


def likeness(one: str, other: str) -> float:
    """Dice coefficient of the pairs of neighbouring characters, 0 to 1; works for Chinese without a word list."""
    a, b = pieces(one), pieces(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def metres(one: Position, other: Position) -> float:
    """Great-circle distance (haversine)."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lng = (lat2 - lat1) / 2, math.radians(other.lng - one.lng) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lng) ** 2
    return 2 * _EARTH_METRES * math.asin(math.sqrt(chord))


def _grids_around(session: Session, place: Unit) -> dict[int, int]:
    """Unit id → id of its grid (or itself above the grids), for every unit of the place's village."""
    if place.level not in _BELOW_VILLAGE:
        return {place.id: place.id}
    village = nearest_above(session, place, Level.VILLAGE)
    units = session.scalars(select(Unit).where(Unit.path.startswith(village.path, autoescape=True))).all()
    grids = {unit.id for unit in units if unit.level == Level.GRID}
    return {unit.id: next((each for each in lineage(unit) if each in grids), unit.id) for unit in units}


def _position(lng: float | None, lat: float | None) -> Position | None:
    return Position(lng, lat) if lng is not None and lat is not None else None


def _distance(matter: Matter, row: Row[Any]) -> int | None:
    position = _position(row.lng, row.lat)
    return round(metres(matter.position, position)) if matter.position and position else None


def _is_near(matter: Matter, row: Row[Any], grids: Mapping[int, int]) -> bool:
    distance = _distance(matter, row)
    return (distance is not None and distance <= NEAR_METRES) or grids[row.place_unit_id] == grids[matter.place.id]


def _with_titles(session: Session, rows: Sequence[Row[Any]]) -> list[tuple[Row[Any], str]]:
    texts = vault.open_many(session, [row.summary_id for row in rows])
    return [(row, str((texts.get(row.summary_id) or {}).get("title", ""))) for row in rows]


def _compared(matter: Matter, row: Row[Any], title: str, grids: Mapping[int, int]) -> Duplicate:
    distance, alike = _distance(matter, row), likeness(matter.title, title)
    beside = distance is not None and distance <= NEAR_METRES
    same_grid = grids[row.place_unit_id] == grids[matter.place.id]
    same_kind = row.kind == matter.kind
    score = _TITLE * alike + _PLACE * (1 if beside else _SAME_GRID) + _KIND * same_kind
    reasons = (
        (beside, Reason(f"相距 {distance} 米", f"{distance} m apart")),
        (same_grid, Reason("同一网格", "same grid")),
        (alike >= LEAST_LIKENESS, Reason(f"标题相似 {alike:.0%}", f"titles {alike:.0%} alike")),
        (same_kind, Reason("同类事件", "same kind")),
    )
    return Duplicate(
        case_id=row.id,
        number=row.number,
        title=title,
        state=row.state,
        kind=row.kind,
        distance_m=distance,
        reported_at=row.reported_at,
        score=round(score, 3),
        reasons=tuple(reason for holds, reason in reasons if holds),
    )
