"""The working calendar (工作日历): a table of days, official or provisional, and the arithmetic on it.

Days come from the State Council's yearly notices through `chinesecalendar`. Years that no notice covers yet follow
the weekday rule and the holidays of fixed date; they are provisional, and so is every deadline that counts them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import chinese_calendar
from sqlalchemy import CheckConstraint, ColumnElement, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from engine.errors import ImportRefused

if TYPE_CHECKING:
    from engine.db import Session

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_YEAR, LAST_PROVISIONAL_YEAR = 2020, 2032
OFFICE_HOURS = ((time(9, 0), time(12, 0)), (time(13, 30), time(17, 30)))
"""Seven office hours a day (default; local hours differ a little by season)."""
KINDS = ("workday", "weekend", "holiday", "makeup")
OFFICIAL_SOURCE = "State Council notices, by chinesecalendar 1.11"
PROVISIONAL_SOURCE = "provisional: weekday rule and fixed-date holidays; lunar holidays and make-up days unknown"
_FIXED = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}


class CalendarDay(Base):
    """One day of the calendar of the installation."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        CheckConstraint("kind in ('workday', 'weekend', 'holiday', 'makeup')", name="kind_known"),
        CheckConstraint("working = (kind in ('workday', 'makeup'))", name="working_follows_kind"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(128))
    official: Mapped[bool]


class CalendarRevision(Base):
    """Counts the changes of the calendar, so that a cached reading knows when it is old."""

    __tablename__ = "calendar_revision"

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    note: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Reckoned:
    """A moment that was counted out, and whether it counts a provisional day."""

    at: datetime
    provisional: bool


