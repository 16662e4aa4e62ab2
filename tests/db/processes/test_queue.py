"""The queue of a desk: what lies there, in which order, what the views count; nothing out of scope leaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event

from engine import runtime
from engine.actors import Actor
from engine.db import Session
from processes.cases import queue
from processes.postponing.operations import postpone
from processes.views.built_in import VIEWS, Wish
from tests.cast import C2, G2, Cast, G, S, V


def shown(cast: Cast, actor: Actor, **wish: str) -> list[queue.Entry]:
    with cast.store.read() as session:
        return list(queue.load(session, actor, Wish(**wish)).entries)


def counted(cast: Cast, actor: Actor) -> dict[str, int]:
    with cast.store.read() as session:
        found = queue.tally(session, actor, {view.code: Wish(view.code) for view in VIEWS}).counts
    return {code: number for code, number in found.items() if number}


def stamped(cast: Cast, actor: Actor) -> str:
    with cast.store.read() as session:
        return queue.stamp(session, actor)


@contextmanager
def counting(session: Session) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement != "BEGIN":
            said.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)


def test_a_reported_case_waits_at_the_grid_with_its_clock(cast: Cast) -> None:
    number = cast.report(title="围墙纠纷").case.number
    [entry] = shown(cast, cast.grid)
    assert (entry.number, entry.title, entry.element) == (number, "围墙纠纷", "verify")
    assert (entry.place_name, entry.place_level, entry.light) == ("方格1", "cell", "calm")
    assert entry.due_at == cast.case(number).due_at
    assert entry.holder is None
    assert shown(cast, cast.village) == []


def test_the_most_pressing_comes_first(cast: Cast) -> None:
    late = cast.report(title="第一件", urgency="extra").case.number
    cast.pass_time(timedelta(minutes=40))
    calm = cast.report(title="第二件").case.number
    pressing = cast.report(title="第三件", urgency="extra").case.number
    told = [(entry.number, entry.element) for entry in shown(cast, cast.grid)]
    assert told == [(late, "verify"), (pressing, "verify"), (late, "reply"), (calm, "verify")]


def test_views_count_what_they_show(cast: Cast) -> None:
    first = cast.report(title="围墙倒了压坏菜地").case.number
    cast.report(title="围墙倒了压坏菜地", place_unit=C2)
    cast.report(title="夜间施工噪声", kind="livelihood", urgency="urgent")
    cast.do(first, "verify", result="accept")
    with cast.store.write() as session:
        runtime.claim(session, cast.grid, cast.items(first)[0].id)
    assert counted(cast, cast.grid) == {"all": 3, "verify": 2, "handle": 1, "mine": 1, "double": 1}
    for view in VIEWS:
        assert len(shown(cast, cast.grid, view=view.code)) == counted(cast, cast.grid).get(view.code, 0)


def test_a_queue_is_narrowed(cast: Cast) -> None:
    wall = cast.report(title="围墙倒了").case.number
    other = {"kind": "livelihood", "urgency": "urgent", "text": "整夜不停"}
    noise = cast.report(title="夜间施工噪声", place_unit=C2, **other).case.number
    grid = cast.grid
    assert [entry.number for entry in shown(cast, grid, kind="livelihood")] == [noise]
    assert [entry.number for entry in shown(cast, grid, urgency="urgent")] == [noise]
    assert [entry.number for entry in shown(cast, grid, under=C2)] == [noise]
    assert [entry.number for entry in shown(cast, grid, text="围墙")] == [wall]
    assert shown(cast, grid, light="late") == []
    cast.pass_time(timedelta(days=2))
    assert {entry.light for entry in shown(cast, grid, light="late")} <= {"late"}


def test_who_took_an_item_is_shown_masked(cast: Cast) -> None:
    number = cast.report(cast.village, place_unit=V).case.number
    with cast.store.write() as session:
        runtime.claim(session, cast.village, cast.items(number)[0].id)
    [entry] = shown(cast, cast.village)
    assert entry.is_mine
    assert entry.holder == "冯*****A"


def test_a_postponed_decision_shows_until_it_is_carried_out(cast: Cast) -> None:
    number = cast.report().case.number
    item = cast.items(number)[0]
    with cast.store.write() as session:
        postpone(session, cast.grid, session.merge(item), {"result": "accept"}, timedelta(seconds=10))
    [entry] = shown(cast, cast.grid)
    assert entry.outcome == "accept"
    assert entry.run_at == cast.clock.now() + timedelta(seconds=10)


def test_nothing_restricted_leaks_into_rows_counts_or_stamps(cast: Cast) -> None:
    reporter = cast("G-" + G)
    cast.report(reporter)
    leader_elsewhere, before = cast("G-" + G2), stamped(cast, cast.village)
    cast.report(reporter, restricted=True, title="围墙纠纷")
    second = cast.report(reporter, title="围墙纠纷").case.number
    assert counted(cast, reporter)["all"] == 3
    assert counted(cast, leader_elsewhere) == {}
    assert stamped(cast, cast.village) == before
    twin = next(entry for entry in shown(cast, reporter) if entry.number == second)
    assert twin.may_be_double  # of the first one, which everybody of the grid may read
    assert cast.case(second).likeness_id != cast.case(second).id


def test_the_restricted_never_counts_as_a_double(cast: Cast) -> None:
    reporter = cast("G-" + G)
    cast.report(reporter, restricted=True)
    cast.report(reporter)
    assert counted(cast, reporter) == {"all": 2, "verify": 2}


def test_the_stamp_changes_with_every_act_and_every_minute(cast: Cast) -> None:
    number = cast.report().case.number
    grid = cast.grid
    seen = [stamped(cast, grid)]
    assert stamped(cast, grid) == seen[0]
    with cast.store.write() as session:
        runtime.claim(session, grid, cast.items(number)[0].id)
    seen.append(stamped(cast, grid))
    cast.do(number, "verify", result="accept")
    seen.append(stamped(cast, grid))
    cast.clock.set(cast.clock.now() + timedelta(minutes=1))
    seen.append(stamped(cast, grid))
    assert len(set(seen)) == 4


def test_a_page_costs_the_same_few_statements_however_long_the_queue(cast: Cast) -> None:
    wishes = {view.code: Wish(view.code) for view in VIEWS}
    spent = []
    for more in (1, 12):
        for _ in range(more):
            cast.report()
        with cast.store.read() as session, counting(session) as said:
            queue.tally(session, cast.grid, wishes)
        told = len(said)
        with cast.store.read() as session, counting(session) as said:
            queue.load(session, cast.grid, Wish())
        spent.append((told, len(said)))
    assert spent[0] == spent[1]


def test_a_page_ends_at_its_limit_and_says_that_there_is_more(cast: Cast) -> None:
    for _ in range(3):
        cast.report()
    with cast.store.read() as session:
        page = queue.load(session, cast.grid, Wish(), limit=2)
        assert (len(page.entries), page.more) == (2, True)
        assert not queue.load(session, cast.grid, Wish(), limit=3).more


def test_who_has_no_post_has_an_empty_queue(cast: Cast) -> None:
    cast.report()
    nobody = Actor("staff:nobody", cast.district_id)
    assert shown(cast, nobody) == []
    assert counted(cast, nobody) == {}
    assert counted(cast, cast("SA-" + S)) == {}
