"""Words of the follow-up of a mediation (调解回访)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "confirmation": ("司法确认", "judicial confirmation"),
    "court_decision": ("法院裁定", "the court's decision"),
    "performance": ("履行回访", "visit after the agreement"),
    "follow_guidance": ("告知执行途径", "telling ways of enforcement"),
}
"""Human tasks."""
STAGES: Mapping[str, tuple[str, str]] = {
    "med_confirmation": ("申请司法确认", "asking for confirmation"),
    "court_decision": ("法院裁定", "the court's decision"),
    "med_performance": ("履行回访", "visit after the agreement"),
}
"""Clocks."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:mediation_follow_up:open": Saying("开始调解回访", "began the follow-up of the agreement"),
    "procedure:mediation_follow_up:end": also("调解回访结束", "follow-up ended"),
    "deadline:mark:last_called": Saying("最后提醒", "gave the last call", "warn"),
    "agreement:confirmation:ask": Saying("送法院司法确认", "sent it to the court to be confirmed"),
    "agreement:confirmation:lapse": Saying("逾期未申请司法确认", "nobody asked for confirmation in time", "warn"),
    "agreement:performance:break": also(
        "协议未履行，事件须继续办理", "the agreement was broken, the case goes on", "late"
    ),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("confirmation", "applied"): Saying("双方共同申请司法确认", "both asked for confirmation"),
    ("confirmation", "not_wanted"): Saying("双方不申请司法确认", "confirmation was not wanted"),
    ("confirmation", "not_allowed"): Saying("依法不予司法确认", "the law excludes confirmation"),
    ("court_decision", "confirmed"): Saying("法院确认协议有效", "confirmed the agreement", "ok"),
    ("court_decision", "rejected"): Saying("法院不予确认", "did not confirm the agreement", "warn"),
    ("performance", "performed:True"): Saying("回访：协议已履行", "found the agreement performed", "ok"),
    ("performance", "performed:False"): Saying("回访：协议未履行", "found the agreement broken", "late"),
    ("follow_guidance", None): Saying("告知执行途径", "told ways of enforcement"),
}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "confirmation_last_call": Mark(
        "warn",
        "clock",
        "司法确认最后三天，请确认双方是否申请",
        "Three days are left to ask for confirmation: please see whether both want it",
    ),
    "confirmation_lapsed": Mark(
        "plain",
        "clock",
        "三十日内未申请司法确认，请按期回访履行",
        "Nobody asked for confirmation within thirty days: please visit when performance is due",
    ),
    "confirmation_asked": Mark(
        "accent", "scale", "收到司法确认申请，请按期裁定", "An agreement is to be confirmed: please decide in time"
    ),
    "confirmation_given": Mark("ok", "check-circle", "法院已确认调解协议有效", "The court has confirmed the agreement"),
    "confirmation_rejected": Mark(
        "warn",
        "scale",
        "法院不予确认，请告知双方可变更协议或起诉",
        "The court has not confirmed the agreement: tell both that they can change it or sue",
    ),
    "agreement_broken": Mark(
        "late", "alert", "调解协议未履行，请继续处理纠纷", "An agreement was broken: please take up the dispute again"
    ),
}
"""Notices."""
