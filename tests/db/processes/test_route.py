"""The way of a case through its models, read from its trail."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from engine.deadlines.book import Deadline
from engine.instances import ProcessInstance
from engine.worklist import WorkItem
from processes import access
from processes.cases import reading
from processes.cases.route import History, Route, drawing_of, routes, xml_of
from tests.cast import Cast


def routes_of(cast: Cast, number: str) -> tuple[Route, Route]:
    with cast.store.read() as session:
        case = access.read_case(session, cast.district, number)
        history = History(
            case=case,
            moments=reading.timeline(session, case),
            items=session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id)).all(),
            clocks=session.scalars(select(Deadline).where(Deadline.subject_id == case.id)).all(),
            instance=session.get_one(ProcessInstance, case.instance_id),
        )
        whole, stay = routes(session, history)
        assert connected(drawing_of(xml_of(session, case, "case")), whole)
        return whole, stay


def connected(drawing: object, route: Route) -> bool:
    """Every flow that was passed leads from a passed node to a passed one, or to where the case stands."""
    flows = {flow: (origin, target) for origin, found in drawing.flows.items() for flow, target in found}  # type: ignore[attr-defined]
    here = {stop.element for stop in route.stops if stop.until is None}
    nodes = route.passed | here
    return all(set(flows[each]) <= nodes for each in route.passed if each in flows)


def names(route: Route) -> list[str]:
    return [stop.element for stop in route.stops]


def test_a_new_case_stands_at_its_first_step(sqlite_cast: Cast) -> None:
    whole, _ = routes_of(sqlite_cast, sqlite_cast.report().case.number)
    assert names(whole) == ["verify"]
    assert whole.stops[-1].until is None
    assert "verify" not in whole.passed
    assert "case_start" in whole.passed


def test_a_case_that_went_up_passed_the_hop_and_nothing_else(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="refer_up", reason="两家都不让步")
    whole, stay = routes_of(cast, number)
    assert names(whole) == ["verify", "stay"]
    assert whole.stops[-1].times == 2
    assert {"hopped", "routed", "stay"} <= whole.passed
    assert not {"unknown_outcome", "redone", "confirm", "rule"} & whole.passed
    assert names(stay) == ["accept"]


def test_a_step_that_ran_out_of_time_is_late(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    while not any(mark == "overdue" for mark, _ in cast.notices(number)):
        cast.pass_time(timedelta(hours=6))
    _, stay = routes_of(cast, number)
    assert [(stop.element, stop.is_late) for stop in stay.stops] == [("act", True)]


def test_an_escalated_case_passed_the_clock_that_moved_it(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    while cast.case(number).hops == 0:
        cast.pass_time(timedelta(hours=12))
    whole, stay = routes_of(cast, number)
    assert whole.stops[-1].times == 2
    assert names(stay) == ["accept"]


def test_a_closed_case_ends_at_its_end(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    cast.do(number, "check", ok=True, finding="属实")
    cast.do(number, "callback", answer="satisfied")
    whole, _ = routes_of(cast, number)
    assert names(whole) == ["verify", "stay", "check", "callback", "archived"]
    assert all(stop.until is not None for stop in whole.stops)
    assert {"closed", "archived_case", "archived"} <= whole.passed


def test_a_case_settled_on_the_spot_never_saw_a_stay(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report(settled=True, measures="当场劝和").case.number
    whole, _ = routes_of(sqlite_cast, number)
    assert "spot_settled" in whole.passed
    assert "verify" not in whole.passed
    assert "stay" not in whole.passed
