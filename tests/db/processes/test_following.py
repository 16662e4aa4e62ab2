"""Following a case instead of reporting it again; what a report form knows beforehand; a person's own lists."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.errors import NotAllowedNow, NotFound
from engine.trail.entries import TrailEntry
from processes.cases import routing, tasks
from processes.cases.following import follow, followers_of
from tests.cast import C2, G2, S2, C, Cast, G, S, V


def followed(cast: Cast, number: str, staff_no: str = "G-" + G, words: str | None = "我也看到了") -> None:
    with cast.store.write() as session:
        follow(session, cast(staff_no), number, words)


def settle(cast: Cast, number: str) -> None:
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="self_handle", measures="已劝和")
    cast.do(number, "check", ok=True, finding="属实")
    cast.tell()


def test_a_follower_is_told_when_the_case_is_closed(cast: Cast) -> None:
    number = cast.report().case.number
    followed(cast, number, "VA-" + V)
    settle(cast, number)
    assert ("followed_closed", cast("VA-" + V).staff_id) in cast.notices(number)


def test_following_twice_counts_once_and_stands_once_in_the_trail(cast: Cast) -> None:
    number = cast.report().case.number
    followed(cast, number)
    followed(cast, number)
    case = cast.case(number)
    assert case.followers == 1
    with cast.store.read() as session:
        assert [row.staff_id for row in followers_of(session, case)] == [cast.grid.staff_id]
        entries = session.scalars(select(TrailEntry).where(TrailEntry.action == "case:case:follow")).all()
        assert len(entries) == 1
        assert "我也看到了" not in entries[0].body.decode()


def test_a_case_out_of_sight_cannot_be_followed_by_its_number(cast: Cast) -> None:
    number = cast.report().case.number
    with pytest.raises(NotFound):
        followed(cast, number, "G-" + G2)
    restricted = cast.report(restricted=True).case.number
    with pytest.raises(NotFound):
        followed(cast, restricted, "VA-" + V)


def test_an_ended_case_cannot_be_followed(cast: Cast) -> None:
    number = cast.report(source="patrol", parties=[]).case.number
    cast.do(number, "verify", result="decline", reason="不属实")
    with pytest.raises(NotAllowedNow):
        followed(cast, number)


def test_nobody_is_told_by_post_of_a_case_that_became_restricted(cast: Cast) -> None:
    number = cast.report().case.number
    followed(cast, number, "VA-" + V)
    cast.do(number, "verify", result="accept", restricted=True)
    cast.do(number, "act", outcome="self_handle", measures="已劝和")
    cast.do(number, "check", ok=True, finding="属实")
    cast.tell()
    assert "followed_closed" not in {mark for mark, _ in cast.notices(number)}


def test_the_route_says_who_will_receive_the_report_and_who_does(sqlite_cast: Cast) -> None:
    for staff_no, place in (("C-" + C, C), ("G-" + G, C2), ("VA-" + V, V), ("SB-" + S, V), ("A-511302-police", C)):
        actor = sqlite_cast(staff_no)
        with sqlite_cast.store.read() as session:
            route = routing.route(session, actor, place)
        number = sqlite_cast.report(actor, place_unit=place).case.number
        item = sqlite_cast.items(number, "verify")[0]
        assert (item.unit_id, item.role) == (route.first.id, route.role), staff_no


def test_places_come_nearest_first_and_end_at_the_own_subdistrict(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.read() as session:
        found = routing.places(session, sqlite_cast.grid)
        assert [each.unit.code for each in found if each.nearness == 0] == [G, C, C2]
        assert {each.unit.code for each in found if each.nearness == 1} == {V, G2}
        assert not any(each.unit.code.startswith(S2) for each in found)
        assert routing.home_of(session, sqlite_cast.cell).code == C


def test_my_tasks_are_what_lies_at_my_posts_the_most_pressing_first(sqlite_cast: Cast) -> None:
    late = sqlite_cast.report().case.number
    sqlite_cast.pass_time(timedelta(hours=1))
    fresh = sqlite_cast.report(urgency="extra", title="另一件事").case.number
    with sqlite_cast.store.read() as session:
        found = tasks.tasks(session, sqlite_cast.grid)
        assert {task.case.number for task in found} == {late, fresh}
        assert [task.due_at for task in found] == sorted(task.due_at for task in found if task.due_at)
        assert all(task.holder is None and not task.is_mine for task in found)
        assert {action.code for action in found[0].actions} >= {"accept_case", "decline"}
        assert tasks.tasks(session, sqlite_cast("G-" + G2)) == []


def test_my_reports_are_listed_with_what_i_follow(sqlite_cast: Cast) -> None:
    mine = sqlite_cast.report(sqlite_cast.grid).case.number
    theirs = sqlite_cast.report(sqlite_cast.cell).case.number
    followed(sqlite_cast, theirs)
    with sqlite_cast.store.read() as session:
        found = {each.case.number: each.own for each in tasks.reported(session, sqlite_cast.grid)}
    assert found == {mine: True, theirs: False}
