"""What the overdue board is asked for by its address, and what its template needs to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request, url_for
from sqlalchemy import select

from engine.network.units import Level, Unit
from processes.cases.reading import titles
from processes.codes import Rung
from processes.overdue import board as boards
from processes.overdue import listing
from processes.overdue.board import Board, Line
from processes.overdue.listing import BESIDE, Age, Listed, Show, Wanted
from web.translation import t
from web.words import names

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from engine.actors import Actor
    from engine.db import Session

VIEWS = ("units", "cases")
IN_PLACE = 10
"""Cases shown inside the table of units; more of them in the list."""
_LEVELS = (*(level.value for level in Level), BESIDE)


@dataclass(frozen=True)
class Asked:
    """The address of the board: where, what of it, in which order. Unknown values count as not given."""

    at: str | None = None
    own: bool = False
    view: str = "units"
    sort: str = "overdue"
    show: Show = Show.OVERDUE
    level: str | None = None
    age: Age | None = None
    page: int = 1

    @classmethod
    def of_request(cls) -> Asked:
        return cls.read(request.args)

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> Asked:
        view, sort = args.get("view", ""), args.get("sort", "")
        show, level, age = args.get("show", ""), args.get("level"), args.get("age", "")
        return cls(
            at=args.get("at") or None,
            own=args.get("own") == "1",
            view=view if view in VIEWS else "units",
            sort=sort if sort in {*boards.SORTS, "code"} else "overdue",
            show=Show(show) if show in set(Show) else Show.OVERDUE,
            level=level if level in _LEVELS else None,
            age=Age(age) if age in set(Age) else None,
            page=max(args.get("page", 1, type=int), 1),
        )

    def link(self, **changes: Any) -> str:
        """The address with some values changed; another place, filter or view begins on its first page."""
        asked = replace(self, **({"page": 1} | changes))
        plain = Asked()
        values = {each.name: getattr(asked, each.name) for each in fields(asked)}
        given = {name: value for name, value in values.items() if value != getattr(plain, name)}
        words = {name: "1" if value is True else str(value) for name, value in given.items()}
        return url_for("overdue.board") + (f"?{urlencode(words)}" if words else "")

    def file(self, what: str) -> str:
        """The address of an Excel file of the same rows."""
        return self.link(page=1).replace("/overdue", f"/overdue/{what}.xlsx", 1)

    def query(self) -> str:
        """The same rows as a query of `GET /api/v1/overdue/cases`."""
        given = {"at": self.at, "own": "true" if self.own else None, "show": self.show.value}
        given |= {"level": self.level, "age": self.age.value if self.age else None}
        return urlencode({name: value for name, value in given.items() if value is not None})

    def wanted(self, at: Unit) -> Wanted:
        return Wanted(at, self.own, self.show, self.level, self.age)


@dataclass(frozen=True)
class CaseRows:
    """Rows of cases with what is shown beside them; `total`: how many there are in all."""

    rows: Sequence[Any]
    total: int
    titles: Mapping[int, str]
    paths: Mapping[int, Sequence[Unit]]
    rungs: Mapping[int, Rung]
    pressable: frozenset[int]
    """Ids of those that the person may urge."""

    @classmethod
    def load(cls, session: Session, actor: Actor, listed: Listed) -> CaseRows:
        rungs = listing.supervised(session, actor, [row.id for row in listed.rows])
        return cls(
            listed.rows,
            listed.total,
            titles(session, listed.rows),
            _paths(session, listed.rows),
            {case_id: Rung(rung) for case_id, rung in rungs.items()},
            frozenset(row.id for row in listed.rows if boards.may_supervise(actor, row.owner_id)),
        )

    def title(self, row: Any) -> str:
        return self.titles.get(row.summary_id) or t("（内容已删除）", "(erased)")


@dataclass(frozen=True)
class BoardView:
    """The board for its template. `cases`: of the list, or in place under an opened leaf."""

    asked: Asked
    board: Board
    now: datetime
    ages: Mapping[Age, int]
    cases: CaseRows | None
    may_supervise: bool

    @classmethod
    def load(cls, session: Session, actor: Actor, asked: Asked) -> BoardView:
        found = boards.load(session, actor, asked.at, own=asked.own, sort=asked.sort)
        now = session.env.clock.now()
        ages = listing.histogram(found.here.late, now)
        view = cls(asked, found, now, ages, None, boards.may_supervise(actor))
        if asked.view == "units" and not view.at_leaf:
            return view
        listed = listing.list_cases(session, actor, view.wanted, page=asked.page, size=view.page_size)
        return replace(view, cases=CaseRows.load(session, actor, listed))

    @property
    def wanted(self) -> Wanted:
        if self.asked.view == "cases":
            return self.asked.wanted(self.board.at)
        return Wanted(self.board.at, self.board.own, Show.OPEN)

    @property
    def page_size(self) -> int:
        return listing.PAGE if self.asked.view == "cases" else IN_PLACE

    @property
    def pages(self) -> int:
        return -(-self.cases.total // listing.PAGE) if self.cases else 0

    @property
    def at_leaf(self) -> bool:
        return any(line.opened and line.is_leaf for line in self.board.lines)

    @property
    def counts(self) -> Mapping[Show, int]:
        here = self.board.here
        return {Show.OVERDUE: here.overdue, Show.SOON: here.soon, Show.OPEN: here.open}

    @property
    def map_of(self) -> tuple[Unit, str] | None:
        """(the unit whose area is divided, the level of the pieces); at the end of a branch, its neighbours."""
        path = [unit for unit in self.board.path if unit.level in set(Level)]
        if not path:
            return None
        ranks = list(Level)
        rank = Level(path[-1].level).rank
        if rank == Level.CELL.rank:
            return (path[-2], Level.CELL.value) if len(path) > 1 else (path[-1], Level.CELL.value)
        return path[-1], ranks[rank + 1].value

    @property
    def map_figures(self) -> Mapping[str, Mapping[str, Any]]:
        """What the map says of each unit, by code: the same as the table."""
        return {
            line.unit.code: {
                "name": names.unit(line.unit),
                "overdue": line.tally.overdue,
                "soon": line.tally.soon,
                "href": self.asked.link(at=line.unit.code, own=False),
            }
            for line in self.board.lines
            if not line.own
        }

    def label(self, line: Line) -> str:
        """The name without that of the unit above, which stands over it: 第一网格 below 冯家寺社区."""
        unit = names.unit(line.unit)
        above = names.unit(self.board.path[line.depth - 1])
        return unit.removeprefix(above) or unit

    def place(self) -> str:
        """潆溪街道, or its own desk alone."""
        unit = names.unit(self.board.at)
        return t(f"{unit}（本级）", f"{unit} (own desk)") if self.board.own else unit


def level_name(level: str) -> str:
    """The levels, and what hangs beside them, as the tiles call them."""
    return t("部门、中心、第三方", "departments and centres") if level == BESIDE else names.level(level)


def _paths(session: Session, rows: Sequence[Any]) -> dict[int, Sequence[Unit]]:
    """Owner id → its units from below the district down."""
    lines = {row.owner_id: [int(part) for part in row.owner_path.strip("/").split("/")] for row in rows}
    wanted = {unit_id for line in lines.values() for unit_id in line}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
    return {owner: [units[each] for each in (line[1:] or line)] for owner, line in lines.items()}
