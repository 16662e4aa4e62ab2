"""Tables as Excel files: typed columns, a frozen head, filters; a text is never taken for a formula or a link."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import xlsxwriter
from flask import Response

from engine.calendar import ZONE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS = {
    "share": "0.0%",
    "points": "0.00",
    "moment": "yyyy-mm-dd hh:mm",
    "hours": "0.0",
    "number": "#,##0",
    "text": "@",
}
_MAX_WIDTH = 60


@dataclass(frozen=True)
class Column:
    """`kind`: text, number, points, hours, share (0.25 shows as 25.0%), moment (an aware datetime, in local time)."""

    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Sheet:
    """A table of a file; None leaves a cell empty."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


def workbook(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet. None leaves a cell empty."""
    return workbook_of([Sheet(name, columns, rows)])


def workbook_of(parts: Iterable[Sheet]) -> bytes:
    """A file with several sheets; their names must differ in the first 31 characters."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
        head = book.add_format({"bold": True, "bottom": 1})
        for part in parts:
            _fill(book.add_worksheet(_sheet_name(part.name)), part, formats, head)
    return out.getvalue()


def _fill(sheet: Any, part: Sheet, formats: Mapping[str, Any], head: Any) -> None:
    widths = [_width(column.title) for column in part.columns]
    for at, column in enumerate(part.columns):
        sheet.write_string(0, at, column.title, head)
    last = 0
    for last, row in enumerate(part.rows, 1):
        for at, (column, value) in enumerate(zip(part.columns, row, strict=True)):
            if value is not None:
                _write(sheet, (last, at), value, formats[column.kind])
                widths[at] = max(widths[at], _width(value))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(width + 2, _MAX_WIDTH))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(part.columns) - 1)


def _sheet_name(name: str) -> str:
    """What Excel takes: no more than 31 characters, none of its own signs."""
    return name.translate({ord(sign): "-" for sign in "[]:*?/\\"})[:31]


def download(content: bytes, filename: str) -> Response:
    """The file as an attachment; `filename` may be Chinese."""
    response = Response(content, mimetype=MEDIA_TYPE)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"  # RFC 8187
    return response


def _write(sheet: Any, cell: tuple[int, int], value: Any, shape: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(*cell, value.astimezone(ZONE).replace(tzinfo=None), shape)
    elif isinstance(value, int | float):
        sheet.write_number(*cell, value, shape)
    else:
        sheet.write_string(*cell, str(value), shape)


def _width(value: Any) -> int:
    """In characters; a Chinese one takes the room of two."""
    if isinstance(value, datetime):
        return 16
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in str(value)[:_MAX_WIDTH])
