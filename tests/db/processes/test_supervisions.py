"""The ladder: urge, supervise, cards; it follows the owner and never falls."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine.clock_steps import put_right
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, Invalid, NotAllowedNow
from engine.outbox import Outbox
from processes.access import read_case
from processes.cases.models import Case
from processes.cases.numbers import LOCAL
from processes.codes import Rung
from processes.supervisions.models import Card, Supervision, SupervisionMeeting
from processes.supervisions.operations import AlreadySupervised, cancel, supervise
from processes.supervisions.points import set_points
from tests.cast import G2, Cast, D, G, S, V


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


def test_silence_climbs_the_ladder_to_the_interview_and_points_stay_with_the_unit(sqlite_cast: Cast) -> None:
    supervised(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=4))
    own = the_one_of_issuer(sqlite_cast, S)
    assert own.rung in {"supervise", "yellow"}
    sqlite_cast.pass_time(timedelta(days=40))
    own = the_one_of_issuer(sqlite_cast, S)
    assert own.rung == "interview"
    with sqlite_cast.store.read() as session:
        given = session.scalars(select(Card).where(Card.supervision_id == own.id).order_by(Card.id)).all()
        assert [(card.rung, card.points) for card in given] == [
            ("urge", 0),
            ("supervise", 0),
            ("yellow", 5),
            ("red", 10),
            ("interview", 0),
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


def climbed(cast: Cast, rung: Rung) -> str:
    """A supervision by the subdistrict that was judged up to `rung`."""
    number = supervised(cast, Rung.SUPERVISE)
    while the_one(cast).rung != rung:
        cast.do(number, "reply", done=False, reason="忙", plan="明日")
        cast.do(number, "judge", verdict="next")
    return number


def hold_interview(cast: Cast, number: str) -> None:
    today = cast.clock.now().date().isoformat()
    cast.do(number, "hold_interview", held_on=today, present="负责人", minutes="限三日整改")


def meetings(cast: Cast) -> list[SupervisionMeeting]:
    with cast.store.read() as session:
        return list(session.scalars(select(SupervisionMeeting).order_by(SupervisionMeeting.id)))


def test_the_ladder_ends_with_an_interview_and_a_filed_report_for_accountability(cast: Cast) -> None:
    number = climbed(cast, Rung.INTERVIEW)
    hold_interview(cast, number)
    assert [item.role for item in cast.items(number, "report_account")] == ["commander"]
    cast.do(number, "report_account", findings="屡次逾期", advice="通报批评", adopted=False, feedback="理由不足")
    assert (the_one(cast).rung, the_one(cast).ended_by) == ("account", "filed")
    assert cards(cast) == [("supervise", 0), ("yellow", 5), ("red", 10), ("interview", 0), ("account", 0)]
    assert [(each.kind, each.adopted) for each in meetings(cast)] == [("interview", None), ("account", False)]
    assert {each.unit_id for each in meetings(cast)} == {cast.unit(G).id}
    cast.tell()
    told = [mark for mark, _ in cast.notices(number) if mark.startswith("supervision_")]
    assert sorted(told) == sorted(
        {f"supervision_{rung}" for rung in ("supervise", "yellow", "red", "interview", "account")}
    )


def test_an_interview_is_not_held_tomorrow(sqlite_cast: Cast) -> None:
    number = climbed(sqlite_cast, Rung.INTERVIEW)
    tomorrow = (sqlite_cast.clock.now() + timedelta(days=1)).date().isoformat()
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "hold_interview", held_on=tomorrow, present="负责人", minutes="限期整改")


def test_silence_at_an_interview_is_told_upward_and_the_interview_stays_owed(sqlite_cast: Cast) -> None:
    number = climbed(sqlite_cast, Rung.INTERVIEW)
    sqlite_cast.pass_time(timedelta(days=30))
    own = [item for item in sqlite_cast.items(number, "hold_interview") if item.unit_id == sqlite_cast.unit(S).id]
    assert len(own) == 1  # others were raised by the clocks meanwhile
    assert ("step_silent", sqlite_cast("QE-" + D).staff_id) in sqlite_cast.notices(number)


def test_an_interview_may_be_cancelled_a_report_for_accountability_not(sqlite_cast: Cast) -> None:
    number = climbed(sqlite_cast, Rung.INTERVIEW)
    hold_interview(sqlite_cast, number)
    with pytest.raises(NotAllowedNow), sqlite_cast.store.write() as session:
        cancel(session, sqlite_cast("SF-" + S), session.scalars(select(Supervision)).one())
    number = climbed_by(sqlite_cast, "A-511302-command")
    with sqlite_cast.store.write() as session:
        standing = session.scalars(select(Supervision).where(Supervision.rung == "interview")).one()
        cancel(session, sqlite_cast("A-511302-command"), standing)
    assert sqlite_cast.items(number, "hold_interview") == []


def climbed_by(cast: Cast, staff_no: str) -> str:
    """A commander begins with a yellow card and goes up to the interview."""
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    raise_one(cast, number, staff_no, Rung.YELLOW)
    for _ in range(2):
        cast.do(number, "reply", done=False, reason="忙", plan="明日")
        cast.do(number, "judge", verdict="next")
    return number


def test_only_a_commander_begins_with_a_card(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    with pytest.raises(Forbidden):
        raise_one(sqlite_cast, number, "SF-" + S, Rung.YELLOW)
    with pytest.raises(Forbidden):
        raise_one(sqlite_cast, number, "A-511302-command", Rung.RED)
    raise_one(sqlite_cast, number, "A-511302-command", Rung.YELLOW)
    assert cards(sqlite_cast) == [("yellow", 5)]


def test_a_closed_case_lifts_what_has_come_to_the_top(sqlite_cast: Cast) -> None:
    number = climbed(sqlite_cast, Rung.INTERVIEW)
    hold_interview(sqlite_cast, number)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    sqlite_cast.do(number, "callback", answer="satisfied")
    assert the_one(sqlite_cast).ended_by == "lifted"
    assert cards(sqlite_cast)[-1] == ("account", 0)


def test_points_are_the_districts_own_and_a_judge_may_set_others(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        set_points(session, sqlite_cast("QH-" + D), {Rung.YELLOW: 3, Rung.RED: 6})
    number = climbed(sqlite_cast, Rung.YELLOW)
    sqlite_cast.do(number, "reply", done=False, reason="忙", plan="明日")
    sqlite_cast.do(number, "judge", verdict="next", points=8)
    assert cards(sqlite_cast) == [("supervise", 0), ("yellow", 3), ("red", 8)]
    with pytest.raises(Forbidden), sqlite_cast.store.write() as session:
        set_points(session, sqlite_cast("QF-" + D), {Rung.YELLOW: 0})


@pytest.mark.parametrize(
    ("urgency", "now", "told_at"),
    [
        ("ordinary", datetime(2026, 11, 25, 22, 0, tzinfo=LOCAL), datetime(2026, 11, 26, 9, 0, tzinfo=LOCAL)),
        ("ordinary", datetime(2026, 2, 13, 18, 0, tzinfo=LOCAL), datetime(2026, 2, 14, 9, 0, tzinfo=LOCAL)),
        ("ordinary", datetime(2026, 2, 14, 18, 0, tzinfo=LOCAL), datetime(2026, 2, 24, 9, 0, tzinfo=LOCAL)),
        ("ordinary", datetime(2026, 12, 31, 18, 0, tzinfo=LOCAL), datetime(2027, 1, 4, 9, 0, tzinfo=LOCAL)),
        ("ordinary", datetime(2026, 11, 25, 10, 0, tzinfo=LOCAL), datetime(2026, 11, 25, 10, 0, tzinfo=LOCAL)),
        ("extra", datetime(2026, 11, 25, 22, 0, tzinfo=LOCAL), datetime(2026, 11, 25, 22, 0, tzinfo=LOCAL)),
    ],
    ids=["at night", "before a make-up Saturday", "before the Spring Festival", "at the year's end", "by day", "特急"],
)
def test_a_reminder_waits_for_office_hours_unless_it_is_extra_urgent(
    sqlite_cast: Cast, urgency: str, now: datetime, told_at: datetime
) -> None:
    sqlite_cast.clock.set(now)
    number = sqlite_cast.report(urgency=urgency).case.number
    raise_one(sqlite_cast, number, "SF-" + S)
    sqlite_cast.tell()
    told = [mark for mark, _ in sqlite_cast.notices(number) if mark == "supervision_urge"]
    assert len(told) == (now == told_at)
    with sqlite_cast.store.read() as session:
        held = select(Outbox.next_try_at, Outbox.created_at).where(Outbox.key.contains("supervision_urge"))
        next_try, created = session.execute(held).one()
    assert created == now
    assert told_at in {now, next_try}


def test_a_clock_set_back_does_not_send_a_reminder_at_night(sqlite_cast: Cast) -> None:
    sqlite_cast.clock.set(datetime(2026, 11, 27, 18, 0, tzinfo=LOCAL))  # a Friday evening
    number = sqlite_cast.report().case.number
    raise_one(sqlite_cast, number, "SF-" + S)
    with sqlite_cast.store.write() as session:
        put_right(session)
    sqlite_cast.tell()
    assert "supervision_urge" not in [mark for mark, _ in sqlite_cast.notices(number)]


def test_a_reminder_held_by_a_clock_that_was_years_ahead_goes_out_when_it_is_put_right(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    sqlite_cast.clock.set(datetime(2029, 11, 30, 18, 0, tzinfo=LOCAL))
    raise_one(sqlite_cast, number, "SF-" + S)
    sqlite_cast.clock.set(datetime(2026, 11, 25, 10, 0, tzinfo=LOCAL))
    with sqlite_cast.store.write() as session:
        put_right(session)
    sqlite_cast.tell()
    assert "supervision_urge" in [mark for mark, _ in sqlite_cast.notices(number)]


def clock_of(cast: Cast, element: str) -> Deadline:
    with cast.store.read() as session:
        return session.scalars(select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))).one()


def test_each_rung_has_its_own_time_to_reply(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    assert clock_of(sqlite_cast, "reply").stage == "sup_reply_urge"
    for rung in ("supervise", "yellow", "red"):
        sqlite_cast.do(number, "reply", done=False, reason="忙", plan="明日")
        sqlite_cast.do(number, "judge", verdict="next")
        assert clock_of(sqlite_cast, "reply").stage == f"sup_reply_{rung}"


@pytest.mark.parametrize(
    ("raised", "due", "climbs"),
    [
        (datetime(2026, 2, 12, 10, tzinfo=LOCAL), "2026-02-24T17:30", "2026-02-25T09:00"),
        (datetime(2026, 2, 26, 10, tzinfo=LOCAL), "2026-03-02T17:30", "2026-03-03T09:00"),
        (datetime(2026, 12, 30, 10, tzinfo=LOCAL), "2027-01-05T17:30", "2027-01-06T09:00"),
    ],
    ids=["over the Spring Festival and a make-up Saturday", "over a make-up Saturday", "over the year's end"],
)
def test_a_reply_has_three_working_days_and_the_rung_climbs_when_offices_open_next(
    sqlite_cast: Cast, raised: datetime, due: str, climbs: str
) -> None:
    sqlite_cast.clock.set(raised)
    supervised(sqlite_cast, Rung.SUPERVISE)
    row = clock_of(sqlite_cast, "reply")
    assert row.grace_at is not None
    assert row.due_at.astimezone(LOCAL).isoformat() == f"{due}:00+08:00"
    assert row.grace_at.astimezone(LOCAL).isoformat() == f"{climbs}:00+08:00"
