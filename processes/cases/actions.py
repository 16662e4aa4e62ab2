"""Allowed actions: state × action → who. One table; the API lists from it and refuses by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import Forbidden, NotAllowedNow
from engine.network.units import Level, Unit, get, is_within
from engine.worklist import OPEN, WorkItem
from processes.cases.models import Case, Stay
from processes.codes import ENDED, PROTECTED_ROLE, Kind, State
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


Rule = Callable[["Session", "Actor", View], bool]


@dataclass(frozen=True)
class Action:
    """One thing that can be done to a case. `element`: the work item whose form carries it out."""

    code: str
    zh: str
    en: str
    states: frozenset[State]
    rule: Rule
    element: str | None = None


def _in(*states: State) -> frozenset[State]:
    return frozenset(states)


def _has_item(element: str, *roles: str) -> Rule:
    def rule(_session: Session, actor: Actor, view: View) -> bool:
        return any(item.element == element and actor.holds(item.unit_id, item.role, *roles) for item in view.items)

    return rule


def _handles(_session: Session, actor: Actor, view: View) -> bool:
    """The owner's handler; of a restricted case its protected reader."""
    role = PROTECTED_ROLE if view.case.restricted else "handler"
    return view.owner is not None and actor.holds(view.owner.id, role)


def _both(*rules: Rule) -> Rule:
    def rule(session: Session, actor: Actor, view: View) -> bool:
        return all(each(session, actor, view) for each in rules)

    return rule


def _below_district(_session: Session, _actor: Actor, view: View) -> bool:
    return view.owner is not None and view.owner.level != Level.DISTRICT


def _above_cell(_session: Session, _actor: Actor, view: View) -> bool:
    return view.owner is not None and view.owner.level in {
        Level.DISTRICT,
        Level.SUBDISTRICT,
        Level.VILLAGE,
        Level.GRID,
    }


def _not_bound(_session: Session, _actor: Actor, view: View) -> bool:
    return view.case.binding_unit_id is None


def _has_sender(_session: Session, _actor: Actor, view: View) -> bool:
    return view.stay is not None and view.stay.sender_id is not None and not view.stay.measures


def _no_request(_session: Session, _actor: Actor, view: View) -> bool:
    return not view.request_open


def _supervises(session: Session, actor: Actor, view: View) -> bool:
    if "commander" in actor.roles:
        return True
    owner = get(session, view.case.owner_id or view.case.last_owner_id)
    places = [get(session, post.unit_id) for post in actor.posts if post.role == "supervisor"]
    return any(place.id != owner.id and is_within(owner, place) for place in places)


def _superior_or_owner(*roles: str) -> Rule:
    def rule(session: Session, actor: Actor, view: View) -> bool:
        if view.owner is None:
            return False
        places = [get(session, post.unit_id) for post in actor.posts if post.role in roles]
        return any(is_within(view.owner, place) for place in places)

    return rule


def _reporter(_session: Session, actor: Actor, view: View) -> bool:
    return actor.ref == view.case.reporter_ref and view.case.kind != Kind.CRIMINAL


_OPEN_STATES = frozenset(State) - ENDED
_ACT = _has_item("act")

