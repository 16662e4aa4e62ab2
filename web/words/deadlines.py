"""Clocks in words: which clock, how long, and how it was reckoned: 3 个工作日；周六 28 日补班计入；2027 年日历暂定."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.calendar import ZONE
from engine.deadlines.book import Deadline
from web.translation import t
from web.words import moments, parts

_OF_CASES = {
    "verify": ("核实立案", "verifying"),
    "accept": ("受理", "accepting"),
    "sign_off": ("签收", "signing off"),
    "handle": ("办理", "handling"),
    "handle_mediation": ("办理（调解中）", "handling, in mediation"),
    "handle_petition": ("办理（信访）", "handling, petition"),
    "handle_complex": ("办理（多部门）", "handling by several departments"),
    "conclude": ("收尾", "concluding"),
    "overall": ("全程", "whole case"),
    "confirm": ("反馈审核", "confirming the report back"),
    "check": ("核查", "checking"),
    "callback": ("回访", "calling back"),
    "rating_closes": ("评价截止", "rating closes"),
    "return_reply": ("退回审核", "answering the return"),
    "ruling": ("裁定", "ruling"),
    "request": ("审批", "deciding the request"),
    "suspension_review": ("挂账复查", "review of the suspension"),
    "sup_reply_urge": ("催办回复", "reply to the urging"),
    "sup_reply_supervise": ("督办回复", "reply to the supervision"),
    "sup_reply_yellow": ("黄牌回复", "reply to the yellow card"),
    "sup_reply_red": ("红牌回复", "reply to the red card"),
    "sup_judge": ("督办审核", "judging the reply"),
}
STAGES = {**_OF_CASES, **{code: said for part in parts.ALL for code, said in getattr(part, "STAGES", {}).items()}}
"""What each clock is called; a part names its own in `STAGES`."""
_UNITS = {
    "min": ("分钟", "minute", "minutes"),
    "h": ("小时", "hour", "hours"),
    "wh": ("个工作小时", "office hour", "office hours"),
    "wd": ("个工作日", "working day", "working days"),
    "d": ("天", "day", "days"),
}
_HOLIDAYS = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "国庆节": "National Day",
    "中秋节": "Mid-autumn Festival",
}
"""Names in the calendar are in either language, by where the year came from."""
_IN_CHINESE = {en: zh for zh, en in _HOLIDAYS.items()}


@dataclass(frozen=True)
class Day:
    """One day of the calendar: kind is workday, weekend, holiday or makeup."""

    day: date
    kind: str
    name: str
    official: bool


def stage(code: str) -> str:
    """办理, for `handle`."""
    return t(*STAGES[code]) if code in STAGES else code


def limit(amount: int, unit: str) -> str:
    """3 个工作日, 1 working day."""
    zh, one, many = _UNITS[unit]
    return t(f"{amount} {zh}", f"{amount} {one if amount == 1 else many}")


def rule(source: str) -> str:
    """The law or practice behind a limit; empty where the table has only its own default."""
    return "" if source.startswith("default") else source.removeprefix("statutory: ").partition("; else default")[0]


def counts_calendar(row: Deadline) -> bool:
    """Whether the clock reads the working calendar at all."""
    return row.limit_unit in {"wh", "wd"} or row.statutory


def span_of(row: Deadline) -> tuple[date, date]:
    """The days that the reckoning passes over: for working days the day of the event is not counted.

    Natural days of a law count every day; only the last one runs on to a working day.
    """
    first = row.started_at.astimezone(ZONE).date()
    if row.limit_unit == "d":
        first += timedelta(days=row.limit_amount)
    elif row.limit_unit != "wh":
        first += timedelta(days=1)
    return first, row.due_at.astimezone(ZONE).date()


def arithmetic(row: Deadline, days: Iterable[Day]) -> list[str]:
    """How the due time came about, one phrase for each thing that a person would count otherwise.

    `days`: the calendar from the start to the due day, or more; only what lies between is read.
    """
    said = [limit(row.limit_amount, row.limit_unit)]
    if row.extended_days:
        unit = "wd" if row.limit_unit in {"wd", "wh"} else "d"
        said.append(t("已延期 ", "extended by ") + limit(row.extended_days, unit))
    if row.remaining_seconds is not None:
        left = moments.span(timedelta(seconds=row.remaining_seconds))
        return [*said, t(f"挂账停表，余 {left}", f"clock stopped, {left} left")]
    if counts_calendar(row):
        first, last = span_of(row)
        between = [day for day in days if first <= day.day <= last]
        said += _skipped(between) + _made_up(between) + _provisional(between)
    return said


def _skipped(days: Sequence[Day]) -> list[str]:
    weekends = sum(day.kind == "weekend" for day in days)
    holidays: dict[str, int] = {}
    for day in days:
        if day.kind == "holiday":
            holidays[day.name] = holidays.get(day.name, 0) + 1
    said = [t(f"跳过周末 {weekends} 天", f"{_days(weekends)} of weekend skipped")] if weekends else []
    for name, count in holidays.items():
        holiday = t(_IN_CHINESE.get(name, name), _HOLIDAYS.get(name, name)) or t("节假日", "holidays")
        said.append(t(f"跳过{holiday} {count} 天", f"{_days(count)} of {holiday} skipped"))
    return said


def _made_up(days: Sequence[Day]) -> list[str]:
    """周六 28 日补班计入."""
    found = [day.day for day in days if day.kind == "makeup"]
    return [t(f"{_short(day)}补班计入", f"make-up day {_short(day)} counted") for day in found]


def _provisional(days: Sequence[Day]) -> list[str]:
    years = sorted({day.day.year for day in days if not day.official})
    return [t(f"{year} 年日历暂定", f"calendar of {year} provisional") for year in years]


def _short(day: date) -> str:
    zh_day, en_day = moments.weekday(day)
    return t(f"周{zh_day} {day.day} 日", f"{en_day} {day.day}")


def days(count: int) -> str:
    """3 天, 3 days."""
    return t(f"{count} 天", f"{count} {'day' if count == 1 else 'days'}")


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"


def state_line(row: Deadline, now: datetime) -> str:
    """What comes next of this clock: when it warns, what happens after it is due."""
    if row.suspended_at is not None:
        return t("挂账期间不计时", "does not run while suspended")
    if row.escalated_at is not None:
        at = moments.moment(row.escalated_at, now)
        return t(f"已于 {at} 升级", f"escalated {at}")
    if row.overdue_at is not None and row.grace_at is not None and row.grace_at > now:
        at = moments.moment(row.grace_at, now)
        return t(f"宽限到 {at}，之后升级", f"grace until {at}, then it escalates")
    if row.warned_at is None and row.warn_at is not None and row.warn_at > now:
        at = moments.moment(row.warn_at, now)
        return t(f"{at} 预警", f"warns {at}")
    if row.last_called_at is None and row.last_call_at is not None and row.last_call_at > now:
        at = moments.moment(row.last_call_at, now)
        return t(f"{at} 最后提醒", f"last call {at}")
    return ""
