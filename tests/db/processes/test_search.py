"""Finding cases although every text is encrypted: everything in scope that holds the words, nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import func, select

from engine import vault
from engine.actors import Actor
from engine.errors import NotAllowedNow
from processes import access, attachments
from processes.cases import lookup, reading, search
from processes.cases.erasing import erase
from processes.cases.models import Case, CaseTerm
from tests.cast import C2, G2, S2, C, Cast, D, G, S, V
from tests.pictures import jpeg

WORDS = ("围墙", "墙漏", "漏水", "水管", "管道", "噪声", "纠纷", "纷争")
NAMES = ("张三", "张三丰", "李四", "欧阳小明")


def found(cast: Cast, actor: Actor, text: str, **more: Any) -> list[str]:
    """The numbers that a search gives, all its pages."""
    numbers: list[str] = []
    with cast.store.read() as session:
        page = lookup.find(session, actor, text, **more)
        numbers += [hit.row.number for hit in page.hits]
        while page.before is not None:
            page = lookup.find(session, actor, text, before=page.before, **more)
            numbers += [hit.row.number for hit in page.hits]
    return numbers


def listed(cast: Cast, actor: Actor, text: str) -> set[str]:
    with cast.store.read() as session:
        page = reading.list_cases(session, actor, reading.Filters(text=text), cursor=None, limit=200)
        return {row.number for row in page.rows}


def random_cases(cast: Cast, chances: random.Random, count: int = 40) -> None:
    """Cases in four grids, of few words, so that they meet often; some restricted."""
    places = [("C-" + C, C), ("C-" + C2, C2), ("G-" + G2, G2), ("G-" + S2 + "001001", S2 + "001001")]
    for _ in range(count):
        staff_no, place = chances.choice(places)
        cast.report(
            cast(staff_no),
            place_unit=place,
            title="".join(chances.choices(WORDS, k=2)),
            text="，".join(chances.choices(WORDS, k=3)),
            address=chances.choice(["３栋 2 单元", "Tower B", ""]),
            parties=[{"name": chances.choice(NAMES), "phone": "1380000" + str(chances.randrange(1000, 1004))}],
            restricted=chances.random() < 0.2,
        )


def oracle(cast: Cast, actor: Actor, text: str) -> list[str]:
    """The same question answered by opening every case that the actor may read."""
    words = [search.plain(word) for word in text.split()]
    with cast.store.read() as session:
        cases = session.scalars(access.scope(select(Case), actor).order_by(Case.id.desc())).all()
        return [case.number for case in cases if _says(vault.open_text(session, case.summary), words)]


def _says(summary: Any, words: list[str]) -> bool:
    texts = [search.plain(summary.get(name, "")) for name in ("title", "text", "address")]
    named = {party[part] for party in summary["parties"] for part in ("name", "phone")}
    narrows = any(len(word) > 1 for word in words)  # one character cannot be looked up, but can narrow
    return all(word in named or (narrows and any(word in text for text in texts)) for word in words)


@pytest.mark.parametrize("few", [1, 5, 2_000])
def test_everything_in_scope_that_holds_the_words_is_found_and_nothing_else(cast: Cast, few: int, monkeypatch):
    monkeypatch.setattr(search, "FEW", few)  # so that each way of walking is gone
    monkeypatch.setattr(access, "MANY", few)
    random_cases(cast, random.Random(5))
    actors = [cast(no) for no in ("C-" + C, "G-" + G, "VA-" + V, "VC-" + V, "SB-" + S, "QB-" + D)]
    queries = [
        *WORDS,
        *NAMES,
        "围墙漏水",
        "漏水 纠纷",
        "张三 围墙",
        "13800001002",
        "3栋2",
        "tower",
        "TOWER b",
        "没有",
        "张",
    ]
    some = 0
    for actor in actors:
        for query in queries:
            expected = oracle(cast, actor, query)
            assert found(cast, actor, query, limit=3) == expected, query
            assert set(expected) <= listed(cast, actor, query), query
            some += len(expected)
    assert some > 500


def test_a_list_finds_nothing_outside_of_the_scope(cast: Cast):
    random_cases(cast, random.Random(6))
    for actor in (cast.cell, cast.grid, cast.village, cast.district):
        with cast.store.read() as session:
            seen = set(session.scalars(access.scope(select(Case.number), actor)))
            each = set(session.scalars(select(Case.number).where(access.visible_each(actor))))
        assert seen == each
        for query in WORDS:
            assert listed(cast, actor, query) <= seen


def test_the_end_of_a_long_text_is_found(cast: Cast):
    filler = "".join(chr(0x4E00 + i) for i in range(3_990))
    number = cast.report(text=filler + "末尾漏水").case.number
    assert found(cast, cast.village, "末尾漏水") == [number]


def test_a_number_is_found_by_any_part_of_it(cast: Cast):
    first, second = cast.report().case.number, cast.report().case.number
    assert found(cast, cast.village, "511302-2026") == [second, first]
    assert found(cast, cast.village, "00002") == [second]
    assert found(cast, cast.village, "9999") == []


def test_a_part_of_a_name_finds_nobody(cast: Cast):
    number = cast.report(parties=[{"name": "欧阳小明"}]).case.number
    assert found(cast, cast.village, "欧阳") == []
    assert found(cast, cast.village, "欧阳小明") == [number]


def test_units_are_found_by_name_within_the_district(cast: Cast):
    with cast.store.read() as session:
        paths = lookup.find_units(session, cast.village, "冯家")
        assert [[unit.name for unit in path] for path in paths] == [["潆溪街道", "冯家寺社区"]]
        assert lookup.find_units(session, cast.village, "冯") == []


def test_an_erased_case_is_found_no_more(cast: Cast):
    case = cast.report().case
    with cast.store.write() as session, pytest.raises(NotAllowedNow):
        erase(session, cast.district, session.get_one(Case, case.id))
    cast.do(case.number, "verify", result="decline", reason="x")
    with cast.store.write() as session:
        attachments.attach(session, cast.cell, session.get_one(Case, case.id), "a.jpg", jpeg())
    with cast.store.write() as session:
        assert erase(session, cast.district, session.get_one(Case, case.id))
    assert found(cast, cast.village, "围墙") == []
    with cast.store.write() as session:
        assert not erase(session, cast.district, session.get_one(Case, case.id))
        assert session.scalar(select(func.count()).select_from(CaseTerm)) == 0
        assert attachments.of_case(session, session.get_one(Case, case.id)) == []


def test_the_index_can_be_built_anew(cast: Cast):
    numbers = [cast.report().case.number for _ in range(3)]
    with cast.store.write() as session:
        for case_id in session.scalars(select(Case.id)):
            search.forget(session, case_id)
    assert found(cast, cast.village, "围墙") == []
    last = 0
    while True:
        with cast.store.write() as session:
            done = search.reindex(session, after=last, limit=2)
        if not done:
            break
        last = done[-1]
    assert found(cast, cast.village, "围墙") == numbers[::-1]
