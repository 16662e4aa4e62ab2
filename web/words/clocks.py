"""The clock chip: icon, word, the time itself. Colour only repeats what the word says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from processes.codes import Light
from web.translation import t
from web.words import moments


@dataclass(frozen=True)
class Chip:
    """`tone`: ok, warn, late, paused or plain. `exact`: the due time in figures, for hover and tap."""

    icon: str
    tone: str
    text: str
    exact: str


def chip(light: str, due_at: datetime | None, now: datetime, *, provisional: bool = False, brief: bool = False) -> Chip:
    """⏱ 剩 3 小时 · 今天 17:30, ⚠ 预警 · 剩 40 分, ● 超期 2 天 4 小时, ⏸ 已挂账, and a dash for no clock.

    `brief`: a day further away without its weekday and time, for rows.
    """
    exact = moments.exact(due_at) if due_at else ""
    if provisional and exact:
        exact = t(f"{exact}（含日历暂定日）", f"{exact} (counts provisional days)")
    if light == Light.GREY:
        return Chip("pause", "paused", t("已挂账", "suspended"), exact)
    if due_at is None:
        return Chip("minus", "plain", t("无时限", "no clock"), exact)
    tail = t(" · 暂定", " · provisional") if provisional else ""
    if due_at <= now:
        return Chip("alert", "late", t("超期 ", "overdue ") + moments.span(now - due_at) + tail, exact)
    left = t("剩 ", "") + moments.span(due_at - now) + t("", " left")
    if light == Light.RED:
        return Chip("alert", "late", t("全程超期 · ", "case overdue · ") + left + tail, exact)
    if light == Light.YELLOW:
        return Chip("alert", "warn", t("预警 · ", "warned · ") + left + tail, exact)
    when = moments.brief(due_at, now) if brief else moments.moment(due_at, now)
    return Chip("clock", "ok", f"{left} · {when}{tail}", exact)
