"""What the pages of administration show, read once and put into words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import FIRST_YEAR, LAST_PROVISIONAL_YEAR, CalendarDay
from engine.deadlines.arithmetic import Limit, Warn
from engine.definitions import deploy
from engine.definitions.models import Definition
from engine.errors import NotFound
from engine.network import directory
from engine.network.directory import Person
from engine.network.units import Unit
from processes.codes import Kind, Urgency
from web.translation import t
from web.words import deadlines as words
from web.words import names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.deadlines.table import DeadlineRule
    from engine.spiff.compiler import HumanTask

_PROCESSES = {
    "case": ("事件全程", "the case"),
    "handling": ("一级承办", "one stay at a unit"),
    "request": ("延期与挂账申请", "requests"),
    "supervision": ("督办", "supervision"),
    "whistle": ("吹哨报到", "whistle"),
    "report_in": ("部门报到", "a department's part of a whistle"),
    "consultation": ("会商", "consultation"),
    "opinion": ("书面意见", "an invited unit's opinion"),
    "mediation": ("调解", "mediation"),
    "mediation_follow_up": ("调解回访", "the follow-up of an agreement"),
    "legal_service": ("公共法律服务", "a visit to the front desk"),
    "window": ("窗口办理", "a window's part of a visit"),
}
_UNITS = {
    "owner": ("承办单位", "the unit that owns the case"),
    "assigner": ("交办单位", "the unit that assigned it"),
    "checker": ("核查单位", "the unit that checks"),
    "sender": ("来件单位", "the unit that sent it"),
    "ruler": ("共同上级", "the common superior"),
    "decider": ("上级单位", "the unit above the owner"),
    "subject": ("被督办单位", "the supervised unit"),
    "convener": ("召集单位", "the unit that called"),
    "unit": ("被召集单位", "a unit that was called"),
    "issuer": ("督办单位", "the supervising unit"),
    "visit_centre": ("接待中心", "the centre that received"),
    "window_unit(visit_window)": ("窗口单位", "the unit behind the window"),
    "committee": ("调解组织", "the committee that mediates"),
    "appointer": ("选定调解员的单位", "the unit that appoints the mediator"),
    "department('court')": ("区法院", "the court"),
    "department('command')": ("区委政法委指挥部", "the command office"),
    "centre('DISTRICT')": ("区网格中心", "the district centre"),
    "centre('SUBDISTRICT')": ("属地街道分中心", "the subdistrict centre of the place"),
}
"""Expressions of models in words; others are shown as they are drawn."""
_CLOCKS = {
    "act_stage()": ("办理，有并行程序时取其时限", "handling, or the time of a procedure beside it"),
    "med_stage()": ("调解，按种类", "mediation, by its kind"),
    '"sup_reply_" + rung': ("督办回复，按等级", "the reply, by rung"),
}
"""The same of expressions that give a stage."""


def process_name(key: str) -> str:
    return t(*_PROCESSES[key]) if key in _PROCESSES else key


def unit_in_words(expression: str) -> str:
    return t(*_UNITS[expression]) if expression in _UNITS else expression


@dataclass(frozen=True)
class UnitView:
    """A unit with its line upwards and the people at its posts, each with the roles held there."""

    unit: Unit
    line: Sequence[Unit]
    holders: Sequence[tuple[Person, Sequence[str]]]

    @classmethod
    def load(cls, session: Session, actor: Actor, unit_id: int) -> UnitView:
        unit = directory.unit_of(session, actor.district_id, unit_id)
        people = directory.find_people(session, actor.district_id, unit_id=unit.id)
        holders = [(person, [role for at, role in person.posts if at.id == unit.id]) for person in people]
        return cls(unit, directory.line_of(session, unit), holders)


def unit_or_none(session: Session, actor: Actor, given: str | None) -> UnitView | None:
    return UnitView.load(session, actor, int(given)) if given and given.isdigit() and len(given) < 18 else None


@dataclass(frozen=True)
class Family:
    """A model with its versions, the newest first."""

    key: str
    versions: Sequence[Definition]

    @property
    def title(self) -> str:
        return process_name(self.key)

    @property
    def active(self) -> Definition | None:
        return next((row for row in self.versions if row.active), None)


def families(session: Session) -> list[Family]:
    rows = session.scalars(select(Definition).order_by(Definition.key, Definition.version.desc()))
    return [Family(key, list(found)) for key, found in groupby(rows, key=lambda row: row.key)]


@dataclass(frozen=True)
class Drawn:
    """A process of a version with its human tasks."""

    key: str
    tasks: Sequence[HumanTask]

    @property
    def title(self) -> str:
        return process_name(self.key)


@dataclass(frozen=True)
class ModelView:
    """One deployed version: its row and its processes."""

    row: Definition
    processes: Sequence[Drawn]

    @classmethod
    def load(cls, session: Session, definition_id: str) -> ModelView:
        """Raises NotFound."""
        row = session.get(Definition, definition_id)
        if row is None:
            raise NotFound
        compiled = session.env.catalogue.get(session, row.id)
        keys = sorted(compiled.drawings, key=lambda key: (key != row.key, key))
        tasks = compiled.tasks.values()
        return cls(row, [Drawn(key, [task for task in tasks if task.process == key]) for key in keys])

    @property
    def title(self) -> str:
        return process_name(self.row.key)

    def name(self, task: HumanTask) -> str:
        return t(task.name, task.name_en)  # of the model

    def who(self, task: HumanTask) -> str:
        return f"{unit_in_words(task.unit)} · {names.role(task.role)}"

    def clock(self, task: HumanTask) -> str:
        """The stage of the deadline table, and that of signing off."""
        stages = [*_stages(task.deadline), *([task.sign_off] if task.sign_off else [])]
        said = [t(*_CLOCKS[stage]) if stage in _CLOCKS else words.stage(stage) for stage in stages]
        return t("、", ", ").join(said)


def _stages(deadline: str) -> list[str]:
    """The stage, or those between which an expression chooses."""
    return [each for each in re.findall(r"'(\w+)'", deadline) if each in words.STAGES] or [deadline]


@dataclass(frozen=True)
class YearView:
    """Twelve months of days, each month's first row padded to its weekday (Monday first)."""

    year: int
    months: Sequence[tuple[int, int, Sequence[CalendarDay]]]

    @classmethod
    def load(cls, session: Session, year: int) -> YearView:
        inside = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
        rows = session.scalars(select(CalendarDay).where(inside).order_by(CalendarDay.day))
        months = [(month, list(days)) for month, days in groupby(rows, key=lambda row: row.day.month)]
        return cls(year, [(month, days[0].day.weekday(), days) for month, days in months])

    @property
    def official(self) -> bool:
        return all(day.official for _, _, days in self.months for day in days)

    @property
    def working(self) -> int:
        return sum(day.working for _, _, days in self.months for day in days)

    @property
    def source(self) -> str:
        sources = [day.source for _, _, days in self.months for day in days if day.official]
        return sources[0] if sources else ""

    @property
    def before(self) -> int | None:
        return self.year - 1 if self.year > FIRST_YEAR else None

    @property
    def after(self) -> int | None:
        return self.year + 1 if self.year < LAST_PROVISIONAL_YEAR else None


