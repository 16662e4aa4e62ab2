"""What the overdue board shows: tiles for the levels, and the rows of units along the path that is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import NotFound
from engine.network.units import Beside, Level, Unit, by_code, get, is_within, lineage
from processes.overdue import figures
from processes.overdue.figures import Figures, Tally
from processes.overdue.listing import BESIDE

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ROLES = frozenset({"supervisor", "leader", "commander"})
DAY, WEEK = timedelta(days=1), timedelta(days=7)
_BESIDE = frozenset(kind.value for kind in Beside)


@dataclass(frozen=True)
class Tile:
    """One level (or `beside`): overdue and soon due now; how many more than a day and a week before."""

    level: str
    overdue: int
    soon: int
    since_day: int
    since_week: int


@dataclass(frozen=True)
class Line:
    """One row of the table. `own`: the unit's own desk without what lies below it. `depth`: 0 on top."""

    unit: Unit
    depth: int
    tally: Tally
    own: bool = False
    opened: bool = False
    is_leaf: bool = False


@dataclass(frozen=True)
class Board:
    """`roots`: what the person supervises, `root` the one shown; `path`: the units opened, from the root down."""

    roots: Sequence[Unit]
    root: Unit
    path: Sequence[Unit]
    own: bool
    lines: Sequence[Line]
    tiles: Sequence[Tile]
    here: Tally

    @property
    def at(self) -> Unit:
        """The unit that the person looks at."""
        return self.path[-1]


Key = Callable[[Line], tuple[float, ...]]
SORTS: Mapping[str, Key] = {
    "overdue": lambda line: (line.tally.overdue, line.tally.soon, line.tally.open),
    "open": lambda line: (line.tally.open,),
    "soon": lambda line: (line.tally.soon,),
    "late": lambda line: (-line.tally.late_since.timestamp() if line.tally.late_since else float("-inf"),),
    "response": lambda line: _worst(line.tally.response.rate),
    "resolution": lambda line: _worst(line.tally.resolution.rate),
    "satisfaction": lambda line: _worst(line.tally.satisfaction.rate),
}
"""What most needs looking at comes first: many, late, or a low rate. Without a name: in the order of the codes."""


def _worst(rate: float | None) -> tuple[float, ...]:
    return (-1.0,) if rate is None else (1 - rate,)


def roots_of(session: Session, actor: Actor) -> Sequence[Unit]:
    """The units that the actor supervises, none inside another; the whole district for its commander."""
    ids = {post.unit_id for post in actor.posts if post.role in ROLES}
    if "commander" in actor.roles:
        ids = {actor.district_id}
    units = [get(session, unit_id) for unit_id in ids]
    inner = [each for each in units if any(each.id != other.id and is_within(each, other) for other in units)]
    return sorted((unit for unit in units if unit not in inner), key=lambda unit: unit.code)


def may_supervise(actor: Actor, owner_id: int | None = None) -> bool:
    """Whether urging is offered: at all, or for what the unit `owner_id` on the board holds.

    A supervisor presses those below, not the own desk. Each case decides for itself (`processes.cases.actions`).
    """
    return "commander" in actor.roles or any(p.role == "supervisor" and p.unit_id != owner_id for p in actor.posts)


def locate(session: Session, actor: Actor, code: str | None) -> tuple[Sequence[Unit], Sequence[Unit]]:
    """(roots, path from one of them down to the unit `code`). Raises NotFound outside of what is supervised."""
    roots = roots_of(session, actor)
    unit = by_code(session, code) if code is not None else next(iter(roots), None)
    root = next((each for each in roots if unit is not None and is_within(unit, each)), None)
    if unit is None or root is None:
        raise NotFound
    below = lineage(unit)[len(lineage(root)) :]
    return roots, [root, *(get(session, unit_id) for unit_id in below)]


