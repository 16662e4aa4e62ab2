"""Who may do what to a case, condition by condition; `actions` puts them into one table.

Each condition says in both languages why it is not met, for the person who asks why a button is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import Beside, Level, Unit, covered, get, is_within
from engine.worklist import OPEN, WorkItem
from processes.cases.handling import is_bound
from processes.cases.models import Case, Stay
from processes.codes import PROTECTED_ROLE, Kind, State
from processes.procedures.models import Procedure
from processes.requests.models import Request

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session


@dataclass(frozen=True)
class View:
    """What deciding on actions needs to know of a case; loaded once."""

    case: Case
    state: State
    stay: Stay | None
    owner: Unit | None
    items: list[WorkItem]
    request_open: bool
    procedures: frozenset[str] = frozenset()
    """Kinds of the open ones."""


def view_of(session: Session, case: Case) -> View:
    """Load what the table reads."""
    items = list(session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id, WorkItem.state.in_(OPEN))))
    stay = session.scalar(select(Stay).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    asked = session.scalar(select(Request.id).where(Request.case_id == case.id, Request.state == "open"))
    owner = get(session, case.owner_id) if case.owner_id is not None else None
    return View(case, State(case.state), stay, owner, items, asked is not None, _open_kinds(session, case))


def _open_kinds(session: Session, case: Case) -> frozenset[str]:
    if not case.links:
        return frozenset()
    query = select(Procedure.kind).where(Procedure.case_id == case.id, Procedure.ended_at.is_(None))
    return frozenset(session.scalars(query))


Check = Callable[["Session", "Actor", View], bool]


@dataclass(frozen=True)
class Rule:
    """One condition, and what to tell a person who does not meet it."""

    check: Check
    zh: str
    en: str


def has_item(element: str) -> Rule:
    def check(_session: Session, actor: Actor, view: View) -> bool:
        return any(item.element == element and actor.holds(item.unit_id, item.role) for item in view.items)

    return Rule(check, "待办不在您的岗位上", "the task does not lie at a post of yours")


def _handles(_session: Session, actor: Actor, view: View) -> bool:
    """The owner's handler; of a restricted case its protected reader."""
    role = PROTECTED_ROLE if view.case.restricted else "handler"
    return view.owner is not None and actor.holds(view.owner.id, role)


def _below_district(_session: Session, _actor: Actor, view: View) -> bool:
    return view.owner is not None and view.owner.level != Level.DISTRICT


def _above_cell(_session: Session, _actor: Actor, view: View) -> bool:
    return view.owner is not None and view.owner.level in {
        Level.DISTRICT,
        Level.SUBDISTRICT,
        Level.VILLAGE,
        Level.GRID,
    }


def _supervises(session: Session, actor: Actor, view: View) -> bool:
    if "commander" in actor.roles:
        return True
    owner = get(session, view.case.owner_id or view.case.last_owner_id)
    places = [get(session, post.unit_id) for post in actor.posts if post.role == "supervisor"]
    return any(is_over(session, place, owner) for place in places)


def is_over(session: Session, place: Unit, owner: Unit) -> bool:
    """Whether a unit lies above the owner, or is a centre that covers it (processes.md, section 0, ruling 12)."""
    if place.level == Beside.CENTRE:
        return any(is_within(owner, unit) for unit in covered(session, place))
    return place.id != owner.id and is_within(owner, place)


def _superior_or_owner(*roles: str) -> Check:
    def check(session: Session, actor: Actor, view: View) -> bool:
        if view.owner is None:
            return False
        places = [get(session, post.unit_id) for post in actor.posts if post.role in roles]
        return any(is_within(view.owner, place) for place in places)

    return check


