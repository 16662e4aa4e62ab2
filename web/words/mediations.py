"""What pages say of a mediation: kind, outcome, results of sessions, ways that were told, confirmation."""

from __future__ import annotations

from processes.codes import MediationKind
from web.translation import t
from web.words import codes, sayings

OUTCOMES = {
    "agreed": ("达成协议", "agreement signed", "ok"),
    "failed": ("调解不成", "failed", "warn"),
    "unwilling": ("有一方不同意", "a party was not willing", "warn"),
    "stopped": ("期限届满终止", "stopped when its time was over", "warn"),
    "handed_over": ("已移交", "handed over", "plain"),
    "case_ended": ("事件已结束", "the case ended", "plain"),
    "turned_criminal": ("转为刑事线索，终止", "stopped: a criminal lead", "late"),
}
RESULTS = {
    "again": ("再次调解", "another session"),
    "agreed": ("达成一致", "agreed"),
    "failed": ("调解不成", "failed"),
    "pause": ("中止鉴定", "paused for an expert"),
}
WAYS = {
    "litigation": ("向法院起诉", "go to court"),
    "arbitration": ("申请仲裁", "arbitration"),
    "administrative": ("行政裁决、复议", "administrative decision"),
    "petition": ("信访", "petition"),
    "enforcement": ("申请强制执行", "enforcement"),
}
ORIGINS = {
    "act": ("承办单位发起", "begun by the owner"),
    "court": ("诉前调解", "before a suit"),
    "desk": ("窗口发起", "begun at a desk"),
    "hand_over": ("其他组织移交", "handed over"),
}
ROUTES = {
    "protect": ("护（保护、救助）", "protect and help"),
    "mediate": ("调（以调解了结）", "settled by mediation"),
    "strike": ("打（移交公安）", "passed to the police"),
}
SUITS = {"ordinary": ("普通程序", "ordinary suit"), "simple": ("简易程序", "simple suit")}


def step(element: str | None) -> str:
    """征求意愿, as a label that stands by itself; empty when it stands nowhere."""
    said = sayings.element(element) if element else ""
    return said[:1].upper() + said[1:]


def kind(code: str) -> str:
    """人民调解, as a label that stands by itself."""
    said = codes.label(MediationKind(code))
    return said[:1].upper() + said[1:]


def route(code: str | None) -> str:
    """护（保护、救助）, 调（以调解了结）, 打（移交公安）."""
    return t(*ROUTES[code]) if code in ROUTES else ""


def outcome(code: str | None) -> tuple[str, str]:
    """(words, tone) of how it ended."""
    zh, en, tone = OUTCOMES.get(code or "", (code or "", code or "", "plain"))
    return t(zh, en), tone


def result(code: str) -> str:
    return t(*RESULTS[code]) if code in RESULTS else code


def way(code: str) -> str:
    return t(*WAYS[code]) if code in WAYS else code


def origin(code: str) -> str:
    return t(*ORIGINS[code]) if code in ORIGINS else code


def suit(code: str) -> str:
    return t(*SUITS[code]) if code in SUITS else ""
