"""Kinds of activities and their tags; the kinds are those that published reports of centres count."""

from __future__ import annotations

from collections.abc import Mapping

from processes.codes import Code


class ActivityKind(Code):
    """What was held (活动类型)."""

    PUBLICITY = "publicity", "普法宣传", "legal publicity"
    SEVEN_ENTRIES = "seven_entries", "法律七进", "law to seven places"
    COURT_TOUR = "court_tour", "庭审进万家", "trials brought to households"
    ANTI_FRAUD = "anti_fraud", "反诈护万家", "protection from fraud"
    LECTURE = "lecture", "法治宣讲", "lecture on the rule of law"
    STUDY = "study", "学习研讨", "study session"
    MEETING = "meeting", "民情恳谈", "meeting with residents"
    COORDINATION = "coordination", "项目保障协调会", "project coordination meeting"
    RISK_NOTICE = "risk_notice", "法律风险预防", "legal risk prevented"
    TRIAL = "trial", "现场庭审", "trial on site"
    COVENANT = "covenant", "村民自治公约", "villagers' covenant"
    CAMPAIGN = "campaign", "专项行动", "campaign"
    ADMONITION = "admonition", "训诫", "admonition"
    DETENTION = "detention", "行政拘留", "administrative detention"
    CO_OP = "co_op", "法治合作社", "legal co-operative"
    CIVILITY = "civility", "文明新风评比", "contest of good manners"
    PRACTICE = "practice", "经验推广", "good practice shared"


MEASURES: Mapping[ActivityKind, tuple[str, str]] = {
    ActivityKind.PUBLICITY: ("场次", "sessions"),
    ActivityKind.SEVEN_ENTRIES: ("场次", "sessions"),
    ActivityKind.COURT_TOUR: ("场次", "sessions"),
    ActivityKind.ANTI_FRAUD: ("场次", "sessions"),
    ActivityKind.LECTURE: ("场次", "lectures"),
    ActivityKind.COVENANT: ("条", "covenants"),
    ActivityKind.ADMONITION: ("人", "people"),
    ActivityKind.DETENTION: ("人", "people"),
    ActivityKind.CO_OP: ("个", "co-operatives"),
}
"""What `Activity.amount` counts; 次 (times) where nothing else is said."""
TIMES = ("次", "times")

OPENING = frozenset({ActivityKind.MEETING, ActivityKind.COORDINATION, ActivityKind.CAMPAIGN})
"""At these a matter comes up that becomes a case (有事来协商)."""
LASTING = frozenset({ActivityKind.CAMPAIGN, ActivityKind.STUDY})
"""These may take more than a day."""


class Tag(Code):
    """How activities are sorted across their kinds: 四法联用, 五治联动, 法律七进."""

    SPREAD = "spread", "普法", "spreading the law"
    EXPLAIN = "explain", "释法", "explaining the law"
    APPLY = "apply", "用法", "using the law"
    GUARD = "guard", "护法", "guarding the law"
    POLITICS = "politics", "政治", "political leadership"
    VIRTUE = "virtue", "德治", "rule of virtue"
    LAW = "law", "法治", "rule of law"
    SELF_RULE = "self_rule", "自治", "self-government"
    SMART = "smart", "智治", "smart government"
    OFFICES = "offices", "进机关", "in public offices"
    VILLAGES = "villages", "进乡村", "in villages"
    COMMUNITIES = "communities", "进社区", "in communities"
    SCHOOLS = "schools", "进学校", "in schools"
    ENTERPRISES = "enterprises", "进企业", "in enterprises"
    ORGANISATIONS = "organisations", "进单位", "in organisations"
    MARKETS = "markets", "进市场", "in markets"


def measure(kind: ActivityKind) -> tuple[str, str]:
    """What the amount of an activity counts, Chinese and English."""
    return MEASURES.get(kind, TIMES)
