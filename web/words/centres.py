"""Words of a centre's page: services, modes, residents, rooms; names of the default set in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processes.centres.codes import PARTS, Mode, ResidentKind, RuleKind, Service
from processes.codes import Kind
from web.translation import language, t
from web.words import codes

if TYPE_CHECKING:
    from processes.centres.models import CentreRule, Duty, Room, Window

_ROOMS = {
    "调解室": "mediation room",
    "巡回审判室": "circuit courtroom",
    "会商室": "meeting room",
    "接谈室": "talking room",
    "心理疏导室": "counselling room",
}
_RULES = {
    "工作岗位职责": "Duties of the posts",
    "管理规章制度": "Rules of the centre",
}
"""English names of the default set; what somebody named otherwise is shown as it is."""


def service(code: str | None) -> str:
    """法律咨询; empty for none."""
    return codes.label(Service(code)) if code else ""


def mode(code: str) -> str:
    """长期派驻."""
    return codes.label(Mode(code))


def resident(code: str) -> str:
    """公安."""
    return codes.label(ResidentKind(code))


def part(code: str) -> str:
    """尖刀队: the part that a resident plays."""
    return t(*PARTS[ResidentKind(code)])


def rule_kind(code: str) -> str:
    return codes.label(RuleKind(code))


def window(row: Window) -> str:
    """Its name; one that is still named by its service is so in both languages."""
    return service(row.service) if row.name == Service(row.service).zh else row.name


def room(row: Room) -> str:
    return t(row.name, _ROOMS.get(row.name, row.name))


def rule(row: CentreRule) -> str:
    return t(row.title, _RULES.get(row.title, row.title))


def duty(row: Duty) -> str:
    """Its text in the reader's language, where it has one."""
    return (row.text_en or row.text) if language() == "en" else row.text


def draws(row: Duty) -> str:
    """矛盾纠纷 · 医患: the sort of matter that the duty draws; empty for none."""
    if row.kind is None:
        return ""
    kind = codes.label(Kind(row.kind))
    return f"{kind} · {codes.of_list('type', row.type)}" if row.type else kind