ACT = has_item("act")
ACCEPT = has_item("accept")
VERIFY = has_item("verify")
HANDLES = Rule(_handles, "只有承办单位的承办人可以", "only the handler of the unit that holds it may")
BELOW_DISTRICT = Rule(_below_district, "已在区级，没有上级", "it is at the district already")
BELOW_SUBDISTRICT = Rule(
    lambda _session, _actor, view: (
        view.owner is not None and view.owner.level in {Level.VILLAGE, Level.GRID, Level.CELL}
    ),
    "街道以上单位直接吹哨",
    "from the subdistrict up a unit whistles itself",
)
ABOVE_CELL = Rule(_above_cell, "方格和部门没有下级", "this unit has nothing below it")
NOT_BOUND = Rule(
    lambda _session, _actor, view: view.case.binding_unit_id is None,
    "已裁定责任单位，不能再退回",
    "a ruling has bound the owner",
)
MAY_LEAVE = Rule(
    lambda _session, _actor, view: view.owner is None or not is_bound(view.case, view.owner),
    "已裁定责任单位，不能再转出",
    "a ruling has bound the owner",
)
HAS_SENDER = Rule(
    lambda _session, _actor, view: view.stay is not None and view.stay.sender_id is not None,
    "没有来件单位",
    "no unit sent it here",
)
NO_MEASURES = Rule(
    lambda _session, _actor, view: view.stay is not None and not view.stay.measures,
    "已记录办理措施",
    "a measure was recorded already",
)
NO_REQUEST = Rule(
    lambda _session, _actor, view: not view.request_open, "已有申请待批", "a request is being decided already"
)
SUPERVISES = Rule(_supervises, "只有上级的督办员或指挥长可以", "only a supervisor of a unit above, or a commander, may")
ABOVE_OR_OWNER = Rule(
    _superior_or_owner("dispatcher", "leader"),
    "只有承办单位或上级的分拨员、负责人可以",
    "only a dispatcher or leader of the owner or above may",
)
REPORTER = Rule(
    lambda _session, actor, view: actor.ref == view.case.reporter_ref, "只有报告人可以", "only who reported it may"
)
NOT_CRIMINAL = Rule(
    lambda _session, _actor, view: view.case.kind != Kind.CRIMINAL,
    "刑事线索不能撤回",
    "a criminal lead cannot be withdrawn",
)
FREE_TO_SETTLE = Rule(
    lambda _session, _actor, view: not view.procedures & {"whistle", "mediation"},
    "吹哨或调解还未结束（事不完、人不撤）",
    "a whistle or mediation is still open",
)
NO_MEDIATION = Rule(
    lambda _session, _actor, view: "mediation" not in view.procedures,
    "已有调解在进行",
    "a mediation is open already",
)
MEDIABLE = Rule(
    lambda _session, _actor, view: view.case.kind != Kind.CRIMINAL,
    "刑事线索不得调解",
    "a criminal lead is never mediated",
)


def _whistles(session: Session, actor: Actor, view: View) -> bool:
    """A dispatcher of the owner or of a centre above it; a department that owns the case."""
    return bool(convening_units(session, actor, view.case))


def convening_units(session: Session, actor: Actor, case: Case) -> list[Unit]:
    """Units for which the actor may call departments to a case, the nearest to its owner first.

    A subdistrict or the district above the owner, a centre that covers it, a department that owns it.
    """
    if case.owner_id is None:
        return []
    role = PROTECTED_ROLE if case.restricted else "dispatcher"
    owner = get(session, case.owner_id)
    places = [get(session, post.unit_id) for post in actor.posts if post.role == role]
    found = [place for place in places if _may_call(session, place, owner)]
    return sorted(found, key=lambda unit: -len(unit.path))


def _may_call(session: Session, place: Unit, owner: Unit) -> bool:
    if place.level in {Level.DISTRICT, Level.SUBDISTRICT}:
        return is_within(owner, place)
    if place.level == Beside.CENTRE:
        return is_over(session, place, owner)
    return place.level == Beside.DEPARTMENT and place.id == owner.id


def _consults(session: Session, actor: Actor, view: View) -> bool:
    """A dispatcher of the owner from the village up, or of a centre or unit above it that could whistle."""
    if _whistles(session, actor, view):
        return True
    role = PROTECTED_ROLE if view.case.restricted else "dispatcher"
    return view.owner is not None and view.owner.level == Level.VILLAGE and actor.holds(view.owner.id, role)


WHISTLES = Rule(
    _whistles,
    "只有街道、区、法务服务中心的分拨员，或承办部门可以吹哨",
    "only a dispatcher of the subdistrict, district or centre, or the department that holds it, may",
)
CONSULTS = Rule(
    _consults,
    "只有村级以上承办单位或其上级的分拨员可以",
    "only a dispatcher of the owner (village or above) or a centre may",
)
RETURNABLE = (HAS_SENDER, NO_MEASURES, NOT_BOUND)
