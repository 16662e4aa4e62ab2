"""Rates and changes as people say them: 92.3 %, and what it was reckoned from."""

from __future__ import annotations

from processes.overdue.figures import WINDOW, Share
from web.translation import t

NAMES = {
    "response": ("响应率", "Response"),
    "resolution": ("解决率", "Resolution"),
    "satisfaction": ("满意率", "Satisfaction"),
}
_PARTS = {
    "response": (("按时签收受理", "answered in time"), ("应签收受理", "to be answered")),
    "resolution": (("已办结", "settled"), ("已办结加超期未结", "settled or overdue now")),
    "satisfaction": (("满意和基本满意", "satisfied or basically satisfied"), ("已评价", "rated")),
}


_GIVEN = {
    "urge": ("已催办", "urged"),
    "supervise": ("已督办", "supervised"),
    "yellow": ("黄牌", "yellow card"),
    "interview": ("约谈通报", "interview"),
    "account": ("问责建议", "accountability"),
}


def given(rung: str) -> str:
    """What a case was given: 已催办, 已督办, 黄牌, 红牌, 约谈通报, 问责建议."""
    return t(*_GIVEN.get(rung, ("红牌", "red card")))


def name(which: str) -> str:
    return t(*NAMES[which])


def percent(share: Share) -> str:
    """92.3%, or a dash where there is nothing to reckon from."""
    return "–" if share.rate is None else f"{share.rate:.1%}"


def arithmetic(which: str, share: Share) -> str:
    """响应率 = 按时签收受理 37 件 ÷ 应签收受理 41 件，近 30 天."""
    (zh_part, en_part), (zh_whole, en_whole) = _PARTS[which]
    days = WINDOW.days
    if not share.whole:
        return t(f"近 {days} 天没有“{zh_whole}”的事件", f"no case {en_whole} in {days} days")
    return t(
        f"{NAMES[which][0]} = {zh_part} {share.part} ÷ {zh_whole} {share.whole} 件，近 {days} 天",
        f"{NAMES[which][1]} = {share.part} {en_part} ÷ {share.whole} {en_whole}, last {days} days",
    )


def change(difference: int) -> str:
    """+3, −2, ±0."""
    return f"+{difference}" if difference > 0 else f"−{-difference}" if difference < 0 else "±0"
