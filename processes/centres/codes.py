"""Codes of a centre: services, residents with their signs, residence modes.

The article of 顺庆政法 names two of the eleven windows (法律咨询、法律援助), the residents, their signs, the three
modes and the number of duties; the other windows are defaults, to be edited.
"""

from __future__ import annotations

from processes.codes import Code


class Service(Code):
    """What a window serves (便民服务窗口)."""

    ADVICE = "advice", "法律咨询", "legal advice"
    LEGAL_AID = "legal_aid", "法律援助", "legal aid"
    NOTARY = "notary", "公证服务", "notary"
    MEDIATION = "mediation", "矛盾调解", "mediation"
    COMPLAINT = "complaint", "投诉受理", "complaints"
    PETITION = "petition", "信访接待", "petitions"
    LITIGATION = "litigation", "立案咨询", "filing a suit"
    POLICE = "police", "涉警事项", "police matters"
    PROCURATORATE = "procuratorate", "检察受理", "procuratorate"
    COMMUNITY = "community", "网格综治", "grid and public order"
    ENTERPRISE = "enterprise", "涉企服务", "enterprise services"


class Mode(Code):
    """How a resident is there (驻点方式)."""

    LONG_TERM = "long_term", "长期派驻", "posted for long"
    KEY = "key", "重点常驻", "there for key matters"
    PUBLIC_WELFARE = "public_welfare", "公益联驻", "public welfare"


class ResidentKind(Code):
    """The six residents (常驻部门) of the 1+6 system."""

    POLICE = "police", "公安", "police"
    PROCURATORATE = "procuratorate", "检察院", "procuratorate"
    COURT = "court", "法院", "court"
    JUSTICE = "justice", "司法局", "justice bureau"
    SUBDISTRICT = "subdistrict", "街道", "subdistrict"
    THIRD_PARTY = "third_party", "第三方机构", "third parties"


class RuleKind(Code):
    """A centre's written orders."""

    POST = "post", "岗位职责", "duties of a post"
    RULE = "rule", "管理制度", "rule"


PARTS = {
    ResidentKind.POLICE: ("尖刀队", "the spearhead"),
    ResidentKind.PROCURATORATE: ("监督员", "the supervisor"),
    ResidentKind.COURT: ("审判员", "the judge"),
    ResidentKind.JUSTICE: ("调解员", "the mediator"),
    ResidentKind.SUBDISTRICT: ("协调员", "the coordinator"),
    ResidentKind.THIRD_PARTY: ("助力员", "the helper"),
}
"""The part that each plays, in the article's words."""

SIGNS = {
    ResidentKind.POLICE: "接立调防宣打",
    ResidentKind.PROCURATORATE: "监受咨宣",
    ResidentKind.COURT: "立审调宣",
    ResidentKind.JUSTICE: "宣证援矫教",
    ResidentKind.SUBDISTRICT: "查收报管",
    ResidentKind.THIRD_PARTY: "专宣调协代",
}
"""The characters under which the article sums up each one's duties, 28 in all."""

DUTIES = 38
"""How many duties the article counts; their texts are not in it."""
