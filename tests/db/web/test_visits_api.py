"""The front desk over real HTTP: one screen, one number, each window its own people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from engine.access_log import Access
from tests.cast import CENTRE, Cast, D, S
from tests.db.processes.visiting import DESK, LEADER, VISITOR, furnish
from tests.story.server import Client, Town, serving

LAWYER, JUSTICE = f"A-{D}-law_firm", f"A-{D}-justice"


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    furnish(sqlite_cast)
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def received(town: Town, **changes: Any) -> str:
    answer = town.client(DESK).done(f"/centres/{CENTRE}/visits", {**VISITOR, **changes})
    return str(answer["number"])


def look(client: Client, number: str) -> Any:
    return client.get(f"/visits/{number}").json()


def test_a_visitor_is_received_served_told_and_rated(town: Town) -> None:
    number = received(town)
    desk, lawyer = town.client(DESK), town.client(LAWYER)
    seen = look(lawyer, number)
    assert seen["visitor"] == {"name": "王*明", "role": "applicant", "phone": "139****5678"}
    task = seen["windows"][0]["task"]
    lawyer.done(f"/visits/{number}/items/{task['id']}/claim")
    after = lawyer.done(f"/visits/{number}/items/{task['id']}/complete", {"data": {"result": "已答复"}})
    assert after["windows"][0]["outcome"]["code"] == "served"
    desk.done(f"/visits/{number}/items/{after['task']['id']}/complete", {"data": {"told": True, "rating": "satisfied"}})
    board = desk.get(f"/centres/{CENTRE}/visits").json()
    assert [one["number"] for one in board["closed"]] == [number]
    assert (board["waiting"], board["at_windows"], board["to_tell"]) == ([], [], [])


def test_the_same_key_gives_one_number(town: Town) -> None:
    desk = town.client(DESK)
    first, second = (desk.post(f"/centres/{CENTRE}/visits", VISITOR, key="morning").json() for _ in range(2))
    assert first == second
    assert len(desk.get(f"/centres/{CENTRE}/visits").json()["at_windows"]) == 1


def test_a_wrong_form_says_everything_at_once_and_gives_no_number(town: Town) -> None:
    answer = town.client(DESK).post(f"/centres/{CENTRE}/visits", {**VISITOR, "matter": "weather", "windows": []})
    assert answer.status_code == 422
    assert {error["loc"] for error in answer.json()["errors"]} == {"matter", "windows"}
    assert town.client(DESK).get(f"/centres/{CENTRE}/visits").json()["at_windows"] == []


def test_who_may_receive_and_who_sees_the_board(town: Town) -> None:
    for staff, status in ((LEADER, 403), (JUSTICE, 403), (f"QE-{D}", 403)):
        assert town.client(staff).post(f"/centres/{CENTRE}/visits", VISITOR).status_code == status
    for staff, status in ((DESK, 200), (LEADER, 200), (f"QE-{D}", 200), (JUSTICE, 403), (f"SA-{S}", 403)):
        assert town.client(staff).get(f"/centres/{CENTRE}/visits").status_code == status
    assert town.client(DESK).post(f"/centres/{S}/visits", VISITOR).status_code == 404


def test_a_window_of_others_is_not_yours(town: Town) -> None:
    number = received(town, windows=["01", "03"])
    tasks = {one["service"]: one["task"]["id"] for one in look(town.client(DESK), number)["windows"]}
    lawyer = town.client(LAWYER)
    path = f"/visits/{number}/items"
    assert lawyer.post(f"{path}/{tasks['notary']}/complete", {"data": {"result": "越权"}}).status_code == 403
    assert lawyer.post(f"{path}/999999/claim").status_code == 404
    assert town.client(f"SA-{S}").post(f"{path}/{tasks['advice']}/claim").status_code == 404


def test_tasks_of_visits_are_not_among_those_of_cases(town: Town) -> None:
    number = received(town)
    lawyer = town.client(LAWYER)
    task = look(lawyer, number)["windows"][0]["task"]["id"]
    lawyer.done(f"/visits/{number}/items/{task}/claim")
    for scope in ("unit", "mine"):
        assert lawyer.get(f"/work-items?scope={scope}").json()["items"] == []
    assert lawyer.post(f"/work-items/{task}/complete", {"data": {"result": "x"}}).status_code == 404


def test_a_case_of_the_same_number(town: Town) -> None:
    number = received(town)
    desk = town.client(DESK)
    assert town.client(LAWYER).post(f"/visits/{number}/case", {}).status_code == 403
    assert desk.done(f"/visits/{number}/case", {"title": "拖欠工资"}) == {"number": number, "state": "reported"}
    assert desk.get(f"/cases/{number}").json()["number"] == number
    again = desk.post(f"/visits/{number}/case", {})
    assert (again.status_code, again.json()["code"]) == (409, "already_a_case")
    assert look(desk, number)["case"]["state"] == "reported"
    assert look(town.client(LAWYER), number)["case"] is None


def test_windows_are_suggested_for_each_matter(town: Town) -> None:
    found = town.client(DESK).get(f"/centres/{CENTRE}/windows/suggested").json()
    assert [each["code"] for each in found["windows"]] == ["01", "02", "03", "04", "05", "06"]
    assert found["suggested"]["petition"] == ["06"]
    assert found["suggested"]["labour"] == ["04"]


def test_looking_at_who_came_is_recorded(town: Town, sqlite_cast: Cast) -> None:
    number = received(town)
    shown = town.client(LAWYER).post(f"/visits/{number}/reveal", {"reason": "contact"}).json()
    assert shown == {"parties": [{"name": "王小明", "phone": "13900005678", "id_no": None}]}
    assert town.client(f"QE-{D}").post(f"/visits/{number}/reveal", {"reason": "contact"}).status_code == 403
    with sqlite_cast.store.read() as session:
        entries = session.scalars(select(Access).where(Access.subject == number)).all()
    assert "visit:visitor:reveal:contact" in {entry.action for entry in entries}
