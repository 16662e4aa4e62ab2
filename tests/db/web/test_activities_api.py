"""The activity log over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cast import CENTRE, QUARREL, Cast, S, V
from tests.story.server import Town, serving

DAY = "2026-11-24"


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def test_an_activity_is_entered_once_listed_counted_and_struck_out(town: Town) -> None:
    desk = town.client("A-" + CENTRE)
    body = {"kind": "publicity", "title": "法律进企业", "held_on": DAY, "amount": 3, "tags": ["spread"], "place": S}
    made = desk.post("/activities", body, key="one").json()
    assert desk.post("/activities", body, key="one").json() == made
    found = desk.get("/activities", kind="publicity", begin=DAY, end=DAY, under=S).json()
    assert (found["total"], found["counts"][0]["amount"]) == (1, 3)
    assert found["activities"][0]["unit"]["code"] == CENTRE
    assert town.client("VA-" + V).post(f"/activities/{made['id']}/strike", {"reason": "不对"}).status_code == 403
    desk.done(f"/activities/{made['id']}/strike", {"reason": "重复登记"})
    one = desk.get(f"/activities/{made['id']}").json()
    assert (one["struck_why"], one["cases"]) == ("重复登记", [])
    assert desk.get("/activities").json()["counts"] == []


def test_a_case_is_opened_from_a_meeting_and_linked_to_another(town: Town) -> None:
    desk = town.client("A-" + CENTRE)
    meeting = desk.done("/activities", {"kind": "meeting", "title": "民情恳谈", "held_on": DAY})["id"]
    number = desk.done(f"/activities/{meeting}/cases", QUARREL)["number"]
    other = desk.done("/activities", {"kind": "campaign", "title": "磐石行动", "held_on": DAY, "until": "2026-12-31"})
    desk.done(f"/activities/{other['id']}/links", {"case": number})
    assert desk.get(f"/activities/{other['id']}").json()["cases"] == [{"case": number, "opened": False}]
    refused = desk.post(f"/activities/{meeting}/cases", {**QUARREL, "kind": "nothing"})
    assert refused.status_code == 422


def test_places_are_found_by_name_and_strangers_find_nothing(town: Town) -> None:
    desk = town.client("A-" + CENTRE)
    assert [each["code"] for each in desk.get("/activities/places", q="冯家寺").json()["units"]][:1] == [V]
    assert CENTRE in {each["code"] for each in desk.get("/activities/places").json()["units"]}
    network = desk.get("/activities/places", kinds="network").json()["units"]
    assert CENTRE not in {each["code"] for each in network}
    assert town.nobody.get("/activities").status_code == 401
    assert desk.get("/activities/999").status_code == 404
    assert desk.get("/activities", under="511399").status_code == 404
