"""Allowed actions: state × action → who. One table; the API lists from it and refuses by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import Forbidden, NotAllowedNow
from engine.network.units import Beside, Level, Unit, covered, get, is_within
from engine.worklist import OPEN, WorkItem
from processes.cases.handling import is_bound
from processes.cases.models import Case, Stay
from processes.codes import ENDED, PROTECTED_ROLE, Kind, State
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


Check = Callable[["Session", "Actor", View], bool]


@dataclass(frozen=True)
class Rule:
    """One condition, and what to tell a person who does not meet it."""

    check: Check
    zh: str
    en: str


@dataclass(frozen=True)
class Action:
    """One thing that can be done to a case. `element`: the work item whose form carries it out."""

    code: str
    zh: str
    en: str
    states: frozenset[State]
    rules: tuple[Rule, ...]
    element: str | None = None

    def missed(self, session: Session, actor: Actor, view: View) -> Rule | None:
        """The first condition that is not met; None when the action is open to the actor in this state."""
        return next((rule for rule in self.rules if not rule.check(session, actor, view)), None)


@dataclass(frozen=True)
class Refusal:
    """Why an action is not open now, in both languages."""

    action: Action
    zh: str
    en: str


def _in(*states: State) -> frozenset[State]:
    return frozenset(states)


def _has_item(element: str) -> Rule:
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
    return any(place.id != owner.id and is_within(owner, place) for place in places)


def _superior_or_owner(*roles: str) -> Check:
    def check(session: Session, actor: Actor, view: View) -> bool:
        if view.owner is None:
            return False
        places = [get(session, post.unit_id) for post in actor.posts if post.role in roles]
        return any(is_within(view.owner, place) for place in places)

    return check


_ACT = _has_item("act")
_ACCEPT = _has_item("accept")
_VERIFY = _has_item("verify")
_HANDLES = Rule(_handles, "只有承办单位的承办人可以", "only the handler of the unit that holds it may")
_BELOW_DISTRICT = Rule(_below_district, "已在区级，没有上级", "it is at the district already")
_BELOW_SUBDISTRICT = Rule(
    lambda _session, _actor, view: (
        view.owner is not None and view.owner.level in {Level.VILLAGE, Level.GRID, Level.CELL}
    ),
    "街道以上单位直接吹哨",
    "from the subdistrict up a unit whistles itself",
)
_ABOVE_CELL = Rule(_above_cell, "方格和部门没有下级", "this unit has nothing below it")
_NOT_BOUND = Rule(
    lambda _session, _actor, view: view.case.binding_unit_id is None,
    "已裁定责任单位，不能再退回",
    "a ruling has bound the owner",
)
_MAY_LEAVE = Rule(
    lambda _session, _actor, view: view.owner is None or not is_bound(view.case, view.owner),
    "已裁定责任单位，不能再转出",
    "a ruling has bound the owner",
)
_HAS_SENDER = Rule(
    lambda _session, _actor, view: view.stay is not None and view.stay.sender_id is not None,
    "没有来件单位",
    "no unit sent it here",
)
_NO_MEASURES = Rule(
    lambda _session, _actor, view: view.stay is not None and not view.stay.measures,
    "已记录办理措施",
    "a measure was recorded already",
)
_NO_REQUEST = Rule(
    lambda _session, _actor, view: not view.request_open, "已有申请待批", "a request is being decided already"
)
_SUPERVISES = Rule(
    _supervises, "只有上级的督办员或指挥长可以", "only a supervisor of a unit above, or a commander, may"
)
_ABOVE_OR_OWNER = Rule(
    _superior_or_owner("dispatcher", "leader"),
    "只有承办单位或上级的分拨员、负责人可以",
    "only a dispatcher or leader of the owner or above may",
)
_REPORTER = Rule(
    lambda _session, actor, view: actor.ref == view.case.reporter_ref, "只有报告人可以", "only who reported it may"
)
_NOT_CRIMINAL = Rule(
    lambda _session, _actor, view: view.case.kind != Kind.CRIMINAL,
    "刑事线索不能撤回",
    "a criminal lead cannot be withdrawn",
)
_FREE_TO_SETTLE = Rule(
    lambda _session, _actor, view: not view.procedures & {"whistle", "mediation"},
    "吹哨或调解还未结束（事不完、人不撤）",
    "a whistle or mediation is still open",
)
_NO_MEDIATION = Rule(
    lambda _session, _actor, view: "mediation" not in view.procedures,
    "已有调解在进行",
    "a mediation is open already",
)
_MEDIABLE = Rule(
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
        return any(is_within(owner, unit) for unit in covered(session, place))
    return place.level == Beside.DEPARTMENT and place.id == owner.id


def _consults(session: Session, actor: Actor, view: View) -> bool:
    """A dispatcher of the owner from the village up, or of a centre or unit above it that could whistle."""
    if _whistles(session, actor, view):
        return True
    role = PROTECTED_ROLE if view.case.restricted else "dispatcher"
    return view.owner is not None and view.owner.level == Level.VILLAGE and actor.holds(view.owner.id, role)


_WHISTLES = Rule(
    _whistles,
    "只有街道、区、法务服务中心的分拨员，或承办部门可以吹哨",
    "only a dispatcher of the subdistrict, district or centre, or the department that holds it, may",
)
_CONSULTS = Rule(
    _consults,
    "只有村级以上承办单位或其上级的分拨员可以",
    "only a dispatcher of the owner (village or above) or a centre may",
)
_RETURNABLE = (_HAS_SENDER, _NO_MEASURES, _NOT_BOUND)

_OPEN_STATES = frozenset(State) - ENDED

ACTIONS: tuple[Action, ...] = (
    Action("accept_case", "立案", "accept the report", _in(State.REPORTED), (_VERIFY,), "verify"),
    Action("decline", "不予受理", "decline", _in(State.REPORTED), (_VERIFY,), "verify"),
    Action("merge", "并案", "merge", _in(State.REPORTED), (_VERIFY,), "verify"),
    Action("accept", "受理", "accept", _in(State.PENDING), (_ACCEPT,), "accept"),
    Action("decline", "不予受理", "decline", _in(State.PENDING), (_ACCEPT,), "accept"),
    Action("merge", "并案", "merge", _in(State.PENDING), (_ACCEPT,), "accept"),
    Action("refer_up", "上报", "refer up", _in(State.PENDING), (_ACCEPT, _BELOW_DISTRICT), "accept"),
    Action("return", "退回", "return", _in(State.PENDING), (_ACCEPT, *_RETURNABLE), "accept"),
    Action("self_handle", "自办", "settle", _in(State.HANDLING), (_ACT, _FREE_TO_SETTLE), "act"),
    Action("refer_up", "上报", "refer up", _in(State.HANDLING), (_ACT, _BELOW_DISTRICT), "act"),
    Action("assign", "交办", "assign", _in(State.HANDLING), (_ACT, _ABOVE_CELL), "act"),
    Action("transfer", "转办", "transfer", _in(State.HANDLING), (_ACT, _MAY_LEAVE), "act"),
    Action("return", "退回", "return", _in(State.HANDLING), (_ACT, *_RETURNABLE), "act"),
    Action(
        "answer_return",
        "退回审核",
        "answer the return",
        _in(State.RETURNING),
        (_has_item("consider_return"),),
        "consider_return",
    ),
    Action("rule", "裁定", "rule", _in(State.RULING), (_has_item("rule"),), "rule"),
    Action("confirm", "反馈审核", "confirm the report back", _in(State.CONFIRMING), (_has_item("confirm"),), "confirm"),
    Action("check", "核查", "check", _in(State.CHECKING), (_has_item("check"),), "check"),
    Action("rate", "评价", "rate", _in(State.RATING), (_has_item("callback"),), "callback"),
    Action("resume", "恢复办理", "resume", _in(State.SUSPENDED), (_has_item("suspended"),), "suspended"),
    Action("decide_request", "审批", "decide the request", _in(State.HANDLING), (_has_item("decide"),), "decide"),
    Action("reply", "督办回复", "reply to the supervision", _OPEN_STATES, (_has_item("reply"),), "reply"),
    Action("judge", "督办审核", "judge the reply", _OPEN_STATES, (_has_item("judge"),), "judge"),
    *(
        Action(code, zh, en, _OPEN_STATES, (_has_item(element),), element)
        for code, element, zh, en in (
            ("answer_whistle", "answer", "应哨", "answer the whistle"),
            ("rule_refusal", "rule_refusal", "拒哨裁定", "rule on the refusal"),
            ("arrive", "arrive", "到场报到", "report in"),
            ("feed_back", "work", "处置反馈", "feed back"),
            ("dismiss", "dismiss", "销哨", "dismiss the departments"),
            ("rate_departments", "rate_each", "部门评分", "rate the departments"),
            ("give_opinion", "give_opinion", "书面意见", "give an opinion"),
            ("hold_meeting", "hold_meeting", "召开会议", "hold the meeting"),
            ("form_decision", "form_decision", "形成决定", "form the decision"),
            ("take_consent", "consent", "征求意愿", "ask both parties"),
            ("appoint_mediator", "appoint", "选定调解员", "appoint the mediator"),
            ("record_session", "mediate_session", "调解记录", "record a session"),
            ("end_pause", "expert_pause", "恢复调解", "go on after the expert"),
            ("ask_longer", "ask_longer", "延长调解", "go on longer"),
            ("agree", "agreement", "签订协议", "sign the agreement"),
            ("guide", "guidance", "告知途径", "tell other ways"),
            ("ask_confirmation", "confirmation", "司法确认", "ask for confirmation"),
            ("decide_confirmation", "court_decision", "确认裁定", "decide on confirmation"),
            ("visit_performance", "performance", "履行回访", "visit after the agreement"),
            ("guide_after", "follow_guidance", "告知执行途径", "tell ways of enforcement"),
            ("hold_interview", "hold_interview", "约谈", "hold the interview"),
            ("report_account", "report_account", "问责建议", "report for accountability"),
        )
    ),
    Action("whistle", "吹哨", "whistle", _in(State.HANDLING), (_WHISTLES,)),
    Action("ask_whistle", "请求吹哨", "ask for a whistle", _in(State.HANDLING), (_HANDLES, _BELOW_SUBDISTRICT)),
    Action("consult", "会商", "consult", _in(State.HANDLING), (_CONSULTS,)),
    Action("mediate", "调解", "mediate", _in(State.HANDLING), (_HANDLES, _MEDIABLE, _NO_MEDIATION)),
    Action(
        "feedback",
        "反馈进展",
        "report progress",
        _in(State.PENDING, State.HANDLING, State.SUSPENDED),
        (_HANDLES,),
    ),
    Action("request_extension", "申请延期", "ask for an extension", _in(State.HANDLING), (_ACT, _NO_REQUEST)),
    Action("request_suspension", "申请挂账", "ask for a suspension", _in(State.HANDLING), (_ACT, _NO_REQUEST)),
    Action("supervise", "督办", "supervise", _OPEN_STATES, (_SUPERVISES,)),
    Action(
        "reclassify",
        "改类、加急",
        "reclassify or press",
        _in(State.REPORTED, State.PENDING, State.HANDLING),
        (_ABOVE_OR_OWNER,),
    ),
    Action(
        "withdraw",
        "撤回",
        "withdraw",
        _in(State.REPORTED, State.PENDING, State.HANDLING, State.SUSPENDED),
        (_REPORTER, _NOT_CRIMINAL),
    ),
)


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


def allowed(session: Session, actor: Actor, case: Case) -> list[Action]:
    """What the actor may do to the case now."""
    return possible(session, actor, view_of(session, case))


def possible(session: Session, actor: Actor, view: View) -> list[Action]:
    """The same of a case that is loaded already, for lists."""
    return [action for action in ACTIONS if view.state in action.states and action.missed(session, actor, view) is None]


def refusals(session: Session, actor: Actor, case: Case) -> list[Refusal]:
    """Every action that is not open to the actor now, once for each code, with the reason."""
    view = view_of(session, case)
    found: dict[str, Refusal | None] = {}
    for action in ACTIONS:
        if view.state not in action.states:
            found.setdefault(action.code, _wrong_state(action, view.state))
            continue
        missed = action.missed(session, actor, view)
        found[action.code] = None if missed is None else Refusal(action, missed.zh, missed.en)
    return [refusal for refusal in found.values() if refusal is not None]


def _wrong_state(action: Action, state: State) -> Refusal:
    wanted = [each for other in ACTIONS if other.code == action.code for each in State if each in other.states]
    zh, en = "、".join(each.zh for each in wanted), ", ".join(each.en for each in wanted)
    return Refusal(
        action, f"事件现在“{state.zh}”，只在“{zh}”时可以", f"the case is {state.en}; possible while it is: {en}"
    )


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