def load(session: Session, actor: Actor, code: str | None, *, own: bool = False, sort: str = "overdue") -> Board:
    """The board, opened along the path to the unit `code`. Raises NotFound."""
    roots, path = locate(session, actor, code)
    counted = figures.collect(session, actor, path[0])
    lines = _lines(session, counted, path, own=own, sort=sort)
    at = path[-1]
    here = _own(counted, at) if own else figures.total(counted, at.path)
    return Board(roots, path[0], path, own, lines, _tiles(session, actor, path[0], counted), here)


def _own(counted: Figures, unit: Unit) -> Tally:
    return counted.get(unit.path, Tally())


def _tiles(session: Session, actor: Actor, root: Unit, counted: Figures) -> list[Tile]:
    now = session.env.clock.now()
    day, week = (figures.overdue_then(session, actor, root, now - span) for span in (DAY, WEEK))
    tiles = []
    for level in (*(each.value for each in Level), BESIDE):
        kinds = _BESIDE if level == BESIDE else {level}
        mine = [tally for tally in counted.values() if tally.level in kinds]
        overdue, soon = sum(tally.overdue for tally in mine), sum(tally.soon for tally in mine)
        then = [sum(past.get(kind, 0) for kind in kinds) for past in (day, week)]
        tiles.append(Tile(level, overdue, soon, overdue - then[0], overdue - then[1]))
    return [tile for tile in tiles if _applies(tile.level, root)]


def _applies(level: str, root: Unit) -> bool:
    """Levels from the root's own down; what hangs beside shows where something can hang."""
    if root.level in _BESIDE:
        return level == BESIDE
    rank = Level(root.level).rank
    return rank <= Level.VILLAGE.rank if level == BESIDE else rank <= Level(level).rank


def _lines(session: Session, counted: Figures, path: Sequence[Unit], *, own: bool, sort: str) -> list[Line]:
    opened = [unit.id for unit in path]
    query = select(Unit).where(Unit.parent_id.in_(opened), Unit.valid_to.is_(None)).order_by(Unit.code)
    children: dict[int | None, list[Unit]] = {unit_id: [] for unit_id in opened}
    for unit in session.scalars(query):
        children[unit.parent_id].append(unit)
    shown = [path[0].id, *(unit.id for units in children.values() for unit in units)]
    sums = figures.totals(counted, shown)
    parents = set(session.scalars(select(Unit.parent_id).where(Unit.parent_id.in_(shown), Unit.valid_to.is_(None))))

    def below(parent: Unit, depth: int) -> list[Line]:
        mine = Line(parent, depth, _own(counted, parent), own=True, is_leaf=True, opened=own and parent is path[-1])
        found = [] if mine.tally.is_empty or not children[parent.id] else [mine]
        lines = [Line(u, depth, sums[u.id], is_leaf=u.id not in parents) for u in children[parent.id]]
        for line in _sorted(lines, sort):
            is_open = line.unit.id in opened
            found.append(replace(line, opened=is_open))
            found += below(line.unit, depth + 1) if is_open else []
        return found

    top = path[0]
    root = Line(top, 0, sums[top.id], opened=True, is_leaf=not children[top.id])
    return [root, *below(top, 1)]


def _sorted(lines: list[Line], sort: str) -> list[Line]:
    """Network first; what hangs beside follows, and only where there is something to tell."""
    shown = [line for line in lines if line.unit.level not in _BESIDE or not line.tally.is_empty]
    if key := SORTS.get(sort):
        shown.sort(key=key, reverse=True)
    return sorted(shown, key=lambda line: line.unit.level in _BESIDE)


def every_line(session: Session, actor: Actor, code: str | None) -> Sequence[Line]:
    """The unit `code` and all below it, by code, each with its total; for the file of the table."""
    _, path = locate(session, actor, code)
    top = path[-1]
    counted = figures.collect(session, actor, top)
    query = select(Unit).where(Unit.path.startswith(top.path), Unit.valid_to.is_(None)).order_by(Unit.code)
    units = session.scalars(query).all()
    sums = figures.totals(counted, [unit.id for unit in units])
    depth = len(lineage(top))
    return [Line(unit, len(lineage(unit)) - depth, sums[unit.id]) for unit in units]
