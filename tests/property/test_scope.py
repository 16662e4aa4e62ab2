"""Nothing outside a person's scope is returned, counted or guessed, over random cases and journeys."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.actors import Actor
from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.environment import Environment
from engine.errors import GridgovError, NotFound
from engine.network.people import Staff, actor_of
from engine.network.units import Unit, lineage
from processes import access
from processes.cases import reading
from processes.cases.models import Case, NamedReader, Stay
from tests.cast import DEPARTMENTS, UNITS, C, Cast, D, G, settle_in

Rows = tuple[tuple[str, str, str, str], ...]


def random_network(chances: random.Random) -> Rows:
    """A district of one to three units at each level, with its departments."""
    rows = [UNITS[0]]
    above = [D]
    for level in ("subdistrict", "village", "grid", "cell"):
        below = []
        for parent in above:
            for number in range(1, chances.randint(1, 2) + 1):
                below.append(f"{parent}{number:03d}")
                rows.append((below[-1], parent, level, f"{level}{below[-1][-6:]}"))
        above = below
    return (*rows, *((f"{D}-{slug}", D, "department", slug) for slug in DEPARTMENTS))


def journeys(cast: Cast, rows: Rows, chances: random.Random) -> None:
    """A handful of cases, some restricted, each on a random way for a few steps."""
    places = [(f"{level[0].upper()}-{code}", code) for code, _, level, _ in rows if level in {"grid", "cell"}]
    for _ in range(6):
        staff_no, place = chances.choice(places)
        number = cast.report(cast(staff_no), place_unit=place, restricted=chances.random() < 0.3).case.number
        for _ in range(chances.randrange(5)):
            item = chances.choice(cast.items(number))
            form = {
                "verify": {"result": "accept"},
                "accept": {"outcome": "accept"},
                "act": chances.choice(
                    [
                        {"outcome": "refer_up", "reason": "x"},
                        {"outcome": "transfer", "target": "511302-housing", "reason": "x"},
                        {"outcome": "self_handle", "measures": "x"},
                    ]
                ),
            }.get(item.element)
            if form is None:
                break
            try:
                cast.do(number, item.element, **form)
            except GridgovError:
                break


def expected(cast: Cast, actor: Actor) -> set[str]:
    """Who may see what, said in another way: from the stays and the tree, not from the reader rows."""
    found = set()
    with cast.store.read() as session:
        units = {unit.id: unit for unit in session.scalars(select(Unit))}
        mine = {post.unit_id for post in actor.posts if post.role not in {"admin", "auditor"}}
        if "commander" in actor.roles:
            mine.add(actor.district_id)
        for case in session.scalars(select(Case)):
            if case.restricted:
                named = session.get(NamedReader, (actor.staff_id, case.id))
                if named is not None:
                    found.add(case.number)
                continue
            touched = {stay.unit_id for stay in session.scalars(select(Stay).where(Stay.case_id == case.id))}
            touched.add(case.reporter_unit_id or 0)
            line = {above for unit_id in touched if unit_id in units for above in lineage(units[unit_id])}
            if line & mine:
                found.add(case.number)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_lists_counts_and_single_reads_show_exactly_what_the_tree_allows(
    tmp_path: Path, env: Environment, clock: SimulatedClock, seed: int
) -> None:
    chances = random.Random(seed)
    rows = random_network(chances)
    store = Store(f"sqlite:///{tmp_path / 'random.db'}", env)
    Base.metadata.create_all(store.engine)
    sqlite_cast = settle_in(store, clock, rows)
    journeys(sqlite_cast, rows, chances)
    with sqlite_cast.store.read() as session:
        numbers = set(session.scalars(select(Case.number)))
        for staff in session.scalars(select(Staff)).all():
            actor = actor_of(session, staff)
            allowed = expected(sqlite_cast, actor)
            page = reading.list_cases(session, actor, reading.Filters(), cursor=None, limit=200)
            assert {row.number for row in page.rows} == allowed
            by_text = reading.list_cases(session, actor, reading.Filters(text="围墙"), cursor=None, limit=200)
            assert {row.number for row in by_text.rows} == allowed
            units = access.reading_units(actor)
            mine = {c.number for c in session.scalars(select(Case)) if c.owner_id in units and c.number in allowed}
            assert reading.counts(session, actor, units)["open"] == len(mine)
            for number in numbers:
                if number in allowed:
                    assert access.read_case(session, actor, number).number == number
                else:
                    with pytest.raises(NotFound):
                        access.read_case(session, actor, number)
    store.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 5))
def test_pages_of_any_size_show_every_case_once(sqlite_cast: Cast, cut: int) -> None:
    while len(sqlite_cast.items("none")) == 0 and sqlite_cast.store.env.entropy.random.random() < 0.3:
        sqlite_cast.report()
    seen: list[str] = []
    cursor = None
    with sqlite_cast.store.read() as session:
        while True:
            page = reading.list_cases(session, sqlite_cast.district, reading.Filters(), cursor=cursor, limit=cut)
            seen += [row.number for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        assert sorted(seen) == sorted(session.scalars(select(Case.number)))


def test_the_auditor_and_the_administrator_see_no_case(sqlite_cast: Cast) -> None:
    sqlite_cast.report()
    with sqlite_cast.store.read() as session:
        for staff_no in ("QH-511302", "QI-511302"):
            page = reading.list_cases(session, sqlite_cast(staff_no), reading.Filters(), cursor=None, limit=50)
            assert page.rows == []


def test_a_restricted_case_is_read_by_its_reporter_and_the_protected_reader_of_each_level(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report(restricted=True).case.number
    with sqlite_cast.store.read() as session:
        for staff_no, sees in (("C-" + C, True), ("G-" + G, True), ("VA-511302009009", False), ("QB-511302", False)):
            page = reading.list_cases(session, sqlite_cast(staff_no), reading.Filters(), cursor=None, limit=50)
            assert [row.number for row in page.rows] == ([number] if sees else [])
