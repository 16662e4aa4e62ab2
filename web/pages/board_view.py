"""What the triage board shows: views with counts, the lines of the queue, what narrows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.network.units import Level, Unit
from processes.cases import queue
from processes.cases.actions import ACTIONS
from processes.cases.queue import Entry
from processes.codes import Kind, Light, Urgency
from processes.views import built_in, saved
from processes.views.built_in import CALM, LATE, PAUSED, SOON, Wish
from web.translation import t
from web.words import clocks, names, sayings
from web.words.clocks import Chip
from web.words.kinds import ICONS

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

LIGHTS = {
    LATE: ("已超期", "overdue"),
    SOON: ("即将超期", "soon due"),
    CALM: ("时限内", "in time"),
    PAUSED: ("已挂账", "suspended"),
}
_LAMPS = {LATE: Light.RED, SOON: Light.YELLOW, CALM: Light.GREEN, PAUSED: Light.GREY}
_ICONS = {
    "all": "inbox",
    "verify": "eye",
    "accept": "check",
    "soon": "clock",
    "late": "alert",
    "mine": "user",
    "others": "users",
    "handle": "play",
    "suspended": "pause",
    "check": "check-circle",
    "confirm": "return",
    "rule": "gavel",
    "decide": "hand",
    "callback": "phone",
    "supervised": "megaphone",
    "double": "copy",
}
QUICK: Mapping[str, tuple[str, ...]] = {
    "verify": ("accept", "merge", "decline"),
    "accept": ("accept", "merge", "decline"),
    "act": ("assign", "transfer", "suspend"),
}
"""What one key does to a line, by the element of its item; everything else is in the panel."""
_CODES = {("verify", "accept"): "accept_case"}
_VERBS = {action.code: (action.zh, action.en) for action in ACTIONS}


@dataclass(frozen=True)
class ViewLine:
    """One view in the list. `own`: the id of a saved one."""

    code: str
    label: str
    icon: str
    count: int
    href: Mapping[str, str]
    is_current: bool
    own: int | None = None

    @property
    def is_alarming(self) -> bool:
        return self.code == LATE and self.count > 0


@dataclass(frozen=True)
class Line:
    """One line of the queue as it is shown."""

    entry: Entry
    icon: str
    kind: str
    place: str
    step: str
    chip: Chip
    quick: Sequence[str]
    deciding: str
    """What the holder decided and can still undo: 受理."""

    @property
    def holding(self) -> str:
        """me, other or none."""
        return "me" if self.entry.is_mine else "other" if self.entry.holder else "none"

    @property
    def doing(self) -> Sequence[str]:
        """Codes of what its step allows with one key; whose it is by now, the server says when it is done."""
        return (*self.quick, "claim")


@dataclass(frozen=True)
class Board:
    """The whole board. `stamp` is of the moment it was read; `params`: what its address says."""

    wish: Wish
    own: int | None
    views: Sequence[ViewLine]
    lines: Sequence[Line]
    more: bool
    rows: int
    stamp: str
    units: Sequence[Unit]
    params: Mapping[str, str]

    @property
    def current(self) -> ViewLine | None:
        return next((view for view in self.views if view.is_current), None)

    @property
    def total(self) -> int:
        """All open items at the actor's posts."""
        return next((view.count for view in self.views if view.code == "all"), 0)


def load(session: Session, actor: Actor, wish: Wish, own: int | None, rows: int) -> Board:
    """Raises NotFound for a view or a unit that is not there."""
    ready, saved_views = built_in.views_of(actor), saved.views_of(session, actor)
    wishes = {view.code: Wish(view.code) for view in ready} | {f"own-{view.id}": view.wish for view in saved_views}
    tally = queue.tally(session, actor, wishes)
    found = queue.load(session, actor, wish, rows)
    mine = _own_units(session, actor)
    now = session.env.clock.now()
    plain = wish.is_plain and own is None
    lines = [_ready(view, tally.counts[view.code], is_current=plain and view.code == wish.view) for view in ready]
    lines += [_own(view, tally.counts[f"own-{view.id}"], is_current=view.id == own) for view in saved_views]
    return Board(
        wish=wish,
        own=own,
        views=lines,
        lines=[line_of(entry, now, [names.short(unit.name) for unit in mine]) for entry in found.entries],
        more=found.more,
        rows=rows,
        stamp=tally.stamp,
        units=_below(session, mine),
        params=params_of(wish, own),
    )


def params_of(wish: Wish, own: int | None = None) -> dict[str, str]:
    """A wish as the parameters of an address."""
    given = {name: value for name, value in asdict(wish).items() if value and (name, value) != ("view", "all")}
    return given | ({"own": str(own)} if own is not None else {})


def line_of(entry: Entry, now: datetime, own_names: Sequence[str]) -> Line:
    kind = Kind(entry.kind)
    lamp = Light.RED if entry.case_light == Light.RED and entry.light == LATE else _LAMPS[entry.light]
    decided = _CODES.get((entry.element, entry.outcome or ""), entry.outcome or "")
    return Line(
        entry=entry,
        icon=ICONS[kind],
        kind=t(kind.zh, kind.en),
        place=_place(entry.place_name, own_names),
        step=_capitalised(sayings.element(entry.element)),
        chip=clocks.chip(lamp, entry.due_at, now, provisional=entry.provisional, brief=True),
        quick=QUICK.get(entry.element, ()),
        deciding=t(*_VERBS[decided]) if decided in _VERBS else sayings.element(entry.element),
    )


def choices() -> dict[str, list[tuple[str, str]]]:
    """What a queue can be narrowed to, with labels."""
    return {
        "kind": [(kind.value, t(kind.zh, kind.en)) for kind in Kind],
        "urgency": [(urgency.value, t(urgency.zh, urgency.en)) for urgency in Urgency],
        "light": [(light, t(*pair)) for light, pair in LIGHTS.items()],
    }


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _place(name: str, own_names: Sequence[str]) -> str:
    """第一网格方格1, at the desk of 冯家寺社区, for 冯家寺社区第一网格方格1."""
    short = names.short(name)
    for own in own_names:
        if short.startswith(own) and short != own:
            return short.removeprefix(own)
    return short


def _ready(view: built_in.View, count: int, *, is_current: bool) -> ViewLine:
    href = params_of(Wish(view.code))
    return ViewLine(view.code, t(view.zh, _capitalised(view.en)), _ICONS[view.code], count, href, is_current)


def _own(view: saved.Own, count: int, *, is_current: bool) -> ViewLine:
    return ViewLine("own", view.name, "star", count, params_of(view.wish, view.id), is_current, view.id)


def _own_units(session: Session, actor: Actor) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.id.in_(actor.unit_ids)).order_by(Unit.id)))


def _below(session: Session, units: Sequence[Unit]) -> list[Unit]:
    """What the queue can be narrowed to: the units right below; for a department the subdistricts."""
    above = {unit.id if unit.level in set(Level) else unit.parent_id for unit in units}
    query: Any = select(Unit).where(Unit.parent_id.in_(above), Unit.valid_to.is_(None))
    query = query.where(Unit.level.in_([level.value for level in Level]))
    return list(session.scalars(query.order_by(Unit.code)))
