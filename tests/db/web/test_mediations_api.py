"""Mediation over real HTTP: begun, seen, handed over, filed by the court; its forms and its desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from processes import access
from tests.cast import Cast, D, G, S, V
from tests.db.processes.test_mediations import appoint, consent, guide, hold, in_hand, in_session, mediate, sign
from tests.story.server import Town, serving
from web.pages import act_view


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def page(town: Town, path: str, staff_no: str) -> str:
    """A page as somebody sees it."""
    headers = {"Authorization": town.client(staff_no)._headers["Authorization"]}
    return requests.get(town.base + path, headers=headers, timeout=10).text


def test_a_handler_begins_a_mediation_and_everybody_at_the_committee_sees_it(sqlite_cast: Cast, town: Town) -> None:
    number = in_hand(sqlite_cast)
    grid = town.client("G-" + G)
    offered = grid.get(f"/cases/{number}/mediations/committees").json()["committees"]
    assert offered[0] == {
        "unit": {"code": V, "name": "冯家寺社区", "level": "village"},
        "kind": {"code": "people", "zh": "人民调解", "en": "people's mediation"},
    }
    begun = grid.done(f"/cases/{number}/mediations", {"committee": V})
    assert (begun["kind"]["code"], begun["origin"]) == ("people", "act")
    (seen,) = town.client("VD-" + V).get(f"/cases/{number}/mediations").json()["mediations"]
    assert (seen["element"], seen["sessions"], seen["outcome"]) == ("consent", [], None)
    assert grid.post(f"/cases/{number}/mediations", {"committee": V}).status_code == 403


def test_what_cannot_be_mediated_so_is_refused_with_a_reason(sqlite_cast: Cast, town: Town) -> None:
    number = in_hand(sqlite_cast)
    grid = town.client("G-" + G)
    refused = grid.post(f"/cases/{number}/mediations", {"committee": f"{D}-command"})
    assert (refused.status_code, refused.json()["code"]) == (409, "mediation_refused")
    assert grid.post(f"/cases/{number}/mediations", {"committee": "999999"}).status_code == 404
    assert grid.post(f"/cases/{number}/mediations", {"committee": V, "suit": "long"}).status_code == 422


def test_a_mediation_with_its_agreement_is_told_in_full(sqlite_cast: Cast, town: Town) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "agreed")
    sign(sqlite_cast, number)
    (seen,) = town.client("G-" + G).get(f"/cases/{number}/mediations").json()["mediations"]
    assert (seen["outcome"], seen["mediator"], seen["route"]) == ("agreed", "VD-" + V, "mediate")
    assert (seen["agreement"]["number"], seen["agreement"]["signatures"]) == (f"{number}-T1", 2)
    assert seen["sessions"][0]["result"] == "agreed"


def test_a_mediator_hands_over_and_others_do_not(sqlite_cast: Cast, town: Town) -> None:
    number = in_session(sqlite_cast)
    (seen,) = town.client("VD-" + V).get(f"/cases/{number}/mediations").json()["mediations"]
    address = f"/cases/{number}/mediations/{seen['id']}/hand-over"
    body = {"committee": S, "reason": "村里调不下来"}
    assert town.client("G-" + G).post(address, body).status_code == 403
    handed = town.client("VD-" + V).done(address, body)
    assert handed["origin"] == "hand_over"
    assert town.client("VD-" + V).post(address, body).status_code == 409
    both = town.client("SG-" + S).get(f"/cases/{number}/mediations").json()["mediations"]
    assert [each["outcome"] for each in both] == [None, "handed_over"]


def test_the_court_files_a_matter_before_a_suit(sqlite_cast: Cast, town: Town) -> None:
    body = {"title": "借款纠纷", "text": "欠款", "parties": [{"name": "王五"}, {"name": "赵六"}], "place_unit": V}
    assert town.client("G-" + G).post("/court/mediations", body).status_code == 403
    court = town.client(f"A-{D}-court")
    filed = court.done("/court/mediations", {**body, "committee": f"{D}-law_firm"})
    assert (filed["kind"]["code"], filed["origin"]) == ("professional", "court")
    assert court.get(f"/cases/{filed['case']}/mediations").json()["mediations"][0]["element"] == "consent"
    assert court.post("/court/mediations", {**body, "parties": []}).status_code == 422


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("take_consent", {"all_willing", "unwilling", "how", "asked_on", "protection", "words"}),
        ("appoint_mediator", {"mediator", "conflict_checked", "with_lawyer", "lawyer"}),
        ("record_session", {"result", "held_on", "attending", "record", "with_expert", "files"}),
        ("guide", {"way", "told_on", "route", "words"}),
        ("agree", {"result", "oral", "facts", "terms", "perform_by", "signers", "sealed", "route", "words"}),
    ],
)
def test_each_form_asks_for_what_its_step_needs(sqlite_cast: Cast, code: str, fields: set[str]) -> None:
    cast = sqlite_cast
    number = in_hand(cast)
    mediate(cast, number)
    who = {"take_consent": "VA-", "appoint_mediator": "VC-"}.get(code, "VD-") + V
    if code != "take_consent":
        consent(cast, number)
    if code not in {"take_consent", "appoint_mediator"}:
        appoint(cast, number)
    if code in {"guide", "agree"}:
        hold(cast, number, "failed" if code == "guide" else "agreed")
    with cast.store.read() as session:
        actor = cast(who)
        form = act_view.load(session, actor, access.read_case(session, actor, number), code, "标题")
        assert {field.name.removeprefix("data.") for field in form.fields} == fields
        if code == "appoint_mediator":
            (mediator,) = [field for field in form.fields if field.name == "data.mediator"]
            assert [choice.value for choice in mediator.choices] == ["VD-" + V]


def test_the_form_that_begins_a_mediation_offers_the_committees(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with sqlite_cast.store.read() as session:
        actor = sqlite_cast.grid
        form = act_view.load(session, actor, access.read_case(session, actor, number), "mediate", "标题")
        assert form.address == f"/api/v1/cases/{number}/mediations"
        assert form.fields[0].choices[0].value == V


def test_the_desk_shows_the_own_committees_mediations_by_step(sqlite_cast: Cast, town: Town) -> None:
    number = in_session(sqlite_cast)
    shown = page(town, "/mediations", "VD-" + V)
    assert number in shown
    assert "围墙纠纷" in shown
    assert number not in page(town, "/mediations?state=ended", "VD-" + V)
    assert number not in page(town, "/mediations", "SG-" + S)
    hold(sqlite_cast, number, "failed")
    guide(sqlite_cast, number)
    assert number in page(town, "/mediations?state=ended", "VD-" + V)


def test_what_was_said_is_shown_to_the_committee_and_the_owner_only(sqlite_cast: Cast, town: Town) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "again")
    for staff_no, reads in (("VD-" + V, True), ("G-" + G, True), ("SE-" + S, False)):
        assert ("双方各退一步" in page(town, f"/cases/{number}", staff_no)) is reads


def test_the_courts_form_is_for_the_court(sqlite_cast: Cast, town: Town) -> None:
    assert "诉前调解登记" in page(town, "/mediations/court", f"A-{D}-court")
    assert "data-act" not in page(town, "/mediations/court", f"A-{D}-police")
