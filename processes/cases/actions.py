"""Allowed actions: state × action → who. One table; the API lists from it and refuses by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import Forbidden, NotAllowedNow
from processes.cases.models import Case
from processes.cases.permissions import (
    ABOVE_CELL,
    ABOVE_OR_OWNER,
    ACCEPT,
    ACT,
    BELOW_DISTRICT,
    BELOW_SUBDISTRICT,
    CONSULTS,
    FREE_TO_SETTLE,
    HANDLES,
    MAY_LEAVE,
    MEDIABLE,
    NO_MEDIATION,
    NO_REQUEST,
    NOT_CRIMINAL,
    REPORTER,
    RETURNABLE,
    SUPERVISES,
    VERIFY,
    WHISTLES,
    Rule,
    View,
    has_item,
    view_of,
)
from processes.codes import ENDED, State

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session


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


_OPEN_STATES = frozenset(State) - ENDED
_ANY_STATE = frozenset(State)
"""For tasks that may outlive the case: an agreement is followed, and silence supervised, after it was closed."""

ACTIONS: tuple[Action, ...] = (
    Action("accept_case", "立案", "accept the report", _in(State.REPORTED), (VERIFY,), "verify"),
    Action("decline", "不予受理", "decline", _in(State.REPORTED), (VERIFY,), "verify"),
    Action("merge", "并案", "merge", _in(State.REPORTED), (VERIFY,), "verify"),
    Action("accept", "受理", "accept", _in(State.PENDING), (ACCEPT,), "accept"),
    Action("decline", "不予受理", "decline", _in(State.PENDING), (ACCEPT,), "accept"),
    Action("merge", "并案", "merge", _in(State.PENDING), (ACCEPT,), "accept"),
    Action("refer_up", "上报", "refer up", _in(State.PENDING), (ACCEPT, BELOW_DISTRICT), "accept"),
    Action("return", "退回", "return", _in(State.PENDING), (ACCEPT, *RETURNABLE), "accept"),
    Action("self_handle", "自办", "settle", _in(State.HANDLING), (ACT, FREE_TO_SETTLE), "act"),
    Action("refer_up", "上报", "refer up", _in(State.HANDLING), (ACT, BELOW_DISTRICT), "act"),
    Action("assign", "交办", "assign", _in(State.HANDLING), (ACT, ABOVE_CELL), "act"),
    Action("transfer", "转办", "transfer", _in(State.HANDLING), (ACT, MAY_LEAVE), "act"),
    Action("return", "退回", "return", _in(State.HANDLING), (ACT, *RETURNABLE), "act"),
    Action(
        "answer_return",
        "退回审核",
        "answer the return",
        _in(State.RETURNING),
        (has_item("consider_return"),),
        "consider_return",
    ),
    Action("rule", "裁定", "rule", _in(State.RULING), (has_item("rule"),), "rule"),
    Action("confirm", "反馈审核", "confirm the report back", _in(State.CONFIRMING), (has_item("confirm"),), "confirm"),
    Action("check", "核查", "check", _in(State.CHECKING), (has_item("check"),), "check"),
    Action("rate", "评价", "rate", _in(State.RATING), (has_item("callback"),), "callback"),
    Action("resume", "恢复办理", "resume", _in(State.SUSPENDED), (has_item("suspended"),), "suspended"),
    Action("decide_request", "审批", "decide the request", _in(State.HANDLING), (has_item("decide"),), "decide"),
    Action("reply", "督办回复", "reply to the supervision", _ANY_STATE, (has_item("reply"),), "reply"),
    Action("judge", "督办审核", "judge the reply", _ANY_STATE, (has_item("judge"),), "judge"),
    *(
        Action(code, zh, en, _ANY_STATE, (has_item(element),), element)
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
    Action("whistle", "吹哨", "whistle", _in(State.HANDLING), (WHISTLES,)),
    Action("ask_whistle", "请求吹哨", "ask for a whistle", _in(State.HANDLING), (HANDLES, BELOW_SUBDISTRICT)),
    Action("consult", "会商", "consult", _in(State.HANDLING), (CONSULTS,)),
    Action("mediate", "调解", "mediate", _in(State.HANDLING), (HANDLES, MEDIABLE, NO_MEDIATION)),
    Action(
        "feedback",
        "反馈进展",
        "report progress",
        _in(State.PENDING, State.HANDLING, State.SUSPENDED),
        (HANDLES,),
    ),
    Action("request_extension", "申请延期", "ask for an extension", _in(State.HANDLING), (ACT, NO_REQUEST)),
    Action("request_suspension", "申请挂账", "ask for a suspension", _in(State.HANDLING), (ACT, NO_REQUEST)),
    Action("supervise", "督办", "supervise", _OPEN_STATES, (SUPERVISES,)),
    Action(
        "reclassify",
        "改类、加急",
        "reclassify or press",
        _in(State.REPORTED, State.PENDING, State.HANDLING),
        (ABOVE_OR_OWNER,),
    ),
    Action(
        "withdraw",
        "撤回",
        "withdraw",
        _in(State.REPORTED, State.PENDING, State.HANDLING, State.SUSPENDED),
        (REPORTER, NOT_CRIMINAL),
    ),
)


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