DAY_KINDS = {
    "workday": ("工作日", "working day"),
    "weekend": ("周末", "weekend"),
    "holiday": ("节假日", "holiday"),
    "makeup": ("调休上班", "make-up working day"),
}


def day_kind(kind: str) -> str:
    return t(*DAY_KINDS[kind])


def month_rows(padding: int, days: Sequence[CalendarDay]) -> list[list[CalendarDay | None]]:
    """Six weeks of seven, Monday first, so that all months are equally high."""
    cells: list[CalendarDay | None] = [None] * padding + list(days)
    cells += [None] * (6 * 7 - len(cells))
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


@dataclass(frozen=True)
class DeadlinesView:
    """The deadline table of the active case model: stages in use, and those kept for models to come."""

    used: Sequence[tuple[str, Sequence[Row]]]
    spare: Sequence[tuple[str, Sequence[Row]]]

    @classmethod
    def load(cls, session: Session) -> DeadlinesView:
        compiled = session.env.catalogue.get(session, deploy.active(session, "case").id)
        rows = [Row(criteria, rule) for criteria, rule in compiled.deadlines.rules()]
        stages = [(stage, list(found)) for stage, found in groupby(rows, key=lambda row: row.rule.stage)]
        return cls(
            [each for each in stages if each[0] in words.STAGES],
            [each for each in stages if each[0] not in words.STAGES],
        )


@dataclass(frozen=True)
class Row:
    """One rule in words."""

    criteria: tuple[str, str, str]
    rule: DeadlineRule

    @property
    def when(self) -> str:
        kind, urgency, level = self.criteria
        said = [
            t(Kind(kind).zh, Kind(kind).en) if kind else "",
            t(Urgency(urgency).zh, Urgency(urgency).en) if urgency else "",
            names.level(level) if level else "",
        ]
        return " · ".join(each for each in said if each) or t("其他情形", "everything else")

    @property
    def limit(self) -> str:
        return words.limit(self.rule.limit.amount, self.rule.limit.unit)

    @property
    def warn(self) -> str:
        last = self.rule.last_call
        return _warn(self.rule.warn) + (t("、", ", ") + _warn(Warn(after=last)) if last else "")

    @property
    def grace(self) -> str:
        return _grace(self.rule.grace)


def _warn(warn: Warn | None) -> str:
    if warn is None:
        return t("不预警", "none")
    if warn.percent is not None:
        return t(f"用时 {warn.percent} %", f"at {warn.percent} %")
    if warn.before is not None:
        return t("到期前 ", "") + words.limit(warn.before.amount, warn.before.unit) + t("", " before")
    assert warn.after is not None  # noqa: S101 # one of the three is given
    return t("满 ", "after ") + words.limit(warn.after.amount, warn.after.unit)


def _grace(grace: Limit | None) -> str:
    if grace is None:
        return t("不升级", "never escalates")
    return words.limit(grace.amount, grace.unit) if grace.amount else t("立即", "at once")
