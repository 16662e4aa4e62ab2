"""Words of the front desk (窗口与来访)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "receive": ("首接登记", "receiving"),
    "finish_visit": ("出窗回告", "telling the visitor"),
    "serve": ("窗口服务", "serving"),
    "means_test": ("经济审查", "testing the means"),
    "aid_decision": ("援助决定", "deciding on legal aid"),
    "aid_assign": ("指派律师", "assigning a lawyer"),
    "petition_register": ("信访登记", "registering the petition"),
    "petition_accept": ("信访受理告知", "accepting the petition"),
    "petition_objection": ("异议审核", "deciding on the objection"),
}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {
    "visit:visit:receive": Saying("登记来访", "received the visitor"),
    "visit:window:open": also("到窗口", "at the window"),
    "visit:window:end": also("窗口办结", "window done", "ok"),
    "visit:visit:become_case": Saying("转为事件", "made it a case"),
    "visit:visit:close": Saying("来访办结", "closed the visit", "ok"),
    "visit:visit:erase": Saying("删除来访内容", "erased what the visit says"),
    "procedure:petition:open": also("信访受理，60 天办结", "petition accepted, to be finished in sixty days"),
    "procedure:petition:end": also("信访办理结束", "petition ended"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("receive", None): Saying("分送窗口", "routed the visitor"),
    ("finish_visit", None): Saying("回告来访人", "told the visitor"),
    ("serve", None): Saying("提供服务", "served"),
    ("means_test", None): Saying("经济审查", "tested the means"),
    ("means_test", "eligible:True"): Saying("经济审查：符合", "found it within the means", "ok"),
    ("means_test", "eligible:False"): Saying("经济审查：不符合", "found it not within the means"),
    ("aid_decision", None): Saying("决定法律援助", "decided on legal aid"),
    ("aid_decision", "granted:True"): Saying("决定给予法律援助", "granted legal aid", "ok"),
    ("aid_decision", "granted:False"): Saying("决定不予法律援助", "refused legal aid"),
    ("aid_assign", None): Saying("指派律师", "assigned a lawyer"),
    ("petition_register", None): Saying("登记信访", "registered the petition"),
    ("petition_accept", None): Saying("答复是否受理", "answered whether it is accepted"),
    ("petition_accept", "accepted:True"): Saying("受理信访并书面告知", "accepted the petition, in writing", "ok"),
    ("petition_accept", "accepted:False"): Saying("提出异议，不属本单位", "objected: not ours"),
    ("petition_objection", None): Saying("审核异议", "decided on the objection"),
    ("petition_objection", "upheld:True"): Saying("认可异议", "upheld the objection"),
    ("petition_objection", "upheld:False"): Saying("不认可异议，由该单位受理", "overruled the objection: they take it"),
}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "window_opened": Mark("accent", "inbox", "来访人到窗口，请接待", "A visitor at your window: please see to them"),
    "visit_served": Mark(
        "accent", "check-circle", "各窗口已办结，请回告来访人", "All windows are done: tell the visitor"
    ),
    "visit_silent": Mark(
        "late", "alert", "来访的{}逾期未办，请督促", "{} of a visit was not done in time: press for it"
    ),
}
"""Notices."""
STAGES: Mapping[str, tuple[str, str]] = {
    "visit_receive": ("首接登记", "receiving"),
    "visit_close": ("出窗回告", "telling the visitor"),
    "serve": ("窗口服务", "serving"),
    "means_test": ("经济审查", "testing the means"),
    "aid_decision": ("援助决定", "deciding on legal aid"),
    "petition_register": ("信访登记", "registering the petition"),
    "petition_accept": ("信访受理告知", "accepting the petition"),
    "petition_objection": ("异议审核", "deciding on the objection"),
}
"""Clocks."""
