"""What a matter is about in a citizen's own words, and how the network calls it."""

from __future__ import annotations

from dataclasses import dataclass

from processes.codes import Kind, Urgency


@dataclass(frozen=True)
class Matter:
    """One answer to "what is it about?"; `hint`: examples, Chinese and English."""

    code: str
    zh: str
    en: str
    hint: tuple[str, str]
    kind: Kind
    domain: str
    type: str | None = None
    urgency: Urgency = Urgency.ORDINARY


MATTERS = (
    Matter(
        "neighbours",
        "邻里、家庭矛盾",
        "Neighbours or family",
        ("噪声、围墙、赡养、财产", "noise, walls, support, property"),
        Kind.DISPUTE,
        "dispute_easing",
        "family_neighbour",
    ),
    Matter(
        "housing",
        "物业、房屋质量",
        "Property management, buildings",
        ("物业费、漏水、停车位", "fees, leaks, parking"),
        Kind.DISPUTE,
        "dispute_easing",
        "construction_property",
    ),
    Matter(
        "wages",
        "拖欠工资、劳动纠纷",
        "Unpaid wages, work",
        ("欠薪、工伤、辞退", "wages, accidents, dismissal"),
        Kind.DISPUTE,
        "dispute_easing",
        "labour",
    ),
    Matter(
        "land",
        "土地、边界",
        "Land and boundaries",
        ("承包地、宅基地、山林", "contracted land, homesteads, woods"),
        Kind.DISPUTE,
        "dispute_easing",
        "land_boundary",
    ),
    Matter(
        "daily_life",
        "水电路灯、环境卫生",
        "Water, light, roads, rubbish",
        ("路灯不亮、下水道堵、垃圾", "lamps, drains, rubbish"),
        Kind.LIVELIHOOD,
        "livelihood_service",
    ),
    Matter(
        "danger",
        "安全隐患",
        "Something dangerous",
        ("消防通道、危房、电线", "fire lanes, unsafe houses, wires"),
        Kind.HAZARD,
        "emergency",
        urgency=Urgency.URGENT,
    ),
    Matter(
        "order",
        "治安问题",
        "Public order",
        ("扰民、聚众、赌博", "disturbance, crowds, gambling"),
        Kind.ORDER,
        "public_security",
    ),
    Matter(
        "crime",
        "违法犯罪线索",
        "A crime",
        ("诈骗、盗窃；交公安办理", "fraud, theft; the police will handle it"),
        Kind.CRIMINAL,
        "public_security",
    ),
    Matter(
        "law",
        "法律咨询、法律援助",
        "Legal advice or aid",
        ("想打官司、请律师、公证", "a lawsuit, a lawyer, a notary"),
        Kind.LEGAL_SERVICE,
        "other",
    ),
    Matter(
        "business",
        "企业、个体经营困难",
        "A business in difficulty",
        ("手续、用地、收费", "permits, premises, fees"),
        Kind.ENTERPRISE,
        "other",
    ),
    Matter(
        "other", "其他", "Something else", ("说不准选这里", "if you are not sure"), Kind.LIVELIHOOD, "public_opinion"
    ),
)
BY_CODE = {matter.code: matter for matter in MATTERS}
