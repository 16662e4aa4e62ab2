"""Which tokens of a case an administrator may put where, and what must be true of a case after any such act.

An administrator repairs, and decides nothing (processes.md, section 15): no move accepts, settles, closes or reopens
a case, asks for a return or stops its clocks. What is left are the human tasks between two decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from engine.deadlines.book import RATING
from engine.instances import ProcessInstance
from engine.timers import ARMED, Timer
from processes.cases import hops
from processes.cases.clocks import CASE_MODEL
from processes.cases.facts import CaseFacts, facts_of
from processes.cases.models import Stay
from processes.codes import ENDED, State

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.spiff.moving import Place
    from engine.step import Step

_Why = tuple[str, str]
"""English, Chinese."""

_DECIDES: Mapping[str, _Why] = {
    "consider_return": ("a return is asked for by who holds the case", "退回须由承办单位提出"),
    "callback": ("closing a case is a decision", "结案须经核查决定"),
    "suspended": ("stopping the clock is for the superior to grant", "挂账须经上级批准"),
    "appoint": ("whether there is a mediation is for both parties to say", "是否调解须由双方同意"),
    "mediate_session": ("a mediator without ties must be appointed first", "须先选定无回避情形的调解员"),
    "expert_pause": ("whether an expert is needed is for the mediator to say", "是否鉴定由调解员决定"),
    "ask_longer": ("the parties are asked when the time is over", "调解期限届满方可征求延长"),
    "agreement": ("only what both parties agreed on is signed", "达成一致后方可签订协议"),
    "confirmation": ("the thirty days of the parties begin once, with the signing", "司法确认期限自签订起只计算一次"),
    "court_decision": ("only both parties ask the court", "司法确认须由双方共同申请"),
    "performance": (
        "what comes before is for the parties and the court",
        "是否申请由双方、是否确认由法院决定",
    ),
    "follow_guidance": ("whether it was performed is what the visit finds", "是否履行须经回访确认"),
}
_CLOSED: _Why = ("the case is closed; only its citizen can have it reopened", "事件已办结，只能由群众评价后重新办理")
_NOT_ACCEPTED: _Why = ("the case was not yet accepted; that is for who verifies it", "尚未立案，须由核实人作出决定")
_NOT_TAKEN_ON: _Why = ("its unit has not accepted it yet; that is for the unit", "承办单位尚未受理，须由其自行决定")
_STANDS_STILL: _Why = ("the clock stands still; resume it first", "正在挂账，请先恢复计时")
_NOT_SETTLED: _Why = ("nobody has settled it yet", "尚无人办结")
_NO_ASSIGNER: _Why = ("nobody assigned it and waits for a report", "没有等待反馈的交办单位")
_ASSIGNER_FIRST: _Why = ("who assigned it confirms first", "须先由交办单位审核反馈")
_VISIT: _Why = (
    "what comes next at a window is for its people; only the same task can be made anew",
    "窗口下一步由窗口人员办理；只能重新生成同一任务",
)
_TIMELESS: _Why = (
    "no clock would press it any more; have it supervised first, or move the token",
    "将没有任何时限约束；请先督办该事件，或改为移动令牌",
)


def may_move(step: Step, place: Place, target: str) -> _Why | None:
    """Why not, or None. The same element is always possible: it is made anew with its clock and the marks given."""
    if not isinstance(step.facts, CaseFacts):
        return None if target == place.element else _VISIT
    facts = facts_of(step)
    stopped = facts.case.state == State.SUSPENDED and step.instance.key == CASE_MODEL
    if target == place.element and not (stopped and place.process == CASE_MODEL):
        return None
    if stopped:
        return _STANDS_STILL
    if target in _DECIDES:
        return _DECIDES[target]
    if place.element == "callback":
        return _CLOSED
    return _CONDITIONS[target](step, facts) if target in _CONDITIONS else None


def _accepted(step: Step, _facts: CaseFacts) -> _Why | None:
    return _NOT_ACCEPTED if step.deadlines.overall is None else None


def _settled(step: Step, facts: CaseFacts) -> _Why | None:
    return _accepted(step, facts) or (_NOT_SETTLED if facts.case.settled_by is None else None)


def _reported_back(step: Step, facts: CaseFacts) -> _Why | None:
    return _settled(step, facts) or (_NO_ASSIGNER if facts.assigner is None else None)


def _checkable(step: Step, facts: CaseFacts) -> _Why | None:
    return _settled(step, facts) or (_ASSIGNER_FIRST if facts.assigner is not None else None)


def _taken_on(_step: Step, facts: CaseFacts) -> _Why | None:
    return _NOT_TAKEN_ON if facts.needs_accept else None


_CONDITIONS: Mapping[str, Callable[[Step, CaseFacts], _Why | None]] = {
    "act": _taken_on,
    "stay": _accepted,
    "rule": _accepted,
    "confirm": _reported_back,
    "check": _checkable,
}
"""Human tasks and calls → what must be true before a token is put there."""


def unsound(step: Step) -> _Why | None:
    """Invariants 1 and 5 of processes.md, section 16, on the rows as they are now."""
    if not isinstance(step.facts, CaseFacts):
        return None if step.instance.ended_at is not None or step.spiff.timers() else _TIMELESS
    facts = facts_of(step)
    if step.instance.ended_at is not None or State(facts.case.state) in ENDED:
        return None
    if step.instance.key != CASE_MODEL:
        return None if step.spiff.timers() else _TIMELESS
    if facts.case.state == State.RATING:
        return None if _armed_in(step, RATING) else ("its rating would never close", "评价期将永远不会结束")
    return _ownerless(step, facts) or _timeless(step, facts)


def _ownerless(step: Step, facts: CaseFacts) -> _Why | None:
    open_stays = select(func.count()).select_from(Stay).where(Stay.case_id == facts.case.id, Stay.closed_at.is_(None))
    stays = step.session.scalar(open_stays)
    if facts.case.owner_id is None or stays != 1 or len(step.ready) != 1:
        return "it needs one owner, one open stay and one task", "须恰有一个承办单位、一段在办和一项待办"
    return None


def _timeless(step: Step, facts: CaseFacts) -> _Why | None:
    if any(row.suspended_at for row in step.deadlines) != (facts.case.state == State.SUSPENDED):
        return "a clock would stand still without a suspension", "时限停着而事件并未挂账"
    return None if _armed(step) else _TIMELESS


def _armed(step: Step) -> bool:
    """Whether some timer waits on the case, or on a supervision of it."""
    here = or_(ProcessInstance.id == step.instance.id, ProcessInstance.parent_id == step.instance.id)
    query = select(Timer.id).join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
    return step.session.scalar(query.where(here, Timer.state == ARMED).limit(1)) is not None


def _armed_in(step: Step, clock: str) -> bool:
    wanted = {row.id for row in step.deadlines if row.clock == clock}
    query = select(Timer.id).where(Timer.instance_id == step.instance.id, Timer.state == ARMED)
    return step.session.scalar(query.where(Timer.deadline_id.in_(wanted)).limit(1)) is not None


def tell_linked(step: Step) -> None:
    """What runs beside the case hears that it has moved: an open request is overtaken, a supervision follows."""
    if step.instance.key == CASE_MODEL and step.instance.ended_at is None:
        hops.notify_linked(step)


def register(registry: Registry) -> None:
    registry.may_move = may_move
    registry.moved.append(tell_linked)
    registry.sound.append(unsound)
