"""A small network at work: cases at every level and in every light, as the pages meet them on a usual morning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from engine.network.areas import import_areas
from engine.network.units import by_code
from processes.centres import cards, seeding
from processes.centres.cards import CardText
from tests.cast import C2, CENTRE, G2, S2, V2, C, Cast, D, G, S, V
from tests.db.processes.visiting import come, finish

LONG = "关于潆溪街道冯家寺社区第一网格内多户居民就楼顶防水层年久失修漏水责任归属及维修资金分摊长期协商未果的矛盾纠纷"
TITLES = ("围墙纠纷", "工地拖欠工资", "路灯不亮", "下水道堵塞", "消防通道被占用", "夜间噪声扰民", LONG)
KINDS = ("dispute", "livelihood", "hazard", "order")


@dataclass(frozen=True)
class Furniture:
    """Numbers of cases that tests and pictures look for."""

    quarrel: str
    """A quarrel that came up to the subdistrict and is overdue there."""
    citizens: str
    """A case closed, waiting for its citizen's rating; its secret code is `code`."""
    code: str
    fresh: list[str]


def furnish(cast: Cast, *, cases: int = 18) -> Furniture:
    """`cases` fresh ones beside the stories."""
    quarrel = cast.report(text="两家为围墙争吵，已动手推搡，请尽快到场。").case.number
    cast.do(quarrel, "verify", result="accept")
    cast.do(quarrel, "act", outcome="refer_up", reason="两家都不让步")
    cast.do(quarrel, "accept", outcome="accept")
    cast.do(quarrel, "act", outcome="refer_up", reason="调解不成，需要街道协调")
    old = [_report(cast, index) for index in range(6)]
    for number in old[:3]:
        cast.do(number, "verify", result="accept")
    cast.pass_time(timedelta(days=1, hours=2))
    closed = cast.report()
    number = closed.case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="self_handle", measures="双方签了协议，围墙退让半米")
    cast.do(number, "check", ok=True, finding="围墙已退让")
    fresh = [_report(cast, index) for index in range(cases)]
    for each in fresh[::3]:
        cast.do(each, "verify", result="accept")
    for each in fresh[::6]:
        cast.do(each, "act", outcome="refer_up", reason="超出网格职责")
    _draw_borders(cast)
    _set_up_centre(cast)
    _receive_visitors(cast)
    cast.tell()
    return Furniture(quarrel, number, closed.tracking_code or "", fresh)


def _set_up_centre(cast: Cast) -> None:
    with cast.store.write() as session:
        centre = by_code(session, CENTRE)
        assert centre is not None
        seeding.seed(session, cast(f"QH-{D}"), centre)
        texts = [CardText(name, f"{D}-police", S) for name in ("顺达建材有限公司", "临江汽车零部件制造股份有限公司")]
        cards.issue_many(session, cast(f"A-{CENTRE}"), centre, texts)


def _receive_visitors(cast: Cast) -> None:
    """One at the windows, one to be told, one closed: the last one that came has the highest number of the day."""
    served, closed, _ = come(cast, "01"), come(cast, "03", matter="notary"), come(cast, "02", "01", matter="legal_aid")
    for visit in (served, closed):
        cast.do(visit.number, "serve", result="已当面答复")
    finish(cast, closed.number)


def _draw_borders(cast: Cast) -> None:
    """Two subdistricts side by side, with what lies below them in bands: enough for a map."""
    places = {S: (106.06, 0.06), S2: (106.13, 0.06), V: (106.06, 0.03), V2: (106.09, 0.03)}
    places |= {G: (106.06, 0.015), G2: (106.075, 0.015)}
    with cast.store.write() as session:
        features = [_square(code, lng, width) for code, (lng, width) in places.items()]
        content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        import_areas(session, "system:test", content)


def _square(code: str, lng: float, width: float) -> dict[str, object]:
    ring = [[lng, 30.8], [lng + width, 30.8], [lng + width, 30.86], [lng, 30.86], [lng, 30.8]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def _report(cast: Cast, index: int) -> str:
    kind = KINDS[index % len(KINDS)]
    changes = {
        "title": TITLES[index % len(TITLES)],
        "kind": kind,
        "domain": "dispute_easing" if kind == "dispute" else "livelihood_service",
        "place_unit": (C, C2, G, G2)[index % 4],
        "urgency": ("ordinary", "ordinary", "urgent")[index % 3],
        "address": "潆溪街道学府路 18 号 3 栋",
    }
    if kind != "dispute":
        changes["type"] = ""
    reporter = (cast.grid, cast.cell, cast("SA-" + S))[index % 3]
    return cast.report(reporter, **{name: value for name, value in changes.items() if value != ""}).case.number
