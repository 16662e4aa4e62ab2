"""Many acts in one request: a result for each, once for each key, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import G2, Cast, G
from tests.story.server import Client, Town, serving


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as open_town:
        yield open_town


def items_of(client: Client) -> list[Any]:
    return client.get("/work-items").json()["items"]


def test_each_act_has_its_own_result(cast: Cast, town: Town) -> None:
    for _ in range(3):
        cast.report()
    grid = town.client("G-" + G)
    first, second, third = items_of(grid)
    acts = [
        {"item_id": first["id"], "data": {"result": "accept"}},
        {"item_id": second["id"], "data": {"result": "decline"}},
        {"item_id": third["id"], "version": 99, "data": {"result": "accept"}},
        {"item_id": 999_999},
    ]
    results = grid.done("/work-items/acts", {"acts": acts})["results"]
    assert [row["ok"] for row in results] == [True, False, False, False]
    assert [row["problem"]["code"] for row in results[1:]] == ["invalid", "stale_version", "not_found"]
    assert cast.case(first["case"]).state == "handling"
    assert cast.case(second["case"]).state == "reported"


def test_sending_again_under_the_same_key_acts_once(cast: Cast, town: Town) -> None:
    cast.report()
    grid = town.client("G-" + G)
    body = {"acts": [{"item_id": items_of(grid)[0]["id"], "data": {"result": "accept"}}]}
    first = grid.post("/work-items/acts", body, key="morning").json()
    assert first["results"][0]["ok"]
    assert grid.post("/work-items/acts", body, key="morning").json() == first


def test_a_postponed_act_is_listed_and_undone(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    body = {"acts": [{"item_id": items_of(grid)[0]["id"], "data": {"result": "accept"}}], "undo_seconds": 10}
    act_id = grid.done("/work-items/acts", body)["results"][0]["postponed_id"]
    assert [row["case"] for row in grid.get("/postponed").json()["postponed"]] == [number]
    assert town.client("G-" + G2).post(f"/postponed/{act_id}/undo").status_code == 404
    assert grid.done(f"/postponed/{act_id}/undo")["state"] == "undone"
    assert grid.get("/postponed").json()["postponed"] == []


def test_a_claim_that_comes_second_says_who_was_first(cast: Cast, town: Town) -> None:
    cast.report()
    grid = town.client("G-" + G)
    item_id = items_of(grid)[0]["id"]
    claimed = grid.done("/work-items/acts", {"acts": [{"item_id": item_id}]})["results"][0]
    assert claimed["ok"]
    stranger = town.client("G-" + G2).done("/work-items/acts", {"acts": [{"item_id": item_id}]})["results"][0]
    assert stranger["problem"]["code"] == "not_found"


def test_without_signing_in_nothing_is_acted_on(town: Town) -> None:
    assert town.nobody.post("/work-items/acts", {"acts": [{"item_id": 1}]}).status_code == 401
