"""Borders for the demo district. They are generated, not surveyed, and the map says so (示意边界).

Only where the nineteen subdistricts lie to each other follows the real 顺庆区 (≈ 30.80 N, 106.08 E): built-up ones
small and by the river, the towns wide in the north and west. The outline is drawn by hand and roughened; below it each
unit is a Voronoi cell of its parent. The same units always give the same borders.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import defaultdict
from itertools import pairwise
from typing import Any

import shapely

SEED = 511302
ROUNDS = 2
"""Rounds of Lloyd's relaxation, which makes the pieces of a parent alike in size."""
DECIMALS = 6
ROUGHNESS = 0.16
OUTLINE = (
    (106.030, 30.745), (106.075, 30.738), (106.100, 30.752), (106.112, 30.778), (106.105, 30.800), (106.118, 30.822),
    (106.142, 30.838), (106.150, 30.862), (106.172, 30.880), (106.196, 30.905), (106.188, 30.935), (106.164, 30.958),
    (106.138, 30.975), (106.112, 31.002), (106.078, 31.028), (106.040, 31.034), (106.004, 31.018), (105.972, 31.022),
    (105.938, 31.004), (105.926, 30.972), (105.938, 30.940), (105.930, 30.906), (105.944, 30.872), (105.960, 30.842),
    (105.984, 30.820), (105.996, 30.788), (106.012, 30.764),
)  # fmt: skip
"""Corners (lng, lat) of a district of about 545 km², the river Jialing on its eastern side."""
SITES = {
    "511302001": (106.086, 30.795), "511302002": (106.088, 30.806), "511302003": (106.074, 30.800),
    "511302004": (106.090, 30.780), "511302005": (106.102, 30.826), "511302006": (106.074, 30.783),
    "511302007": (106.070, 30.818), "511302008": (106.081, 30.788), "511302009": (106.040, 30.858),
    "511302010": (106.088, 30.862), "511302011": (106.044, 30.782), "511302012": (106.130, 30.886),
    "511302104": (105.988, 30.866), "511302105": (105.972, 30.916), "511302106": (106.046, 30.916),
    "511302107": (106.066, 30.990), "511302108": (105.976, 30.984), "511302114": (106.152, 30.932),
    "511302200": (106.106, 30.948),
}  # fmt: skip
"""About where each subdistrict or town has its seat."""


def demo_areas(units: bytes) -> bytes:
    """A GeoJSON FeatureCollection of areas for the demo's network (CSV), for `engine.network.areas`."""
    children: dict[str, list[str]] = defaultdict(list)
    district = ""
    for row in csv.DictReader(io.StringIO(units.decode())):
        if row["level"] == "district":
            district = row["code"]
        elif row["code"].isdigit():
            children[row["parent_code"]].append(row["code"])
    shapes = {district: _outline()}
    parents = [district]
    while parents:
        parent = parents.pop()
        shapes |= _divide(shapes[parent], children[parent])
        parents += [code for code in children[parent] if children[code]]
    features = [_feature(code, shape) for code, shape in sorted(shapes.items())]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _outline() -> Any:
    """The district's border: the corners with three times a bent middle between each two."""
    chances = random.Random(SEED)
    ring = list(OUTLINE)
    for _ in range(3):
        bent = []
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            bend = chances.uniform(-ROUGHNESS, ROUGHNESS)
            bent += [(x1, y1), ((x1 + x2) / 2 + (y2 - y1) * bend, (y1 + y2) / 2 - (x2 - x1) * bend)]
        ring = bent
    return shapely.Polygon(ring)


def _divide(parent: Any, codes: list[str]) -> dict[str, Any]:
    """The parent's area in as many pieces as it has children, by code."""
    if not codes:
        return {}
    if len(codes) == 1:
        return {codes[0]: parent}
    placed = all(code in SITES for code in codes)
    sites: Any = [SITES[code] for code in codes] if placed else _scatter(parent, len(codes), codes[0])
    for _ in range(0 if placed else ROUNDS):
        sites = shapely.get_coordinates([shapely.centroid(piece) for piece in _pieces(parent, sites)])
    return dict(zip(codes, _pieces(parent, sites), strict=True))


def _scatter(parent: Any, count: int, seed: str) -> list[tuple[float, float]]:
    """`count` points inside the parent."""
    chances = random.Random(seed)
    west, south, east, north = parent.bounds
    shapely.prepare(parent)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        point = (chances.uniform(west, east), chances.uniform(south, north))
        if parent.contains(shapely.Point(point)):
            found.append(point)
    return found


def _pieces(parent: Any, sites: Any) -> list[Any]:
    """The Voronoi cell of each site, cut to the parent; of a cut one its largest part."""
    cells = shapely.voronoi_polygons(shapely.MultiPoint(sites), extend_to=parent, ordered=True).geoms
    pieces = shapely.intersection(list(cells), parent)
    return [max(shapely.get_parts(piece), key=lambda part: part.area) for piece in pieces]


def _feature(code: str, shape: Any) -> dict[str, Any]:
    ring = shapely.get_coordinates(shape.exterior).round(DECIMALS)
    kept = [ring[0], *(point for before, point in pairwise(ring) if (point != before).any())]
    return {
        "type": "Feature",
        "properties": {"code": code, "generated": True},
        "geometry": {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in kept]]},
    }
