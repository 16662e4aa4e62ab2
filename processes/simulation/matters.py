"""Made-up matters: what grid and cell workers report."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from engine.calendar import ZONE
from engine.network.units import get

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MATTERS: tuple[tuple[int, dict[str, Any]], ...] = (
    (20, {"kind": "dispute", "domain": "dispute_easing", "type": "family_neighbour", "title": "邻里围墙纠纷"}),
    (12, {"kind": "dispute", "domain": "dispute_easing", "type": "labour", "title": "工地拖欠工资"}),
    (10, {"kind": "dispute", "domain": "dispute_easing", "type": "construction_property", "title": "小区物业收费争议"}),
    (6, {"kind": "dispute", "domain": "dispute_easing", "type": "rural_land", "title": "承包地边界争议"}),
    (16, {"kind": "livelihood", "domain": "livelihood_service", "title": "路灯不亮"}),
    (10, {"kind": "livelihood", "domain": "livelihood_service", "title": "下水道堵塞"}),
    (12, {"kind": "hazard", "domain": "emergency", "title": "消防通道被占用"}),
    (6, {"kind": "order", "domain": "public_security", "title": "夜间噪声扰民"}),
    (3, {"kind": "criminal", "domain": "public_security", "title": "疑似电信诈骗线索"}),
    (5, {"kind": "enterprise", "domain": "other", "title": "企业用地手续咨询"}),
)
URGENCY = (("ordinary", 84), ("urgent", 13), ("extra", 3))


def moments_of(chances: random.Random, day: date, count: int) -> list[datetime]:
    """When the matters of a day are reported: between seven and twenty-one o'clock."""
    start = datetime.combine(day, time(7), ZONE)
    return sorted(start + timedelta(seconds=chances.randrange(14 * 3600)) for _ in range(count))


def matter(session: Session, chances: random.Random, reporter: Actor) -> dict[str, Any]:
    """A filled-in report at the reporter's own place."""
    template = chances.choices([data for _, data in MATTERS], [weight for weight, _ in MATTERS])[0]
    urgency = chances.choices([code for code, _ in URGENCY], [weight for _, weight in URGENCY])[0]
    data = {
        **template,
        "urgency": urgency,
        "head_count": "up_to_50",
        "place_unit": get(session, reporter.posts[0].unit_id).code,
        "text": "群众反映，请核实处理",
    }
    if template["kind"] == "dispute":
        data["parties"] = [{"name": "甲某", "role": "applicant"}, {"name": "乙某", "role": "respondent"}]
    if template["kind"] in {"livelihood", "order"} and chances.random() < 0.4:
        data |= {"settled": True, "measures": "当场处理完毕"}
    if template["kind"] == "hazard":
        data["source"] = "patrol"
    return data
