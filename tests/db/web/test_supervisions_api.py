"""Supervision over HTTP: one case, many cases, points; and the forms of the upper rungs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine.trail import entries
from processes.access import read_case
from processes.codes import Rung
from tests.cast import Cast, D, S
from tests.db.processes.test_consultations import POLICE, consulted, give
from tests.db.processes.test_supervisions import climbed, hold_interview, supervised
from tests.story.server import Town, serving
from web.pages import act_view, case_view
from web.pages.act_view import ActView

COMMANDER = f"A-{D}-command"


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as opened:
        yield opened


def form_of(cast: Cast, number: str, staff_no: str, code: str) -> ActView:
    with cast.store.read() as session:
        actor = cast(staff_no)
        return act_view.load(session, actor, read_case(session, actor, number), code, "标题")


def test_many_cases_are_urged_at_once_each_with_its_own_result(sqlite_cast: Cast, town: Town) -> None:
    numbers = [sqlite_cast.report().case.number for _ in range(2)]
    body = {"cases": [*numbers, "511302-20261124-99999"], "rung": "supervise"}
    supervisor = town.client("SF-" + S)
    results = supervisor.done("/supervisions/bulk", body)["results"]
    assert [(row["case"], row["ok"]) for row in results] == [
        (numbers[0], True),
        (numbers[1], True),
        (body["cases"][2], False),
    ]
    again = supervisor.done("/supervisions/bulk", body)["results"]
    assert [row["problem"]["code"] for row in again] == ["already_supervised", "already_supervised", "not_found"]
    assert supervisor.post("/supervisions/bulk", {"cases": numbers, "rung": "yellow"}).status_code == 422


def test_a_commander_begins_with_a_card_a_supervisor_does_not(sqlite_cast: Cast, town: Town) -> None:
    number = sqlite_cast.report().case.number
    at = f"/cases/{number}/supervisions"
    assert town.client("SF-" + S).post(at, {"rung": "yellow"}).status_code == 403
    assert town.client(COMMANDER).post(at, {"rung": "red"}).status_code == 422
    assert town.client(COMMANDER).post(at, {"rung": "yellow"}).status_code == 201
    (rung,) = form_of(sqlite_cast, number, "SF-" + S, "supervise").fields
    assert [choice.value for choice in rung.choices] == ["urge", "supervise"]
    (rung,) = form_of(sqlite_cast, number, COMMANDER, "supervise").fields
    assert [choice.value for choice in rung.choices] == ["urge", "supervise", "yellow"]


def test_an_administrator_sets_points_and_nobody_else(sqlite_cast: Cast, town: Town) -> None:
    admin = town.client("QH-" + D)
    assert admin.put("/admin/points", {"yellow": 3, "interview": 15}).status_code == 200
    points = town.client("SF-" + S).get("/supervisions/points").json()["points"]
    assert {row["rung"]["code"]: row["points"] for row in points} == {
        "urge": 0, "supervise": 0, "yellow": 3, "red": 10, "interview": 15, "account": 0,
    }  # fmt: skip
    assert admin.put("/admin/points", {"yellow": 101}).status_code == 422
    assert town.client("SF-" + S).put("/admin/points", {"yellow": 0}).status_code == 403
    with sqlite_cast.store.read() as session:
        found = entries.entries_of(session, sqlite_cast.district_id, "points")
        assert [entry.action for entry in found] == ["admin:points:set"]
        assert json.loads(found[0].body)["data"] == {"yellow": 3, "interview": 15}


def test_a_judge_is_told_what_the_next_rung_takes_off(sqlite_cast: Cast) -> None:
    number = climbed(sqlite_cast, Rung.SUPERVISE)
    sqlite_cast.do(number, "reply", done=False, reason="忙", plan="明日")
    fields = {field.name: field for field in form_of(sqlite_cast, number, "SF-" + S, "judge").fields}
    assert fields["data.points"].help == "下一级为黄牌，规定扣 5 分；不填按规定。"


def test_the_upper_rungs_have_forms_and_stand_in_the_answer(sqlite_cast: Cast, town: Town) -> None:
    number = climbed(sqlite_cast, Rung.INTERVIEW)
    form = form_of(sqlite_cast, number, "SE-" + S, "hold_interview")
    assert [field.name for field in form.fields] == ["data.held_on", "data.present", "data.minutes", "data.files"]
    assert form.fields[0].latest == "2026-11-24"
    hold_interview(sqlite_cast, number)
    form = form_of(sqlite_cast, number, COMMANDER, "report_account")
    adopted = next(field for field in form.fields if field.name == "data.adopted")
    assert [choice.label for choice in adopted.choices] == ["已采纳", "未采纳"]
    (row,) = town.client("SF-" + S).get(f"/cases/{number}/supervisions").json()["supervisions"]
    assert row["rung"]["zh"] == "问责建议"
    assert [(each["kind"], each["held_on"]) for each in row["meetings"]] == [("interview", "2026-11-24")]


def test_a_case_names_the_rung_it_has_come_to(sqlite_cast: Cast) -> None:
    number = supervised(sqlite_cast)
    actor = sqlite_cast("SF-" + S)
    with sqlite_cast.store.read() as session:
        (shown,) = case_view.load(session, actor, read_case(session, actor, number)).supervisions
    assert (shown.rung, shown.tone, shown.subject) == (Rung.URGE, "warn", None)


def test_a_silent_unit_is_named_as_the_one_that_answers(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast, POLICE)
    give(sqlite_cast, number, "police")
    sqlite_cast.pass_time(timedelta(days=16))  # nobody holds the meeting, twice
    actor = sqlite_cast("QE-" + D)
    with sqlite_cast.store.read() as session:
        shown = case_view.load(session, actor, read_case(session, actor, number)).supervisions
    assert [each.subject.code for each in shown if each.subject is not None] == [S]
