"""Made-up matters: what grid and cell workers report. Places are real villages and streets, people are invented."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from engine.calendar import ZONE
from engine.network.areas import random_point
from engine.network.units import Level, get, nearest_above
from processes.demo.generate import invented_name

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.network.units import Unit


@dataclass(frozen=True)
class Sort:
    """A sort of matter: how often it comes, its codes, and titles with what people tell of them."""

    weight: int
    kind: str
    domain: str
    stories: Sequence[tuple[str, str]]
    type: str | None = None


SORTS = (
    Sort(
        20,
        "dispute",
        "dispute_easing",
        (
            ("邻里围墙纠纷", "两家因新砌围墙占用过道发生争吵，双方各执一词，需现场丈量。"),
            ("楼上漏水赔偿争议", "楼上卫生间渗水泡坏楼下吊顶，赔偿金额谈不拢。"),
            ("夜间跳广场舞引发口角", "居民反映音响声大影响老人休息，与领舞人发生口角。"),
            ("老人赡养费分担不均", "三兄弟对老人住院费用分担有分歧，老人情绪低落。"),
            ("宠物伤人赔偿纠纷", "未牵绳犬只抓伤小孩，疫苗费用由谁承担未达成一致。"),
        ),
        "family_neighbour",
    ),
    Sort(
        12,
        "dispute",
        "dispute_easing",
        (
            ("工地拖欠工资", "装修班组六人反映工程款结清后仍未发放两个月工资。"),
            ("餐馆停业员工讨要工资", "餐馆突然停业，服务员讨要当月工资和押金。"),
            ("工伤医药费垫付争议", "搬运时被砸伤脚背，用工方只垫付了首日费用。"),
        ),
        "labour",
    ),
    Sort(
        10,
        "dispute",
        "dispute_easing",
        (
            ("小区物业收费争议", "业主认为电梯停运期间不应收取全额物业费。"),
            ("地下车位划线占道争议", "新划车位影响单元门通行，业主集体要求整改。"),
            ("外墙瓷砖脱落维修责任不清", "开发商与物业互相推诿，业主担心砸伤行人。"),
        ),
        "construction_property",
    ),
    Sort(
        6,
        "dispute",
        "dispute_easing",
        (
            ("承包地边界争议", "相邻两户对田坎归属意见不一，影响秋种。"),
            ("灌溉用水先后争执", "上下游农户为放水顺序发生争执。"),
        ),
        "rural_land",
    ),
    Sort(
        16,
        "livelihood",
        "livelihood_service",
        (
            ("路灯不亮", "连续三盏路灯不亮，学生晚自习放学路上看不清。"),
            ("下水道堵塞污水外溢", "雨后污水从井盖溢出，味道大，影响通行。"),
            ("井盖破损松动", "车辆经过时井盖跳动，声音大且有安全风险。"),
            ("垃圾清运不及时", "院落垃圾桶满溢两天，招引蚊蝇。"),
            ("公交站台雨棚破损", "雨棚玻璃缺失，老人候车淋雨。"),
            ("健身器材损坏", "院坝内健身器材轴承脱落，儿童玩耍有风险。"),
        ),
    ),
    Sort(
        12,
        "hazard",
        "emergency",
        (
            ("消防通道被占用", "私家车长期停放在消防通道，消防车无法进入。"),
            ("楼道堆放杂物", "居民在楼道堆放纸箱旧家具，遇火难以疏散。"),
            ("电动车飞线充电", "从四楼拉线到楼下充电，雨天线头裸露。"),
            ("坡体裂缝渗水", "屋后坡体出现新裂缝并有渗水，附近住有两户老人。"),
            ("老旧燃气软管超期使用", "入户检查发现软管老化龟裂，住户独居。"),
        ),
    ),
    Sort(
        6,
        "order",
        "public_security",
        (
            ("夜间噪声扰民", "烧烤摊凌晨仍有人划拳喧哗，居民多次投诉。"),
            ("流动摊贩占道争执", "摊贩争抢位置推搡，围观人员较多。"),
            ("陌生人员尾随反映", "晚归女学生反映被陌生男子尾随至单元门口。"),
        ),
    ),
    Sort(
        3,
        "criminal",
        "public_security",
        (
            ("疑似电信诈骗线索", "老人接到自称公检法来电，被要求转账，已劝阻。"),
            ("疑似养老产品集资线索", "有人在茶馆以高息名义吸收老人存款。"),
        ),
    ),
    Sort(
        5,
        "enterprise",
        "other",
        (
            ("企业用地手续咨询", "企业扩建车间，咨询用地预审所需材料与时限。"),
            ("企业欠款回收困难求助", "下游企业拖欠货款半年，希望协助调解。"),
        ),
    ),
    Sort(
        4,
        "legal_service",
        "livelihood_service",
        (
            ("申请法律援助咨询", "务工受伤后家庭困难，咨询法律援助条件。"),
            ("遗产继承公证咨询", "父母留下的房屋如何办理继承公证。"),
        ),
    ),
)
URGENCY = (("ordinary", 84), ("urgent", 13), ("extra", 3))
STREETS = (
    "人民中路",
    "文化路",
    "延安路",
    "果城路",
    "玉带中路",
    "北湖路",
    "金鱼岭路",
    "铁荣路",
    "丝绸路",
    "莲池路",
    "涪江路",
    "滨江中路",
    "师大路",
    "红光路",
    "和平西路",
    "大北街",
)
TOWN_CENTRE = ("511302001", "511302002", "511302003", "511302004", "511302005", "511302006", "511302007", "511302008")
ON_THE_SPOT = ("当场清理完毕，已拍照留存", "联系维修人员现场修复", "当场劝导双方，握手言和", "现场整改到位，已复查")
PHOTO_SHARE = 0.3


def moments_of(chances: random.Random, day: date, count: int) -> list[datetime]:
    """When the matters of a day are reported: between seven and twenty-one o'clock."""
    start = datetime.combine(day, time(7), ZONE)
    return sorted(start + timedelta(seconds=chances.randrange(14 * 3600)) for _ in range(count))


