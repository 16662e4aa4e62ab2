"""Suggestions: whose duty it is, what is too big for the level, how the like of it went."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.network.units import Unit
from processes.cases.models import Case
from processes.cases.suggesting import History, duties, history, suggest
from processes.codes import Kind
from processes.demo.generate import DEPARTMENTS, THIRD_PARTIES
from tests.cast import G2, Cast, G, S


def suggested(cast: Cast, **changes: Any) -> list[tuple[str, str]]:
    number = cast.report(**changes).case.number
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return [(each.action, each.unit.name) for each in suggest(session, case)]


def told(cast: Cast, number: str, staff_no: str = "SB-" + S) -> History | None:
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return history(session, cast(staff_no), case)


def test_the_table_names_only_kinds_and_units_that_there_are() -> None:
    assert {duty.kind for duty in duties()} <= {kind.value for kind in Kind}
    assert {duty.unit for duty in duties()} <= {*DEPARTMENTS, *THIRD_PARTIES}
    assert all(duty.zh and duty.en and duty.source for duty in duties())


def test_the_unit_whose_duty_it_is_comes_first(cast: Cast) -> None:
    assert suggested(cast, type="labour") == [("transfer", "labour")]
    assert suggested(cast, kind="order", domain="public_security") == [("transfer", "police")]


def test_what_concerns_hundreds_goes_up(cast: Cast) -> None:
    assert suggested(cast, head_count="100_500") == [("refer_up", "潆溪街道")]


def test_a_unit_that_is_not_there_is_not_suggested(cast: Cast) -> None:
    assert suggested(cast, type="environment") == []


def test_history_says_what_became_of_the_like_of_it(cast: Cast) -> None:
    for _ in range(2):
        cast.do(cast.report().case.number, "verify", result="decline", reason="不属实")
    settled = cast.report().case.number
    cast.do(settled, "verify", result="accept")
    cast.do(settled, "act", outcome="self_handle", measures="当面调解")
    cast.do(settled, "check", ok=True, finding="属实")
    found = told(cast, cast.report().case.number)
    assert found is not None
    assert found.told.zh == "过去 90 天同类 3 件：2 件不予受理，1 件由网格办结"


def test_history_tells_nothing_that_a_list_would_not(cast: Cast) -> None:
    reporter = cast("G-" + G)
    cast.do(cast.report(reporter, restricted=True).case.number, "verify", result="decline", reason="不属实")
    number = cast.report(reporter).case.number
    assert told(cast, number) is None
    assert told(cast, number, "G-" + G2) is None
    with cast.store.read() as session:
        assert session.scalar(select(Unit.id).where(Unit.code == G2)) is not None
