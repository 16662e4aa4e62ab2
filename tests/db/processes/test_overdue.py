"""The overdue board's figures against a small network counted by hand, and who is counted for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine.actors import Actor
from engine.errors import NotFound
from engine.network.units import Unit
from processes import access
from processes.cases.models import Case
from processes.overdue import board, figures, listing
from processes.overdue.listing import Age, Show, Wanted
from processes.supervisions.operations import supervise
from tests.cast import C2, G2, S2, C, Cast, D, G, S, V

HOUR = timedelta(hours=1)
SUPERVISOR = "SF-" + S


def accepted(cast: Cast, staff_no: str = "C-" + C, **changes: object) -> str:
    """A case that the grid of its place handles."""
    number = cast.report(cast(staff_no), **changes).case.number
    cast.do(number, "verify", result="accept")
    return number


def settled(cast: Cast, answer: str) -> str:
    number = accepted(cast)
    cast.do(number, "act", outcome="self_handle", measures="已劝和")
    cast.do(number, "check", ok=True, finding="属实")
    cast.do(number, "callback", answer=answer)
    return number


def loaded(cast: Cast, actor: Actor, code: str | None = None, *, own: bool = False, sort: str = "code") -> board.Board:
    with cast.store.read() as session:
        return board.load(session, actor, code, own=own, sort=sort)


def by_code(found: board.Board) -> Mapping[str, tuple[int, int, int]]:
    """(open, overdue, due soon) of each row; a unit's own desk as `code!`."""
    return {
        line.unit.code + ("!" if line.own else ""): (line.tally.open, line.tally.overdue, line.tally.soon)
        for line in found.lines
    }


def numbers(cast: Cast, actor: Actor, code: str, show: Show = Show.OVERDUE, **more: object) -> list[str]:
    with cast.store.read() as session:
        at = session.scalars(select(Unit).where(Unit.code == code)).one()
        wanted = Wanted(at, show=show, **more)  # type: ignore[arg-type] # filled in by name
        return [row.number for row in listing.list_cases(session, actor, wanted).rows]


def test_the_rows_say_what_lies_below_each_unit(cast: Cast) -> None:
    late = accepted(cast, urgency="extra")
    cast.pass_time(20 * HOUR)  # three quarters of its 24 hours are gone
    accepted(cast)
    accepted(cast, place_unit=C2)
    found = by_code(loaded(cast, cast(SUPERVISOR)))
    assert found[S] == (3, 0, 1)
    assert found[V] == (3, 0, 1)
    assert numbers(cast, cast(SUPERVISOR), S, Show.SOON) == [late]
    cast.pass_time(5 * HOUR)
    found = by_code(loaded(cast, cast(SUPERVISOR), G))
    assert found[S] == found[V] == (3, 1, 0)
    assert numbers(cast, cast(SUPERVISOR), S) == [late]
    assert numbers(cast, cast(SUPERVISOR), S, Show.OPEN)[0] == late
    holder = cast.case(late)
    at = next(code for code in (C, G, V) if cast.unit(code).id == holder.owner_id)
    assert found[at if at == C else f"{at}!"][1] == 1


def test_lateness_is_the_median_and_falls_into_the_bars(cast: Cast) -> None:
    for minutes in (0, 15, 45):
        cast.pass_time(timedelta(minutes=minutes))
        accepted(cast, urgency="extra")
    cast.pass_time(timedelta(hours=24, minutes=30))  # late by 90, 75 and 30 minutes of 24 hours
    here = loaded(cast, cast(SUPERVISOR)).here
    assert here.late_since == cast.clock.now() - timedelta(minutes=75)
    assert listing.histogram(here.late, cast.clock.now())[Age.HOURS_4] == 3
    assert len(numbers(cast, cast(SUPERVISOR), S, age=Age.HOURS_4)) == 3
    assert numbers(cast, cast(SUPERVISOR), S, age=Age.DAY) == []


def test_every_lateness_falls_into_one_bar() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    spans = [
        timedelta(),
        4 * HOUR,
        5 * HOUR,
        timedelta(days=2),
        timedelta(days=7),
        timedelta(days=8),
        timedelta(days=99),
    ]
    assert list(listing.histogram([now - span for span in spans], now).values()) == [2, 1, 1, 1, 1, 1]


def test_the_three_rates_with_their_parts(cast: Cast) -> None:
    settled(cast, "satisfied")
    settled(cast, "basic")
    settled(cast, "unreached")
    accepted(cast, urgency="extra")
    cast.report(cast("G-" + G2), place_unit=G2, urgency="extra")
    cast.pass_time(25 * HOUR)
    here = loaded(cast, cast(SUPERVISOR)).here
    assert here.satisfaction == figures.Share(2, 2)
    assert here.resolution == figures.Share(3, 3 + here.overdue)
    assert here.overdue > 0
    assert here.response.part < here.response.whole  # the last report was verified by nobody
    assert here.response.rate == pytest.approx(here.response.part / here.response.whole)
    cast.pass_time(timedelta(days=31))
    assert loaded(cast, cast(SUPERVISOR)).here.satisfaction == figures.Share(0, 0)
    assert figures.Share(0, 0).rate is None


