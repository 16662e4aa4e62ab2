"""Tables as Excel files: typed columns, a frozen head, filters; a text is never taken for a formula or a link."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import xlsxwriter
from flask import Response

from engine.calendar import ZONE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS = {"share": "0.0%", "moment": "yyyy-mm-dd hh:mm", "hours": "0.0", "number": "#,##0", "text": "@"}
_MAX_WIDTH = 60


@dataclass(frozen=True)
class Column:
    """`kind`: text, number, share (0.25 shows as 25.0%), hours, or moment (an aware datetime, shown in local time)."""

    title: str
    kind: str = "text"


def workbook(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet. None leaves a cell empty."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        sheet = book.add_worksheet(name[:31])
        formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
        head = book.add_format({"bold": True, "bottom": 1})
        widths = [_width(column.title) for column in columns]
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column.title, head)
        last = 0
        for last, row in enumerate(rows, 1):
            for at, (column, value) in enumerate(zip(columns, row, strict=True)):
                if value is not None:
                    _write(sheet, (last, at), value, formats[column.kind])
                    widths[at] = max(widths[at], _width(value))
        for at, width in enumerate(widths):
            sheet.set_column(at, at, min(width + 2, _MAX_WIDTH))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, last, len(columns) - 1)
    return out.getvalue()


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
