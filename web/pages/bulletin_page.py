"""The bulletin (运行简报) on screen: unit and period, figures with charts, files, issued editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for

from engine.calendar import ZONE
from engine.errors import Invalid
from engine.network.units import Unit, get, lineage
from processes.bulletins import issuing
from processes.bulletins.figures import compute
from processes.bulletins.models import Bulletin
from processes.bulletins.periods import Period, PeriodKind, period_of, range_of
from processes.bulletins.scope import scope_of, units_below
from processes.bulletins.shape import Figures
from processes.overdue.board import ROLES
from web.pages.bulletin_cells import Table, shown
from web.pages.bulletin_files import FORMATS, Paper
from web.pages.bulletin_main import lead, period_label, title_of
from web.pages.bulletin_tables import tables
from web.pages.showing import Shown, showing
from web.translation import t
from web.words import codes

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("bulletin", __name__)
FORMAT_NAMES = {"docx": ("Word", "Word"), "pdf": ("PDF", "PDF"), "xlsx": ("Excel", "Excel")}


@dataclass(frozen=True)
class BulletinView:
    """The page for its template. `path`: from the root that is seen down to the unit; `below`: where to go on."""

    unit: Unit
    path: Sequence[Unit]
    roots: Sequence[Unit]
    below: Sequence[Unit]
    period: Period
    figures: Figures
    tables: Sequence[Table]
    editions: Sequence[Bulletin]
    edition: Bulletin | None
    may_issue: bool
    today: date

    @property
    def paper(self) -> Paper:
        return Paper(self.figures, self.edition)

    def link(self, unit: Unit | None = None, period: Period | None = None, kind: PeriodKind | None = None) -> str:
        """The address of another unit, period, or kind of period around the same days."""
        wanted = period or self.period
        if kind is not None:
            day = min(wanted.ends_on, max(self.today, wanted.begins_on))
            wanted = (
                period_of(kind, day) if kind is not PeriodKind.RANGE else range_of(wanted.begins_on, wanted.ends_on)
            )
        return url_for("bulletin.index") + "?" + urlencode(self._asked(unit or self.unit, wanted))

    def file(self, kind: str) -> str:
        if self.edition is not None:
            return f"/api/v1/bulletins/{self.edition.id}/file?format={kind}"
        return "/api/v1/bulletins/file?" + urlencode({**self._asked(self.unit, self.period), "format": kind})

    def _asked(self, unit: Unit, period: Period) -> dict[str, str]:
        asked = {"unit": unit.code, "period": period.kind.value, "begin": period.begins_on.isoformat()}
        return asked | ({"end": period.ends_on.isoformat()} if period.kind is PeriodKind.RANGE else {})

    @property
    def has_next(self) -> bool:
        return self.period.ends_on < self.today

    @property
    def stats(self) -> Sequence[tuple[str, str]]:
        """(number, label) of the five dispositions and what else matters most."""
        rows = self.tables[0].rows
        return [(shown(row[1]), str(row[0])) for row in rows[:8]]


@blueprint.get("/bulletin")
def index() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = _load(session, actor)
        words = {"shown": shown, "lead": lead, "title_of": title_of, "period_label": period_label}
        return render_template(
            "bulletin/index.html",
            view=view,
            kinds=list(PeriodKind),
            formats=[(kind, t(*FORMAT_NAMES[kind])) for kind in FORMATS],
            row_period=issuing.period_of_row,
            chart_rows=chart_rows,
            codes=codes,
            PeriodKind=PeriodKind,
            **words,
        )

    return showing(look, roles=ROLES)


def _load(session: Session, actor: Actor) -> BulletinView:
    today = session.env.clock.now().astimezone(ZONE).date()
    edition_id = request.args.get("edition", type=int)
    edition = issuing.find(session, actor, edition_id) if edition_id else None
    if edition is not None:
        unit, period = get(session, edition.unit_id), issuing.period_of_row(edition)
        figures = Paper.of(edition).figures
    else:
        unit = issuing.find_unit(session, actor, request.args.get("unit") or None)
        period = asked_period(today)
        figures = compute(session, unit, period)
    roots = issuing.roots(session, actor)
    return BulletinView(
        unit=unit,
        path=_path(session, unit, roots),
        roots=roots,
        below=units_below(session, scope_of(session, unit)),
        period=period,
        figures=figures,
        tables=tables(figures),
        editions=issuing.issued(session, actor, unit),
        edition=edition,
        may_issue=edition is None and issuing.may_issue(session, actor, unit),
        today=today,
    )


def asked_period(today: date) -> Period:
    """The period of the address; this month where it says nothing that makes sense."""
    given = request.args.get("period", "")
    kind = PeriodKind(given) if given in set(PeriodKind) else PeriodKind.MONTH
    begin = _day("begin") or today
    if kind is not PeriodKind.RANGE:
        return period_of(kind, begin)
    try:
        return range_of(begin, _day("end") or max(begin, today))
    except Invalid:
        return range_of(begin, begin + timedelta(days=30))


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _path(session: Session, unit: Unit, roots: Sequence[Unit]) -> Sequence[Unit]:
    root = next((root for root in roots if unit.path.startswith(root.path)), unit)
    below = lineage(unit)[len(lineage(root)) :]
    return [root, *(get(session, unit_id) for unit_id in below)]


def chart_rows(table: Table) -> Any:
    """(label, [(series, value, share of the longest bar in percent)]) of a table's chart."""
    chart = table.chart
    if chart is None:
        return []
    return [
        (label, [(at, values[row], _width(values[row], chart.top)) for at, (_, values) in enumerate(chart.series)])
        for row, label in enumerate(chart.labels)
    ]


def _width(value: int | None, top: int) -> float:
    return round(100 * (value or 0) / top, 2) if top else 0.0
