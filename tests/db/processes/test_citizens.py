"""A citizen's case in plain steps: they never go back, every state has its place, and promises follow the clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.sign_in.attempts import Attempt
from processes.cases.changing import rate
from processes.cases.reporting import tracking_code
from processes.citizens import admission, reporting
from processes.citizens.admission import TooManyAtOnce, WrongCode
from processes.citizens.matters import MATTERS
from processes.citizens.reporting import Story
from processes.citizens.tracking import STEP_AT, Step, Tracked, track
from processes.codes import ENDED, State
from tests.cast import Cast, S, V

ORDER = list(Step)


def report(cast: Cast, **changes: object) -> str:
    with cast.store.write() as session:
        story = Story(**{"matter": "neighbours", "place": V, "text": "围墙要倒了", **changes})  # type: ignore[arg-type]
        return reporting.report(session, cast.district_id, story).number


def tracked(cast: Cast, number: str) -> Tracked:
    with cast.store.read() as session:
        return track(session, session.merge(cast.case(number)))


def test_every_state_has_a_step_or_has_left_the_way():
    assert set(State) - set(STEP_AT) == ENDED - {State.ARCHIVED}


def test_steps_never_go_back_on_a_long_way_until_it_is_opened_again(cast: Cast):
    number = report(cast)
    seen = [tracked(cast, number)]

    def then(element: str, **data: object) -> None:
        cast.do(number, element, **data)
        seen.append(tracked(cast, number))

    then("verify", result="accept")
    then("act", outcome="refer_up", reason="解决不了")
    then("accept", outcome="accept")
    then("act", outcome="assign", target=V, deadline="2026-11-30T17:00:00+08:00", reason="就近办理")
    then("accept", outcome="accept")
    then("act", outcome="self_handle", measures="已加固")
    then("confirm", ok=True, opinion="同意")
    then("check", ok=True, finding="已看过")
    places = [ORDER.index(each.step) for each in seen if each.step]
    assert places == sorted(places)
    assert [step for step, at in seen[-1].reached.items() if at] == ORDER[:-1]
    assert seen[-1].can == {"rate"}
    with cast.store.write() as session:
        rate(session, number, tracking_code(session, number), "unsatisfied", "墙又裂了")
    again = tracked(cast, number)
    assert (again.step, again.reopened, again.rating) == (Step.HANDLING, True, None)


def test_the_promise_is_of_acceptance_then_of_the_whole_then_of_rating(cast: Cast):
    number = report(cast)
    first = tracked(cast, number).promise
    assert first
    assert (first.about, first.late) == ("accept", False)
    cast.do(number, "verify", result="accept")
    second = tracked(cast, number).promise
    assert second
    assert second.about == "settle"
    cast.clock.advance(timedelta(days=60))
    late = tracked(cast, number).promise
    assert late
    assert late.late


def test_a_grid_is_named_with_its_village(cast: Cast):
    number = cast.report().case.number
    found = tracked(cast, number)
    assert [unit.name for unit in found.holder] == ["冯家寺社区", "第一网格"]
    assert found.place.name == "冯家寺社区"
    assert found.title == ""  # staff wrote it down


def test_every_matter_makes_a_report_that_the_form_takes(cast: Cast):
    for matter in MATTERS:
        case = cast.case(report(cast, matter=matter.code, place=S))
        assert case.kind == matter.kind


def test_a_long_story_gets_a_short_title(cast: Cast):
    for text, title in (
        ("围墙要倒了！请来看看", "围墙要倒了"),
        ("一" * 200, "一" * 29 + "…"),
        ("。。。还有别的", "。。。还有别的"),
    ):
        assert tracked(cast, report(cast, text=text)).title == title


def test_attempts_of_others_do_not_vanish_with_a_right_code(cast: Cast):
    reported = cast.report()
    number = reported.case.number
    with cast.store.write() as session:
        for _ in range(3):
            admission.count_code(session, number, "one")
        with pytest.raises(WrongCode):
            admission.admit(session, number, "WRONG", "one")
        admission.admit(session, number, str(reported.tracking_code), "one")
        session.flush()
        rows = {row.scope: row.count for row in session.query(Attempt)}
    assert rows == {"citizen_address": 2}


def test_a_whole_district_is_shielded_from_machines_at_many_addresses(cast: Cast):
    with cast.store.write() as session:
        for at in range(300):
            admission.count_report(session, cast.district_id, f"address {at}")
        with pytest.raises(TooManyAtOnce):
            admission.count_report(session, cast.district_id, "one more")
