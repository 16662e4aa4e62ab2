"""吹哨报到: three reasons, answer, arrive, work together, nobody leaves before it is done; silence is supervised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from engine import runtime
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, Invalid, NotFound
from engine.network.people import by_staff_no
from engine.worklist import ItemClosed
from processes import attachments
from processes.access import hold_case, read_case
from processes.cases.handling import TravelRefused
from processes.codes import WhistleReason
from processes.procedures.models import Procedure
from processes.supervisions.models import Supervision
from processes.whistles import figures
from processes.whistles.calling import Calling, WhistleRefused, ask, whistle
from processes.whistles.calls import part_of
from processes.whistles.leaving import MustStay, NoBreach, depart, left_early
from processes.whistles.models import Whistle, WhistleCall
from tests.cast import CENTRE, S2, Cast, D, S, V

POLICE, HOUSING, LABOUR, LAWYERS = (f"{D}-{slug}" for slug in ("police", "housing", "labour", "law_firm"))
CALLER = "SC-" + S
NEAR = {"lng": 106.1, "lat": 30.8}


def handled(cast: Cast, **changes: Any) -> str:
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    return number


def asked(cast: Cast) -> str:
    """A grid has asked its centre to whistle; so the centre sees the case."""
    number = handled(cast)
    with cast.store.write() as session:
        ask(session, cast.grid, hold_case(session, cast.grid, number), "请公安到场")
    return number


def called(cast: Cast, *codes: str, reason: WhistleReason = WhistleReason.BEYOND_MEANS, **changes: Any) -> str:
    number = handled(cast, **changes)
    blow(cast, number, *codes or (POLICE, HOUSING), reason=reason)
    return number


def blow(
    cast: Cast,
    number: str,
    *codes: str,
    reason: WhistleReason = WhistleReason.BEYOND_MEANS,
    by: str = CALLER,
    unit: str | None = None,
) -> int:
    with cast.store.write() as session:
        actor = cast(by)
        case = hold_case(session, actor, number)
        return whistle(session, actor, case, Calling(codes, reason, "围墙倒塌，请到场", unit)).id


def photo(cast: Cast, number: str, by: str) -> str:
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    with cast.store.write() as session:
        actor = cast(by)
        return str(attachments.attach(session, actor, read_case(session, actor, number), "p.png", out.getvalue()).id)


def act(cast: Cast, number: str, element: str, code: str, **data: Any) -> None:
    """Complete the item of `element` at one unit."""
    unit_id = cast.unit(code).id
    item = next(each for each in cast.items(number, element) if each.unit_id == unit_id)
    with cast.store.write() as session:
        runtime.complete(session, cast.holder(item), item.id, data)


def arrive(cast: Cast, number: str, code: str) -> None:
    act(cast, number, "arrive", code, files=[photo(cast, number, "A-" + code)], position=NEAR)


def take_part(cast: Cast, number: str, code: str) -> None:
    act(cast, number, "answer", code, coming=True, people="王五 13800000000")
    arrive(cast, number, code)
    act(cast, number, "work", code, measures="已加固围墙")


def the_call(cast: Cast, code: str) -> WhistleCall:
    """The latest part of a department."""
    with cast.store.read() as session:
        query = select(WhistleCall).where(WhistleCall.unit_id == cast.unit(code).id)
        return session.scalars(query.order_by(WhistleCall.id.desc())).first()  # type: ignore[return-value] # there is one


def procedures(cast: Cast) -> list[tuple[str | None, str | None]]:
    """(outcome, stage) of each procedure."""
    with cast.store.read() as session:
        return [(row.outcome, row.stage) for row in session.scalars(select(Procedure).order_by(Procedure.id))]


def clock(cast: Cast, element: str, code: str) -> Deadline:
    with cast.store.read() as session:
        query = select(Deadline).where(
            Deadline.element == element, Deadline.unit_id == cast.unit(code).id, Deadline.closed_at.is_(None)
        )
        return session.scalars(query).one()


def marks(cast: Cast, number: str, staff_no: str) -> list[str]:
    """What one person was told."""
    cast.tell()
    with cast.store.read() as session:
        staff_id = by_staff_no(session, staff_no).id
    return [mark for mark, told_id in cast.notices(number) if told_id == staff_id]


def silence_of(cast: Cast, code: str) -> Supervision | None:
    with cast.store.read() as session:
        return session.scalars(select(Supervision).where(Supervision.subject_id == cast.unit(code).id)).first()


def act_stage(cast: Cast) -> str:
    with cast.store.read() as session:
        return session.scalars(
            select(Deadline.stage).where(Deadline.element == "act", Deadline.closed_at.is_(None))
        ).one()


# -- the whole way


def test_departments_answer_arrive_work_are_dismissed_and_rated(cast: Cast) -> None:
    number = called(cast)
    assert act_stage(cast) == "handle_complex"
    for code in (POLICE, HOUSING):
        take_part(cast, number, code)
    act(cast, number, "dismiss", S, finished=True)
    ratings = [{"unit": POLICE, "score": 5, "words": "来得快"}, {"unit": HOUSING, "score": 3}]
    act(cast, number, "rate_each", S, ratings=ratings)
    assert procedures(cast) == [("done", "handle_complex")]
    assert [the_call(cast, code).score for code in (POLICE, HOUSING)] == [5, 3]
    assert act_stage(cast) == "conclude"
    assert not cast.case(number).links
    cast.do(number, "act", outcome="self_handle", measures="围墙已加固")
    assert cast.case(number).state == "checking"


def test_everybody_is_told_once(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    take_part(cast, number, POLICE)
    act(cast, number, "dismiss", S, finished=True)
    act(cast, number, "rate_each", S, ratings=[{"unit": POLICE, "score": 4}])
    assert marks(cast, number, "A-" + POLICE) == ["whistled", "whistle_dismissed"]
    assert marks(cast, number, "B-" + POLICE) == ["whistle_rated"]
    assert marks(cast, number, CALLER) == ["whistle_coming", "whistle_arrived", "whistle_fed_back"]
    assert marks(cast, number, "G-" + V + "001").count("whistle_over") == 1


def test_one_department_leaves_the_time_of_the_case_as_it_is(sqlite_cast: Cast) -> None:
    called(sqlite_cast, POLICE)
    assert act_stage(sqlite_cast) == "handle"


def test_the_case_cannot_be_settled_before_the_whistle_is_over(sqlite_cast: Cast) -> None:
    number = called(sqlite_cast, POLICE)
    with pytest.raises(TravelRefused):
        sqlite_cast.do(number, "act", outcome="self_handle", measures="已好")


# -- who may call, and whom


def test_a_centre_calls_for_what_it_covers_and_the_district_for_all(sqlite_cast: Cast) -> None:
    number = asked(sqlite_cast)
    blow(sqlite_cast, number, POLICE, by="C-" + CENTRE)
    blow(sqlite_cast, number, HOUSING, by="QC-" + D)
    with sqlite_cast.store.read() as session:
        first, second = session.scalars(select(Procedure).order_by(Procedure.id))
        assert first.unit_id == sqlite_cast.unit(CENTRE).id
        assert second.unit_id == sqlite_cast.unit(D).id
        assert second.previous_id == first.id
    assert {item.unit_id for item in sqlite_cast.items(number, "answer")} == {
        sqlite_cast.unit(POLICE).id,
        sqlite_cast.unit(HOUSING).id,
    }


def test_a_department_that_holds_the_case_calls_others(sqlite_cast: Cast) -> None:
    number = handled(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="transfer", target=HOUSING, reason="归口")
    act(sqlite_cast, number, "accept", HOUSING, outcome="accept")
    blow(sqlite_cast, number, POLICE, by="B-" + HOUSING)
    with pytest.raises(WhistleRefused, match="it is the caller"):
        blow(sqlite_cast, number, HOUSING, by="B-" + HOUSING)
    with pytest.raises(WhistleRefused, match="it holds the case"):
        blow(sqlite_cast, number, HOUSING, by="QC-" + D)


@pytest.mark.parametrize("by", ["SC-" + S, "C-" + CENTRE])
def test_a_unit_named_by_the_caller_must_be_one_of_its_own(sqlite_cast: Cast, by: str) -> None:
    number = asked(sqlite_cast)
    with pytest.raises(Forbidden):
        blow(sqlite_cast, number, POLICE, by=by, unit=D)


@pytest.mark.parametrize("code", [S, V, CENTRE, "511302-nobody"])
def test_only_departments_and_third_parties_are_called(sqlite_cast: Cast, code: str) -> None:
    number = handled(sqlite_cast)
    with pytest.raises(Invalid):
        blow(sqlite_cast, number, code)
    blow(sqlite_cast, number, LAWYERS)


def test_nobody_is_called_twice_and_a_department_added_later_is_a_second_whistle(sqlite_cast: Cast) -> None:
    number = called(sqlite_cast, POLICE, POLICE)
    assert len(sqlite_cast.items(number, "answer")) == 1
    with pytest.raises(WhistleRefused, match="called already"):
        blow(sqlite_cast, number, POLICE, HOUSING)
    blow(sqlite_cast, number, HOUSING)
    assert procedures(sqlite_cast) == [(None, None), (None, None)]


def test_a_called_department_reads_the_case_and_others_do_not(sqlite_cast: Cast) -> None:
    number = called(sqlite_cast, POLICE)
    with sqlite_cast.store.read() as session:
        assert read_case(session, sqlite_cast("A-" + POLICE), number)
        with pytest.raises(NotFound):
            read_case(session, sqlite_cast("A-" + LABOUR), number)


def test_of_a_restricted_case_only_leaders_act(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report(restricted=True).case.number
    sqlite_cast.do(number, "verify", result="accept", restricted=True)
    sqlite_cast.do(number, "act", outcome="refer_up", target=S, reason="越级：情况紧急")
    sqlite_cast.do(number, "accept", outcome="accept")
    blow(sqlite_cast, number, POLICE, by="SE-" + S)
    (item,) = sqlite_cast.items(number, "answer")
    assert item.role == "leader"
    assert marks(sqlite_cast, number, "A-" + POLICE) == []
    assert marks(sqlite_cast, number, "B-" + POLICE) == ["whistled"]


def test_a_grid_asks_the_centre_that_covers_it(sqlite_cast: Cast) -> None:
    number = asked(sqlite_cast)
    assert marks(sqlite_cast, number, "C-" + CENTRE) == ["whistle_asked"]
    assert marks(sqlite_cast, number, CALLER) == []


# -- refusals


def refused(cast: Cast) -> str:
    number = called(cast, POLICE)
    act(cast, number, "answer", POLICE, coming=False, reason="不属本部门职责")
    return number


def test_a_refusal_needs_its_reason_and_may_be_ruled_right(sqlite_cast: Cast) -> None:
    number = called(sqlite_cast, POLICE)
    with pytest.raises(Invalid):
        act(sqlite_cast, number, "answer", POLICE, coming=False)
    act(sqlite_cast, number, "answer", POLICE, coming=False, reason="不属本部门职责")
    act(sqlite_cast, number, "rule_refusal", D, must_come=False, reason="确不属其职责")
    call = the_call(sqlite_cast, POLICE)
    assert (call.ruling, call.released_at is not None, part_of(call)) == ("released", True, "released")
    assert marks(sqlite_cast, number, "A-" + POLICE)[-1] == "whistle_released"
    act(sqlite_cast, number, "dismiss", S, finished=True)
    assert marks(sqlite_cast, number, "A-" + POLICE).count("whistle_dismissed") == 0


def test_a_ruling_makes_it_come(sqlite_cast: Cast) -> None:
    number = refused(sqlite_cast)
    act(sqlite_cast, number, "rule_refusal", D, must_come=True, reason="属其职责")
    assert the_call(sqlite_cast, POLICE).ruling == "must_come"
    assert len(sqlite_cast.items(number, "arrive")) == 1


def test_silence_on_a_refusal_means_that_it_must_come(sqlite_cast: Cast) -> None:
    number = refused(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=7))
    assert the_call(sqlite_cast, POLICE).ruling == "must_come"
    assert marks(sqlite_cast, number, "A-" + POLICE).count("whistle_must_come") == 1


def test_two_refusals_are_ruled_on_side_by_side(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, HOUSING)
    for code in (POLICE, HOUSING):
        act(cast, number, "answer", code, coming=False, reason="不属本部门职责")
    act(cast, number, "rule_refusal", D, must_come=False, reason="确不属其职责")
    act(cast, number, "rule_refusal", D, must_come=True, reason="属其职责")
    assert {the_call(cast, code).ruling for code in (POLICE, HOUSING)} == {"released", "must_come"}
    assert len(cast.items(number, "arrive")) == 1


# -- clocks and silence


def test_an_emergency_has_thirty_minutes_whatever_the_case_says(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, reason=WhistleReason.EMERGENCY)
    answer = clock(cast, "answer", POLICE)
    assert (answer.due_at - answer.started_at) == timedelta(minutes=10)
    assert marks(cast, number, "B-" + POLICE) == ["whistled"]  # its leader too
    act(cast, number, "answer", POLICE, coming=True)
    row = clock(cast, "arrive", POLICE)
    assert (row.stage, row.due_at - row.started_at) == ("whistle_arrive_emergency", timedelta(minutes=30))
    cast.pass_time(timedelta(minutes=29))
    arrive(cast, number, POLICE)
    assert the_call(cast, POLICE).arrived_late is False


def test_an_urgent_case_has_its_own_clocks(sqlite_cast: Cast) -> None:
    called(sqlite_cast, POLICE, urgency="urgent")
    row = clock(sqlite_cast, "answer", POLICE)
    assert (row.stage, row.due_at - row.started_at) == ("whistle_answer", timedelta(minutes=30))


def test_silence_is_told_to_the_district_supervised_and_counts_as_coming(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, reason=WhistleReason.EMERGENCY)
    cast.pass_time(timedelta(minutes=21))
    call = the_call(cast, POLICE)
    assert call.silent_at is not None
    assert call.answered_late
    raised = silence_of(cast, POLICE)
    assert raised is not None
    assert (raised.origin, raised.rung, raised.issuer_id) == ("silence", "supervise", cast.unit(D).id)
    assert len(cast.items(number, "arrive")) == 1
    assert marks(cast, number, "QE-" + D).count("whistle_silent") == 1
    assert marks(cast, number, CALLER).count("whistle_silent") == 1
    cast.do(number, "reply", done=True)
    cast.do(number, "judge", verdict="lift")
    arrive(cast, number, POLICE)


def test_who_does_not_arrive_is_supervised_and_the_step_stays(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, reason=WhistleReason.EMERGENCY)
    act(cast, number, "answer", POLICE, coming=True)
    cast.pass_time(timedelta(minutes=61))
    assert silence_of(cast, POLICE) is not None
    (item,) = cast.items(number, "arrive")
    cast.do(number, "reply", done=False, reason="堵车", plan="马上")
    cast.do(number, "judge", verdict="lift")
    assert clock(cast, "arrive", POLICE).stage == "conclude"
    assert [each.id for each in cast.items(number, "arrive")] == [item.id]
    arrive(cast, number, POLICE)
    assert the_call(cast, POLICE).arrived_late is True


def test_who_does_not_feed_back_is_supervised_and_the_step_stays(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, reason=WhistleReason.EMERGENCY)
    act(cast, number, "answer", POLICE, coming=True)
    arrive(cast, number, POLICE)
    cast.pass_time(timedelta(days=5))
    assert silence_of(cast, POLICE) is not None
    act(cast, number, "work", POLICE, measures="已处置")
    assert len(cast.items(number, "dismiss")) == 1


def test_two_silent_departments_are_held_side_by_side(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, HOUSING, reason=WhistleReason.EMERGENCY)
    cast.pass_time(timedelta(hours=3))
    assert {silence_of(cast, code) is not None for code in (POLICE, HOUSING)} == {True}
    for code in (POLICE, HOUSING):
        arrive(cast, number, code)
        act(cast, number, "work", code, measures="已处置")
    assert len(cast.items(number, "dismiss")) == 1


def test_who_is_not_dismissed_may_go_unrated_and_the_leader_of_the_caller_is_told(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    take_part(cast, number, POLICE)
    cast.pass_time(timedelta(days=10))
    assert procedures(cast) == [("unclosed", None)]
    assert the_call(cast, POLICE).released_at is not None
    assert the_call(cast, POLICE).score is None
    assert marks(cast, number, "SE-" + S).count("whistle_unclosed") == 1


def test_silence_on_the_rating_ends_the_whistle_unrated(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    take_part(cast, number, POLICE)
    act(cast, number, "dismiss", S, finished=True)
    cast.pass_time(timedelta(days=10))
    assert procedures(cast) == [("unrated", None)]
    assert marks(cast, number, "SE-" + S).count("whistle_unrated") == 1
    assert cast.items(number, "rate_each") == []


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 2, 13, 7, tzinfo=UTC), datetime(2026, 2, 14, 9, 30, tzinfo=UTC)),  # Saturday is made up
        (datetime(2026, 9, 30, 7, tzinfo=UTC), datetime(2026, 10, 8, 9, 30, tzinfo=UTC)),  # over National Day
        (datetime(2026, 12, 31, 7, tzinfo=UTC), datetime(2027, 1, 4, 9, 30, tzinfo=UTC)),  # over the year's end
    ],
)
def test_a_working_day_to_arrive_skips_what_the_calendar_skips(sqlite_cast: Cast, now: datetime, due: datetime) -> None:
    sqlite_cast.clock.set(now)
    number = called(sqlite_cast, POLICE)
    act(sqlite_cast, number, "answer", POLICE, coming=True)
    assert clock(sqlite_cast, "arrive", POLICE).due_at == due


def test_thirty_minutes_are_thirty_minutes_on_a_holiday_too(sqlite_cast: Cast) -> None:
    sqlite_cast.clock.set(datetime(2026, 10, 2, 18, tzinfo=UTC))
    number = called(sqlite_cast, POLICE, reason=WhistleReason.EMERGENCY)
    act(sqlite_cast, number, "answer", POLICE, coming=True)
    row = clock(sqlite_cast, "arrive", POLICE)
    assert row.due_at - row.started_at == timedelta(minutes=30)


# -- arrival, leaving


def test_an_arrival_shows_where_and_with_a_photo_of_this_case(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    other = handled(cast)
    number = called(cast, POLICE)
    act(cast, number, "answer", POLICE, coming=True)
    foreign, own = photo(cast, other, "G-" + V + "001"), photo(cast, number, "A-" + POLICE)
    for wrong in (
        {"position": NEAR},
        {"position": NEAR, "files": []},
        {"position": NEAR, "files": [foreign]},
        {"files": [own]},
    ):
        with pytest.raises(Invalid):
            act(cast, number, "arrive", POLICE, **wrong)
    act(cast, number, "arrive", POLICE, files=[own], no_position="地下室无信号")
    call = the_call(cast, POLICE)
    assert (call.lng, call.arrived_at is not None) == (None, True)


def leave(cast: Cast, number: str, by: str, which: int = -1) -> None:
    with cast.store.write() as session:
        actor = cast(by)
        case = hold_case(session, actor, number)
        rows = session.scalars(select(Procedure).order_by(Procedure.id)).all()
        depart(session, actor, case, rows[which])


def test_nobody_leaves_before_it_is_fed_back_and_dismissed(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    for step, why in (
        (lambda: act(cast, number, "answer", POLICE, coming=True), "has not arrived"),
        (lambda: arrive(cast, number, POLICE), "feed back first"),
        (lambda: act(cast, number, "work", POLICE, measures="已处置"), "not dismissed"),
    ):
        step()
        with pytest.raises(MustStay, match=why):
            leave(cast, number, "A-" + POLICE)
    act(cast, number, "dismiss", S, finished=True)
    with pytest.raises(Forbidden):
        leave(cast, number, CALLER)
    leave(cast, number, "A-" + POLICE)
    assert part_of(the_call(cast, POLICE)) == "left"
    with pytest.raises(MustStay, match="left already"):
        leave(cast, number, "A-" + POLICE)


def breach(cast: Cast, number: str, by: str, code: str) -> None:
    with cast.store.write() as session:
        actor = cast(by)
        case = hold_case(session, actor, number)
        left_early(session, actor, case, session.scalars(select(Procedure)).one(), code)


def test_leaving_early_is_a_recorded_breach_told_to_the_district(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    act(cast, number, "answer", POLICE, coming=True)
    with pytest.raises(NoBreach, match="has not arrived"):
        breach(cast, number, CALLER, POLICE)
    arrive(cast, number, POLICE)
    with pytest.raises(Forbidden):
        breach(cast, number, "A-" + POLICE, POLICE)
    breach(cast, number, CALLER, POLICE)
    with pytest.raises(NoBreach, match="already"):
        breach(cast, number, CALLER, POLICE)
    assert marks(cast, number, "QE-" + D) == ["whistle_left_early"]
    assert marks(cast, number, "B-" + POLICE) == ["whistle_left_early"]
    act(cast, number, "work", POLICE, measures="回来后处置")  # it is not let off
    act(cast, number, "dismiss", S, finished=True)


# -- once more, and the end of the case


def test_again_calls_those_still_needed_anew_and_all_are_rated_at_the_end(cast: Cast) -> None:
    number = called(cast, POLICE, HOUSING)
    for code in (POLICE, HOUSING):
        take_part(cast, number, code)
    with pytest.raises(Invalid):
        act(cast, number, "dismiss", S, finished=False, notes="还有一段")
    act(cast, number, "dismiss", S, finished=False, departments=[HOUSING, LABOUR], notes="还有一段")
    assert procedures(cast) == [("again", "handle_complex"), (None, "handle_complex")]
    with cast.store.read() as session:
        first, second = session.scalars(select(Whistle).order_by(Whistle.procedure_id))
        assert (first.again, second.again, second.reason) == (True, False, first.reason)
    with pytest.raises(MustStay, match="called again"):
        leave(cast, number, "A-" + HOUSING, 0)
    leave(cast, number, "A-" + POLICE, 0)
    for code in (HOUSING, LABOUR):
        take_part(cast, number, code)
    act(cast, number, "dismiss", S, finished=True)
    scores = [{"unit": code, "score": 4} for code in (HOUSING, LABOUR)]
    with pytest.raises(Invalid):
        act(cast, number, "rate_each", S, ratings=scores)
    act(cast, number, "rate_each", S, ratings=[*scores, {"unit": POLICE, "score": 5}])
    assert {the_call(cast, code).score for code in (POLICE, HOUSING, LABOUR)} == {4, 5}
    assert procedures(cast)[-1] == ("done", "handle_complex")


def test_again_with_a_department_of_another_whistle_is_refused(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    blow(cast, number, HOUSING)
    take_part(cast, number, POLICE)
    with pytest.raises(WhistleRefused):
        act(cast, number, "dismiss", S, finished=False, departments=[HOUSING], notes="还有")
    act(cast, number, "dismiss", S, finished=False, departments=[POLICE], notes="还有")


def test_a_department_is_rated_once_and_none_twice(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    take_part(cast, number, POLICE)
    act(cast, number, "dismiss", S, finished=True)
    for wrong in (
        [{"unit": POLICE, "score": 5}, {"unit": POLICE, "score": 1}],
        [{"unit": HOUSING, "score": 5}],
        [{"unit": POLICE, "score": 6}],
    ):
        with pytest.raises(Invalid):
            act(cast, number, "rate_each", S, ratings=wrong)


def test_a_withdrawn_case_ends_its_whistle_and_tells_who_worked_on_it(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    (item,) = cast.items(number, "answer")
    with cast.store.write() as session:
        instance_id = cast.case(number).instance_id
        assert instance_id is not None
        runtime.deliver(session, cast.cell, instance_id, "withdraw", {})
    assert procedures(cast) == [("case_ended", None)]
    assert marks(cast, number, "A-" + POLICE) == ["whistled", "procedure_ended"]
    with pytest.raises(ItemClosed), cast.store.write() as session:
        runtime.complete(session, cast("A-" + POLICE), item.id, {"coming": True})


def test_the_whistle_stays_with_its_caller_when_the_case_moves(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    cast.do(number, "act", outcome="refer_up", reason="两家都不让步")
    take_part(cast, number, POLICE)
    assert [item.unit_id for item in cast.items(number, "dismiss")] == [cast.unit(S).id]


def test_state_does_not_grow_with_what_happens_beside(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE)
    act(cast, number, "answer", POLICE, coming=True)
    with cast.store.read() as session:
        instance_id = session.scalars(select(Procedure.instance_id)).one()
        assert instance_id is not None
        before = runtime.inspect(session, instance_id).tasks
    for _ in range(3):
        cast.pass_time(timedelta(days=4))
        if cast.items(number, "reply"):
            cast.do(number, "reply", done=True)
        if cast.items(number, "judge"):
            cast.do(number, "judge", verdict="lift")
    with cast.store.read() as session:
        assert runtime.inspect(session, instance_id).tasks <= before


# -- figures


def test_rates_count_who_calls_and_how_departments_answer(cast: Cast) -> None:
    begin = cast.clock.now()
    number = called(cast, POLICE, HOUSING, reason=WhistleReason.EMERGENCY)
    handled(cast)
    take_part(cast, number, POLICE)
    cast.pass_time(timedelta(minutes=21))  # housing is silent
    arrive(cast, number, HOUSING)
    act(cast, number, "work", HOUSING, measures="已处置")
    act(cast, number, "dismiss", S, finished=True)
    act(cast, number, "rate_each", S, ratings=[{"unit": POLICE, "score": 5}, {"unit": HOUSING, "score": 2}])
    with cast.store.read() as session:
        found = figures.rates(session, cast.district_id, begin, cast.clock.now() + timedelta(hours=1))
        later = figures.rates(session, cast.district_id, cast.clock.now(), cast.clock.now() + timedelta(hours=1))
    callers = {row.unit_id: row for row in found.callers}
    own = callers[cast.unit(S).id]
    assert (own.whistles, own.held, own.rate) == (1, 2, 50)
    assert callers[cast.unit(CENTRE).id].held == 2
    assert cast.unit(S2).id not in callers
    police, housing = (
        next(row for row in found.departments if row.unit_id == cast.unit(code).id) for code in (POLICE, HOUSING)
    )
    assert (police.called, police.answered, police.arrived, police.silent, police.score) == (1, 1, 1, 0, 5.0)
    assert (housing.called, housing.answered, housing.silent, housing.score) == (1, 0, 1, 2.0)
    assert later.departments == []
