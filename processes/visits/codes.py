"""What people come to the centre for, where that is done, and what it is as a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processes.centres.codes import Service
from processes.codes import Code, Kind


class Channel(Code):
    """How somebody came."""

    WALK_IN = "walk_in", "来访", "walk-in"
    CALL = "call", "来电", "call"
    CARD = "card", "联系卡", "contact card"
    ONLINE = "online", "网上", "online"


class Matter(Code):
    """What for (事项)."""

    ADVICE = "advice", "法律咨询", "legal advice"
    LEGAL_AID = "legal_aid", "法律援助", "legal aid"
    NOTARY = "notary", "公证", "notarisation"
    DISPUTE = "dispute", "邻里、家庭纠纷", "neighbours and family"
    LABOUR = "labour", "劳动争议", "labour dispute"
    HOUSING = "housing", "房屋、物业", "housing and property management"
    MEDICAL = "medical", "医疗纠纷", "medical dispute"
    ENTERPRISE = "enterprise", "涉企", "enterprise"
    COMPLAINT = "complaint", "投诉", "complaint"
    PETITION = "petition", "信访", "petition"
    LITIGATION = "litigation", "诉讼立案", "litigation"
    OTHER = "other", "其他", "other"


class Outcome(Code):
    """What came of a window's part."""

    SERVED = "served", "已服务", "served"
    ASSIGNED = "assigned", "已指派律师", "lawyer assigned"
    NOT_ELIGIBLE = "not_eligible", "经济审查不符合", "not within the means"
    REFUSED = "refused", "不予援助", "legal aid refused"
    NOT_OURS = "not_ours", "不属本单位，已告知去处", "not ours, told where it belongs"
    CASE = "case", "已转为事件", "became a case"


ADVICE, LEGAL_AID, MEDIATION, COMPLAINT, PETITION = (
    Service.ADVICE,
    Service.LEGAL_AID,
    Service.MEDIATION,
    Service.COMPLAINT,
    Service.PETITION,
)
"""Services that the model or the figures know by name; every other one is simply served."""

SUGGESTED: Mapping[Matter, tuple[str, ...]] = {
    Matter.ADVICE: (ADVICE,),
    Matter.LEGAL_AID: (LEGAL_AID,),
    Matter.NOTARY: (Service.NOTARY,),
    Matter.DISPUTE: (MEDIATION,),
    Matter.LABOUR: (MEDIATION, ADVICE),
    Matter.HOUSING: (MEDIATION, ADVICE),
    Matter.MEDICAL: (MEDIATION, ADVICE),
    Matter.ENTERPRISE: (Service.ENTERPRISE, ADVICE),
    Matter.COMPLAINT: (COMPLAINT,),
    Matter.PETITION: (PETITION,),
    Matter.LITIGATION: (Service.LITIGATION, ADVICE),
    Matter.OTHER: (ADVICE,),
}
"""Matter → services, the best first: the first of them at which the centre has a window is suggested (default)."""


@dataclass(frozen=True)
class CaseCodes:
    """How a visit's matter is classified once it is a case; whoever verifies it may correct that."""

    kind: Kind
    domain: str
    type: str | None = None


CASE_CODES: Mapping[Matter, CaseCodes] = {
    Matter.ADVICE: CaseCodes(Kind.LEGAL_SERVICE, "livelihood_service"),
    Matter.LEGAL_AID: CaseCodes(Kind.LEGAL_SERVICE, "livelihood_service"),
    Matter.NOTARY: CaseCodes(Kind.LEGAL_SERVICE, "livelihood_service"),
    Matter.DISPUTE: CaseCodes(Kind.DISPUTE, "dispute_easing", "family_neighbour"),
    Matter.LABOUR: CaseCodes(Kind.DISPUTE, "dispute_easing", "labour"),
    Matter.HOUSING: CaseCodes(Kind.DISPUTE, "dispute_easing", "construction_property"),
    Matter.MEDICAL: CaseCodes(Kind.DISPUTE, "dispute_easing", "medical"),
    Matter.ENTERPRISE: CaseCodes(Kind.ENTERPRISE, "livelihood_service"),
    Matter.COMPLAINT: CaseCodes(Kind.LIVELIHOOD, "livelihood_service"),
    Matter.PETITION: CaseCodes(Kind.LIVELIHOOD, "public_opinion"),
    Matter.LITIGATION: CaseCodes(Kind.CIVIL, "dispute_easing"),
    Matter.OTHER: CaseCodes(Kind.LIVELIHOOD, "other"),
}
MEDIATED = CaseCodes(Kind.DISPUTE, "dispute_easing", "other")
"""A matter that is sent to mediation is a dispute, whatever it came in as."""

BANDS = ((50, "up_to_50"), (100, "50_100"), (500, "100_500"))
"""Heads up to → head-count band."""
