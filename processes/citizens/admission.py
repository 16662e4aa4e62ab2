"""How often strangers may ask: counted in the database, committed before anything is looked at.

Codes have 88 bits and cannot be guessed; the limits keep machines from trying all the same, and from filling the desks.
A right code gives back what it was counted for, so that many people behind one address can follow their cases.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.errors import NotFound, UserError
from engine.sign_in import attempts
from engine.sign_in.attempts import Limit
from processes.cases.changing import citizens_case

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case

HOUR = timedelta(hours=1)
CODE_NUMBER = Limit("citizen_number", 10, HOUR)
CODE_ADDRESS = Limit("citizen_address", 60, HOUR)
REPORT_ADDRESS = Limit("citizen_report", 10, HOUR)
"""A neighbour may help others report; more in an hour comes from a machine (default)."""
REPORT_ALL = Limit("citizen_reports", 300, HOUR)
"""Of a whole district: above it, machines are at work from many addresses (default; 180 districts report 40 a day)."""
PLACES_ADDRESS = Limit("citizen_places", 300, HOUR)
CARD_ADDRESS = Limit("card_open", 60, HOUR)
CARD_REPORT = Limit("card_report", 20, timedelta(days=1))
"""With one contact card: more in a day is somebody who found its picture (default)."""
SUPPLEMENT = Limit("citizen_supplement", 20, timedelta(days=1))
SHORTEST_FILLING = timedelta(seconds=3)
LONGEST_FILLING = timedelta(days=2)


class WrongCode(NotFound):
    """Number or code is not right."""

    code = "wrong_code"
    zh = "编号或查询码不正确。"
    then = (
        "请对照回执上的编号和查询码再输入一次；回执遗失可拨打 12345 查询。",
        "Compare both with your receipt and type them again; if it is lost, call 12345.",
    )


class TooManyAtOnce(attempts.TooManyAttempts):
    """Too many attempts from here. Try again in {minutes} minutes."""

    code = "too_many_attempts"
    zh = "操作太频繁，请 {minutes} 分钟后再试。"
    then = (
        "急事请拨打 12345；有生命危险请拨打 110、119 或 120。",
        "If it is urgent call 12345; in danger call 110, 119 or 120.",
    )


class LooksLikeAMachine(UserError):
    """This form was sent faster than people write."""

    code = "looks_like_a_machine"
    zh = "提交得太快，无法确认是本人填写。"
    then = (
        "请等几秒再点一次“提交”，填写的内容都在。",
        "Wait a few seconds and send it again; what you wrote is still there.",
    )


def count_report(session: Session, district_id: int, address: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (REPORT_ADDRESS, address), (REPORT_ALL, str(district_id)))


def count_places(session: Session, address: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (PLACES_ADDRESS, address))


def count_code(session: Session, number: str, address: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (CODE_ADDRESS, address), (CODE_NUMBER, number))


def count_card(session: Session, address: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (CARD_ADDRESS, address))


def count_card_report(session: Session, number: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (CARD_REPORT, number))


def count_supplement(session: Session, number: str) -> None:
    """Raises TooManyAtOnce."""
    _count(session, (SUPPLEMENT, number))


def admit(session: Session, number: str, code: str, address: str) -> Case:
    """The citizen's own case, after `count_code`. Raises WrongCode, alike for unknown numbers and wrong codes."""
    try:
        case = citizens_case(session, number, code.replace(" ", "").replace("-", ""))
    except NotFound:
        raise WrongCode from None
    welcome(session, number, address)
    return case


def welcome(session: Session, number: str, address: str) -> None:
    """The code was right: give back what was counted for it."""
    attempts.give_back(session, CODE_ADDRESS, address)  # in the order in which they are counted, or two would deadlock
    attempts.forget(session, CODE_NUMBER, number)


def form_token(session: Session) -> str:
    """Goes out with the empty form and comes back with the filled one: since when it lay before somebody."""
    at = str(int(session.env.clock.now().timestamp()))
    return f"{at}.{_seal(session, at)}"


def check_filling(session: Session, token: str, trap: str) -> None:
    """A proof against machines without puzzles: a field that people do not see stays empty, and writing takes a while.

    Raises LooksLikeAMachine.
    """
    at, _, seal = token.partition(".")
    right = at.isdecimal() and at.isascii() and hmac.compare_digest(_seal(session, at), seal)
    waited = timedelta(seconds=session.env.clock.now().timestamp() - int(at)) if right else timedelta(0)
    if trap or not SHORTEST_FILLING <= waited <= LONGEST_FILLING:
        raise LooksLikeAMachine


def _seal(session: Session, at: str) -> str:
    return session.env.keys.blind_index(at, "citizen-form").hex()


def _count(session: Session, *limits: tuple[Limit, str]) -> None:
    try:
        for limit, subject in limits:
            attempts.count(session, limit, subject)
    except attempts.TooManyAttempts as error:
        raise TooManyAtOnce(**error.fields) from None
