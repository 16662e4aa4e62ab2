"""Whistles over HTTP: call, ask, answer with the form of the page, leave, figures; and the pages that show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from engine.network.people import issue_token
from processes.access import read_case
from tests.cast import CENTRE, Cast, D, G, S
from tests.db.processes.test_whistles import HOUSING, POLICE, act, called, handled, take_part
from tests.story.server import Town, serving
from web.pages import act_view
from web.pages.act_view import ActView

BODY = {"departments": [POLICE, HOUSING], "reason": "joint_enforcement", "words": "请带执法记录仪"}


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def test_a_dispatcher_calls_departments_once_for_a_key(sqlite_cast: Cast, town: Town) -> None:
    number = handled(sqlite_cast)
    caller = town.client("SC-" + S)
    first = caller.post(f"/cases/{number}/whistles", BODY, key="one")
    assert first.status_code == 201
    assert caller.post(f"/cases/{number}/whistles", BODY, key="one").json() == first.json()
    again = caller.post(f"/cases/{number}/whistles", BODY)
    assert (again.status_code, again.json()["code"]) == (409, "whistle_refused")
    (whistle,) = caller.get(f"/cases/{number}/whistles").json()["whistles"]
    assert [part["part"] for part in whistle["departments"]] == ["called", "called"]
    assert whistle["reason"]["zh"] == "综合执法"


@pytest.mark.parametrize("wrong", [{"reason": "convenience"}, {"departments": []}, {"words": ""}])
def test_a_whistle_has_one_of_three_reasons_some_department_and_words(
    sqlite_cast: Cast, town: Town, wrong: dict[str, object]
) -> None:
    number = handled(sqlite_cast)
    assert town.client("SC-" + S).post(f"/cases/{number}/whistles", {**BODY, **wrong}).status_code == 422


def test_a_grid_may_not_call_but_may_ask(sqlite_cast: Cast, town: Town) -> None:
    number = handled(sqlite_cast)
    grid = town.client("G-" + G)
    assert grid.post(f"/cases/{number}/whistles", BODY).status_code == 403
    assert grid.post(f"/cases/{number}/whistle-requests", {"words": "请公安到场"}).status_code == 201
    assert town.client("SC-" + S).post(f"/cases/{number}/whistle-requests", {"words": "请"}).status_code == 403
    assert town.client("C-" + CENTRE).post(f"/cases/{number}/whistles", BODY).status_code == 201


def test_nobody_whistles_for_a_settled_case(sqlite_cast: Cast, town: Town) -> None:
    number = handled(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已好")
    refused = town.client("SC-" + S).post(f"/cases/{number}/whistles", BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_allowed_now")


def test_leaving_is_refused_in_words_until_it_is_allowed(sqlite_cast: Cast, town: Town) -> None:
    number = called(sqlite_cast, POLICE)
    police, caller = town.client("A-" + POLICE), town.client("SC-" + S)
    (whistle,) = police.get(f"/cases/{number}/whistles").json()["whistles"]
    address = f"/cases/{number}/whistles/{whistle['id']}"
    assert police.post(f"{address}/departure", {}).json()["code"] == "must_stay"
    take_part(sqlite_cast, number, POLICE)
    assert caller.post(f"{address}/departure", {}).status_code == 403
    assert caller.post(f"{address}/breaches", {"unit": POLICE}).status_code == 201
    act(sqlite_cast, number, "dismiss", S, finished=True)
    assert police.post(f"{address}/departure", {}).status_code == 200
    assert caller.post(f"{address}/breaches", {"unit": POLICE}).json()["code"] == "no_breach"
    assert police.post(f"/cases/{number}/whistles/999/departure", {}).status_code == 404


def test_rates_are_for_those_whose_work_whistles_are(sqlite_cast: Cast, town: Town) -> None:
    called(sqlite_cast, POLICE)
    sqlite_cast.pass_time(timedelta(minutes=1))
    found = town.client("QF-" + D).get("/whistles/rates").json()
    assert found["callers"][0]["whistles"] == 1
    assert [(row["unit"]["code"], row["called"]) for row in found["departments"]] == [(POLICE, 1)]
    assert town.client("SA-" + S).get("/whistles/rates").status_code == 403


def form_of(cast: Cast, number: str, staff_no: str, code: str) -> ActView:
    with cast.store.read() as session:
        actor = cast(staff_no)
        return act_view.load(session, actor, read_case(session, actor, number), code, "标题")


def test_the_forms_offer_the_departments_that_can_be_called(sqlite_cast: Cast) -> None:
    number = handled(sqlite_cast)
    form = form_of(sqlite_cast, number, "SC-" + S, "whistle")
    assert form.address == f"/api/v1/cases/{number}/whistles"
    units = next(field for field in form.fields if field.name == "departments")
    assert {POLICE, f"{D}-law_firm"} <= {choice.value for choice in units.choices}
    assert (units.control, units.required) == ("units", True)
    assert form.fixed == [("unit", S, "")]


def test_the_form_of_dismissal_proposes_whom_was_called_and_the_rating_has_a_row_for_each(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, HOUSING)
    for code in (POLICE, HOUSING):
        take_part(cast, number, code)
    departments = next(
        field for field in form_of(cast, number, "SC-" + S, "dismiss").fields if field.name == "data.departments"
    )
    assert departments.needed_when == "data.finished:false"
    assert {choice.value for choice in departments.choices[:2]} == {POLICE, HOUSING}
    act(cast, number, "dismiss", S, finished=True)
    (ratings,) = form_of(cast, number, "SC-" + S, "rate_departments").fields
    assert [row.fields[0].value for row in ratings.fields] == [POLICE, HOUSING]
    assert [part.name for part in ratings.fields[1].fields] == [
        "data.ratings.1.unit",
        "data.ratings.1.score",
        "data.ratings.1.words",
    ]


def shown(town: Town, cast: Cast, staff_no: str, path: str) -> tuple[int, str]:
    """A page by its address, as the person sees it."""
    with cast.store.write() as session:
        token = issue_token(session, staff_no)
    answer = requests.get(town.base + path, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return answer.status_code, re.sub(r"\s+", " ", answer.text)


def test_the_case_and_the_list_of_whistles_say_where_each_department_stands(sqlite_cast: Cast, town: Town) -> None:
    cast = sqlite_cast
    number = called(cast, POLICE, HOUSING)
    take_part(cast, number, POLICE)
    for path in (f"/cases/{number}", "/whistles", "/whistles?days=90"):
        status, text = shown(town, cast, "SC-" + S, path)
        assert status == 200
        assert "已反馈，待销哨" in text
        assert "待应哨" in text
        assert ("/breaches" in text) == path.startswith("/cases")
    assert shown(town, cast, "A-" + POLICE, "/whistles")[0] == 200
    status, text = shown(town, cast, "A-" + POLICE, f"/cases/{number}")
    assert status == 200
    assert "/breaches" not in text
    assert shown(town, cast, "SA-" + S, "/whistles")[0] == 403
