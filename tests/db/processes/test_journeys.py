"""Every way a case can take, with the real models."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime, vault
from engine.actors import Actor
from engine.deadlines.book import Deadline
from engine.errors import AlreadyTaken, Forbidden, Invalid, NotFound
from processes.cases.actions import allowed
from processes.cases.changing import withdraw
from processes.cases.closing import SelfCheck
from processes.cases.handling import TravelRefused
from processes.cases.models import Case, Stay
from processes.cases.reporting import report
from tests.cast import G2, QUARREL, S2, C, Cast, D, G, S, V

UP = {"outcome": "refer_up", "reason": "本级难以解决"}


def in_hand(cast: Cast, **changes: object) -> str:
    """A verified case in the hands of the first grid."""
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    return number


def up_to(cast: Cast, number: str, hops: int) -> None:
    for _ in range(hops):
        cast.do(number, "act", **UP)
        cast.do(number, "accept", outcome="accept")


def test_a_matter_settled_on_the_spot_needs_one_form(sqlite_cast: Cast) -> None:
    reported = sqlite_cast.report(settled=True, measures="当场劝和")
    assert reported.case.on_spot
    assert sqlite_cast.case(reported.case.number).state == "rating"


def test_a_patrolled_hazard_settled_on_the_spot_is_checked_by_the_village_and_closes_without_a_call(
    sqlite_cast: Cast,
) -> None:
    data = {**QUARREL, "kind": "hazard", "source": "patrol", "settled": True, "measures": "已清除"}
    with sqlite_cast.store.write() as session:
        number = report(session, sqlite_cast.cell, data).case.number
    item = sqlite_cast.items(number, "check")[0]
    assert item.unit_id == sqlite_cast.unit(V).id
    sqlite_cast.do(number, "check", ok=True, finding="确已清除")
    assert sqlite_cast.case(number).state == "archived"


def test_whatever_a_form_says_is_kept(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和", files=["7"])
    where = {"lng": 106.1, "lat": 30.8}
    sqlite_cast.do(number, "check", ok=True, finding="墙已退让", files=["9"], position=where)
    with sqlite_cast.store.read() as session:
        kept = [vault.open_text(session, row) for row in session.scalars(select(vault.SealedText))]
    assert {"measures": "已劝和", "files": ["7"]} in kept
    assert {"finding": "墙已退让", "files": ["9"], "position": where} in kept


def test_a_declined_report_ends_with_its_reason(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "verify", result="decline")
    sqlite_cast.do(number, "verify", result="decline", reason="已由法院受理")
    assert sqlite_cast.case(number).state == "declined"


def test_the_same_matter_is_merged_into_the_first_case(sqlite_cast: Cast) -> None:
    first, second = sqlite_cast.report().case.number, sqlite_cast.report().case.number
    with pytest.raises(Invalid):
        sqlite_cast.do(second, "verify", result="merge", main_case="511302-20200101-00001")
    sqlite_cast.do(second, "verify", result="merge", main_case=first)
    merged = sqlite_cast.case(second)
    assert (merged.state, merged.main_case_id) == ("merged", sqlite_cast.case(first).id)


def test_a_criminal_lead_goes_to_the_police_and_nowhere_but_to_justice(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast, kind="criminal")
    police = sqlite_cast.unit(f"{D}-police")
    assert sqlite_cast.case(number).owner_id == police.id
    sqlite_cast.do(number, "accept", outcome="accept")
    with pytest.raises(TravelRefused):
        sqlite_cast.do(number, "act", outcome="transfer", target=f"{D}-housing", reason="x")
    sqlite_cast.do(number, "act", outcome="transfer", target=f"{D}-procuratorate", reason="移送审查")
    assert sqlite_cast.case(number).state == "pending"


def test_a_level_is_skipped_only_with_a_reason_and_counted_apart(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="refer_up", target=S, reason="村里无人")
    with sqlite_cast.store.read() as session:
        stay = session.scalars(select(Stay).order_by(Stay.id.desc())).first()
        assert stay is not None
        assert (stay.skipped, stay.level) == (True, "subdistrict")


def test_a_case_is_assigned_only_down_the_own_subtree_and_before_its_overall_deadline(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    up_to(sqlite_cast, number, 2)
    soon = (sqlite_cast.clock.now() + timedelta(days=2)).isoformat()
    with pytest.raises(TravelRefused):
        sqlite_cast.do(number, "act", outcome="assign", target=S2, deadline=soon)
    late = (sqlite_cast.clock.now() + timedelta(days=60)).isoformat()
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "act", outcome="assign", target=V, deadline=late)
    with pytest.raises(NotFound):
        sqlite_cast.do(number, "act", outcome="assign", target="511302999", deadline=soon)
    sqlite_cast.do(number, "act", outcome="assign", target=G2, deadline=soon)
    assert sqlite_cast.case(number).owner_id == sqlite_cast.unit(G2).id


def test_an_assigner_confirms_the_report_back_or_wants_it_redone(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    up_to(sqlite_cast, number, 1)
    soon = (sqlite_cast.clock.now() + timedelta(days=2)).isoformat()
    sqlite_cast.do(number, "act", outcome="assign", target=G2, deadline=soon)
    sqlite_cast.do(number, "accept", outcome="accept")
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    assert sqlite_cast.case(number).state == "confirming"
    sqlite_cast.do(number, "confirm", ok=False, opinion="没有协议")
    assert sqlite_cast.case(number).state == "handling"
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已签协议")
    sqlite_cast.do(number, "confirm", ok=True)
    assert sqlite_cast.case(number).state == "checking"


def test_a_silent_assigner_loses_its_say(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    up_to(sqlite_cast, number, 1)
    soon = (sqlite_cast.clock.now() + timedelta(days=2)).isoformat()
    sqlite_cast.do(number, "act", outcome="assign", target=G2, deadline=soon)
    sqlite_cast.do(number, "accept", outcome="accept")
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    sqlite_cast.pass_time(timedelta(days=9))
    assert ("confirm_silent", sqlite_cast("SE-" + S).staff_id) in sqlite_cast.notices(number)
    assert sqlite_cast.items(number, "confirm") == []


def test_a_return_goes_to_the_sender_who_may_refuse_it_and_then_the_superior_rules(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", **UP)
    sqlite_cast.do(number, "accept", outcome="return", reason="应由网格办理")
    assert sqlite_cast.case(number).state == "returning"
    sqlite_cast.do(number, "consider_return", agree=False, opinion="网格办不了")
    assert sqlite_cast.case(number).state == "ruling"
    ruler = sqlite_cast.items(number, "rule")[0]
    assert ruler.unit_id == sqlite_cast.unit(S).id
    with pytest.raises(TravelRefused):
        sqlite_cast.do(number, "rule", target=S2, reason="x")
    sqlite_cast.do(number, "rule", target=V, reason="村里牵头")
    assert (sqlite_cast.case(number).state, sqlite_cast.case(number).owner_id) == ("pending", sqlite_cast.unit(V).id)


def test_an_agreed_return_goes_back_and_an_unanswered_one_to_a_ruling(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", **UP)
    sqlite_cast.do(number, "accept", outcome="return", reason="应由网格办理")
    sqlite_cast.do(number, "consider_return", agree=True)
    assert sqlite_cast.case(number).owner_id == sqlite_cast.unit(G).id
    sqlite_cast.do(number, "accept", outcome="accept")
    sqlite_cast.do(number, "act", **UP)
    sqlite_cast.do(number, "accept", outcome="return", reason="还是应由网格办理")
    sqlite_cast.pass_time(timedelta(days=2))
    assert sqlite_cast.case(number).state == "ruling"


def test_nobody_checks_their_own_work_and_three_failed_checks_go_up(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    for _ in range(3):
        sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
        item = sqlite_cast.items(number, "check")[0]
        with pytest.raises((SelfCheck, Forbidden)):
            sqlite_cast.do(number, "check", sqlite_cast.grid, ok=True, finding="好")
        assert item.unit_id == sqlite_cast.unit(V).id
        sqlite_cast.do(number, "check", ok=False, finding="还在吵")
        if sqlite_cast.items(number, "accept"):
            sqlite_cast.do(number, "accept", outcome="accept")
    assert sqlite_cast.case(number).owner_id == sqlite_cast.unit(V).id


def test_an_unsatisfied_citizen_reopens_the_case_once(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    for expected in ("handling", "archived"):
        sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
        sqlite_cast.do(number, "check", ok=True, finding="好")
        sqlite_cast.do(number, "callback", answer="unsatisfied", words="没解决")
        assert sqlite_cast.case(number).state == expected


def test_nobody_rates_within_a_week_and_the_case_is_archived(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    sqlite_cast.pass_time(timedelta(days=8))
    assert (sqlite_cast.case(number).state, sqlite_cast.case(number).rating) == ("archived", "unrated")


def test_an_unverified_report_moves_up(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    sqlite_cast.pass_time(timedelta(days=3))
    assert sqlite_cast.items(number, "verify")[0].unit_id == sqlite_cast.unit(V).id
    assert sqlite_cast.case(number).owner_id == sqlite_cast.unit(V).id


def test_silence_at_the_top_is_held_by_the_command_office_and_goes_on_when_that_ends(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    up_to(sqlite_cast, number, 3)
    sqlite_cast.pass_time(timedelta(days=20))
    assert [item.unit_id for item in sqlite_cast.items(number, "act")] == [sqlite_cast.unit(D).id]
    command = sqlite_cast.unit(f"{D}-command").id
    for _ in range(4):
        for item in sqlite_cast.items(number):
            if item.element == "reply":
                sqlite_cast.do(number, "reply", done=True)
        judged = [item for item in sqlite_cast.items(number, "judge") if item.unit_id == command]
        if judged:
            with sqlite_cast.store.write() as session:
                runtime.complete(session, sqlite_cast.holder(judged[0]), judged[0].id, {"verdict": "lift"})
            break
    with sqlite_cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == "act", Deadline.closed_at.is_(None))
        row = session.scalars(query).one()
        assert (row.stage, row.overdue_at) == ("conclude", None)


def test_too_much_travel_ends_in_a_ruling_that_binds(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    for _ in range(4):
        if sqlite_cast.case(number).state == "ruling":
            break
        sqlite_cast.do(number, "act", **UP)
        if sqlite_cast.case(number).state == "ruling":
            break
        sqlite_cast.do(number, "accept", outcome="accept")
        soon = (sqlite_cast.clock.now() + timedelta(hours=20)).isoformat()
        sqlite_cast.do(number, "act", outcome="assign", target=G, deadline=soon)
        if sqlite_cast.case(number).state != "ruling":
            sqlite_cast.do(number, "accept", outcome="accept")
    assert sqlite_cast.case(number).state == "ruling"
    sqlite_cast.do(number, "rule", target=V, reason="村里牵头，不得再转")
    sqlite_cast.do(number, "accept", outcome="accept")
    with pytest.raises(TravelRefused):
        sqlite_cast.do(number, "act", outcome="transfer", target=f"{D}-housing", reason="x")


def test_a_criminal_lead_bound_elsewhere_by_a_ruling_still_goes_to_the_police(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with sqlite_cast.store.write() as session:
        case = session.get_one(Case, sqlite_cast.case(number).id)
        case.kind, case.binding_unit_id = "criminal", case.owner_id
    with pytest.raises(TravelRefused, match="goes to the police"):
        sqlite_cast.do(number, "act", outcome="self_handle", measures="不归网格")
    with sqlite_cast.store.read() as session:
        case = session.get_one(Case, sqlite_cast.case(number).id)
        assert "transfer" in {action.code for action in allowed(session, sqlite_cast.grid, case)}
    sqlite_cast.do(number, "act", outcome="transfer", target=f"{D}-police", reason="刑事线索")
    sqlite_cast.do(number, "accept", outcome="accept")
    with pytest.raises(TravelRefused, match="a ruling has bound"):
        sqlite_cast.do(number, "act", outcome="transfer", target=f"{D}-court", reason="x")


def test_the_reporter_withdraws_but_no_criminal_lead(sqlite_cast: Cast) -> None:
    number, lead = in_hand(sqlite_cast), in_hand(sqlite_cast, kind="criminal")
    with sqlite_cast.store.write() as session:
        withdraw(session, sqlite_cast.cell, session.get_one(Case, sqlite_cast.case(number).id))
    assert sqlite_cast.case(number).state == "withdrawn"
    with pytest.raises(Forbidden), sqlite_cast.store.write() as session:
        withdraw(session, sqlite_cast.cell, session.get_one(Case, sqlite_cast.case(lead).id))


def test_two_handlers_take_the_same_item_and_the_second_is_told_who_was_first(cast: Cast) -> None:
    number = in_hand(cast)
    item = cast.items(number, "act")[0]
    other = cast("G-" + G2)
    with cast.store.write() as session:
        runtime.claim(session, cast.grid, item.id)
    stranger = Actor(other.ref, other.district_id, cast.grid.posts, other.staff_id)
    with pytest.raises(AlreadyTaken) as refused, cast.store.write() as session:
        runtime.complete(session, stranger, item.id, UP)
    assert refused.value.fields["by"] == "G-" + G


def test_a_place_outside_the_own_subdistrict_is_not_found(sqlite_cast: Cast) -> None:
    for place in (S2, "511302999"):
        with pytest.raises(NotFound):
            sqlite_cast.report(place_unit=place)
    assert sqlite_cast.report(place_unit=C).case.place_unit_id == sqlite_cast.unit(C).id
