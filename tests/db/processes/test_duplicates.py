"""Likely duplicates: near, alike and of the same kind; nothing out of scope shows through."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from processes.cases import duplicates
from processes.cases.duplicates import Duplicate, Matter, Position, likeness, metres
from processes.cases.models import Case
from tests.cast import C2, G2, Cast, G, V
from tests.story.server import serving

HERE = {"lng": 106.1100, "lat": 30.8300}
NEXT_DOOR = {"lng": 106.1103, "lat": 30.8300}  # some 29 m to the east


def found(cast: Cast, number: str, staff_no: str = "VA-" + V) -> list[Duplicate]:
    actor = cast(staff_no)
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return duplicates.find(session, actor, duplicates.matter_of(session, case))


def words(each: Duplicate) -> list[str]:
    return [reason.zh for reason in each.reasons]


def test_an_alike_case_in_the_same_grid_is_named_with_reasons(cast: Cast) -> None:
    first = cast.report(title="围墙纠纷引起争吵").case.number
    second = cast.report(title="围墙纠纷又起争吵", place_unit=C2).case.number
    [twin] = found(cast, second)
    assert twin.number == first
    assert twin.distance_m is None
    assert words(twin) == ["同一网格", "标题相似 71%", "同类事件"]


def test_a_case_next_door_is_found_by_its_distance(cast: Cast) -> None:
    first = cast.report(title="夜间施工噪声", position=HERE).case.number
    second = cast.report(title="邻居装修太吵", position=NEXT_DOOR, place_unit=G2, actor=cast.village).case.number
    [twin] = found(cast, second)
    assert twin.number == first
    assert words(twin) == ["相距 29 米", "同类事件"]


def test_another_matter_in_the_same_grid_is_no_duplicate(cast: Cast) -> None:
    cast.report(title="消防通道被占用", kind="hazard", domain="other")
    assert found(cast, cast.report(title="围墙纠纷").case.number) == []


def test_an_ended_case_is_no_duplicate(cast: Cast) -> None:
    first = cast.report().case.number
    cast.do(first, "verify", result="decline", reason="不属实")
    assert found(cast, cast.report().case.number) == []


def test_a_restricted_case_shows_only_to_its_named_readers(cast: Cast) -> None:
    restricted = cast.report(cast("G-" + G), restricted=True).case.number
    second = cast.report().case.number
    assert found(cast, second) == []
    assert [each.number for each in found(cast, second, "G-" + G)] == [restricted]


def test_what_is_out_of_scope_is_not_compared(cast: Cast) -> None:
    cast.report()
    second = cast.report(cast("G-" + G2), place_unit=G2, title="围墙纠纷").case.number
    with cast.store.read() as session:
        matter = Matter(cast.unit(G), "dispute", "围墙纠纷")
        assert duplicates.find(session, cast("G-" + G2), matter) == []
    assert second


def test_at_most_five_are_named_the_likeliest_first(cast: Cast) -> None:
    for _ in range(7):
        cast.report(title="围墙纠纷引起争吵")
    same = cast.report(title="围墙纠纷").case.number
    shown = found(cast, cast.report(title="围墙纠纷").case.number)
    assert len(shown) == 5
    assert shown[0].number == same


def test_the_api_answers_for_a_report_that_is_being_written(cast: Cast) -> None:
    first = cast.report(position=HERE).case.number
    asked: dict[str, Any] = {"place_unit": C2, "kind": "dispute", "title": "围墙", **NEXT_DOOR}
    with serving(cast.store) as town:
        [twin] = town.client("G-" + G).get("/duplicates", **asked).json()["duplicates"]
        assert town.client("G-" + G).get("/duplicates", place_unit="999").status_code == 404
        assert town.client("G-" + G2).get("/duplicates", number=first).status_code == 404
    assert (twin["number"], twin["title"], twin["distance_m"]) == (first, "围墙纠纷", 29)
    assert {"zh": "相距 29 米", "en": "29 m apart"} in twin["reasons"]


@pytest.mark.parametrize(("one", "other", "alike"), [("围墙纠纷", "围墙纠纷", 1), ("围墙", "噪声", 0), ("墙", "墙", 0)])
def test_titles_are_compared_by_pairs_of_characters(one: str, other: str, alike: float) -> None:
    assert likeness(one, other) == alike


def test_distances_are_right_within_a_metre() -> None:
    assert metres(Position(106.0, 30.0), Position(106.0, 30.001)) == pytest.approx(111.2, abs=0.1)