ACTIONS: tuple[Action, ...] = (
    Action("accept_case", "立案", "accept the report", _in(State.REPORTED), _has_item("verify"), "verify"),
    Action("decline", "不予受理", "decline", _in(State.REPORTED), _has_item("verify"), "verify"),
    Action("merge", "并案", "merge", _in(State.REPORTED), _has_item("verify"), "verify"),
    Action("accept", "受理", "accept", _in(State.PENDING), _has_item("accept"), "accept"),
    Action("decline", "不予受理", "decline", _in(State.PENDING), _has_item("accept"), "accept"),
    Action("merge", "并案", "merge", _in(State.PENDING), _has_item("accept"), "accept"),
    Action("refer_up", "上报", "refer up", _in(State.PENDING), _both(_has_item("accept"), _below_district), "accept"),
    Action("refer_up", "上报", "refer up", _in(State.HANDLING), _both(_ACT, _below_district), "act"),
    Action(
        "return", "退回", "return", _in(State.PENDING), _both(_has_item("accept"), _has_sender, _not_bound), "accept"
    ),
    Action("return", "退回", "return", _in(State.HANDLING), _both(_ACT, _has_sender, _not_bound), "act"),
    Action("self_handle", "自办", "settle", _in(State.HANDLING), _ACT, "act"),
    Action("assign", "交办", "assign", _in(State.HANDLING), _both(_ACT, _above_cell), "act"),
    Action("transfer", "转办", "transfer", _in(State.HANDLING), _both(_ACT, _not_bound), "act"),
    Action("feedback", "反馈进展", "report progress", _in(State.PENDING, State.HANDLING, State.SUSPENDED), _handles),
    Action(
        "answer_return",
        "退回审核",
        "answer the return",
        _in(State.RETURNING),
        _has_item("consider_return"),
        "consider_return",
    ),
    Action("rule", "裁定", "rule", _in(State.RULING), _has_item("rule"), "rule"),
    Action("confirm", "反馈审核", "confirm the report back", _in(State.CONFIRMING), _has_item("confirm"), "confirm"),
    Action("check", "核查", "check", _in(State.CHECKING), _has_item("check"), "check"),
    Action("rate", "评价", "rate", _in(State.RATING), _has_item("callback"), "callback"),
    Action("request_extension", "申请延期", "ask for an extension", _in(State.HANDLING), _both(_ACT, _no_request)),
    Action("request_suspension", "申请挂账", "ask for a suspension", _in(State.HANDLING), _both(_ACT, _no_request)),
    Action("decide_request", "审批", "decide the request", _in(State.HANDLING), _has_item("decide"), "decide"),
    Action("resume", "恢复办理", "resume", _in(State.SUSPENDED), _has_item("suspended"), "suspended"),
    Action("supervise", "督办", "supervise", _OPEN_STATES, _supervises),
    Action(
        "reclassify",
        "改类、加急",
        "reclassify or press",
        _in(State.REPORTED, State.PENDING, State.HANDLING),
        _superior_or_owner("dispatcher", "leader"),
    ),
    Action(
        "withdraw",
        "撤回",
        "withdraw",
        _in(State.REPORTED, State.PENDING, State.HANDLING, State.SUSPENDED),
        _reporter,
    ),
)


def view_of(session: Session, case: Case) -> View:
    """Load what the table reads."""
    items = list(session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id, WorkItem.state.in_(OPEN))))
    stay = session.scalar(select(Stay).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    asked = session.scalar(select(Request.id).where(Request.case_id == case.id, Request.state == "open"))
    owner = get(session, case.owner_id) if case.owner_id is not None else None
    return View(case, State(case.state), stay, owner, items, asked is not None)


def allowed(session: Session, actor: Actor, case: Case) -> list[Action]:
    """What the actor may do to the case now."""
    return possible(session, actor, view_of(session, case))


def possible(session: Session, actor: Actor, view: View) -> list[Action]:
    """The same of a case that is loaded already, for lists."""
    return [action for action in ACTIONS if view.state in action.states and action.rule(session, actor, view)]


def require(session: Session, actor: Actor, case: Case, code: str) -> Action:
    """The action, if it is allowed now.

    Raises NotAllowedNow, naming the state and what is possible, when the state forbids it; Forbidden when only the
    actor's role or place does.
    """
    now_allowed = allowed(session, actor, case)
    for action in now_allowed:
        if action.code == code:
            return action
    state = State(case.state)
    if any(action.code == code and state in action.states for action in ACTIONS):
        raise Forbidden
    codes = sorted({action.code for action in now_allowed}) or ["read"]
    raise NotAllowedNow(state=state.value, allowed=", ".join(codes))