def matter(
    session: Session,
    chances: random.Random,
    reporter: Actor,
    *,
    kind: str | None = None,
    urgency: str | None = None,
    settled: bool | None = None,
) -> dict[str, Any]:
    """A filled-in report at the reporter's own place; what is not given is left to chance."""
    possible = [sort for sort in SORTS if kind in {None, sort.kind}]
    sort = chances.choices(possible, [each.weight for each in possible])[0]
    title, text = chances.choice(sort.stories)
    place = get(session, reporter.posts[0].unit_id)
    data: dict[str, Any] = {
        "kind": sort.kind,
        "domain": sort.domain,
        "title": title,
        "text": text,
        "urgency": urgency or chances.choices([code for code, _ in URGENCY], [weight for _, weight in URGENCY])[0],
        "head_count": "50_100" if chances.random() < 0.05 else "up_to_50",
        "place_unit": place.code,
        "address": address(session, chances, place),
    }
    if sort.type is not None:
        data["type"] = sort.type
    point = random_point(session, place, chances)
    if point is not None:
        data["position"] = {"lng": point[0], "lat": point[1]}
    _add_people(chances, data)
    on_spot = sort.kind in {"livelihood", "order", "hazard"} and chances.random() < 0.3 if settled is None else settled
    if on_spot:
        data |= {"settled": True, "measures": chances.choice(ON_THE_SPOT)}
    return data


def address(session: Session, chances: random.Random, place: Unit) -> str:
    """A street in the middle of the town, elsewhere a group of the village."""
    village = nearest_above(session, place, Level.VILLAGE)
    name = village.name.replace("社区居民委员会", "社区").replace("村村民委员会", "村")
    if village.code[:9] in TOWN_CENTRE:
        return f"{chances.choice(STREETS)}{chances.randrange(2, 260)}号（{name}）"
    return f"{name}{chances.randrange(1, 9)}组{chances.randrange(1, 60)}号"


def _add_people(chances: random.Random, data: dict[str, Any]) -> None:
    if data["kind"] == "hazard":
        data["source"] = "patrol"
    elif data["kind"] == "dispute":
        data["parties"] = [_party(chances, "applicant"), _party(chances, "respondent")]
        if chances.random() < 0.1:
            data["parties"].append(_party(chances, "respondent"))
    elif chances.random() < 0.6:
        data["parties"] = [_party(chances, "reporter")]


def _party(chances: random.Random, role: str) -> dict[str, str]:
    """Nobody has a number that begins with 000."""
    return {"name": invented_name(chances), "phone": f"000{chances.randrange(10**8):08d}", "role": role}
