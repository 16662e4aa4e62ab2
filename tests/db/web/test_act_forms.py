"""The form of each action asks for all that its outcome needs, and only where the action is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine import runtime
from engine.actors import Actor
from engine.errors import AlreadyTaken, NotAllowedNow, NotFound
from processes import access
from processes.cases import actions, targets
from processes.cases.actions import ACTIONS
from processes.requests.operations import Asking, ask
from tests.cast import G2, V2, C, Cast, D, G, S, V
from web.pages import act_view
from web.pages.act_view import ActView


def form_of(cast: Cast, number: str, actor: Actor, code: str) -> ActView:
    with cast.store.read() as session:
        return act_view.load(session, actor, access.read_case(session, actor, number), code, "标题")


def open_to(cast: Cast, number: str, actor: Actor) -> list[str]:
    with cast.store.read() as session:
        case = access.read_case(session, actor, number)
        return [action.code for action in actions.allowed(session, actor, case)]


def fresh(cast: Cast) -> str:
    return cast.report().case.number


def handled(cast: Cast) -> str:
    number = fresh(cast)
    cast.do(number, "verify", result="accept")
    return number


def pending(cast: Cast) -> str:
    number = handled(cast)
    cast.do(number, "act", outcome="refer_up", reason="两家都不让步")
    return number


def settled(cast: Cast) -> str:
    number = handled(cast)
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    return number


def rated(cast: Cast) -> str:
    number = settled(cast)
    cast.do(number, "check", ok=True, finding="属实")
    return number


def returning(cast: Cast) -> str:
    number = pending(cast)
    cast.do(number, "accept", outcome="return", reason="不属本社区")
    return number


def asked(cast: Cast) -> str:
    number = handled(cast)
    with cast.store.write() as session:
        case = access.read_case(session, cast.grid, number)
        ask(session, cast.grid, case, Asking("extension", "等待鉴定", days=2))
    return number


STATES: list[tuple[Callable[[Cast], str], str, set[str]]] = [
    (fresh, "G-" + G, {"accept_case", "decline", "merge", "reclassify"}),
    (fresh, "C-" + C, {"withdraw"}),
    (handled, "G-" + G, {"self_handle", "refer_up", "assign", "transfer", "feedback", "request_extension"}),
    (pending, "VA-" + V, {"accept", "return", "decline", "merge", "refer_up", "feedback"}),
    (settled, "VB-" + V, {"check"}),
    (rated, "SA-" + S, {"rate"}),
]


def name_of(value: object) -> str:
    """The same in every process: sets are sorted."""
    return getattr(value, "__name__", None) or str(sorted(value) if isinstance(value, set) else value)


@pytest.mark.parametrize(("make", "staff_no", "some"), STATES, ids=name_of)
def test_every_open_action_has_a_form_that_asks_for_what_it_needs(
    sqlite_cast: Cast, make: Callable[[Cast], str], staff_no: str, some: set[str]
) -> None:
    number, actor = make(sqlite_cast), sqlite_cast(staff_no)
    codes = open_to(sqlite_cast, number, actor)
    assert some <= set(codes)
    for code in codes:
        form = form_of(sqlite_cast, number, actor, code)
        assert form.title
        assert form.address.startswith("/api/v1/")
        asked_for = {field.name.rpartition(".")[2] for field in form.fields if field.required}
        assert asked_for >= NEEDED.get(code, set()), code
        assert not asked_for & {name.rpartition(".")[2] for name, _, _ in form.fixed}


NEEDED: dict[str, set[str]] = {
    "decline": {"reason"},
    "merge": {"main_case"},
    "return": {"reason"},
    "refer_up": {"reason"},
    "assign": {"target", "deadline"},
    "transfer": {"target", "reason"},
    "self_handle": {"measures"},
    "check": {"ok", "finding"},
    "rate": {"answer"},
    "feedback": {"words"},
    "request_extension": {"days", "reason"},
    "request_suspension": {"review_on", "reason"},
    "supervise": {"rung"},
    "reclassify": {"reason"},
    "whistle": {"departments", "reason", "words"},
    "ask_whistle": {"words"},
}


def test_every_action_that_completes_an_item_or_stands_beside_it_has_a_form() -> None:
    beside = {action.code for action in ACTIONS if action.element is None}
    assert beside == set(act_view._BESIDE)  # nothing may be open without a form


def test_a_needed_opinion_waits_for_the_answer(sqlite_cast: Cast) -> None:
    number = returning(sqlite_cast)
    holder = sqlite_cast.holder(sqlite_cast.items(number, "consider_return")[0])
    form = form_of(sqlite_cast, number, holder, "answer_return")
    agree, opinion = form.fields
    assert [choice.label for choice in agree.choices] == ["同意退回", "不同意"]
    assert agree.required
    assert not opinion.required
    assert opinion.needed_when == "data.agree:false"


def test_deciding_a_request_starts_from_what_was_asked(sqlite_cast: Cast) -> None:
    number = asked(sqlite_cast)
    holder = sqlite_cast.holder(sqlite_cast.items(number, "decide")[0])
    form = form_of(sqlite_cast, number, holder, "decide_request")
    days = next(field for field in form.fields if field.name == "data.days")
    assert (days.value, days.maximum) == (2, 2)
    assert form.intro == "申请延期 2 天。"


def test_an_item_that_a_colleague_holds_names_who_has_it(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = pending(cast)
    with cast.store.write() as session:
        runtime.claim(session, cast.village, cast.items(number, "accept")[0].id)
    with cast.store.read() as session:
        case = access.read_case(session, cast.village, number)
        other = cast("VB-" + V)
        colleague = Actor(other.ref, other.district_id, cast.village.posts, other.staff_id)
        with pytest.raises(AlreadyTaken) as told:
            act_view.load(session, colleague, case, "accept", "")
    assert told.value.fields["by"] == "VA-" + V


def test_what_is_not_open_is_refused_with_its_reason(sqlite_cast: Cast) -> None:
    number = fresh(sqlite_cast)
    with pytest.raises(NotAllowedNow):
        form_of(sqlite_cast, number, sqlite_cast.grid, "assign")
    with sqlite_cast.store.read() as session:
        case = access.read_case(session, sqlite_cast.grid, number)
        refused = {each.action.code: each for each in actions.refusals(session, sqlite_cast.grid, case)}
    assert "办理中" in refused["assign"].zh
    assert "handling" in refused["assign"].en
    assert "accept_case" not in refused
    assert refused["withdraw"].zh == "只有报告人可以"


def test_open_and_refused_actions_are_all_there_are(sqlite_cast: Cast) -> None:
    for make, staff_no, _ in STATES:
        number, actor = make(sqlite_cast), sqlite_cast(staff_no)
        with sqlite_cast.store.read() as session:
            case = access.read_case(session, actor, number)
            refused = {each.action.code for each in actions.refusals(session, actor, case)}
        assert refused | set(open_to(sqlite_cast, number, actor)) == {action.code for action in ACTIONS}
        assert not refused & set(open_to(sqlite_cast, number, actor))


def units_for(cast: Cast, number: str, actor: Actor, code: str, text: str = "") -> list[str]:
    with cast.store.read() as session:
        case = access.read_case(session, actor, number)
        return [unit.code for unit in targets.targets(session, actor, case, code, text)]


def test_only_sensible_units_are_offered(cast: Cast) -> None:
    number = pending(cast)
    cast.do(number, "accept", outcome="accept")
    below = units_for(cast, number, cast.village, "assign")
    assert {G, G2, C} <= set(below)
    assert V not in below
    beside = units_for(cast, number, cast.village, "transfer")
    assert V2 in beside
    assert f"{D}-police" in beside
    assert not {V, S, G} & set(beside)
    assert units_for(cast, number, cast.village, "refer_up") == [D, S]
    assert units_for(cast, number, cast.village, "assign", "第二") == [G2]


def test_the_units_that_are_offered_are_taken(sqlite_cast: Cast) -> None:
    """What `targets` offers, `handling` accepts: the two say the same."""
    cast = sqlite_cast
    for code in ("assign", "transfer"):
        number = handled(cast)
        unit = units_for(cast, number, cast.grid, code)[0]
        by = (cast.clock.now() + timedelta(days=1)).isoformat()
        data: dict[str, Any] = {"outcome": code, "target": unit, "reason": "职责所在"}
        cast.do(number, "act", **data, **({"deadline": by} if code == "assign" else {}))
        assert cast.case(number).owner_id == cast.unit(unit).id


def test_an_action_that_sends_nothing_has_no_units(sqlite_cast: Cast) -> None:
    with pytest.raises(NotFound):
        units_for(sqlite_cast, handled(sqlite_cast), sqlite_cast.grid, "self_handle")
