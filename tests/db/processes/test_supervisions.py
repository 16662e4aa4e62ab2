"""The ladder: urge, supervise, cards; it follows the owner and never falls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.errors import Forbidden
from processes.access import read_case
from processes.cases.models import Case
from processes.codes import Rung
from processes.supervisions.models import Card, Supervision
from processes.supervisions.operations import AlreadySupervised, cancel, supervise
from tests.cast import G2, Cast, D, S, V


def supervised(cast: Cast, rung: Rung = Rung.URGE) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    raise_one(cast, number, "SF-" + S, rung)
    return number


def raise_one(cast: Cast, number: str, staff_no: str, rung: Rung = Rung.URGE) -> None:
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        supervise(session, cast(staff_no), case, rung)


def the_one(cast: Cast) -> Supervision:
    with cast.store.read() as session:
        return session.scalars(select(Supervision)).one()


def cards(cast: Cast) -> list[tuple[str, int]]:
    with cast.store.read() as session:
        return [(card.rung, card.points) for card in session.scalars(select(Card).order_by(Card.id))]


def test_a_supervisor_above_urges_and_lifts_when_the_reply_is_good(cast: Cast) -> None:
    number = supervised(cast)
    cast.do(number, "reply", done=True)
    cast.do(number, "judge", verdict="lift")
    assert (the_one(cast).ended_by, the_one(cast).rung) == ("lifted", "urge")


def test_only_a_supervisor_of_an_ancestor_or_a_commander_may_supervise(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    for staff_no in ("C-511302009009001001", "SA-" + S, "SF-511302010"):
        with pytest.raises(Forbidden):
            raise_one(sqlite_cast, number, staff_no)


def test_one_unit_supervises_a_case_once_at_a_time(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    with pytest.raises(AlreadySupervised):
        raise_one(sqlite_cast, number, "SF-" + S)


def test_silence_climbs_the_ladder_to_the_red_card_and_points_stay_with_the_unit(sqlite_cast: Cast) -> None:
    supervised(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=4))
    own = the_one_of_issuer(sqlite_cast, S)
    assert own.rung in {"supervise", "yellow"}
    sqlite_cast.pass_time(timedelta(days=20))
    own = the_one_of_issuer(sqlite_cast, S)
    assert own.rung == "red"
    with sqlite_cast.store.read() as session:
        given = session.scalars(select(Card).where(Card.supervision_id == own.id).order_by(Card.id)).all()
        assert [(card.rung, card.points) for card in given] == [
            ("urge", 0),
            ("supervise", 0),
            ("yellow", 5),
            ("red", 10),
        ]


def the_one_of_issuer(cast: Cast, code: str) -> Supervision:
    with cast.store.read() as session:
        query = select(Supervision).where(Supervision.issuer_id == cast.unit(code).id, Supervision.origin == "hand")
        return session.scalars(query).one()


def test_the_answer_is_asked_of_whoever_owns_the_case_now(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="refer_up", reason="办不了")
    assert [item.unit_id for item in sqlite_cast.items(number, "reply")] == [sqlite_cast.unit(V).id]


def test_the_next_rung_by_judgement_gives_the_next_card(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast, Rung.SUPERVISE)
    sqlite_cast.do(number, "reply", done=False, reason="忙", plan="明日")
    sqlite_cast.do(number, "judge", verdict="next")
    assert cards(sqlite_cast) == [("supervise", 0), ("yellow", 5)]


def test_only_the_issuer_or_above_cancels(sqlite_cast: Cast) -> None:
    supervised(sqlite_cast)
    with pytest.raises(Forbidden), sqlite_cast.store.write() as session:
        cancel(session, sqlite_cast("G-" + G2), session.scalars(select(Supervision)).one())
    with sqlite_cast.store.write() as session:
        cancel(session, sqlite_cast("QF-" + D), session.scalars(select(Supervision)).one())
    assert the_one(sqlite_cast).ended_by == "cancelled"


def test_a_supervision_is_lifted_when_the_case_ends(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    sqlite_cast.do(number, "callback", answer="satisfied")
    assert the_one(sqlite_cast).ended_by == "lifted"


def test_a_higher_rung_takes_the_place_of_a_lower_one_and_never_the_reverse(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    raise_one(sqlite_cast, number, "SF-" + S, Rung.SUPERVISE)
    with sqlite_cast.store.read() as session:
        urged, now = session.scalars(select(Supervision).order_by(Supervision.id)).all()
        assert (urged.rung, urged.ended_by) == ("urge", "cancelled")
        assert (now.rung, now.ended_at) == ("supervise", None)
    with pytest.raises(AlreadySupervised):
        raise_one(sqlite_cast, number, "SF-" + S)
    assert len(sqlite_cast.items(number, "reply")) == 1


def test_a_commander_reads_and_supervises_everywhere_in_the_district(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    commander = sqlite_cast("A-511302-command")
    with sqlite_cast.store.read() as session:
        assert read_case(session, commander, number).number == number
    raise_one(sqlite_cast, number, "A-511302-command")
    assert the_one(sqlite_cast).origin == "hand"
