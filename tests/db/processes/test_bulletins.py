"""The bulletin: what counts where and when, what is hidden, and its editions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine.errors import Forbidden, Invalid, NotFound
from engine.trail.entries import TrailHead, entries_of
from processes.bulletins import issuing
from processes.bulletins.figures import compute
from processes.bulletins.periods import Period, PeriodKind, period_of, range_of
from processes.bulletins.rates import points
from processes.bulletins.shape import Count, Figures, Found, Part, Rates, from_json, to_json, to_shown_json
from processes.reconcile import reconcile
from tests.cast import CENTRE, S2, V2, C, Cast, D, G, S, V

TODAY = date(2026, 11, 24)
YEAR = period_of(PeriodKind.YEAR, TODAY)


def figures(cast: Cast, code: str = D, period: Period = YEAR) -> Figures:
    with cast.store.read() as session:
        return compute(session, cast.unit(code), period)


def settled(cast: Cast, **changes: Any) -> str:
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    cast.do(number, "check", ok=True, finding="属实")
    return number


def line(found: Figures, kind: str) -> Any:
    return next(each for each in found.kinds if each.kind == kind)


@pytest.mark.parametrize(
    ("kind", "begins", "ends"),
    [
        (PeriodKind.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (PeriodKind.QUARTER, date(2026, 10, 1), date(2026, 12, 31)),
        (PeriodKind.HALF, date(2026, 7, 1), date(2026, 12, 31)),
        (PeriodKind.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_day_lies_in_its_month_quarter_half_and_year(kind: PeriodKind, begins: date, ends: date) -> None:
    found = period_of(kind, TODAY)
    assert (found.begins_on, found.ends_on) == (begins, ends)
    assert found.before.after == found
    assert found.after.begins_on == ends + timedelta(days=1)
    assert found.begin.utcoffset() == timedelta(hours=8)


def test_a_range_ends_after_it_begins_and_a_trend_has_six_months() -> None:
    with pytest.raises(Invalid):
        range_of(TODAY, TODAY - timedelta(days=1))
    assert range_of(TODAY, TODAY).before.ends_on == TODAY - timedelta(days=1)
    months = period_of(PeriodKind.MONTH, date(2026, 2, 3)).months
    assert [month.isoformat() for month in months] == [
        "2025-09-01",
        "2025-10-01",
        "2025-11-01",
        "2025-12-01",
        "2026-01-01",
        "2026-02-01",
    ]
    assert len(YEAR.months) == 12


def test_cases_count_where_they_were_and_settlements_at_the_level_of_the_last_owner(cast: Cast) -> None:
    settled(cast)
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="refer_up", reason="需要社区协调")
    for code, received in ((D, 2), (S, 2), (CENTRE, 2), (V, 2), (G, 2), (V2, 0), (S2, 0)):
        found = figures(cast, code)
        assert line(found, "dispute").received.total == received, code
        assert line(found, "dispute").open.total == max(received - 1, 0), code
    found = figures(cast)
    assert {each.level: each.settled.total for each in found.settled_at if each.settled.total} == {"grid": 1}
    assert (found.disputes_settled.total, found.months[10].settled, found.months[10].received) == (1, 1, 2)
    assert (found.acts["self_handle"].total, found.acts["refer_up"].total) == (1, 1)
    assert (figures(cast, G).acts["refer_up"].own, figures(cast, V).acts["refer_up"].own) == (1, 0)


def test_the_table_of_disputes_has_found_handled_and_settled_by_type_and_level(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    settled(cast, type="labour")
    settled(cast, type="labour")
    cast.report(type="labour")
    settled(cast, kind="livelihood", type="other")
    (labour,) = figures(cast).disputes
    assert (labour.type, set(labour.levels)) == ("labour", {"grid"})
    assert labour.total == Found(Count(3), Count(2), Count(2)) == labour.year
    month = figures(cast, period=period_of(PeriodKind.MONTH, date(2026, 12, 1)))
    assert [each.total.found.total for each in month.disputes] == [0]
    assert [each.year.found.total for each in month.disputes] == [3]


def test_what_lies_outside_of_the_period_does_not_count(sqlite_cast: Cast) -> None:
    settled(sqlite_cast)
    found = figures(sqlite_cast, period=YEAR.before)
    assert {each.received.total + each.settled.total + each.open.total for each in found.kinds} == {0}
    assert {acts.total for acts in found.acts.values()} == {0}
    assert found.rates == Rates()


def test_overdue_stands_at_its_level_and_lowers_the_rates(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    settled(cast)
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.pass_time(timedelta(days=5))
    found = figures(cast)
    grid = next(each for each in found.overdue if each.level == "grid")
    assert (grid.arisen, grid.standing) == (1, 1)
    assert found.rates.resolution == Part(1, 2)
    assert found.rates.response.part == found.rates.response.whole == 2
    assert found.months[10].overdue + found.months[11].overdue == 1


def test_units_below_are_ranked_by_points_that_can_be_reckoned_again(sqlite_cast: Cast) -> None:
    settled(sqlite_cast)
    first, second = figures(sqlite_cast).ranking
    assert (first.code, first.place, second.code, second.place, second.points) == (S, 1, S2, None, None)
    assert first.points == points(first.rates) == 100
    assert [each.code for each in figures(sqlite_cast, CENTRE).ranking] == [S, S2]
    half = Rates(Part(1, 2), Part(1, 1), Part())
    assert points(half) == round(100 * (30 * 0.5 + 35) / 65, 2)
    assert points(Rates()) is None


def test_few_restricted_cases_are_not_shown_and_the_total_stays_true(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    for _ in range(2):
        cast.report(restricted=True, type="family_neighbour")
    for _ in range(3):
        cast.report(type="labour")
    found = figures(cast)
    shown = to_shown_json(found)
    assert shown["disputes"][0]["levels"]["grid"]["found"] == "<5"
    assert shown["disputes"][1]["levels"]["grid"]["found"] == 3
    assert next(each for each in shown["kinds"] if each["kind"] == "dispute")["received"] == 5
    assert shown["restricted"] == "<5"
    assert from_json(to_json(found)) == found
    assert Count(5, 1).is_hidden is False


def test_each_issue_is_an_edition_with_the_trail_of_then(cast: Cast) -> None:
    settled(cast)
    with cast.store.write() as session:
        leader, unit = cast("B-" + CENTRE), cast.unit(CENTRE)
        rows = [issuing.issue(session, leader, unit, YEAR) for _ in range(2)]
        assert [row.edition for row in rows] == [1, 2]
        head = session.get_one(TrailHead, cast.district_id)
        assert (rows[0].tree_size, rows[0].root) == (head.size, head.root.hex())
    settled(cast)
    with cast.store.read() as session:
        first = issuing.find(session, leader, rows[0].id)
        kept = from_json(first.figures)
        assert kept.disputes_settled.total == 1
        (entry,) = entries_of(session, cast.district_id, f"bulletin:{first.id}")
        assert issuing.digest(first) in entry.body.decode()
        assert [row.edition for row in issuing.issued(session, leader, unit)] == [2, 1]
        assert reconcile(session, cast.district_id) == []


def test_leaders_see_and_issue_for_their_units_and_nobody_else(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    with cast.store.write() as session:
        for staff_no, code in (("SE-" + S, V), ("QE-" + D, CENTRE), (f"A-{D}-command", S2), ("B-" + CENTRE, S)):
            assert issuing.find_unit(session, cast(staff_no), code).code == code
        for staff_no, code in (("SE-" + S, S2), ("VC-" + V, S), ("SE-" + S, CENTRE), ("VA-" + V, V)):
            with pytest.raises(NotFound):
                issuing.find_unit(session, cast(staff_no), code)
        assert issuing.find_unit(session, cast("VC-" + V), None).code == V
        for staff_no in ("SF-" + S, "VC-" + V):
            with pytest.raises(Forbidden):
                issuing.issue(session, cast(staff_no), cast.unit(S), YEAR)
        with pytest.raises(issuing.NotBegun):
            issuing.issue(session, cast("SE-" + S), cast.unit(S), YEAR.after)
        row = issuing.issue(session, cast("SE-" + S), cast.unit(S), YEAR)
        with pytest.raises(NotFound):
            issuing.find(session, cast("VC-" + V), row.id)
        assert issuing.issued(session, cast("VC-" + V)) == []


def test_a_criminal_lead_counts_as_one(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report(kind="criminal", place_unit=C).case.number
    sqlite_cast.do(number, "verify", result="accept")
    assert line(figures(sqlite_cast, CENTRE), "criminal").received.total == 1
    assert line(figures(sqlite_cast, f"{D}-police"), "criminal").open.total == 1
