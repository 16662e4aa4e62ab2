"""Units and staff come in whole or not at all, and every bad row is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.db import Session, Store
from engine.errors import ImportRefused
from engine.network.importing import UnitHasOpenWork, close_unit, import_units
from engine.network.people import Appointment, Staff, actor_for_token, issue_token, masked, name_of
from engine.network.staffing import import_staff
from engine.network.units import Unit, by_code, common_superior
from engine.trail.entries import TrailEntry
from processes.demo.generate import demo_staff, demo_units
from tests.cast import UNITS, C, Cast, D, G, S, V, staff_csv, units_csv

HEAD = "code,parent_code,level,name\n"
GOOD = HEAD + "511302,,district,区\n511302001,511302,subdistrict,街道\n511302001001,511302001,village,村\n"


def refusal(session: Session, content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as refused:
        import_units(session, "system:test", content)
    assert session.scalar(select(func.count()).select_from(Unit)) == 0
    assert all(each["reason"] and each["zh"] for each in refused.value.findings)
    return [(each["line"], each["code"]) for each in refused.value.findings]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("511302,,district,区\n511302001,511399,subdistrict,街道\n", (3, "unknown_parent")),
        ("511302,,district,区\n511302001001,511302,village,村\n", (3, "level_order")),
        ("511302,,district,区\n511302,,district,区\n", (3, "duplicate_code")),
        ("511302,,district,区\n5113020010,511302,subdistrict,街道\n", (3, "code_length")),
        ("511302,,district,区\n511399001,511302,subdistrict,街道\n", (3, "code_not_under_parent")),
        ("511302,,district,区\n511302001,511302,subdistrict,\n", (3, "empty_name")),
        ("511302,,county,区\n", (2, "unknown_level")),
        ("511302001,511302001,subdistrict,街道\n", (2, "cycle")),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(session: Session, rows: str, expected: tuple[int, str]) -> None:
    assert expected in refusal(session, (HEAD + rows).encode())


def test_a_missing_column_and_a_foreign_encoding_are_named(session: Session) -> None:
    assert refusal(session, b"code,level,name\n1,district,x\n") == [(1, "missing_column")]
    assert refusal(session, HEAD.encode() + b"511302,,district,\xff\xff\n")[0] == (2, "bad_encoding")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_utf8_and_gb18030_are_read(session: Session, encoding: str) -> None:
    import_units(session, "system:test", GOOD.encode(encoding))
    found = by_code(session, "511302001")
    assert found is not None
    assert found.name == "街道"


def test_importing_again_is_an_update_and_never_a_duplicate(session: Session) -> None:
    first = import_units(session, "system:test", GOOD.encode())
    again = import_units(session, "system:test", GOOD.replace("街道", "新街道").encode())
    assert (first.created, again.created, again.updated, again.unchanged) == (3, 0, 1, 2)
    actions = list(session.scalars(select(TrailEntry.action).order_by(TrailEntry.seq)))
    assert actions == ["network:unit:import", "network:unit:rename", "network:unit:import"]


def test_rows_may_stand_in_any_order(session: Session) -> None:
    head, *rows = units_csv().decode().splitlines()
    import_units(session, "system:test", "\n".join([head, *reversed(rows)]).encode())
    assert session.scalar(select(func.count()).select_from(Unit)) == len(UNITS)


def test_a_unit_with_open_cases_is_closed_only_after_they_are_moved(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    admin = sqlite_cast("QH-" + D)
    for code in (G, V):
        with pytest.raises(UnitHasOpenWork), sqlite_cast.store.write() as session:
            close_unit(session, admin, code)
    sqlite_cast.do(number, "verify", result="decline", reason="x")
    with sqlite_cast.store.write() as session:
        close_unit(session, admin, C)
    with sqlite_cast.store.read() as session:
        assert by_code(session, C) is None


def test_staff_come_in_with_their_posts_and_names_are_not_readable_in_the_table(session: Session) -> None:
    import_units(session, "system:test", units_csv())
    import_staff(session, "system:test", staff_csv())
    again = import_staff(session, "system:test", staff_csv())
    assert again.created == 0
    staff = session.scalars(select(Staff).where(Staff.staff_no == "VA-" + V)).one()
    assert "冯家寺" in name_of(session, staff)
    assert "冯家寺".encode() not in staff.name_sealed
    posts = session.scalars(select(Appointment.role).where(Appointment.staff_id == staff.id)).all()
    assert sorted(posts) == ["desk", "handler"]


def test_staff_with_unknown_unit_or_role_are_refused(session: Session) -> None:
    import_units(session, "system:test", units_csv())
    bad = "staff_no,name,unit_code,roles,phone\nX1,甲,999,handler,\nX2,乙,511302,king,\n".encode()
    with pytest.raises(ImportRefused) as refused:
        import_staff(session, "system:test", bad)
    assert [each["line"] for each in refused.value.findings] == [2, 3]


def test_a_token_opens_until_it_expires(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        token = issue_token(session, "VA-" + V)
    with sqlite_cast.store.read() as session:
        actor = actor_for_token(session, token)
        assert actor is not None
        assert actor.ref == "staff:VA-" + V
        assert actor_for_token(session, token + "x") is None
    sqlite_cast.clock.advance(timedelta(days=91))
    with sqlite_cast.store.read() as session:
        assert actor_for_token(session, token) is None


def test_the_common_superior_is_strictly_above_both(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.read() as session:
        units = {code: by_code(session, code) for code in (D, S, V, G)}
        assert all(units.values())
        assert common_superior(session, units[V], units[G]).code == S  # type: ignore[arg-type]
        assert common_superior(session, units[D], units[G]).code == D  # type: ignore[arg-type]


def test_the_demo_district_is_the_real_one_with_everybody_in_place(store: Store) -> None:
    content = demo_units()
    with store.write() as session:
        done = import_units(session, "system:test", content)
        people = import_staff(session, "system:test", demo_staff(content))
        levels = dict(session.execute(select(Unit.level, func.count()).group_by(Unit.level)).all())
    assert done.created == sum(levels.values())
    assert (levels["subdistrict"], levels["village"], levels["grid"], levels["cell"]) == (19, 192, 576, 2304)
    assert people.created > 3000


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("张小三", "张*三"), ("欧阳小三", "欧**三"), ("张", "*")])
def test_names_are_masked(name: str, shown: str) -> None:
    assert masked(name) == shown
