"""What a page is told of one case: everything, masked, in a bounded number of statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import event

from engine.actors import Actor
from processes import access
from processes.cases.reading import timeline
from tests.cast import Cast, G, S, V
from web.pages import case_view
from web.pages.case_view import CaseView
from web.words.happenings import Fold

MOST_STATEMENTS = 24


def view_of(cast: Cast, number: str, actor: Actor) -> CaseView:
    with cast.store.read() as session:
        return case_view.load(session, actor, access.read_case(session, actor, number))


def travelled(cast: Cast, number: str | None = None) -> str:
    """Reported in a cell, up to the subdistrict, which lets it lie till the district has it and sends it down."""
    number = number or cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="refer_up", reason="两家都不让步")
    cast.do(number, "accept", outcome="accept")
    cast.do(number, "act", outcome="refer_up", reason="调解不成")
    cast.pass_time(timedelta(days=3))
    cast.do(number, "accept", outcome="accept")
    by = (cast.clock.now() + timedelta(days=1)).isoformat()
    cast.do(number, "act", outcome="assign", target=V, deadline=by, reason="就近调解")
    return number


def statements_of(cast: Cast, number: str, actor: Actor) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(cast.store.engine, "before_cursor_execute", note)
    view_of(cast, number, actor)
    event.remove(cast.store.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_case_is_told_from_report_to_now(cast: Cast) -> None:
    view = view_of(cast, travelled(cast), cast.district)
    assert [line.verb for line in view.timeline] == [
        "上报", "立案", "上报", "受理", "上报", "超时未签收", "预警", "超期", "预警", "升级", "受理", "交办",
    ]  # fmt: skip
    up = view.timeline[4]
    assert [quote.text for quote in up.quotes] == ["调解不成"]
    assert up.route is not None
    assert [unit.code for unit in up.route if unit] == [V, S]
    assert [proof.action for proof in up.proofs] == ["work:item:complete", "case:stay:refer_up"]


def test_what_a_clock_set_off_is_one_line_with_its_proof(sqlite_cast: Cast) -> None:
    view = view_of(sqlite_cast, travelled(sqlite_cast), sqlite_cast.district)
    overdue = next(line for line in view.timeline if line.verb == "超期")
    assert overdue.who.is_machine
    assert overdue.about == "受理 · 潆溪街道"
    assert overdue.asides == ("向潆溪街道发出催办",)
    assert [proof.action for proof in overdue.proofs] == ["deadline:mark:overdue", "supervision:card:give"]


def test_every_entry_of_the_trail_stands_behind_exactly_one_line(sqlite_cast: Cast) -> None:
    number = travelled(sqlite_cast)
    view = view_of(sqlite_cast, number, sqlite_cast.district)
    shown = [proof.seq for line in view.timeline for proof in line.proofs]
    with sqlite_cast.store.read() as session:
        case = access.read_case(session, sqlite_cast.district, number)
        assert sorted(shown) == [moment.seq for moment in timeline(session, case)]


def test_parties_and_people_are_masked(sqlite_cast: Cast) -> None:
    view = view_of(sqlite_cast, travelled(sqlite_cast), sqlite_cast.district)
    assert [party.name for party in view.parties] == ["张*", "李*"]
    assert view.parties[0].phone == "138****1234"
    assert "冯家寺社区" not in str(view.timeline[3].who.person)


def test_the_number_of_statements_does_not_grow_with_the_story(cast: Cast) -> None:
    short = cast.report().case.number
    few = statements_of(cast, short, cast.district)
    long = travelled(cast, cast.report().case.number)
    for _ in range(3):
        cast.do(long, "accept", outcome="accept")
        cast.do(long, "act", outcome="refer_up", reason="再次上报")
        cast.do(long, "accept", outcome="accept")
        by = (cast.clock.now() + timedelta(hours=4)).isoformat()
        cast.do(long, "act", outcome="assign", target=V, deadline=by)
        if cast.items(long, "rule"):
            break
    many = statements_of(cast, long, cast.district)
    assert few <= many <= MOST_STATEMENTS


def test_the_reporter_of_a_restricted_case_is_not_named_to_who_is_reported_on(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report(restricted=True).case.number
    reader = cast("G-" + G)
    view = view_of(cast, number, reader)
    assert view.restricted
    assert view.timeline[0].who.person is None
    assert "报告人" in view.timeline[0].who.role


def test_clocks_are_said_in_words(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    sqlite_cast.do(number, "verify", result="accept")
    view = view_of(sqlite_cast, number, sqlite_cast.grid)
    own, overall = view.clocks
    assert own.label == "办理"
    assert own.arithmetic.startswith("3 个工作日")
    assert overall.label == "全程"
    assert "跳过周末" in overall.arithmetic


def test_a_long_story_folds_what_the_clocks_wrote(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    for _ in range(12):
        cast.pass_time(timedelta(days=1))
    view = view_of(cast, number, cast.district)
    folds = [block for block in view.blocks if isinstance(block, Fold)]
    assert len(view.timeline) < 24 or folds
    assert sum(len(b.lines) if isinstance(b, Fold) else 1 for b in view.blocks) == len(view.timeline)


def test_a_merged_case_is_told_in_the_main_one(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    main, other = cast.report().case.number, cast.report().case.number
    cast.do(other, "verify", result="merge", main_case=main, reason="同一件事")
    line = view_of(cast, main, cast.grid).timeline[-1]
    assert (line.verb, line.about) == ("并入", other)
    assert view_of(cast, other, cast.grid).main_case == main
