"""Notices in words: what happened and what it asks of the person, for every mark that the engine tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.codes import Disposition, ProcedureKind, WhistleReason
from web.translation import t
from web.words import deadlines, parts
from web.words.mark import Mark

_OF_CASES = {
    "arrived": Mark("accent", "inbox", "来件（{}），请签收办理", "Arrived ({}): please take it on"),
    "warned": Mark("warn", "clock", "{}即将到期，请尽快办理", "{} is due soon: please see to it"),
    "overdue": Mark("late", "alert", "{}已超期，请立即办理", "{} is overdue: please see to it now"),
    "overdue_below": Mark("late", "alert", "下级单位{}超期，请督促", "{} is overdue below you: please press for it"),
    "sign_off_overdue": Mark("late", "alert", "未按时签收，请立即签收", "Not signed off in time: please sign off now"),
    "sign_off_overdue_below": Mark(
        "late", "alert", "下级单位未按时签收，请督促", "Not signed off in time below you: please press for it"
    ),
    "overall_warned": Mark(
        "warn", "clock", "全程时限即将到期，请尽快办结", "The whole case is due soon: please settle it"
    ),
    "overall_overdue": Mark(
        "late", "alert", "全程时限已超期，请立即办结", "The whole case is overdue: please settle it"
    ),
    "escalated": Mark(
        "late", "arrow-up", "超过宽限期，事件已升级到上级单位", "The grace period is over: the case went one level up"
    ),
    "escalated_to_you": Mark(
        "late",
        "arrow-up",
        "下级逾期未办，事件已升级到本单位",
        "Nobody below acted in time: the case has come up to you",
    ),
    "supervision_urge": Mark("warn", "siren", "收到催办，请按期回复", "You are urged: please reply in time"),
    "supervision_supervise": Mark("late", "siren", "收到督办，请按期回复", "You are supervised: please reply in time"),
    "supervision_yellow": Mark("late", "flag", "收到黄牌督办，请按期回复", "A yellow card: please reply in time"),
    "supervision_red": Mark("late", "flag", "收到红牌督办，请按期回复", "A red card: please reply in time"),
    "red_unanswered": Mark("late", "flag", "红牌督办逾期未回复，请处理", "A red card was not answered: please step in"),
    "judge_silent": Mark(
        "warn", "clock", "督办回复逾期未审核，请督促", "Nobody judged a reply in time: please press for it"
    ),
    "token_moved": Mark(
        "warn",
        "info",
        "管理员纠正了流程，此环节转到您处，请办理",
        "An administrator has put the case to this step: please act",
    ),
    "review_passed": Mark(
        "warn", "play", "挂账复查日已过，时限已恢复计算", "The day of review has passed: the clock goes on"
    ),
    "confirm_silent": Mark(
        "warn", "clock", "交办反馈逾期未审核，视为同意", "A report back was not confirmed in time: it counts as agreed"
    ),
    "callback_overdue": Mark(
        "late", "phone", "逾期未回访群众，请督促", "The citizen was not called back: please press for it"
    ),
    "reopened": Mark(
        "warn", "refresh", "群众不满意，事件重新办理", "The citizen is not satisfied: the case is opened again"
    ),
    "supplemented": Mark("accent", "message", "群众补充了情况，请查看", "The citizen has added something: please look"),
    "reported_closed": Mark("ok", "check-circle", "您上报的事件已办结", "The case that you reported is settled"),
    "reported_decline": Mark("plain", "ban", "您上报的事件不予受理", "The case that you reported was declined"),
    "reported_merge": Mark("plain", "merge", "您上报的事件已并案", "The case that you reported was merged"),
    "reported_withdraw": Mark("plain", "undo", "您上报的事件已撤回", "The case that you reported was withdrawn"),
    "followed_closed": Mark("ok", "check-circle", "您跟进的事件已办结", "The case that you follow is settled"),
    "followed_decline": Mark("plain", "ban", "您跟进的事件不予受理", "The case that you follow was declined"),
    "followed_merge": Mark("plain", "merge", "您跟进的事件已并案", "The case that you follow was merged"),
    "followed_withdraw": Mark("plain", "undo", "您跟进的事件已撤回", "The case that you follow was withdrawn"),
    "procedure_ended": Mark("plain", "info", "事件已结束，{}随之结束", "The case is over, and so is its {}"),
    "step_silent": Mark("late", "clock", "{}逾期未办，请督促", "{} was not done in time: please press for it"),
    "request_granted": Mark("ok", "check-circle", "{}申请已批准", "The {} was granted"),
    "request_refused": Mark(
        "plain", "ban", "{}申请未批准，请按原时限办理", "The {} was refused: the time limit stands"
    ),
    "request_silent": Mark(
        "warn", "clock", "{}申请逾期未审批，视为不同意", "The {} was not decided in time: it counts as refused"
    ),
    "request_overtaken": Mark("plain", "info", "事件已流转，{}申请作废", "The case has moved on: the {} lapses"),
}
MARKS: Mapping[str, Mark] = {**_OF_CASES, **{mark: said for part in parts.ALL for mark, said in part.MARKS.items()}}
_REQUESTS = {
    "extension": ("延期", "extension"),
    "suspension": ("挂账", "suspension"),
    None: ("延期或挂账", "request"),
}


def said(mark: str, data: Mapping[str, Any]) -> str:
    """The sentence; the mark itself when a newer version told something that this one has no words for."""
    known = MARKS.get(mark)
    sentence = t(known.zh, known.en).format(_added(mark, data)) if known else mark
    return sentence[:1].upper() + sentence[1:] if known else mark


def look(mark: str) -> tuple[str, str]:
    """(tone, icon)."""
    known = MARKS.get(mark)
    return (known.tone, known.icon) if known else ("plain", "info")


def _added(mark: str, data: Mapping[str, Any]) -> str:
    """What fills the gap: how it came, which clock, which request."""
    if mark == "arrived":
        how = data.get("how")
        return t(Disposition(how).zh, Disposition(how).en) if how in set(Disposition) else t("转来", "sent")
    if mark.startswith("request_"):
        return t(*_REQUESTS.get(data.get("kind"), _REQUESTS[None]))
    if mark == "whistled":
        reason = data.get("reason")
        return t(WhistleReason(reason).zh, WhistleReason(reason).en) if reason in set(WhistleReason) else ""
    if mark == "procedure_ended":
        kind = data.get("kind")
        return t(ProcedureKind(kind).zh, ProcedureKind(kind).en) if kind in set(ProcedureKind) else t("程序", "it")
    stage = data.get("stage")
    return deadlines.stage(str(stage)) if stage else t("办理", "it")
