"""Consultations over HTTP: call one, see it, finish a task; and the forms and the page that belong to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from processes.access import read_case
from tests.cast import CENTRE, Cast, D, S
from tests.db.processes.test_consultations import (
    CONVENER,
    HOUSING,
    POLICE,
    at_subdistrict,
    call,
    consulted,
    decide,
    decided,
    give,
    meet,
    task,
)
from tests.story.server import Town, serving
from web.pages import act_view, procedures
from web.pages.act_view import ActView

BODY = {"invited": [POLICE, HOUSING], "subject": "谁来牵头"}


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as opened:
        yield opened


def form_of(cast: Cast, number: str, staff_no: str, code: str) -> ActView:
    with cast.store.read() as session:
        actor = cast(staff_no)
        return act_view.load(session, actor, read_case(session, actor, number), code, "标题")


def test_a_dispatcher_calls_a_consultation_once_for_a_key(sqlite_cast: Cast, town: Town) -> None:
    number = at_subdistrict(sqlite_cast)
    convener, at = town.client(CONVENER), f"/cases/{number}/consultations"
    first = convener.post(at, BODY, key="one")
    assert first.status_code == 201
    assert convener.post(at, BODY, key="one").json() == first.json()
    again = convener.post(at, BODY)
    assert (again.status_code, again.json()["code"]) == (409, "consultation_refused")
    (row,) = convener.get(at).json()["consultations"]
    assert [(each["unit"]["code"], each["state"]) for each in row["opinions"]] == [
        (POLICE, "invited"),
        (HOUSING, "invited"),
    ]
    assert town.client("SB-" + S).post(at, BODY).status_code == 403
    assert town.nobody.post(at, BODY).status_code == 401


@pytest.mark.parametrize("wrong", [{"invited": []}, {"subject": ""}, {"invited": [S]}, {"more": 1}])
def test_a_wrong_invitation_is_refused(sqlite_cast: Cast, town: Town, wrong: dict[str, object]) -> None:
    number = at_subdistrict(sqlite_cast)
    assert town.client(CONVENER).post(f"/cases/{number}/consultations", {**BODY, **wrong}).status_code == 422


def test_a_unit_finishes_its_task_once(sqlite_cast: Cast, town: Town) -> None:
    number = decided(sqlite_cast)
    at = f"/cases/{number}/consultations/tasks/{task(sqlite_cast).id}/done"
    assert town.client(f"A-{D}-housing").post(at).status_code == 403
    police = town.client(f"A-{D}-police")
    assert police.post(at).status_code == 200
    assert police.post(at).json()["code"] == "task_done"
    assert police.post(f"/cases/{number}/consultations/tasks/999999/done").status_code == 404
    (row,) = police.get(f"/cases/{number}/consultations").json()["consultations"]
    assert row["lead"]["code"] == HOUSING
    assert [each["done_at"] is not None for each in row["tasks"]] == [True]


def test_the_forms_know_who_was_invited(sqlite_cast: Cast) -> None:
    number = at_subdistrict(sqlite_cast)
    offered = {field.name: field for field in form_of(sqlite_cast, number, CONVENER, "consult").fields}["invited"]
    assert POLICE in [choice.value for choice in offered.choices]
    assert CENTRE not in [choice.value for choice in offered.choices]
    call(sqlite_cast, number)
    give(sqlite_cast, number, "police")
    give(sqlite_cast, number, "housing")
    attendance = form_of(sqlite_cast, number, CONVENER, "hold_meeting").fields[1]
    assert [(part.name, part.value) for part in attendance.fields] == [
        ("data.attendance.0.unit", POLICE),
        ("data.attendance.0.present", True),
        ("data.attendance.1.unit", HOUSING),
        ("data.attendance.1.present", True),
    ]
    meet(sqlite_cast, number, POLICE)
    lead, tasks, _ = form_of(sqlite_cast, number, "SE-" + S, "form_decision").fields
    assert [choice.value for choice in lead.choices] == [POLICE, HOUSING, S]
    assert [(part.name, part.control, part.required) for part in tasks.fields] == [
        ("unit", "select", True),
        ("task", "area", True),
        ("due", "date", True),
    ]
    decide(sqlite_cast, number)
    form = form_of(sqlite_cast, number, "SB-" + S, "transfer")
    assert form.intro == "会商决定由housing牵头，单位已填好。"
    assert next(field for field in form.fields if field.name == "data.target").value == HOUSING


def test_the_page_of_the_case_tells_the_consultation(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast)
    give(sqlite_cast, number, "police")
    actor = sqlite_cast("SE-" + S)
    with sqlite_cast.store.read() as session:
        (card,) = procedures.load(session, actor, read_case(session, actor, number))
    assert card.detail.subject == "谁来牵头"
    assert [(each.state, each.opinion) for each in card.detail.opinions] == [
        ("已提交", "应由我局处理"),
        ("等待意见", ""),
    ]
