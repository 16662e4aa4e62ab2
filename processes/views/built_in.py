"""Views of a queue (视图): the built-in ones, what a person may wish for, and the conditions they stand for.

The conditions are over open work items joined to their case and own clock, as `processes.cases.queue` joins them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.orm import aliased

from engine.deadlines.book import Deadline
from engine.errors import NotFound
from engine.network.units import Unit, by_code
from engine.worklist import WorkItem
from processes.access import reading_units
from processes.cases import search
from processes.cases.models import Case, CaseReader
from processes.codes import Light
from processes.supervisions.models import Supervision

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

HANDLERS = frozenset({"handler", "leader", "liaison", "mediator"})
LATE, SOON, CALM, PAUSED = "late", "soon", "calm", "paused"
LIGHTS = (LATE, SOON, CALM, PAUSED)
_TO_MERGE = ("verify", "accept")
"""Elements at which a case can still be merged into another."""

_twin = aliased(Case)
due = func.coalesce(Deadline.due_at, Case.due_at)
"""When the item falls due: its own clock, else the case's."""
is_paused = Case.light == Light.GREY.value
_supervised = exists(select(Supervision.id).where(Supervision.case_id == Case.id, Supervision.ended_at.is_(None)))


@dataclass(frozen=True)
class Wish:
    """What the queue is narrowed to; None leaves a criterion open. `view`: a built-in view; `under`: a unit's code."""

    view: str = "all"
    kind: str | None = None
    urgency: str | None = None
    light: str | None = None
    under: str | None = None
    text: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the view narrows it."""
        return self == Wish(self.view)


class Look(NamedTuple):
    """Who looks, and when."""

    session: Session
    actor: Actor
    now: datetime


@dataclass(frozen=True)
class View:
    """A built-in view. `roles`: to whom such work comes; None: everybody has it."""

    code: str
    zh: str
    en: str
    holds: Callable[[Look], ColumnElement[bool]]
    roles: frozenset[str] | None = None


def _at(*elements: str) -> Callable[[Look], ColumnElement[bool]]:
    return lambda _look: WorkItem.element.in_(elements)


def _of_light(*lights: str) -> Callable[[Look], ColumnElement[bool]]:
    return lambda look: or_(*(has_light(look.now, light) for light in lights))


def has_light(now: datetime, light: str) -> ColumnElement[bool]:
    """The lamp as the clock chip shows it: the item's own clock, and the overall one of the case."""
    late = and_(not_(is_paused), or_(Case.light == Light.RED.value, func.coalesce(due <= now, false())))
    warned = or_(Deadline.warned_at.is_not(None), Case.light == Light.YELLOW.value)
    return {
        PAUSED: is_paused,
        LATE: late,
        SOON: and_(not_(is_paused), not_(late), warned),
        CALM: and_(not_(is_paused), not_(late), not_(warned)),
    }[light]


def _is_mine(look: Look) -> ColumnElement[bool]:
    return WorkItem.holder_id == look.actor.staff_id


def _is_a_colleagues(look: Look) -> ColumnElement[bool]:
    return and_(WorkItem.holder_id.is_not(None), WorkItem.holder_id != look.actor.staff_id)


def may_be_double(look: Look) -> ColumnElement[bool]:
    """Like an open case that the actor's units read; a restricted one has no units that read it."""
    read = select(CaseReader.case_id).where(
        CaseReader.unit_id.in_(reading_units(look.actor)), CaseReader.case_id == Case.likeness_id
    )
    standing = select(_twin.id).where(_twin.id == Case.likeness_id, _twin.ended_at.is_(None))
    return and_(WorkItem.element.in_(_TO_MERGE), Case.likeness_id.is_not(None), exists(read), exists(standing))


VIEWS: tuple[View, ...] = (
    View("all", "全部", "all", lambda _look: true()),
    View("verify", "待核实", "to verify", _at("verify"), HANDLERS),
    View("accept", "待签收受理", "to accept", _at("accept"), HANDLERS),
    View("soon", "即将超期", "soon due", _of_light(SOON)),
    View("late", "已超期", "overdue", _of_light(LATE)),
    View("mine", "我的", "mine", _is_mine),
    View("others", "同事在办", "with colleagues", _is_a_colleagues),
    View("handle", "办理中", "in hand", _at("act"), HANDLERS),
    View("suspended", "挂账", "suspended", _at("suspended"), HANDLERS),
    View("check", "待核查", "to check", _at("check"), frozenset({"checker"})),
    View("confirm", "待反馈审核", "reports back", _at("confirm"), frozenset({"dispatcher"})),
    View("rule", "退回、裁定", "returns, rulings", _at("consider_return", "rule"), frozenset({"dispatcher", "leader"})),
    View("decide", "待审批", "requests", _at("decide"), frozenset({"leader"})),
    View("callback", "待回访", "to call back", _at("callback"), frozenset({"desk"})),
    View("supervised", "督办中", "supervised", lambda _look: _supervised),
    View("double", "疑似重复", "may be double", may_be_double, HANDLERS),
)
"""In the order of the list beside the queue."""
_BY_CODE = {view.code: view for view in VIEWS}


def views_of(actor: Actor) -> list[View]:
    """The built-in views that the actor's roles have work for."""
    return [view for view in VIEWS if view.roles is None or view.roles & actor.roles]


def meant(look: Look, wish: Wish) -> ColumnElement[bool]:
    try:
        return condition_of(look, wish)
    except NotFound:
        return false()


def condition_of(look: Look, wish: Wish) -> ColumnElement[bool]:
    """The condition of a wish. Raises NotFound for a view or a unit that is not there."""
    if wish.view not in _BY_CODE:
        raise NotFound
    wanted = [_BY_CODE[wish.view].holds(look)]
    if wish.kind:
        wanted.append(Case.kind == wish.kind)
    if wish.urgency:
        wanted.append(Case.urgency == wish.urgency)
    if wish.light in LIGHTS:
        wanted.append(has_light(look.now, wish.light))
    if wish.under:
        wanted.append(Case.place_unit_id.in_(_below(look, wish.under)))
    if wish.text:
        wanted.append(search.condition(look.session, wish.text))
    return and_(*wanted)


def _below(look: Look, code: str) -> Any:
    root = by_code(look.session, code)
    if root is None or root.district_id != look.actor.district_id:
        raise NotFound
    return select(Unit.id).where(Unit.path.startswith(root.path, autoescape=True))
