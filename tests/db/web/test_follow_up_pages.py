"""The forms of a follow-up, and what the case page says of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from processes import access
from tests.cast import Cast, D, S, V
from tests.db.processes.test_follow_ups import broken, signed
from web.pages import act_view, procedures
from web.pages.act_view import ActView
from web.pages.procedures.follow_ups import FollowUpView

MEDIATOR = "VD-" + V


@pytest.fixture(autouse=True)
def _request() -> Iterator[None]:
    with Flask(__name__).test_request_context("/"):
        yield


def form_of(cast: Cast, number: str, staff_no: str, code: str) -> ActView:
    with cast.store.read() as session:
        actor = cast(staff_no)
        return act_view.load(session, actor, access.read_case(session, actor, number), code, "标题")


def shown(cast: Cast, number: str, staff_no: str = MEDIATOR) -> FollowUpView:
    with cast.store.read() as session:
        actor = cast(staff_no)
        cards = procedures.load(session, actor, access.read_case(session, actor, number))
        card = next(card for card in cards if card.kind == "mediation_follow_up")
        assert isinstance(card.detail, FollowUpView)
        return card.detail


def named(form: ActView) -> dict[str, act_view.Field]:
    return {field.name.rpartition(".")[2]: field for field in form.fields}


def test_the_form_of_confirmation_says_until_when(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    fields = named(form_of(sqlite_cast, number, MEDIATOR, "ask_confirmation"))
    assert list(fields) == ["result", "court_no", "words"]
    assert "12 月 24 日" in fields["result"].help


def test_the_court_decides_between_the_application_and_today(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="applied")
    fields = named(form_of(sqlite_cast, number, f"A-{D}-court", "decide_confirmation"))
    assert (fields["decided_on"].earliest, fields["decided_on"].latest) == ("2026-11-24", "2026-11-24")
    assert fields["court_no"].required


def test_enforcement_is_offered_only_for_what_a_court_has_confirmed(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    broken(sqlite_cast, number)
    route = named(form_of(sqlite_cast, number, MEDIATOR, "guide_after"))["route"]
    assert "enforcement" not in {choice.value for choice in route.choices}
    assert route.value == "litigation"


def test_the_case_page_says_where_it_stands_and_offers_the_file_to_the_committee_only(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    view = shown(sqlite_cast, number)
    assert (view.step, view.confirmation) == ("司法确认", "待双方决定")
    assert view.file is not None
    assert shown(sqlite_cast, number, "SB-" + S).file is None


def test_a_broken_one_names_the_new_case(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    broken(sqlite_cast, number)
    sqlite_cast.do(number, "follow_guidance", route="litigation", told_on="2026-11-24")
    view = shown(sqlite_cast, number)
    assert (view.outcome, view.tone, view.performed, view.way) == ("协议未履行", "late", False, "向法院起诉")
    assert view.again != number
    assert view.again.startswith(D)
