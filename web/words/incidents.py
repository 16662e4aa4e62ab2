"""What got stuck, in words: what it is, why nothing happens, what will happen next, what was done about it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from web.translation import t
from web.words import moments

if TYPE_CHECKING:
    from engine.stuck import Stuck

KINDS = {
    "step": ("步骤失败", "a step failed"),
    "timer": ("定时失败", "a timer failed"),
    "effect": ("送达失败", "a delivery failed"),
    "gateway": ("流程走不下去", "the model had no way on"),
}
_HOW = {
    "by_hand": ("人工关闭", "resolved by a person"),
    "skipped": ("已跳过", "passed over"),
    "succeeded": ("重试成功，自动关闭", "went well at last, closed by itself"),
    "overtaken": ("环节已过，不再需要", "its step is over, not needed any more"),
    "ended": ("流程已结束", "its model has ended"),
}
_ACTS = {
    "reopen": ("再次失败，重新打开", "failed again, opened again"),
    "retry": ("安排重试", "had it tried again"),
    "skip": ("跳过", "passed it over"),
    "move": ("移动令牌", "moved the token"),
    "rebuild": ("重建定时", "rebuilt the timers"),
    "resolve": ("关闭", "resolved it"),
}
_STUCK = {
    "step": (
        "经办人提交时这一步出错，已整体回滚：事件停在原处，表单内容没有保存。",
        "A person's form failed here and was rolled back whole: the case stands where it was, the form was not kept.",
    ),
    "timer": (
        "时限到了，但到点要做的事没有做成；事件其他部分照常进行。",
        "The time came, but what is to happen then failed; everything else about the case goes on.",
    ),
    "effect": (
        "系统内已办成，只是对外的通知没有送到。",
        "Everything here is done; only the message to the outside has not arrived.",
    ),
    "gateway": (
        "承办结果不在流程图之内，事件已退回原承办单位继续办理。",
        "A stay ended with an outcome that the model does not know; the case went back to who held it.",
    ),
}
_NOBODY_TRIES = ("不再自动重试，等您处理", "not tried any more by itself: it waits for you")
_WAITS = {
    "step": ("等经办人重做这一步", "waits for its person to repeat the step"),
    "gateway": ("等人查看后关闭", "waits for somebody to look and resolve it"),
    "runs": ("几秒内执行；成功后自动关闭", "runs within seconds; closes by itself when it goes well"),
    "timer": _NOBODY_TRIES,
    "effect": _NOBODY_TRIES,
}


def kind(code: str) -> str:
    return t(*KINDS[code])


def how(code: str | None) -> str:
    """How it was closed; those from before this was kept have nothing."""
    return t(*_HOW[code]) if code in _HOW else t("已关闭", "closed")


def act(code: str) -> str:
    """A line of the history; the engine's own closings are said like `how`."""
    return t(*_ACTS[code]) if code in _ACTS else how(code)


def stuck(code: str) -> str:
    return t(*_STUCK[code])


def upcoming(one: Stuck, now: datetime) -> str:
    """What will happen next by itself, and when."""
    if one.state != "open":
        return t("已放弃，不再发送", "given up, never sent") if one.is_effect else how(one.how)
    if one.next_try_at is None:
        runs = one.kind == "timer" and not one.waiting
        return t(*_WAITS["runs" if runs else one.kind])
    if one.next_try_at <= now:
        return t("几秒后自动重试", "tried again within seconds")
    return t("自动重试：", "tried again: ") + moments.moment(one.next_try_at, now)
