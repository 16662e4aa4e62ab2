"""The activity log: entered, counted, struck out, linked; a meeting opens a case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine.errors import Forbidden, Invalid, NotFound
from engine.trail.entries import entries_of
from processes.activities import operations, reading
from processes.activities.codes import ActivityKind, Tag
from processes.activities.models import Activity
from processes.activities.operations import ActivityStruck, Entry, OpensNoCase
from processes.reconcile import reconcile
from tests.cast import CENTRE, COVERS, QUARREL, Cast, D, S, V

DESK, LEADER = "A-" + CENTRE, "B-" + CENTRE


def held(cast: Cast, staff_no: str = DESK, **changes: Any) -> Activity:
    given: dict[str, Any] = {"kind": ActivityKind.PUBLICITY, "title": "反诈宣传", "unit": CENTRE}
    with cast.store.write() as session:
        today = session.env.clock.now().date()
        return operations.record(session, cast(staff_no), Entry(**{**given, "held_on": today, **changes}))


def struck(cast: Cast, row: Activity, staff_no: str = DESK, reason: str = "登记有误") -> None:
    with cast.store.write() as session:
        actor = cast(staff_no)
        operations.strike(session, actor, operations.find(session, actor, row.id), reason)


def counts(cast: Cast, *conditions: Any) -> dict[ActivityKind, int]:
    with cast.store.read() as session:
        found = reading.counts(session, cast.district_id, *conditions)
        return {kind: count.amount for kind, count in found.items()}


def test_amounts_add_up_by_kind_and_what_is_struck_out_does_not_count(cast: Cast) -> None:
    held(cast, amount=12, people=300, tags=(Tag.SPREAD, Tag.SPREAD))
    held(cast, amount=8)
    wrong = held(cast, kind=ActivityKind.COVENANT, amount=160)
    held(cast, kind=ActivityKind.COVENANT, amount=16)
    struck(cast, wrong)
    assert counts(cast) == {ActivityKind.PUBLICITY: 20, ActivityKind.COVENANT: 16}
    with cast.store.read() as session:
        rows, total = reading.listed(session, cast(DESK), reading.Wanted())
        assert total == 4
        assert [row.struck_why for row in rows if row.struck_at] == ["登记有误"]
        actions = [entry.action for entry in entries_of(session, cast.district_id, f"activity:{wrong.id}")]
        assert actions == ["activity:entry:record", "activity:entry:strike"]
        assert reconcile(session, cast.district_id) == []


def test_an_activity_belongs_to_who_held_it_and_to_where_it_was_held(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    held(cast, place=V)
    held(cast)
    with cast.store.read() as session:
        for code, many in ((V, 1), (S, 1), (CENTRE, 2), (D, 2), (COVERS[CENTRE][1], 0)):
            wanted = reading.Wanted(under=cast.unit(code))
            assert reading.listed(session, cast(DESK), wanted)[1] == many, code


def test_only_staff_of_the_unit_enter_and_only_they_or_their_leaders_strike_out(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    for staff_no in ("VA-" + V, "QH-" + D):
        with pytest.raises(Forbidden):
            held(cast, staff_no)
    row = held(cast)
    with pytest.raises(Forbidden):
        struck(cast, row, "VA-" + V)
    struck(cast, row, "QE-" + D)
    with pytest.raises(ActivityStruck):
        struck(cast, row)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " 宣 "}, "title"),
        ({"held_on": date(2027, 1, 1)}, "held_on"),
        ({"held_on": date(2020, 1, 1)}, "held_on"),
        ({"until": date(2026, 12, 1)}, "until"),
        ({"kind": ActivityKind.CAMPAIGN, "until": date(2026, 1, 1)}, "until"),
        ({"amount": 0}, "amount"),
        ({"people": -1}, "people"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(sqlite_cast: Cast, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        held(sqlite_cast, **changes)
    assert [each["loc"] for each in refused.value.errors] == [field]


def test_a_meeting_opens_a_case_and_a_trial_does_not(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    meeting = held(cast, kind=ActivityKind.MEETING, title="民情恳谈会", place=V)
    trial = held(cast, kind=ActivityKind.TRIAL, title="巡回庭审")
    with cast.store.write() as session:
        actor = cast(DESK)
        reported = operations.open_case(session, actor, operations.find(session, actor, meeting.id), QUARREL)
        linked = reading.cases_of(session, actor, meeting)
        assert [(case.number, opened) for case, opened in linked] == [(reported.case.number, True)]
        with pytest.raises(OpensNoCase):
            operations.open_case(session, actor, operations.find(session, actor, trial.id), QUARREL)
    with cast.store.read() as session:
        told = [entry.action for entry in entries_of(session, cast.district_id, reported.case.number)]
        assert "activity:case:link" in told


def test_a_campaign_gathers_cases_each_once_and_only_those_that_one_may_read(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    campaign = held(cast, kind=ActivityKind.CAMPAIGN, title="雷霆行动", until=date(2026, 12, 31), unit=CENTRE)
    number = cast.report(cast(DESK)).case.number
    hidden = cast.report(restricted=True).case.number
    with cast.store.write() as session:
        actor = cast(DESK)
        row = operations.find(session, actor, campaign.id)
        operations.link(session, actor, row, number)
        operations.link(session, actor, row, number)
        with pytest.raises(NotFound):
            operations.link(session, actor, row, hidden)
        assert len(reading.cases_of(session, actor, row)) == 1
        assert reading.cases_of(session, cast("VA-" + COVERS[CENTRE][1] + "001"), row) == []


def test_a_campaign_counts_in_the_period_in_which_it_began(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    with cast.store.read() as session:
        today = session.env.clock.now().date()
    held(cast, kind=ActivityKind.CAMPAIGN, held_on=today - timedelta(days=40), until=today, title="护旗行动")
    assert counts(cast, Activity.held_on >= today - timedelta(days=30)) == {}
    assert counts(cast) == {ActivityKind.CAMPAIGN: 1}
