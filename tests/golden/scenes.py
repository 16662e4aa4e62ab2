"""The scenes of a golden set: a case at every kind of wait that the models know.

Each scene begins at the same nine o'clock; only its own timers fire while time goes by, so that scenes in one
database do not disturb each other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from engine import runtime, timers
from engine.instances import ProcessInstance
from engine.timers import Timer
from processes.cases.models import Case
from processes.cases.reporting import report
from processes.codes import Rung
from processes.requests.operations import EXTENSION, SUSPENSION, Asking, ask
from processes.supervisions.operations import supervise
from tests.cast import QUARREL, Cast, G, S, V

UP = {"outcome": "refer_up", "reason": "本级难以解决"}
SETTLED = {"outcome": "self_handle", "measures": "已解决"}
BACK = {"outcome": "return", "reason": "应由网格办理"}

Scene = Callable[[Cast], str]
"""Plays a case up to a wait; its number."""


def own_timers(cast: Cast, number: str, until: datetime, most: int = 1000) -> int:
    """Let time go by for one case until then, or until `most` of its timers fired; how many did."""
    fired = 0
    while fired < most:
        with cast.store.read() as session:
            query = select(Timer).join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
            query = query.where(ProcessInstance.subject_no == number, Timer.state == "armed", Timer.wake_at <= until)
            timer = session.scalars(query.order_by(Timer.wake_at, Timer.id).limit(1)).first()
        if timer is None:
            cast.clock.set(until)
            break
        cast.clock.set(max(timer.wake_at, cast.clock.now()))
        fired += timers.fire(cast.store, timer.id, timer.attempts)
    return fired


def later(cast: Cast, number: str, **span: float) -> str:
    own_timers(cast, number, cast.clock.now() + timedelta(**span))
    return number


def until_fired(cast: Cast, number: str, element: str) -> str:
    """Let time go by until the timer `element` has fired."""
    for _ in range(400):
        with cast.store.read() as session:
            query = select(Timer.id).join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
            query = query.where(ProcessInstance.subject_no == number, Timer.state == "fired", Timer.element == element)
            if session.scalars(query).first() is not None:
                return number
        later(cast, number, hours=3)
    raise AssertionError(f"{element} of {number} never fired")


def reported(cast: Cast) -> str:
    return str(cast.report().case.number)


def in_hand(cast: Cast) -> str:
    number = reported(cast)
    cast.do(number, "verify", result="accept")
    return number


def referred(cast: Cast, hops: int = 1) -> str:
    """Referred up `hops` times; the last unit has not accepted yet."""
    number = in_hand(cast)
    for hop in range(hops):
        if hop:
            cast.do(number, "accept", outcome="accept")
        cast.do(number, "act", **UP)
    return number


def accepted(cast: Cast, hops: int) -> str:
    number = referred(cast, hops)
    cast.do(number, "accept", outcome="accept")
    return number


def returned(cast: Cast) -> str:
    number = referred(cast)
    cast.do(number, "accept", **BACK)
    return number


def ruling(cast: Cast) -> str:
    number = returned(cast)
    cast.do(number, "consider_return", agree=False, opinion="网格办不了")
    return number


def ruled(cast: Cast) -> str:
    number = ruling(cast)
    cast.do(number, "rule", target=V, reason="村里牵头")
    return number


def assigned(cast: Cast) -> str:
    number = accepted(cast, 2)
    by = (cast.clock.now() + timedelta(days=20)).isoformat()
    cast.do(number, "act", outcome="assign", target=G, deadline=by)
    return number


def confirming(cast: Cast) -> str:
    number = assigned(cast)
    cast.do(number, "accept", outcome="accept")
    cast.do(number, "act", **SETTLED)
    return number


def checking(cast: Cast) -> str:
    number = in_hand(cast)
    cast.do(number, "act", **SETTLED)
    return number


def failed_check(cast: Cast) -> str:
    number = checking(cast)
    cast.do(number, "check", ok=False, finding="未解决")
    return number


def rating(cast: Cast) -> str:
    number = checking(cast)
    cast.do(number, "check", ok=True, finding="已解决")
    return number


def reopened(cast: Cast) -> str:
    number = rating(cast)
    cast.do(number, "callback", answer="unsatisfied")
    return number


def archived(cast: Cast) -> str:
    number = rating(cast)
    cast.do(number, "callback", answer="satisfied")
    return number


def spot_checked(cast: Cast) -> str:
    data = {**QUARREL, "kind": "hazard", "source": "patrol", "settled": True, "measures": "已清除"}
    with cast.store.write() as session:
        return str(report(session, cast.cell, data).case.number)


def criminal(cast: Cast) -> str:
    number = str(cast.report(kind="criminal").case.number)
    cast.do(number, "verify", result="accept")
    return number


def asked(cast: Cast, number: str, asking: Asking) -> str:
    with cast.store.write() as session:
        ask(session, cast.grid, session.scalars(select(Case).where(Case.number == number)).one(), asking)
    return number


def extension(cast: Cast) -> str:
    return asked(cast, in_hand(cast), Asking(EXTENSION, "需专家鉴定", days=2))


def extended(cast: Cast) -> str:
    number = extension(cast)
    cast.do(number, "decide", granted=True, days=2)
    return number


def suspension(cast: Cast) -> str:
    review = (cast.clock.now() + timedelta(days=9)).date()
    return asked(cast, in_hand(cast), Asking(SUSPENSION, "等待鉴定", review_on=review))


def suspended(cast: Cast) -> str:
    number = suspension(cast)
    cast.do(number, "decide", granted=True)
    return number


def resumed(cast: Cast) -> str:
    number = later(cast, suspended(cast), days=2)
    cast.do(number, "suspended", reason="已具备条件")
    return number


def supervised(cast: Cast, rung: Rung) -> str:
    number = in_hand(cast)
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        supervise(session, cast("SF-" + S), case, rung)
    return number


def replied(cast: Cast) -> str:
    number = supervised(cast, Rung.URGE)
    cast.do(number, "reply", done=True)
    return number


def climbed(cast: Cast) -> str:
    number = replied(cast)
    cast.do(number, "judge", verdict="next")
    return number


def claimed(cast: Cast) -> str:
    number = in_hand(cast)
    item = cast.items(number, "act")[0]
    with cast.store.write() as session:
        runtime.claim(session, cast.holder(item), item.id)
    return number


SCENES: dict[str, Scene] = {
    "verify": reported,
    "verify_warned": lambda cast: until_fired(cast, reported(cast), "verify_warn"),
    "verify_overdue": lambda cast: until_fired(cast, reported(cast), "verify_due"),
    "verify_moved_up": lambda cast: until_fired(cast, reported(cast), "verify_grace"),
    "act": in_hand,
    "act_claimed": claimed,
    "act_warned": lambda cast: until_fired(cast, in_hand(cast), "act_warn"),
    "act_overdue": lambda cast: until_fired(cast, in_hand(cast), "act_due"),
    "act_escalated": lambda cast: until_fired(cast, in_hand(cast), "act_grace"),
    "accept": referred,
    "accept_unsigned": lambda cast: until_fired(cast, referred(cast), "accept_sign_off_due"),
    "accept_overdue": lambda cast: until_fired(cast, referred(cast), "accept_due"),
    "accept_escalated": lambda cast: until_fired(cast, referred(cast), "accept_grace"),
    "act_after_three_hops": lambda cast: accepted(cast, 3),
    "held_at_district": lambda cast: until_fired(cast, accepted(cast, 3), "act_grace"),
    "overall_overdue": lambda cast: until_fired(cast, in_hand(cast), "overall_due"),
    "returning": returned,
    "ruling": ruling,
    "ruling_moved_up": lambda cast: until_fired(cast, ruling(cast), "rule_grace"),
    "ruled": ruled,
    "assigned": assigned,
    "confirming": confirming,
    "confirming_overdue": lambda cast: until_fired(cast, confirming(cast), "confirm_due"),
    "checking": checking,
    "checking_overdue": lambda cast: until_fired(cast, checking(cast), "check_due"),
    "failed_check": failed_check,
    "rating": rating,
    "rating_to_be_called": lambda cast: until_fired(cast, rating(cast), "callback_due"),
    "reopened": reopened,
    "archived": archived,
    "spot_checked": spot_checked,
    "criminal_at_the_police": criminal,
    "extension_asked": extension,
    "extension_overdue": lambda cast: until_fired(cast, extension(cast), "decide_due"),
    "extended": extended,
    "suspension_asked": suspension,
    "suspended": suspended,
    "suspended_warned": lambda cast: until_fired(cast, suspended(cast), "suspended_warn"),
    "resumed": resumed,
    "urged": lambda cast: supervised(cast, Rung.URGE),
    "urged_and_silent": lambda cast: until_fired(cast, supervised(cast, Rung.URGE), "reply_grace"),
    "reply_to_judge": replied,
    "supervision_climbed": climbed,
    "judge_silent": lambda cast: until_fired(cast, replied(cast), "judge_grace"),
    "supervision_follows_a_hop": lambda cast: hop(cast, supervised(cast, Rung.URGE)),
    "request_overtaken": lambda cast: hop(cast, extension(cast)),
}


def hop(cast: Cast, number: str) -> str:
    cast.do(number, "act", **UP)
    return number
