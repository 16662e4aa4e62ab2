"""The tables of the overdue board as Excel files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from processes.codes import Kind, State, Urgency
from processes.overdue import board as boards
from processes.overdue import listing
from processes.overdue.listing import Age, Wanted
from web.pages.overdue_view import Asked, CaseRows
from web.sheets import Column, download, workbook
from web.translation import t
from web.words import codes, moments, names, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from engine.actors import Actor
    from engine.db import Session

MAX_ROWS = 5_000
"""Of a file of cases; who needs more narrows the list first."""
_HOUR = 3600


def units(session: Session, actor: Actor, asked: Asked) -> Response:
    """Every unit at the place and below, so that it can be filtered by level."""
    rates = [Column(shares.name(which), "share") for which in shares.NAMES]
    columns = [
        Column(t("编码", "Code")),
        Column(t("层级", "Level")),
        Column(t("单位", "Unit")),
        Column(t("在办", "Open"), "number"),
        Column(t("超期", "Overdue"), "number"),
        Column(t("即将到期", "Due soon"), "number"),
        Column(t("超期中位时长（小时）", "Median lateness (h)"), "hours"),
        *(column for rate in rates for column in (rate, *_arithmetic_of(rate))),
    ]
    now = session.env.clock.now()
    lines = boards.every_line(session, actor, asked.at)
    return _file(session, t("单位", "Units"), columns, (_unit_row(line, now) for line in lines))


def ages(session: Session, actor: Actor, asked: Asked) -> Response:
    found = boards.load(session, actor, asked.at, own=asked.own)
    counts = listing.histogram(found.here.late, session.env.clock.now())
    columns = [Column(t("超期时长", "Late by")), Column(t("件数", "Cases"), "number")]
    return _file(session, t("超期时长", "Lateness"), columns, ((codes.label(age), counts[age]) for age in Age))


def cases(session: Session, actor: Actor, asked: Asked) -> Response:
    """The rows of the list, all pages."""
    _, path = boards.locate(session, actor, asked.at)
    wanted: Wanted = asked.wanted(path[-1])
    found = CaseRows.load(session, actor, listing.list_cases(session, actor, wanted, size=MAX_ROWS))
    columns = [
        Column(t("编号", "Number")),
        Column(t("标题", "Title")),
        Column(t("类别", "Kind")),
        Column(t("紧急程度", "Urgency")),
        Column(t("状态", "State")),
        Column(t("承办单位编码", "Unit code")),
        Column(t("承办单位", "Held by")),
        Column(t("地点单位", "Place")),
        Column(t("上报时间", "Reported"), "moment"),
        Column(t("应办时间", "Due"), "moment"),
        Column(t("超期（小时）", "Late (h)"), "hours"),
        Column(t("督办等级", "Supervision")),
    ]
    now = session.env.clock.now()
    return _file(session, t("事件", "Cases"), columns, (_case_row(found, row, now) for row in found.rows))


def _arithmetic_of(rate: Column) -> tuple[Column, Column]:
    return Column(t(f"{rate.title}：分子", f"{rate.title}: part"), "number"), Column(
        t(f"{rate.title}：分母", f"{rate.title}: whole"), "number"
    )


def _unit_row(line: boards.Line, now: datetime) -> Sequence[Any]:
    tally = line.tally
    late = (now - tally.late_since).total_seconds() / _HOUR if tally.late_since else None
    rates = [(share.rate, share.part, share.whole) for share in (getattr(tally, which) for which in shares.NAMES)]
    return [
        line.unit.code,
        names.level(line.unit.level),
        line.unit.name,
        tally.open,
        tally.overdue,
        tally.soon,
        late,
        *(value for rate in rates for value in rate),
    ]


def _case_row(found: CaseRows, row: Any, now: datetime) -> Sequence[Any]:
    rung = found.rungs.get(row.id)
    return [
        row.number,
        found.title(row),
        codes.label(Kind(row.kind)),
        codes.label(Urgency(row.urgency)),
        codes.label(State(row.state)),
        row.owner_code,
        row.owner_name,
        row.place_name,
        row.reported_at,
        row.due_at,
        (now - row.late_since).total_seconds() / _HOUR if row.late_since else None,
        codes.label(rung) if rung else None,
    ]


def _file(session: Session, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Response:
    day = moments.exact(session.env.clock.now())[:10]
    return download(workbook(name, columns, rows), f"{t('超期看板', 'overdue')}-{name}-{day}.xlsx")
