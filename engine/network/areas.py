"""Areas (网格边界) of units: polygons in WGS-84, their import from GeoJSON, and the unit that a position lies in.

One polygon for a unit. Longitudes and latitudes are degrees as a phone gives them; a map in GCJ-02 or a projection
must be converted before it is imported.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import Index, case, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import ImportRefused
from engine.network.units import Level, Unit
from engine.trail import entries
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.db import Session

MAX_BYTES = 100 * 1024 * 1024
MAX_TRIES = 200
_REASONS = {
    "too_large": ("the file is larger than 100 MiB", "文件超过 100 MiB"),
    "not_geojson": ("is no GeoJSON FeatureCollection", "不是 GeoJSON FeatureCollection"),
    "not_wgs84": ("the coordinates are in {value}; convert them to WGS-84", "坐标系为 {value}，请先转换为 WGS-84"),
    "no_code": ("has no properties.code", "缺少 properties.code"),
    "unknown_unit": ("unit {value} is unknown", "单位 {value} 不存在"),
    "duplicate_code": ("unit {value} stands twice", "单位 {value} 重复"),
    "not_an_area": ("the geometry of {value} is no Polygon or MultiPolygon", "{value} 的几何不是多边形"),
    "off_the_earth": ("{value} lies outside of longitude ±180 and latitude ±90", "{value} 的坐标超出经纬度范围"),
    "crossed": ("the border of {value}", "{value} 的边界不成立"),
}
_WGS84 = ("CRS84", "4326", "4490")
"""WGS-84 as GeoJSON files name it; CGCS2000 (4490) differs by centimetres."""
_DEPTH = case({level.value: level.rank for level in Level}, value=Unit.level, else_=-1)


class UnitArea(Base):
    """The polygon of one unit, with the box around it for the search."""

    __tablename__ = "unit_area"
    __table_args__ = (Index("ix_unit_area_box", "district_id", "min_lng", "max_lng", "min_lat", "max_lat"),)

    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    polygon: Mapped[dict[str, Any]]
    """A GeoJSON geometry: Polygon or MultiPolygon."""
    generated: Mapped[bool]
    """Drawn by a program and not surveyed (示意边界); the map says so."""
    min_lng: Mapped[float]
    max_lng: Mapped[float]
    min_lat: Mapped[float]
    max_lat: Mapped[float]


@dataclass
class _Reading:
    """What a file says, and what is wrong with it."""

    areas: dict[str, tuple[Any, bool]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)


def import_areas(session: Session, actor_ref: str, content: bytes) -> int:
    """Bring in a GeoJSON FeatureCollection whose features name their unit in `properties.code`; returns how many.

    The areas of units that the file does not name stay. `properties.generated: true` marks borders that are not
    surveyed. Raises ImportRefused with every bad feature by number; then nothing was written.
    """
    features = _features(content)
    query = select(Unit.code, Unit.id, Unit.district_id).where(Unit.valid_to.is_(None))
    known = {code: (unit_id, district_id) for code, unit_id, district_id in session.execute(query)}
    read = _read(features, known)
    if read.findings:
        raise ImportRefused(read.findings)
    rows = [_row(*known[code], shape, generated=generated) for code, (shape, generated) in read.areas.items()]
    ids = [row["unit_id"] for row in rows]
    for start in range(0, len(ids), 500):
        session.execute(delete(UnitArea).where(UnitArea.unit_id.in_(ids[start : start + 500])))
    if rows:
        session.execute(insert(UnitArea), rows)
    _write_down(session, actor_ref, rows, hashlib.sha256(content).hexdigest())
    return len(rows)


def unit_at(session: Session, district_id: int, lng: float, lat: float) -> Unit | None:
    """The smallest unit of a district around a position: a cell before its grid; None outside of all areas."""
    query = (
        select(Unit, UnitArea.polygon)
        .join(UnitArea, UnitArea.unit_id == Unit.id)
        .where(
            UnitArea.district_id == district_id,
            UnitArea.min_lng <= lng,
            UnitArea.max_lng >= lng,
            UnitArea.min_lat <= lat,
            UnitArea.max_lat >= lat,
            Unit.valid_to.is_(None),
        )
        .order_by(_DEPTH.desc(), Unit.code)  # on a border the lower code, always the same one
    )
    point = shapely.Point(lng, lat)
    return next((unit for unit, polygon in session.execute(query) if _shape(polygon).covers(point)), None)


def random_point(session: Session, unit: Unit, chances: random.Random) -> tuple[float, float] | None:
    """(lng, lat) somewhere in the unit's area, to six decimals; None when it has no area."""
    area = session.get(UnitArea, unit.id)
    if area is None:
        return None
    shape = _shape(area.polygon)
    shapely.prepare(shape)
    for _ in range(MAX_TRIES):
        lng = round(chances.uniform(area.min_lng, area.max_lng), 6)
        lat = round(chances.uniform(area.min_lat, area.max_lat), 6)
        if shape.contains(shapely.Point(lng, lat)):
            return lng, lat
    inside = shape.representative_point()
    return round(inside.x, 6), round(inside.y, 6)