def test_tiles_count_by_level_and_tell_the_change(cast: Cast) -> None:
    accepted(cast, urgency="extra")
    cast.pass_time(25 * HOUR)
    found = loaded(cast, cast("QF-" + D))
    assert [tile.level for tile in found.tiles] == ["district", "subdistrict", "village", "grid", "cell", "beside"]
    assert sum(tile.overdue for tile in found.tiles) == found.lines[0].tally.overdue == 1
    assert sum(tile.since_day for tile in found.tiles) == 1
    cast.pass_time(timedelta(hours=30))
    found = loaded(cast, cast("QF-" + D))
    then = sum(tile.overdue - tile.since_day for tile in found.tiles)
    assert then == 1
    assert [tile.level for tile in loaded(cast, cast("VC-" + V)).tiles] == ["village", "grid", "cell", "beside"]


def test_a_supervisor_sees_the_own_place_and_no_other(cast: Cast) -> None:
    number = accepted(cast, urgency="extra")
    cast.pass_time(25 * HOUR)
    other = cast("SF-" + S2)
    assert loaded(cast, other).here.open == 0
    for code in (D, S, V, "511302-police", "nothing"):
        with pytest.raises(NotFound):
            loaded(cast, other, code)
    with pytest.raises(NotFound):
        loaded(cast, cast("SA-" + S))
    commander = loaded(cast, cast("A-511302-command"))
    assert commander.root.code == D
    assert commander.here.overdue == 1
    assert numbers(cast, cast("A-511302-command"), D) == [number]


def test_a_restricted_case_counts_only_for_whom_it_names(cast: Cast) -> None:
    cast.report(restricted=True)
    assert loaded(cast, cast(SUPERVISOR)).here.open == 0
    assert numbers(cast, cast(SUPERVISOR), S, Show.OPEN) == []
    leader = cast("G-" + G)
    assert loaded(cast, leader).here.open == len(numbers(cast, leader, G, Show.OPEN)) == 1


def test_counting_below_is_the_same_as_probing_each_case(cast: Cast) -> None:
    accepted(cast)
    cast.report(restricted=True)
    number = accepted(cast, "C-" + C)
    cast.do(number, "act", outcome="transfer", target="511302-housing", reason="属地外")
    with cast.store.read() as session:
        for staff_no in (SUPERVISOR, "QF-" + D, "VC-" + V, "G-" + G, "A-511302-command"):
            actor = cast(staff_no)
            root = board.roots_of(session, actor)[0]
            counted = sum(tally.open for tally in figures.collect(session, actor, root).values())
            query = select(func.count()).select_from(Case).join(Unit, Unit.id == Case.owner_id)
            probed = query.where(access.visible(actor), Unit.path.startswith(root.path))
            assert counted == session.scalar(probed)


def test_what_hangs_beside_has_a_row_where_it_has_work(cast: Cast) -> None:
    number = accepted(cast)
    district = cast("QF-" + D)
    assert "511302-housing" not in by_code(loaded(cast, district))
    cast.do(number, "act", outcome="transfer", target="511302-housing", reason="专业事项")
    found = by_code(loaded(cast, district))
    assert found["511302-housing"][0] == 1
    assert list(found)[-1] == "511302-housing"
    assert numbers(cast, district, D, Show.OPEN, level="beside") == [number]


def test_rows_are_sorted_by_what_most_needs_looking_at(sqlite_cast: Cast) -> None:
    accepted(sqlite_cast)
    accepted(sqlite_cast, "G-" + G2, place_unit=G2)
    accepted(sqlite_cast, "G-" + G2, place_unit=G2)
    village = sqlite_cast("VC-" + V)
    grids = [line.unit.code for line in loaded(sqlite_cast, village, sort="open").lines if line.unit.level == "grid"]
    assert grids == [G2, G]
    grids = [line.unit.code for line in loaded(sqlite_cast, village).lines if line.unit.level == "grid"]
    assert grids == [G, G2]


def test_the_list_says_what_the_own_unit_supervises_already(sqlite_cast: Cast) -> None:
    number = accepted(sqlite_cast)
    actor = sqlite_cast("QF-" + D)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        supervise(session, actor, case)
    with sqlite_cast.store.read() as session:
        assert listing.supervised(session, actor, [case.id]) == {case.id: "urge"}
        assert listing.supervised(session, sqlite_cast(SUPERVISOR), [case.id]) == {}
