"""Tables of a bulletin: cells as people read them, columns, charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processes.bulletins.shape import FEW, Count, Part

Cell = str | int | float | Count | Part | None
HIDDEN = "…"


@dataclass(frozen=True)
class Column:
    """`kind`: text, number, share (a `Part`) or points."""

    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Chart:
    """Bars for each label, one for each series; what may not be shown is None."""

    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[int | None]]]

    @property
    def top(self) -> int:
        return max((value or 0 for _, values in self.series for value in values), default=0)


@dataclass(frozen=True)
class Table:
    """One table. `has_total`: the last row is one; `is_folded`: on screen; `is_long`: folded there, and not printed."""

    code: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    has_total: bool = False
    chart: Chart | None = None
    is_long: bool = False
    is_folded: bool = False


def shown(cell: Cell) -> str:
    """A cell as people read it: 12, <5, 92.3%, –."""
    if isinstance(cell, Count):
        return f"<{FEW}" if cell.is_hidden else str(cell.total)
    if isinstance(cell, Part):
        return "–" if cell.rate is None else f"{cell.rate:.1%}"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return "–" if cell is None else str(cell)


def rate_of(part: Count, whole: Count) -> Cell:
    """A rate of hidden counts would tell what they are."""
    return HIDDEN if part.is_hidden or whole.is_hidden else Part(part.total, whole.total)


def open_count(count: Count) -> int | None:
    return None if count.is_hidden else count.total