def areas_under(session: Session, root: Unit, level: str | None = None) -> Sequence[tuple[Unit, UnitArea]]:
    """Units at or below `root` that have an area, by code; `level`: only those of it."""
    query = (
        select(Unit, UnitArea)
        .join(UnitArea, UnitArea.unit_id == Unit.id)
        .where(Unit.path.startswith(root.path), Unit.valid_to.is_(None))
        .order_by(Unit.code)
    )
    if level is not None:
        query = query.where(Unit.level == level)
    return [(unit, area) for unit, area in session.execute(query)]


def _finding(number: int, code: str, value: Any = "") -> dict[str, Any]:
    reason, zh = _REASONS[code]
    at = {"at": f"feature {number}"} if number else {}
    return {"line": number, **at, "code": code, "reason": reason.format(value=value), "zh": zh.format(value=value)}


def _features(content: bytes) -> list[Any]:
    if len(content) > MAX_BYTES:
        raise ImportRefused([_finding(0, "too_large")])
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(features, list):
        raise ImportRefused([_finding(0, "not_geojson")])
    named = document.get("crs")
    if named is not None and not any(known in json.dumps(named) for known in _WGS84):
        raise ImportRefused([_finding(0, "not_wgs84", json.dumps(named)[:80])])
    return features


def _read(features: list[Any], known: Mapping[str, Any]) -> _Reading:
    read = _Reading()
    for number, feature in enumerate(features, 1):
        properties = (feature.get("properties") or {}) if isinstance(feature, dict) else {}
        code = properties.get("code") if isinstance(properties, dict) else None
        if not isinstance(code, str):
            read.findings.append(_finding(number, "no_code"))
            continue
        shape = _shape_or_none(feature.get("geometry"))
        faults = list(_faults(code, shape, read.areas, known))
        read.findings += [_finding(number, fault, value) for fault, value in faults]
        read.areas.setdefault(code, (shape, properties.get("generated") is True))
    return read


def _faults(code: str, shape: Any, seen: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if code not in known:
        yield "unknown_unit", code
    if code in seen:
        yield "duplicate_code", code
    if shape is None or shape.is_empty or shape.geom_type not in {"Polygon", "MultiPolygon"}:
        yield "not_an_area", code
        return
    west, south, east, north = shape.bounds
    if max(-west, east) > 180 or max(-south, north) > 90:
        yield "off_the_earth", code
    elif not shape.is_valid:
        yield "crossed", f"{code}: {shapely.is_valid_reason(shape)}"


def _shape_or_none(geometry: Any) -> Any:
    try:
        return _shape(geometry)
    except (shapely.errors.ShapelyError, TypeError, ValueError):
        return None


def _shape(geometry: Any) -> Any:
    return shapely.from_geojson(json.dumps(geometry))


def _row(unit_id: int, district_id: int, shape: Any, *, generated: bool) -> dict[str, Any]:
    west, south, east, north = shape.bounds
    return {
        "unit_id": unit_id,
        "district_id": district_id,
        "polygon": json.loads(shapely.to_geojson(shape)),
        "generated": generated,
        "min_lng": west,
        "max_lng": east,
        "min_lat": south,
        "max_lat": north,
    }


def _write_down(session: Session, actor_ref: str, rows: list[dict[str, Any]], digest: str) -> None:
    now = session.env.clock.now()
    for district_id in sorted({row["district_id"] for row in rows}):
        count = sum(row["district_id"] == district_id for row in rows)
        district = session.get_one(Unit, district_id)
        counts = {"sha256": digest, "areas": count}
        draft = Draft("network:area:import", actor_ref, f"unit:{district.code}", counts)
        entries.append(session, district_id, now, [draft])
