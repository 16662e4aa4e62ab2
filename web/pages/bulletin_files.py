"""A bulletin as a Word file that can be edited, as PDF and as Excel; all from the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, current_app, has_app_context

from processes.bulletins.periods import Period, PeriodKind
from processes.bulletins.shape import Count, Figures, Part, from_json
from processes.documents import render
from web import sheets
from web.pages.bulletin_cells import HIDDEN, Cell, Chart, Column, Table, shown
from web.pages.bulletin_main import lead, period_label, title_of
from web.pages.bulletin_tables import tables
from web.translation import language, t
from web.words import moments

if TYPE_CHECKING:
    from processes.bulletins.models import Bulletin
    from web.config import Settings

FORMATS = ("docx", "pdf", "xlsx")
MEDIA_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": sheets.MEDIA_TYPE,
}
BLOCK, BLOCKS = "█", 12
"""Bars of a Word file are text, so that they can be edited like the rest."""


@dataclass(frozen=True)
class Paper:
    """What is printed: the figures, and the edition that they were issued as."""

    figures: Figures
    edition: Bulletin | None = None

    @classmethod
    def of(cls, edition: Bulletin) -> Paper:
        return cls(from_json(edition.figures), edition)

    @property
    def period(self) -> Period:
        return Period(PeriodKind(self.figures.period), self.figures.begins_on, self.figures.ends_on)

    @property
    def subtitle(self) -> str:
        label = period_label(self.period)
        if self.edition is None:
            return t(f"{label}（未发布）", f"{label} (not issued)")
        return t(f"{label} · 第 {self.edition.edition} 版", f"{label} · edition {self.edition.edition}")

    @property
    def issued(self) -> str:
        at = moments.exact(self.figures.computed_at)
        days = f"{self.figures.begins_on} – {self.figures.ends_on}"
        running = t("，周期未结束", ", not over yet") if self.figures.is_running else ""
        return t(f"统计周期 {days}；数据截至 {at}{running}", f"{days}; figures as of {at}{running}")

    @property
    def proof(self) -> str:
        """Size and root of the trail, so that whoever keeps the paper can prove what stood in it then."""
        if self.edition is None:
            return t("未发布，数字可能变化。", "Not issued: the figures may change.")
        size, root = self.edition.tree_size, self.edition.root
        return t(
            f"发布时审计轨迹：{size} 条，根 {root}。据此可验证此前的记录未被改动。",
            f"The trail at issue: {size} entries, root {root}. It proves that nothing before it was changed.",
        )

    @property
    def filename(self) -> str:
        return f"{title_of(self.figures)}-{period_label(self.period)}".replace(" ", "")


def download(paper: Paper, kind: str) -> Response:
    """The file as an attachment. Raises what `processes.documents.render` does."""
    response = Response(make(paper, kind), mimetype=MEDIA_TYPES[kind])
    name = quote(f"{paper.filename}.{kind}")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"  # RFC 8187
    return response


def make(paper: Paper, kind: str) -> bytes:
    """`kind`: docx, pdf or xlsx."""
    makers = {"docx": docx, "pdf": pdf, "xlsx": xlsx}
    return makers[kind](paper)


def docx(paper: Paper) -> bytes:
    parts = [_word_part(each) for each in _printed(paper)]
    return render.docx("bulletin", {**_head(paper), "parts": parts}, _own_templates())


def pdf(paper: Paper) -> bytes:
    parts = [_page_part(each) for each in _printed(paper)]
    return render.pdf("bulletin", {**_head(paper), "parts": parts}, _own_templates())


def xlsx(paper: Paper) -> bytes:
    """A sheet for each table; a rate becomes three columns: the rate, its part, its whole."""
    head = [(paper.subtitle,), (paper.issued,), (paper.proof,), *((line,) for line in lead(paper.figures))]
    first = sheets.Sheet(t("说明", "About"), [sheets.Column(title_of(paper.figures))], head)
    return sheets.workbook_of([first, *(_sheet(each) for each in tables(paper.figures))])


def _own_templates() -> Path | None:
    """The house's own templates; none outside of the server."""
    settings: Settings | None = current_app.extensions.get("gridgov_settings") if has_app_context() else None
    return settings.templates if settings is not None else None


def _printed(paper: Paper) -> Sequence[Table]:
    return [each for each in tables(paper.figures) if not each.is_long]


def _head(paper: Paper) -> dict[str, Any]:
    return {
        "lang": language(),
        "title": title_of(paper.figures),
        "subtitle": paper.subtitle,
        "issued": paper.issued,
        "lead": list(lead(paper.figures)),
        "proof": paper.proof,
    }


def _word_part(table: Table) -> dict[str, Any]:
    columns, rows = _texts(table)
    if table.chart is not None and table.chart.top and len(columns) < 5:
        columns.append(t("图", "Chart"))
        bars = _blocks(table.chart)
        rows = [[*row, bars[at] if at < len(bars) else ""] for at, row in enumerate(rows)]
    return {"title": table.title, "note": table.note, "columns": columns, "rows": rows}


def _page_part(table: Table) -> dict[str, Any]:
    columns, rows = _texts(table)
    numeric = [column.kind != "text" for column in table.columns]
    texts = [at for at, column in enumerate(table.columns) if column.kind == "text"]
    wide = texts[-1] if texts else 0
    chart = table.chart and {
        "labels": list(table.chart.labels),
        "series": [{"name": name, "values": list(values)} for name, values in table.chart.series],
        "top": table.chart.top,
    }
    return {
        "title": table.title,
        "note": table.note,
        "columns": columns,
        "rows": rows,
        "numeric": numeric,
        "widths": [0 if at == wide else 1 for at in range(len(columns))],
        "chart": chart,
    }


def _texts(table: Table) -> tuple[list[str], list[list[str]]]:
    return [column.title for column in table.columns], [[shown(cell) for cell in row] for row in table.rows]


def _blocks(chart: Chart) -> list[str]:
    values = chart.series[0][1]
    return ["" if not value else BLOCK * max(round(value / chart.top * BLOCKS), 1) for value in values]


def _sheet(table: Table) -> sheets.Sheet:
    columns = [each for column in table.columns for each in _sheet_columns(column)]
    rows = [
        [each for column, cell in zip(table.columns, row, strict=True) for each in _sheet_cells(column, cell)]
        for row in table.rows
    ]
    return sheets.Sheet(table.title, columns, rows)


def _sheet_columns(column: Column) -> Sequence[sheets.Column]:
    if column.kind != "share":
        return [sheets.Column(column.title, {"points": "points"}.get(column.kind, column.kind))]
    part, whole = t("分子", "part"), t("分母", "whole")
    titles = ((column.title, "share"), (f"{column.title}{t('：', ': ')}{part}", "number"))
    return [sheets.Column(*each) for each in (*titles, (f"{column.title}{t('：', ': ')}{whole}", "number"))]


def _sheet_cells(column: Column, cell: Cell) -> Sequence[Any]:
    if column.kind == "share":
        if isinstance(cell, Part):
            return cell.rate, cell.part, cell.whole
        return (HIDDEN if cell == HIDDEN else None), None, None
    if isinstance(cell, Count):
        return [shown(cell) if cell.is_hidden else cell.total]
    return [cell]
