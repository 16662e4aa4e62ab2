"""Words of mediation (调解)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "consent": ("征求意愿", "asking both parties"),
    "appoint": ("选定调解员", "appointing the mediator"),
    "mediate_session": ("调解", "mediation"),
    "expert_pause": ("中止鉴定", "waiting for an expert"),
    "ask_longer": ("延长期限", "asking both to go on"),
    "agreement": ("签订协议", "signing the agreement"),
    "guidance": ("告知途径", "telling other ways"),
}
"""Human tasks."""
STAGES: Mapping[str, tuple[str, str]] = {
    "med_consent": ("征求调解意愿", "asking both parties"),
    "med_appoint": ("选定调解员", "appointing the mediator"),
    "med_total": ("调解", "mediation"),
    "med_total_administrative": ("行政调解", "administrative mediation"),
    "med_total_suit": ("诉讼中调解", "mediation within a suit"),
    "med_total_suit_simple": ("简易程序调解", "mediation within a simple suit"),
    "med_longer": ("征求延长意愿", "asking both to go on"),
    "med_agreement": ("签订协议", "signing the agreement"),
    "med_guidance": ("告知途径", "telling other ways"),
}
"""Clocks."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:mediation:open": Saying("开始调解", "began a mediation"),
    "procedure:mediation:end": also("调解结束", "mediation ended"),
    "mediation:attempt:begin": Saying("开始调解", "began a mediation"),
    "mediation:attempt:hand_over": Saying("移交其他调解组织", "handed the mediation over"),
    "mediation:mediator:replace": also("更换调解员", "another mediator stands in"),
    "mediation:clock:pause": also(
        "等待鉴定，调解停止计时", "waiting for an expert, the mediation's clock stands still"
    ),
    "mediation:clock:resume": also("调解恢复计时", "the mediation's clock goes on"),
    "mediation:clock:end": Saying("调解期限届满", "the time for mediation is over", "warn"),
    "mediation:clock:extend": also("调解期限延长", "the time for mediation is extended"),
    "mediation:agreement:sign": Saying("签订调解协议", "signed the agreement", "ok"),
    "mediation:guidance:give": Saying("告知其他途径", "told other ways"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("consent", "all_willing:True"): Saying("双方同意调解", "both parties are willing", "ok"),
    ("consent", "all_willing:False"): Saying("有一方不同意调解", "a party is not willing", "warn"),
    ("appoint", None): Saying("选定调解员", "appointed the mediator"),
    ("mediate_session", "again"): Saying("调解，约定再次调解", "held a session, another one follows"),
    ("mediate_session", "agreed"): Saying("调解达成一致", "the parties agreed", "ok"),
    ("mediate_session", "failed"): Saying("调解不成", "the mediation failed", "warn"),
    ("mediate_session", "pause"): Saying("中止调解，等待鉴定", "paused for an expert"),
    ("expert_pause", None): Saying("恢复调解", "went on after the expert"),
    ("ask_longer", "both_agree:True"): Saying("双方同意延长调解", "both agreed to go on"),
    ("ask_longer", "both_agree:False"): Saying("不再延长调解", "did not go on", "warn"),
    ("agreement", "signed"): Saying("签订调解协议", "signed the agreement", "ok"),
    ("agreement", "refused"): Saying("拒绝签订协议", "would not sign the agreement", "warn"),
    ("guidance", None): Saying("告知其他途径", "told other ways"),
}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "mediation_begun": Mark(
        "accent", "users", "新的调解，请征求双方意愿", "A new mediation: please ask both parties whether they want it"
    ),
    "mediation_lapsed": Mark(
        "late", "clock", "{}逾期未办，已按流程继续，请了解情况", "{} was not done in time and went on without you"
    ),
    "mediation_appoint_above": Mark(
        "warn", "users", "下级逾期未选定调解员，请选定", "No mediator was appointed below you: please appoint one"
    ),
    "mediation_time_up": Mark(
        "warn", "clock", "调解期限届满，请处理", "The time for the mediation is over: please see what is next"
    ),
    "mediation_agreed": Mark(
        "ok", "check-circle", "调解达成协议，请办结事件", "An agreement was signed: please settle the case"
    ),
    "mediation_failed": Mark(
        "warn", "info", "调解未达成协议，请继续办理", "There is no agreement: please go on with the case"
    ),
    "mediation_protect": Mark("warn", "shield", "调解结果为“护”，请提供保护和救助", "Please protect and help a party"),
    "mediation_strike": Mark("late", "siren", "调解结果为“打”，请了解是否立案", "Please see whether this is a crime"),
    "mediation_strike_owner": Mark(
        "late", "siren", "调解结果为“打”，可将事件转办公安", "You can transfer the case to the police"
    ),
    "mediation_criminal": Mark(
        "late", "alert", "已认定为刑事线索，调解终止", "It is a criminal lead now: the mediation has ended"
    ),
}
"""Notices."""
