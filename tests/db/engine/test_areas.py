"""Areas come in whole or not at all; a position finds the smallest unit around it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
import requests
import shapely
from sqlalchemy import func, select

from engine.db import Session
from engine.errors import ImportRefused
from engine.network.areas import UnitArea, areas_under, import_areas, random_point, unit_at
from engine.network.importing import import_units
from engine.network.units import by_code
from engine.trail.entries import TrailEntry
from processes.demo.areas import demo_areas
from processes.demo.generate import DISTRICT, demo_units
from tests.cast import C2, S2, C, Cast, D, G, S, V, units_csv
from tests.story.server import serving


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(code: str, geometry: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code, **more}, "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


NESTED = collection(
    feature(D, box(0, 0, 8, 8), generated=True),
    feature(S, box(0, 0, 4, 4)),
    feature(V, box(0, 0, 3, 3)),
    feature(G, box(0, 0, 2, 2)),
    feature(C, box(0, 0, 1, 2)),
    feature(C2, box(1, 0, 2, 2)),
)


@pytest.fixture
def network(session: Session) -> Session:
    import_units(session, "system:test", units_csv())
    return session


def district_of(session: Session) -> int:
    found = by_code(session, D)
    assert found is not None
    return found.id


def refused(session: Session, content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as refusal:
        import_areas(session, "system:test", content)
    assert session.scalar(select(func.count()).select_from(UnitArea)) == 0
    assert all(each["reason"] and each["zh"] for each in refusal.value.findings)
    return [(each["line"], each["code"]) for each in refusal.value.findings]


@pytest.mark.parametrize(
    ("lng", "lat", "code"),
    [(0.5, 0.5, C), (1.5, 0.5, C2), (2.5, 0.5, V), (0.5, 2.5, V), (3.5, 3.5, S), (7, 7, D), (9, 9, None), (1, 1, C)],
)
def test_a_position_finds_the_smallest_unit_around_it(
    network: Session, lng: float, lat: float, code: str | None
) -> None:
    assert import_areas(network, "system:test", NESTED) == 6
    found = unit_at(network, district_of(network), lng, lat)
    assert (found.code if found else None) == code


def test_another_district_has_nothing_there(network: Session) -> None:
    import_areas(network, "system:test", NESTED)
    assert unit_at(network, district_of(network) + 1_000_000, 0.5, 0.5) is None


def test_every_bad_feature_is_named_and_nothing_is_written(network: Session) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    content = collection(
        feature(D, box(0, 0, 8, 8)),
        {"type": "Feature", "properties": None, "geometry": box(0, 0, 1, 1)},
        feature("511399", box(0, 0, 1, 1)),
        feature(D, box(0, 0, 1, 1)),
        feature(S, {"type": "Point", "coordinates": [1, 1]}),
        feature(S2, {"type": "Polygon", "coordinates": "here"}),
        feature(V, box(35_400_000, 0, 35_500_000, 1)),
        feature(G, bow),
    )
    assert refused(network, content) == [
        (2, "no_code"),
        (3, "unknown_unit"),
        (4, "duplicate_code"),
        (5, "not_an_area"),
        (6, "not_an_area"),
        (7, "off_the_earth"),
        (8, "crossed"),
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"features": 1}'])
def test_what_is_no_geojson_is_refused(network: Session, content: bytes) -> None:
    assert refused(network, content) == [(0, "not_geojson")]


def test_a_foreign_coordinate_system_is_refused_and_wgs84_by_name_is_not(network: Session) -> None:
    gauss = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4525"}}
    assert refused(network, collection(feature(D, box(0, 0, 1, 1)), crs=gauss)) == [(0, "not_wgs84")]
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert import_areas(network, "system:test", collection(feature(D, box(0, 0, 1, 1)), crs=named)) == 1


def test_importing_again_moves_what_it_names_and_leaves_the_rest(network: Session) -> None:
    import_areas(network, "system:test", NESTED)
    import_areas(network, "system:test", collection(feature(C, box(5, 5, 6, 6))))
    district = by_code(network, D)
    assert district is not None
    assert len(areas_under(network, district)) == 6
    found = unit_at(network, district.id, 5.5, 5.5)
    assert found is not None
    assert found.code == C
    query = select(func.count()).select_from(TrailEntry).where(TrailEntry.action == "network:area:import")
    assert network.scalar(query) == 2


def test_a_random_point_lies_inside(network: Session) -> None:
    ring = [[0, 0], [8, 0], [8, 0.5], [0.5, 0.5], [0.5, 8], [0, 8], [0, 0]]
    import_areas(network, "system:test", collection(feature(S, {"type": "Polygon", "coordinates": [ring]})))
    unit, without = by_code(network, S), by_code(network, V)
    assert unit is not None
    assert without is not None
    shape = shapely.Polygon(ring)
    chances = random.Random(7)
    for _ in range(50):
        point = random_point(network, unit, chances)
        assert point is not None
        assert shape.covers(shapely.Point(point))
    assert random_point(network, without, chances) is None


def shapes_of(content: bytes) -> dict[str, Any]:
    features: Iterable[Any] = json.loads(content)["features"]
    return {each["properties"]["code"]: shapely.from_geojson(json.dumps(each["geometry"])) for each in features}


def test_the_demo_has_a_border_for_every_unit_and_each_lies_in_its_parent() -> None:
    units = demo_units()
    content = demo_areas(units)
    assert content == demo_areas(units)
    shapes = shapes_of(content)
    assert len(shapes) == 1 + 19 + 192 + 576 + 2304
    assert all(shape.is_valid for shape in shapes.values())
    for code, shape in shapes.items():
        if code != DISTRICT:
            parent = shapes[code[:6] if len(code) == 9 else code[:-3]]
            assert shape.difference(parent).area < shape.area / 100
    for length in (9, 12, 15, 18):  # no gaps and no overlaps worth the name
        total = sum(shape.area for code, shape in shapes.items() if len(code) == length)
        assert total == pytest.approx(shapes[DISTRICT].area, rel=0.001)


def test_areas_are_served_to_the_map_and_kept_by_the_browser(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        import_areas(session, "system:test", NESTED)
    with serving(sqlite_cast.store) as town:
        client = town.client("SF-" + S)
        at = client.get("/units/at", lng=0.5, lat=0.5).json()
        assert at["unit"]["code"] == C
        assert [step["code"] for step in at["path"]] == [S, V, G, C]
        assert client.get("/units/at", lng=50, lat=50).json() == {"unit": None, "path": []}
        assert client.get("/units/at", lng="nan", lat=50).status_code == 422
        found = client.get("/areas", under=G, level="cell")
        assert [each["properties"]["code"] for each in found.json()["features"]] == [C, C2]
        headers = {**client._headers, "If-None-Match": found.headers["ETag"]}
        again = requests.get(f"{town.base}/api/v1/areas?under={G}&level=cell", headers=headers, timeout=10)
        assert again.status_code == 304
        assert client.get("/areas", under="511399").status_code == 404
