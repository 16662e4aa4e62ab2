"""A restricted case is handled, and known, by named people only (ruling 11, invariant 9)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from processes import access
from processes.cases import reading
from processes.cases.models import NamedReader
from tests.cast import C, Cast, G, S, V


def named(cast: Cast) -> set[int]:
    with cast.store.read() as session:
        return set(session.scalars(select(NamedReader.staff_id)))


def test_it_travels_from_protected_reader_to_protected_reader_and_nobody_else_is_told(cast: Cast) -> None:
    number = cast.report(restricted=True).case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="refer_up", reason="涉及未成年人")
    item = cast.items(number, "accept")[0]
    assert (item.unit_id, item.role) == (cast.unit(V).id, "leader")
    cast.do(number, "accept", cast("VC-" + V), outcome="accept")
    cast.pass_time(timedelta(days=12))  # the village lets it lie: warned, overdue, supervised, escalated
    assert cast.case(number).level in {"subdistrict", "district"}
    told = {staff_id for _, staff_id in cast.notices(number)}
    assert told <= named(cast)
    assert cast("SE-" + S).staff_id in told


def test_a_case_that_turns_out_to_be_delicate_disappears_from_the_lists_of_its_units(cast: Cast) -> None:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept", restricted=True)
    with cast.store.read() as session:
        for staff_no, sees in (("C-" + C, True), ("G-" + G, True), ("VA-" + V, False), ("SB-" + S, False)):
            actor = cast(staff_no)
            page = reading.list_cases(session, actor, reading.Filters(), cursor=None, limit=9)
            assert [row.number for row in page.rows] == ([number] if sees else []), staff_no
            assert reading.counts(session, actor, access.reading_units(actor))["open"] == int(staff_no[0] == "G")