class Calendar:
    """An immutable reading of the table. Days beyond it follow the weekday rule and are provisional."""

    def __init__(self, days: Mapping[date, tuple[bool, bool]]) -> None:
        """`days`: day → (working, official)."""
        self._days = days

    def is_working(self, day: date) -> bool:
        known = self._days.get(day)
        return known[0] if known is not None else _weekday_rule(day)

    def is_official(self, day: date) -> bool:
        known = self._days.get(day)
        return known is not None and known[1]

    def add_working_days(self, start: datetime, count: int) -> Reckoned:
        """The end of office hours of the `count`-th working day after the day of `start`.

        The day of the event is not counted (民诉法 art. 85).
        """
        day, provisional = self._nth_working_day(start.astimezone(ZONE).date(), count)
        return Reckoned(_at(day, OFFICE_HOURS[-1][1]), provisional)

    def _nth_working_day(self, day: date, count: int) -> tuple[date, bool]:
        provisional = False
        while count > 0:
            day += timedelta(days=1)
            provisional = provisional or not self.is_official(day)
            count -= self.is_working(day)
        return day, provisional

    def add_working_time(self, start: datetime, span: timedelta) -> Reckoned:
        """`span` of office hours after `start`."""
        day, left, provisional = start.astimezone(ZONE).date(), span, False
        while True:
            provisional = provisional or not self.is_official(day)
            if self.is_working(day):
                for opens, closes in OFFICE_HOURS:
                    begin = max(_at(day, opens), start)
                    end = _at(day, closes)
                    if begin < end:
                        if left <= end - begin:
                            return Reckoned(begin + left, provisional)
                        left -= end - begin
            day += timedelta(days=1)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The office hours between two moments; zero when they are the wrong way round."""
        total, day, last = timedelta(), start.astimezone(ZONE).date(), end.astimezone(ZONE).date()
        while day <= last:
            if self.is_working(day):
                for opens, closes in OFFICE_HOURS:
                    span = min(_at(day, closes), end) - max(_at(day, opens), start)
                    total += max(span, timedelta())
            day += timedelta(days=1)
        return total

    def add_statutory_days(self, start: datetime, count: int) -> Reckoned:
        """The end of the `count`-th natural day after the day of `start`.

        A last day on a holiday runs to the next working day (民诉法 art. 85).
        """
        day = start.astimezone(ZONE).date() + timedelta(days=count)
        provisional = not self.is_official(day)
        while not self.is_working(day):
            day += timedelta(days=1)
            provisional = provisional or not self.is_official(day)
        return Reckoned(_at(day, time(23, 59, 59)), provisional)


def _weekday_rule(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, ZONE).astimezone(UTC)


_cache: dict[tuple[str, int], Calendar] = {}


REVISION = select(func.max(CalendarRevision.revision)).scalar_subquery()
"""For a query that reads other things anyway; see `prime`."""


def prime(session: Session, revision: int | None) -> None:
    """Spare `load` its question when the caller has just read the revision."""
    if "calendar" not in session.info:
        session.info["calendar_revision"] = revision or 0


def load(session: Session) -> Calendar:
    """The calendar as it stands; read once for each revision, and looked up once for each unit of work."""
    known: Calendar | None = session.info.get("calendar")
    if known is not None:
        return known
    revision = session.info.pop("calendar_revision", None)
    if revision is None:
        revision = session.scalar(select(REVISION)) or 0
    key = (str(session.get_bind().engine.url), revision)
    calendar = _cache.get(key)
    if calendar is None:
        query = select(CalendarDay.day, CalendarDay.working, CalendarDay.official)
        calendar = Calendar({day: (working, official) for day, working, official in session.execute(query)})
        _cache.clear()
        _cache[key] = calendar
    session.info["calendar"] = calendar
    return calendar


def seed(session: Session) -> int:
    """Fill an empty table: official years from `chinesecalendar`, the years after it provisionally. Days written."""
    if session.scalar(select(func.count()).select_from(CalendarDay)):
        return 0
    day, rows = date(FIRST_YEAR, 1, 1), []
    while day.year <= LAST_PROVISIONAL_YEAR:
        rows.append(_official(day) if _covered(day) else _provisional(day))
        day += timedelta(days=1)
    session.execute(insert(CalendarDay), rows)
    _changed(session, "seed")
    return len(rows)


def _covered(day: date) -> bool:
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def _official(day: date) -> dict[str, object]:
    working = chinese_calendar.is_workday(day)
    _, name = chinese_calendar.get_holiday_detail(day)
    weekday = day.weekday() < 5
    kind = ("workday" if weekday else "makeup") if working else ("holiday" if name or weekday else "weekend")
    return _row(day, kind, name or "", OFFICIAL_SOURCE, official=True)


def _provisional(day: date) -> dict[str, object]:
    name = _FIXED.get((day.month, day.day), "")
    kind = "holiday" if name else "workday" if day.weekday() < 5 else "weekend"
    return _row(day, kind, name, PROVISIONAL_SOURCE, official=False)


def _row(day: date, kind: str, name: str, source: str, *, official: bool) -> dict[str, object]:
    working = kind in {"workday", "makeup"}
    return {"day": day, "working": working, "kind": kind, "name": name, "source": source, "official": official}


def _changed(session: Session, note: str) -> None:
    session.add(CalendarRevision(note=note))
    session.flush()
    session.info.pop("calendar", None)


def import_year(session: Session, year: int, content: bytes) -> int:
    """Replace a year by the official list, all or nothing; returns how many days changed.

    CSV columns day (ISO), kind (workday, weekend, holiday, makeup), name, source; every day of the year once.
    Raises ImportRefused with line numbers. The caller recounts the open deadlines and writes the trail.
    """
    rows, findings = _read_year(year, content)
    missing = 366 - (date(year, 12, 31) != date(year, 1, 1) + timedelta(days=365)) - len(rows)
    if not findings and missing:
        findings.append(_bad(1, "days_missing", f"{missing} days of {year} are missing", f"缺少 {missing} 天"))
    if findings:
        raise ImportRefused(findings)
    before = {day.day: day.working for day in session.scalars(select(CalendarDay).where(_of_year(year)))}
    session.execute(delete(CalendarDay).where(_of_year(year)))
    session.execute(insert(CalendarDay), list(rows.values()))
    _changed(session, f"import {year}")
    return sum(before.get(day) != row["working"] for day, row in rows.items())


def _of_year(year: int) -> ColumnElement[bool]:
    return CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))


def _read_year(year: int, content: bytes) -> tuple[dict[date, dict[str, object]], list[dict[str, object]]]:
    rows: dict[date, dict[str, object]] = {}
    findings: list[dict[str, object]] = []
    for line, record in enumerate(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))), start=2):
        try:
            day = date.fromisoformat(record["day"])
        except (KeyError, ValueError, TypeError):
            findings.append(_bad(line, "bad_day", "not a date", "日期不正确"))
            continue
        kind, name, source = record.get("kind") or "", record.get("name") or "", record.get("source") or "imported"
        if day.year != year or day in rows:
            findings.append(_bad(line, "wrong_day", f"not of {year}, or twice", "不属于该年或重复"))
        elif kind not in KINDS:
            findings.append(_bad(line, "bad_kind", f"kind must be one of {', '.join(KINDS)}", "类别不正确"))
        elif len(name) > 32 or len(source) > 128:
            findings.append(_bad(line, "too_long", "name over 32 or source over 128 characters", "名称或来源过长"))
        else:
            rows[day] = _row(day, kind, name, source, official=True)
    return rows, findings


def _bad(line: int, code: str, reason: str, zh: str) -> dict[str, object]:
    return {"line": line, "code": code, "reason": reason, "zh": zh}
