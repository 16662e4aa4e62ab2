"""The pages of bulletins and activities, as each kind of person gets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from engine.network.units import by_code
from processes.activities import operations
from processes.activities.codes import ActivityKind
from processes.activities.operations import Entry
from processes.bulletins import issuing
from processes.bulletins.periods import PeriodKind, period_of
from tests.cast import CENTRE, Cast, D, G, S, V
from tests.db.web.test_front_desk_pages import page
from tests.story.server import Town, serving

DAY = date(2026, 11, 24)


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    sqlite_cast.report(restricted=True, type="labour")
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def held(cast: Cast, title: str, kind: ActivityKind = ActivityKind.MEETING) -> int:
    with cast.store.write() as session:
        return operations.record(session, cast(f"A-{CENTRE}"), Entry(kind, title, DAY, CENTRE, place=V)).id


def test_a_leader_reads_the_bulletin_and_issues_it(town: Town, sqlite_cast: Cast) -> None:
    status, text = page(town, f"B-{CENTRE}", "/bulletin?period=year")
    assert status == 200
    assert "临江新区法务服务中心运行简报" in text
    assert 'data-act="/api/v1/bulletins"' in text
    assert "&lt;5" in text
    assert f"unit={CENTRE}&amp;period=year&amp;begin=2026-01-01&amp;format=docx" in text
    status, text = page(town, f"SF-{S}", "/bulletin")
    assert (status, 'data-act="/api/v1/bulletins"' in text) == (200, False)
    for staff, path, refused in ((f"VA-{V}", "/bulletin", 403), (f"VC-{V}", f"/bulletin?unit={D}", 404)):
        assert page(town, staff, path)[0] == refused


def test_an_edition_is_shown_as_it_was_issued_with_the_root_of_the_trail(town: Town, sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        unit = by_code(session, S)
        assert unit is not None
        row = issuing.issue(session, sqlite_cast(f"SE-{S}"), unit, period_of(PeriodKind.MONTH, DAY))
    status, text = page(town, f"SE-{S}", f"/bulletin?edition={row.id}")
    assert (status, row.root in text, f"/api/v1/bulletins/{row.id}/file?format=pdf" in text) == (200, True, True)
    assert 'data-act="/api/v1/bulletins"' not in text


@pytest.mark.parametrize("asked", ["period=week", "begin=tomorrow", "period=range&begin=2026-11-20&end=2020-01-01"])
def test_an_address_that_makes_no_sense_shows_a_period_that_does(town: Town, asked: str) -> None:
    assert page(town, f"QE-{D}", f"/bulletin?{asked}")[0] == 200


def test_activities_are_listed_and_opened_by_everybody_and_entered_by_staff(town: Town, sqlite_cast: Cast) -> None:
    meeting = held(sqlite_cast, "民情恳谈会")
    status, text = page(town, f"VA-{V}", f"/activities?kind=meeting&under={V}&begin=2026-11-01")
    assert (status, "民情恳谈会" in text) == (200, True)
    assert "民情恳谈会" not in page(town, f"VA-{V}", "/activities?kind=trial")[1]
    assert page(town, f"G-{G}", "/activities/new")[0] == 200
    assert page(town, f"QH-{D}", "/activities/new")[0] == 403
    desk, village = (page(town, staff, f"/activities/{meeting}")[1] for staff in (f"A-{CENTRE}", f"VA-{V}"))
    assert ('id="open-case"' in desk, 'id="strike"' in desk) == (True, True)
    assert ('id="open-case"' in village, 'id="strike"' in village) == (False, False)
    assert page(town, f"VA-{V}", "/activities/999")[0] == 404
