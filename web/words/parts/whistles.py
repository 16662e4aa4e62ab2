"""Words of whistle (吹哨报到)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "answer": ("应哨", "answering the whistle"),
    "rule_refusal": ("拒哨裁定", "ruling on the refusal"),
    "arrive": ("到场报到", "reporting in"),
    "work": ("联合处置", "handling together"),
    "dismiss": ("销哨", "dismissing the departments"),
    "rate_each": ("部门评分", "rating the departments"),
}
"""Human tasks."""
STAGES: Mapping[str, tuple[str, str]] = {
    "whistle_answer": ("应哨", "answering the whistle"),
    "whistle_answer_emergency": ("应急应哨", "answering an emergency whistle"),
    "whistle_arrive": ("到场", "reporting in"),
    "whistle_arrive_emergency": ("应急到场", "reporting in, emergency"),
    "whistle_work": ("联合处置", "handling together"),
    "whistle_work_emergency": ("应急处置", "handling together, emergency"),
    "whistle_close": ("销哨", "dismissing the departments"),
    "whistle_close_emergency": ("应急销哨", "dismissing the departments, emergency"),
    "whistle_rate": ("部门评分", "rating the departments"),
}
"""Clocks."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:whistle:open": Saying("吹哨", "whistled"),
    "procedure:whistle:end": also("吹哨结束", "whistle ended"),
    "whistle:departments:call": Saying("通知部门到场", "called departments"),
    "whistle:department:silent": also(
        "逾期未应哨，已报区级并督办，须到场", "no answer: reported to the district, supervised, has to come", "late"
    ),
    "whistle:refusal:rule": Saying("裁定拒哨", "ruled on the refusal"),
    "whistle:department:rate": Saying("部门评分", "rated a department"),
    "whistle:department:leave": Saying("部门撤离", "department left"),
    "whistle:department:breach": Saying("记录部门擅自撤离", "recorded that a department left early", "late"),
    "whistle:request:ask": Saying("请求中心吹哨", "asked the centre to whistle"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("answer", "coming:True"): Saying("应哨，将到场", "answered the whistle: coming", "ok"),
    ("answer", "coming:False"): Saying("拒哨", "refused to come", "warn"),
    ("rule_refusal", "must_come:True"): Saying("裁定须到场", "ruled that it must come"),
    ("rule_refusal", "must_come:False"): Saying("裁定免予到场", "ruled that it need not come"),
    ("arrive", None): Saying("到场报到", "reported in"),
    ("work", None): Saying("反馈处置结果", "fed back what was done"),
    ("dismiss", "finished:True"): Saying("销哨，部门可以撤离", "dismissed the departments", "ok"),
    ("dismiss", "finished:False"): Saying("事未办完，再次吹哨", "not finished: whistled again", "warn"),
    ("rate_each", None): Saying("为部门评分", "rated the departments"),
}
"""Completed forms by task and outcome."""
QUOTED: Mapping[str, tuple[str, str]] = {
    "people": ("到场人员", "who comes"),
    "no_position": ("不能定位的原因", "why there is no position"),
    "notes": ("说明", "notes"),
}
"""Texts of forms that the story quotes."""
MARKS: Mapping[str, Mark] = {
    "whistled": Mark(
        "late", "megaphone", "被吹哨（{}），请按时应哨并到场", "You are called ({}): please answer and come in time"
    ),
    "whistle_coming": Mark("ok", "check", "部门已应哨，将到场", "A department is coming"),
    "whistle_refused": Mark("warn", "ban", "部门拒哨，等待区级裁定", "A department refused: the district will rule"),
    "whistle_silent": Mark(
        "late", "megaphone", "部门逾期未应哨，已督办", "A department did not answer: it is supervised"
    ),
    "whistle_must_come": Mark("warn", "gavel", "拒哨裁定：须到场", "It was ruled that the department must come"),
    "whistle_released": Mark("plain", "gavel", "拒哨裁定：免予到场", "It was ruled that the department need not come"),
    "whistle_arrived": Mark("accent", "map-pin", "部门已到场", "A department has reported in"),
    "whistle_fed_back": Mark("accent", "message", "部门已反馈处置结果", "A department has fed back"),
    "whistle_dismissed": Mark("ok", "check-circle", "已销哨，可以撤离", "You are dismissed and may leave"),
    "whistle_rated": Mark("plain", "star", "吹哨单位已为本部门评分，请查看", "The caller has rated your department"),
    "whistle_over": Mark("ok", "check-circle", "吹哨结束，请继续办理", "The whistle is over: please go on"),
    "whistle_unclosed": Mark(
        "late",
        "clock",
        "本单位逾期未销哨，哨已自动结束，请了解情况",
        "Your unit dismissed nobody in time: it ended by itself",
    ),
    "whistle_unrated": Mark(
        "late",
        "clock",
        "本单位逾期未为部门评分，请了解情况",
        "Your unit rated no department in time: please look into it",
    ),
    "whistle_asked": Mark(
        "accent", "megaphone", "下级请求吹哨，请查看后决定", "A unit asks you to call departments: please decide"
    ),
    "whistle_left_early": Mark(
        "late", "alert", "部门擅自撤离，请督促其返回", "A department left before it might: see that it comes back"
    ),
}
"""Notices."""
