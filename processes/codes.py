"""Codes of the domain, each with its Chinese and English label; the API speaks codes, the pages labels.

Sources: kinds and dispositions from the customer's article; domains, dispute types and head-count bands from the
Sichuan grid system's published behaviour.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """A code that knows its labels."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> Code:
        code = str.__new__(cls, value)
        code._value_ = value
        code.zh = zh
        code.en = en
        return code

    def label(self, language: str) -> str:
        """The label in "zh" or "en"."""
        return self.zh if language.startswith("zh") else self.en


class Kind(Code):
    """What sort of matter it is (事件类别)."""

    DISPUTE = "dispute", "矛盾纠纷", "dispute"
    LIVELIHOOD = "livelihood", "民生事项", "livelihood"
    HAZARD = "hazard", "安全隐患", "hazard"
    ORDER = "order", "治安", "public order"
    CRIMINAL = "criminal", "刑事线索", "criminal lead"
    CIVIL = "civil", "民事线索", "civil lead"
    COMMERCIAL = "commercial", "商事线索", "commercial lead"
    LEGAL_SERVICE = "legal_service", "法律服务", "legal service"
    ENTERPRISE = "enterprise", "涉企", "enterprise"


class Urgency(Code):
    """How soon it must be seen to (紧急程度)."""

    EXTRA = "extra", "特急", "extra urgent"
    URGENT = "urgent", "紧急", "urgent"
    ORDINARY = "ordinary", "一般", "ordinary"


class State(Code):
    """Where a case stands; derived from its token, never set by hand."""

    REPORTED = "reported", "待核实", "reported"
    PENDING = "pending", "待签收受理", "pending"
    HANDLING = "handling", "办理中", "handling"
    SUSPENDED = "suspended", "挂账", "suspended"
    RETURNING = "returning", "退回审核中", "return considered"
    RULING = "ruling", "待裁定", "ruling"
    CONFIRMING = "confirming", "待反馈审核", "confirming"
    CHECKING = "checking", "待核查", "checking"
    RATING = "rating", "已办结待评价", "closed, to be rated"
    ARCHIVED = "archived", "已归档", "archived"
    DECLINED = "declined", "不予受理", "declined"
    MERGED = "merged", "已并案", "merged"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"


ENDED = frozenset({State.ARCHIVED, State.DECLINED, State.MERGED, State.WITHDRAWN})
OWNED = frozenset(State) - ENDED - {State.RATING}
"""States in which a unit owns the case."""

STATE_AT = {
    "verify": State.REPORTED,
    "accept": State.PENDING,
    "act": State.HANDLING,
    "suspended": State.SUSPENDED,
    "consider_return": State.RETURNING,
    "rule": State.RULING,
    "confirm": State.CONFIRMING,
    "check": State.CHECKING,
    "callback": State.RATING,
}
"""Element that holds the token → state."""

STATE_AFTER = {
    "archived": State.ARCHIVED,
    "declined": State.DECLINED,
    "merged": State.MERGED,
    "withdrawn": State.WITHDRAWN,
}
"""End event → state."""


class Disposition(Code):
    """How a case came to a unit, or left it (处置方式)."""

    REPORT = "report", "上报登记", "reported"
    SELF_HANDLE = "self_handle", "自办", "handled itself"
    REFER_UP = "refer_up", "上报", "referred up"
    ASSIGN = "assign", "交办", "assigned"
    TRANSFER = "transfer", "转办", "transferred"
    RETURN = "return", "退回", "returned"
    RULE = "rule", "裁定", "ruled"
    ESCALATE = "escalate", "超时升级", "escalated"
    MOVE_UP = "move_up", "核实超时上移", "moved up unverified"
    REDO = "redo", "重办", "to be done again"
    FAILED_CHECK = "failed_check", "核查未通过", "check failed"
    REOPEN = "reopen", "重新办理", "reopened"
    CRIMINAL = "criminal", "移送公安", "passed to the police"
    ON_SPOT = "on_spot", "当场办结", "settled on the spot"
    DECLINE = "decline", "不予受理", "declined"
    MERGE = "merge", "并案", "merged"
    WITHDRAW = "withdraw", "撤回", "withdrawn"


class Source(Code):
    """Who or what brought the case in (来源)."""

    WORKER = "worker", "网格员上报", "grid worker"
    CITIZEN = "citizen", "群众上报", "citizen"
    DESK = "desk", "窗口受理", "front desk"
    HOTLINE = "hotline", "热线", "hotline"
    PATROL = "patrol", "巡查", "patrol"
    MACHINE = "machine", "设备告警", "machine"
    TRANSFERRED = "transferred", "上级交办", "from above"


class Light(Code):
    """The lamp of a case: none, warned, overdue, or standing still."""

    GREEN = "green", "正常", "in time"
    YELLOW = "yellow", "预警", "warned"
    RED = "red", "超期", "overdue"
    GREY = "grey", "暂停计时", "clock stopped"


class Rung(Code):
    """The one-way ladder of supervision (督办等级)."""

    URGE = "urge", "催办", "urge"
    SUPERVISE = "supervise", "督办", "supervise"
    YELLOW = "yellow", "黄牌", "yellow card"
    RED = "red", "红牌", "red card"
    INTERVIEW = "interview", "约谈通报", "interview and notice"
    ACCOUNT = "account", "问责建议", "accountability"


POINTS = {Rung.YELLOW: 5, Rung.RED: 10}
"""Points taken off with a card (the Sichuan grid system's defaults)."""

PROTECTED_ROLE = "leader"
"""Who reads and handles restricted cases at each unit (default; processes.md, section 0, ruling 11)."""


class ProcedureKind(Code):
    """What can run beside a case (程序)."""

    WHISTLE = "whistle", "吹哨报到", "whistle"
    CONSULTATION = "consultation", "会商", "consultation"
    MEDIATION = "mediation", "调解", "mediation"
    MEDIATION_FOLLOW_UP = "mediation_follow_up", "调解回访", "mediation follow-up"
    PETITION = "petition", "信访办理", "petition"


class WhistleReason(Code):
    """The three lawful reasons to call departments (北京: 哨不是随便可以吹的)."""

    BEYOND_MEANS = "beyond_means", "本级无力解决", "beyond the caller's means"
    JOINT_ENFORCEMENT = "joint_enforcement", "综合执法", "joint enforcement"
    EMERGENCY = "emergency", "应急处置", "emergency"


class MediationKind(Code):
    """五调."""

    PEOPLE = "people", "人民调解", "people's mediation"
    INDUSTRY = "industry", "行业调解", "industry mediation"
    ADMINISTRATIVE = "administrative", "行政调解", "administrative mediation"
    PROFESSIONAL = "professional", "专业调解", "professional mediation"
    JUDICIAL = "judicial", "司法调解", "judicial mediation"


class OutcomeRoute(Code):
    """护调打: what a mediation's outcome calls for next."""

    PROTECT = "protect", "护", "protect"
    MEDIATE = "mediate", "调", "mediate"
    STRIKE = "strike", "打", "strike"
