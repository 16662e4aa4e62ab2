"""Moments and spans as people say them: 今天 17:30, 11 月 28 日 周六 09:00, 2 天 4 小时. Local time of the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine.calendar import ZONE
from web.translation import t

_WEEKDAYS = tuple(zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR = {-1: ("昨天", "yesterday"), 0: ("今天", "today"), 1: ("明天", "tomorrow"), 2: ("后天", "in two days")}
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def day(moment: date | datetime, now: datetime) -> str:
    """今天, 明天, 11 月 28 日 周六; with the year when it is not this one."""
    local, today = _local_day(moment), now.astimezone(ZONE).date()
    near = _NEAR.get((local - today).days)
    return t(*near) if near else full_day(local, with_year=local.year != today.year)


def full_day(moment: date | datetime, *, with_year: bool = True) -> str:
    """2026 年 11 月 28 日 周六."""
    local = _local_day(moment)
    zh = f"{local.month} 月 {local.day} 日 周{_WEEKDAYS[local.weekday()][0]}"
    en = f"{_WEEKDAYS[local.weekday()][1]} {local.day} {_MONTHS[local.month - 1]}"
    return t(f"{local.year} 年 {zh}", f"{en} {local.year}") if with_year else t(zh, en)


def moment(at: datetime, now: datetime) -> str:
    """今天 17:30."""
    return f"{day(at, now)} {clock(at)}"


def brief(at: datetime, now: datetime) -> str:
    """今天 17:30; further away only the day, 11 月 28 日, for where space is short."""
    local, today = at.astimezone(ZONE).date(), now.astimezone(ZONE).date()
    if (local - today).days in _NEAR:
        return moment(at, now)
    if local.year != today.year:
        return local.isoformat()
    return t(f"{local.month} 月 {local.day} 日", f"{local.day} {_MONTHS[local.month - 1]}")


def exact(at: datetime) -> str:
    """2026-11-28 17:30, for the title of a spoken time."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def clock(at: datetime) -> str:
    """17:30."""
    return at.astimezone(ZONE).strftime("%H:%M")


def span(length: timedelta) -> str:
    """2 天 4 小时, 3 小时 5 分, 40 分: two units at most, rounded down; never less than a minute."""
    length = abs(length)
    days, rest = length // _DAY, length % _DAY
    hours, minutes = rest // _HOUR, (rest % _HOUR) // _MINUTE
    if days:
        parts = [(days, "天", "d"), (hours, "小时", "h")]
    elif hours:
        parts = [(hours, "小时", "h"), (minutes, "分", "min")]
    else:
        parts = [(max(minutes, 1), "分", "min")]
    said = [(t(f"{number} {zh}", f"{number} {en}")) for number, zh, en in parts if number]
    return " ".join(said)


def weekday(day: date) -> tuple[str, str]:
    """("六", "Sat")."""
    return _WEEKDAYS[day.weekday()]


def _local_day(moment: date | datetime) -> date:
    return moment.astimezone(ZONE).date() if isinstance(moment, datetime) else moment
