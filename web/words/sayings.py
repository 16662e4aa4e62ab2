"""What each entry of the trail is called in a timeline: the same verb as on the button, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processes.codes import Disposition, Rung
from web.translation import t
from web.words import parts
from web.words.saying import Saying, also

_TASKS = {
    "verify": ("核实立案", "verifying"),
    "accept": ("签收受理", "accepting"),
    "act": ("办理", "handling"),
    "suspended": ("挂账", "suspension"),
    "consider_return": ("退回审核", "considering the return"),
    "rule": ("裁定", "ruling"),
    "confirm": ("反馈审核", "confirming the report back"),
    "check": ("核查", "checking"),
    "callback": ("回访评价", "calling back"),
    "decide": ("审批", "deciding the request"),
    "reply": ("督办回复", "replying to the supervision"),
    "judge": ("督办审核", "judging the reply"),
    "overall": ("全程", "whole case"),
}
"""Human tasks of the models, as the drawings name them."""

_MOVES = {
    Disposition.REPORT: "reported",
    Disposition.SELF_HANDLE: "settled",
    Disposition.REFER_UP: "referred up",
    Disposition.ASSIGN: "assigned",
    Disposition.TRANSFER: "transferred",
    Disposition.RETURN: "returned",
    Disposition.RULE: "moved by the ruling",
    Disposition.ESCALATE: "escalated",
    Disposition.MOVE_UP: "moved up unverified",
    Disposition.REDO: "sent back to be done again",
    Disposition.FAILED_CHECK: "sent back after the check",
    Disposition.REOPEN: "reopened",
    Disposition.CRIMINAL: "passed to the police",
    Disposition.ON_SPOT: "settled on the spot",
    Disposition.DECLINE: "declined",
    Disposition.MERGE: "merged",
    Disposition.WITHDRAW: "withdrawn",
}
_TOLD_BY_VERB = {Disposition.REFER_UP, Disposition.ASSIGN, Disposition.TRANSFER, Disposition.ESCALATE}
"""Moves that the verb of the same happening names already."""

MARKS = {
    "warned": ("预警", "warned", "warn"),
    "overdue": ("超期", "overdue", "late"),
    "unsigned": ("超时未签收", "not signed off in time", "warn"),
    "escalated": ("升级", "escalated", "late"),
}
_REQUESTS = {"extension": ("延期", "an extension"), "suspension": ("挂账", "a suspension")}
_REQUEST_VERBS = {
    "ask": ("申请", "asked for", ""),
    "granted": ("批准", "granted", "ok"),
    "refused": ("不批准", "refused", ""),
    "silent": ("逾期未批，视为不批准：", "not decided in time, so refused:", "warn"),
    "overtaken": ("申请失效：", "request overtaken:", ""),
}
_INCIDENTS = {
    "step": ("步骤执行出错", "a step failed"),
    "timer": ("时限触发出错", "a clock failed to fire"),
    "effect": ("对外送达出错", "a delivery failed"),
    "gateway": ("流程分支异常", "an unknown outcome"),
}
_INCIDENT_VERBS = {
    "reopen": ("，再次出现", "again", "late"),
    "retry": ("，已重试", "tried again", ""),
    "skip": ("，已跳过", "passed over", "warn"),
    "resolve": ("已处理", "resolved", ""),
    "succeeded": ("，重试成功", "went well at last", "ok"),
    "overtaken": ("，已不再需要", "not needed any more", ""),
    "ended": ("，流程已结束", "ended with its model", ""),
}
RUNGS = {
    Rung.URGE: ("催办", "urged"),
    Rung.SUPERVISE: ("督办", "supervised"),
    Rung.YELLOW: ("黄牌", "yellow card"),
    Rung.RED: ("红牌", "red card"),
    Rung.INTERVIEW: ("约谈通报", "interview and notice"),
    Rung.ACCOUNT: ("问责建议", "accountability"),
}

ACTIONS: Mapping[str, Saying] = {
    "case:case:report": Saying("上报", "reported"),
    "case:case:accept": Saying("立案", "accepted the report"),
    "case:case:restrict": also("设为限制可见", "restricted to named readers"),
    "case:case:follow": Saying("关注同一件事", "follows it as the same matter"),
    "case:case:erase": Saying("依法删除内容", "erased the texts"),
    "case:case:reclassify": Saying("改类、加急", "reclassified or pressed"),
    "case:case:close": Saying("办结", "closed", "ok", ("事件办结", "case closed")),
    "case:case:rate": Saying("评价", "rated"),
    "case:case:unrated": Saying("逾期未评价", "nobody rated in time"),
    "case:case:archive": also("归档", "archived"),
    "case:case:decline": Saying("不予受理", "declined"),
    "case:case:merge": Saying("并案", "merged"),
    "case:case:withdraw": Saying("撤回", "withdrew"),
    "case:assignment:end": also("交办销号", "assignment ended"),
    "case:check:move_up": also("核查逾期，上移一级", "nobody checked in time, moved up", "late"),
    "case:return:ask": Saying("申请退回", "asked to return it"),
    "case:return:silent": Saying("退回逾期未审，视为不同意", "return not answered in time, so refused", "warn"),
    "case:ruling:move_up": also("裁定逾期，上移一级", "nobody ruled in time, moved up", "late"),
    "case:progress:note": Saying("反馈进展", "reported progress"),
    "case:progress:supplement": Saying("补充情况", "added to the report"),
    "case:clock:suspend": also("挂账，停止计时", "suspended, clock stopped"),
    "case:clock:resume": also("恢复计时", "clock goes on"),
    "case:clock:procedure": also("程序时限开始计算", "the time of the procedure begins"),
    "case:clock:extend": also("时限延长", "time limit extended"),
    "case:file:attach": Saying("添加附件", "added files"),
    "deadline:grace:renew": also("系统恢复后宽限重新起算", "grace counted anew after an outage"),
    "deadline:clock:restart": also("督办结束，时限重新起算", "supervision over, clock begins anew"),
    "deadline:clock:recount": also("日历更新，时限重算", "calendar changed, clock counted again"),
    "work:item:complete": Saying("完成", "completed"),
    "work:item:claim": Saying("签收", "claimed"),
    "work:item:release": Saying("释放", "released"),
    "instance:message:drop": Saying("消息迟到，未生效", "a message came too late and had no effect"),
    "instance:model:end": Saying("流程结束", "procedure ended"),
    "supervision:card:give": Saying("发出督办", "supervised"),
    "supervision:ladder:climb": Saying("督办升级", "supervision climbs a rung", "late"),
    "supervision:judge:silent": Saying("督办逾期未审", "nobody judged the reply in time", "warn"),
    "supervision:item:end": also("督办结束", "supervision ended"),
    "effect:delivery:retry": Saying("重试对外送达", "tried a delivery again"),
    "definition:version:deploy": Saying("部署流程模型", "deployed a model"),
    "definition:migration:begin": Saying("开始迁移流程版本", "began to move cases to another version"),
    "definition:migration:end": Saying("流程版本迁移完成", "finished moving cases to another version"),
    "instance:token:move": Saying("管理员移动令牌", "an administrator moved the token", "warn"),
    "instance:timers:rebuild": Saying("按流程状态重建定时", "rebuilt timers from the state"),
    "effect:delivery:skip": Saying("对外送达已放弃", "gave up a delivery", "warn"),
    "instance:version:migrate": Saying("迁移到新版流程", "moved to another version of its model"),
    "staff:password:set": Saying("设置密码", "set a password"),
    "network:staff:import": Saying("导入人员", "imported staff"),
    "network:unit:import": Saying("导入网络", "imported the network"),
    "network:unit:rename": Saying("单位更名", "renamed a unit"),
    "network:unit:close": Saying("停用单位", "closed a unit"),
    "network:area:import": Saying("导入网格边界", "imported the areas of grids"),
    "calendar:year:import": Saying("导入年度日历", "imported a calendar year"),
}
_TABLES: tuple[Mapping[str, Saying], ...] = (
    *(part.ACTIONS for part in parts.ALL),
    {
        f"case:stay:{how.value}": Saying(how.zh, en, "", None if how in _TOLD_BY_VERB else (how.zh, en))
        for how, en in _MOVES.items()
    },
    {f"deadline:mark:{mark}": Saying(zh, en, tone) for mark, (zh, en, tone) in MARKS.items()},
    {
        f"request:{kind}:{verb}": Saying(f"{zh}{what}", f"{en} {noun}", tone, (f"{zh}{what}", f"{en} {noun}"))
        for kind, (what, noun) in _REQUESTS.items()
        for verb, (zh, en, tone) in _REQUEST_VERBS.items()
    },
    {f"incident:{kind}:open": Saying(zh, en, "late") for kind, (zh, en) in _INCIDENTS.items()},
    {
        f"incident:{kind}:{verb}": Saying(f"{zh}{done_zh}", f"{done_en}: {en}", tone)
        for kind, (zh, en) in _INCIDENTS.items()
        for verb, (done_zh, done_en, tone) in _INCIDENT_VERBS.items()
    },
)

_FORMS: Mapping[tuple[str, str | None], Saying] = {
    ("verify", "accept"): Saying("立案", "accepted the report"),
    ("verify", "decline"): Saying("不予受理", "declined"),
    ("verify", "merge"): Saying("并案", "merged"),
    ("accept", "accept"): Saying("受理", "accepted"),
    ("accept", "decline"): Saying("不予受理", "declined"),
    ("accept", "merge"): Saying("并案", "merged"),
    ("accept", "refer_up"): Saying("上报", "referred up"),
    ("accept", "return"): Saying("退回", "returned"),
    ("act", "self_handle"): Saying("自办", "settled"),
    ("act", "refer_up"): Saying("上报", "referred up"),
    ("act", "assign"): Saying("交办", "assigned"),
    ("act", "transfer"): Saying("转办", "transferred"),
    ("act", "return"): Saying("退回", "returned"),
    ("suspended", None): Saying("恢复办理", "resumed"),
    ("consider_return", "agree:True"): Saying("同意退回", "agreed to the return"),
    ("consider_return", "agree:False"): Saying("不同意退回", "refused the return", "warn"),
    ("rule", None): Saying("裁定", "ruled"),
    ("confirm", "ok:True"): Saying("同意销号", "confirmed the report back", "ok"),
    ("confirm", "ok:False"): Saying("退回重办", "wants it done again", "warn"),
    ("check", "ok:True"): Saying("核查通过", "check passed", "ok"),
    ("check", "ok:False"): Saying("核查未通过", "check failed", "warn"),
    ("callback", "satisfied"): Saying("回访：满意", "call-back: satisfied", "ok"),
    ("callback", "basic"): Saying("回访：基本满意", "call-back: basically satisfied", "ok"),
    ("callback", "unsatisfied"): Saying("回访：不满意", "call-back: not satisfied", "warn"),
    ("callback", "unreached"): Saying("回访：未联系上", "call-back: not reached"),
    ("decide", "granted:True"): Saying("批准", "granted the request", "ok"),
    ("decide", "granted:False"): Saying("不批准", "refused the request"),
    ("reply", None): Saying("回复督办", "replied to the supervision"),
    ("judge", "lift"): Saying("解除督办", "lifted the supervision", "ok"),
    ("judge", "next"): Saying("督办升一级", "one rung up", "late"),
    ("judge", "wait"): Saying("督办再等", "waits once more"),
}


ELEMENTS: Mapping[str, tuple[str, str]] = {
    **_TASKS,
    **{element: names for part in parts.ALL for element, names in part.ELEMENTS.items()},
}
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    **_FORMS,
    **{form: saying for part in parts.ALL for form, saying in part.COMPLETED.items()},
}


def of(action: str) -> Saying | None:
    """How an entry of the trail is called; None for an action that has no words (a test finds these)."""
    found = ACTIONS.get(action)
    return found or next((table[action] for table in _TABLES if action in table), None)


def of_completion(element: str, outcome: str | None) -> Saying:
    """The verb of a completed form: what was decided with it."""
    found = COMPLETED.get((element, outcome))
    if found is not None:
        return found
    zh, en = ELEMENTS.get(element, (element, element))
    return Saying(f"完成{zh}", f"completed {en}")


def element(code: str) -> str:
    return t(*ELEMENTS.get(code, (code, code)))


def rung(code: str) -> str:
    """催办, 督办, 黄牌, 红牌, 约谈通报, 问责建议."""
    return t(*RUNGS[Rung(code)])


def known() -> Iterator[str]:
    """Every action that has words."""
    yield from ACTIONS
    for table in _TABLES:
        yield from table
