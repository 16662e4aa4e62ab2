"""A citizen's case in plain sentences: where it stands, what happens next and by when, whom to call."""

from __future__ import annotations

from datetime import datetime

from processes.citizens.tracking import Promise, Step, Tracked
from processes.codes import State
from web.translation import t
from web.words import moments, names

STEPS = {
    Step.REGISTERED: ("已登记", "Registered"),
    Step.ACCEPTED: ("已受理", "Accepted"),
    Step.HANDLING: ("办理中", "In progress"),
    Step.SETTLED: ("已办结", "Settled"),
    Step.RATE: ("请您评价", "Your rating"),
}
ANSWERS = {
    "satisfied": ("满意", "Satisfied"),
    "basic": ("基本满意", "Fairly satisfied"),
    "unsatisfied": ("不满意", "Not satisfied"),
}


def headline(tracked: Tracked) -> str:
    """One line: where it stands."""
    by_state = {
        State.REPORTED: ("已登记，等待受理", "Registered, waiting to be accepted"),
        State.PENDING: ("已受理，正在转交办理单位", "Accepted, on its way to the unit that handles it"),
        State.SUSPENDED: ("暂缓办理", "Put on hold"),
        State.RETURNING: ("正在确定办理单位", "It is being decided who handles it"),
        State.RULING: ("正在确定办理单位", "It is being decided who handles it"),
        State.CONFIRMING: ("已办理，正在核实结果", "Dealt with, the result is being checked"),
        State.CHECKING: ("已办理，正在核实结果", "Dealt with, the result is being checked"),
        State.RATING: ("已办结，请您评价", "Settled, please rate it"),
        State.ARCHIVED: ("已办结", "Settled"),
        State.DECLINED: ("不予受理", "Not accepted"),
        State.MERGED: ("已合并办理", "Handled together with another report"),
        State.WITHDRAWN: ("已撤回", "Withdrawn"),
    }
    if tracked.state is State.HANDLING and tracked.reopened:
        return t("正在重新办理", "Being handled again")
    return t(*by_state.get(tracked.state, ("办理中", "In progress")))


def following(tracked: Tracked, now: datetime) -> list[str]:
    """What it means and what happens next, one sentence each."""
    said = [_ended(tracked) or _holding(tracked)]
    if tracked.promise is not None:
        said.append(_promised(tracked.promise, now))
    if tracked.merged and tracked.state is not State.MERGED:
        together = t(
            "您反映的事项与另一件合并办理，以下是合并后的进度。",
            "Your report is handled together with another one; this is how that goes.",
        )
        said.insert(0, together)
    return [sentence for sentence in said if sentence]


def _holding(tracked: Tracked) -> str:
    unit = holder(tracked)
    by_state = {
        State.REPORTED: (f"{unit}正在核实您反映的情况。", f"{unit} is looking into what you reported."),
        State.PENDING: (f"{unit}即将接手办理。", f"{unit} is about to take it over."),
        State.SUSPENDED: (
            f"由{unit}办理；因条件暂不具备，时限已暂停。",
            f"{unit} handles it; the time is stopped until the conditions are there.",
        ),
        State.RATING: (
            f"由{unit}办结。您不满意的，会重新办理一次。" if not tracked.reopened else f"由{unit}重新办结。",
            f"{unit} has settled it. If you are not satisfied it is handled once more."
            if not tracked.reopened
            else f"{unit} has settled it again.",
        ),
    }
    return t(*by_state.get(tracked.state, (f"由{unit}办理。", f"{unit} handles it.")))


def _ended(tracked: Tracked) -> str:
    thanks = t("谢谢您的评价。", "Thank you for your rating. ") if tracked.rating in ANSWERS else ""
    by_state = {
        State.ARCHIVED: (
            f"{thanks}办理已全部结束；有新情况请重新反映。",
            f"{thanks}Everything is done; if something new comes up, report it again.",
        ),
        State.DECLINED: (
            "经核实，这件事不在网格受理范围内。可拨打 12345 咨询其他途径，如法律援助、信访、诉讼。",
            "This is not a matter for the network. Call 12345 to ask for other ways: legal aid, petition, a lawsuit.",
        ),
        State.MERGED: (
            "同一件事已有人反映，两件合并办理。进度可拨打 12345 查询。",
            "Somebody had reported the same; both are handled together. Call 12345 to ask how it goes.",
        ),
        State.WITHDRAWN: (
            "您已撤回，不再办理；需要时可重新反映。",
            "You have withdrawn it; report it again if you need to.",
        ),
    }
    return t(*by_state[tracked.state]) if tracked.state in by_state else ""


def _promised(promise: Promise, now: datetime) -> str:
    """请在/将在 今天 17:30 前 …; a promise that was not kept is said as it is."""
    when, at = moments.moment(promise.at, now), moments.day(promise.at, now)
    tail = t("（含暂定的节假日安排）", " (some holidays are not yet official)") if promise.provisional else ""
    late = t("上级单位已在督促。", "The unit above is pressing for it.")
    said = {
        ("accept", False): (f"将在 {when} 前答复是否受理{tail}。", f"You will know by {when}{tail}."),
        ("accept", True): (f"原定 {when} 前受理，已经超时。{late}", f"It was due {when} and is late. {late}"),
        ("settle", False): (f"承诺在 {at} {_clock(promise)} 前办结{tail}。", f"Promised for {when}{tail}."),
        ("settle", True): (
            f"原承诺 {when} 前办结，已经超期。{late}",
            f"It was promised for {when} and is late. {late}",
        ),
        ("review", False): (f"{at} 复查，届时继续办理。", f"It is looked at again on {at}."),
        ("review", True): (f"原定 {at} 复查。{late}", f"It was to be looked at again on {at}. {late}"),
        ("rate", False): (f"请在 {at} 前评价，之后自动归档。", f"Please rate it by {at}; then it is filed."),
        ("rate", True): ("评价期已过。", "The time for rating is over."),
    }
    return t(*said[(promise.about, promise.late)])


def _clock(promise: Promise) -> str:
    return moments.clock(promise.at)


def holder(tracked: Tracked) -> str:
    """冯家寺社区第一网格."""
    return "".join(names.unit(unit) for unit in tracked.holder)


def step(code: Step) -> str:
    return t(*STEPS[code])


def answer(code: str | None) -> str:
    """满意; nothing when it was not rated by the citizen."""
    return t(*ANSWERS[code]) if code in ANSWERS else ""
