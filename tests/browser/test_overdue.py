"""The overdue board, as a supervisor works with it."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.db import Session
from engine.network.areas import import_areas
from engine.network.importing import import_units
from engine.network.people import actor_of, by_staff_no
from processes.cases.models import Case
from processes.cases.reporting import report
from processes.codes import Rung
from processes.supervisions.models import Supervision
from processes.supervisions.operations import supervise
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import C2, QUARREL, S2, C, Cast, D, G, S, V, units_csv

SUPERVISOR = "SF-" + S
LONG = "楼道堆放电动车并私拉电线充电多次劝阻无效消防通道被堵住居民担心火灾要求尽快清理并安装集中充电桩和监控"
FIFTY = 50


def late_cases(cast: Cast, count: int) -> list[str]:
    """Reports that nobody verified in time; they lie at the village by then or higher, as the clocks had it."""
    with cast.store.write() as session:
        actor = actor_of(session, by_staff_no(session, "C-" + C))
        numbers = [report(session, actor, {**QUARREL, "title": LONG}).case.number for _ in range(count)]
    for number in numbers:
        cast.do(number, "verify", result="accept")
    cast.pass_time(timedelta(days=6))
    return numbers


def drawn(cast: Cast) -> None:
    """Borders for the small network."""
    boxes = {D: (0, 0, 8, 8), S: (0, 0, 4, 8), S2: (4, 0, 8, 8), V: (0, 0, 3, 3), G: (0, 0, 2, 2), C: (0, 0, 1, 2)}
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "generated": True},
            "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
        }
        for code, (w, s, e, n) in boxes.items()
    ]
    with cast.store.write() as session:
        import_areas(session, "system:test", json.dumps({"type": "FeatureCollection", "features": features}).encode())


def case_of(session: Session, number: str) -> Case:
    return session.scalars(select(Case).where(Case.number == number)).one()


def overdue_of(cast: Cast) -> list[str]:
    with cast.store.read() as session:
        return list(session.scalars(select(Case.number).where(Case.late_since.is_not(None)).order_by(Case.number)))


def test_fifty_are_urged_at_once_three_fail_and_each_is_told_why(people: People) -> None:
    cast = people.cast
    numbers = late_cases(cast, FIFTY)
    district = "QF-" + D
    page = people(district)
    page.goto("/overdue?view=cases&show=open")
    expect(page.locator("#cases tbody tr")).to_have_count(FIFTY)
    page.get_by_label("选中本页").check()
    expect(page.locator("#bulk [data-chosen]")).to_have_text(f"已选 {FIFTY} 件")
    pressed, ended, hidden = numbers[3], numbers[17], numbers[41]
    with cast.store.write() as session:
        others = session.scalars(select(Supervision).where(Supervision.issuer_id == cast.unit(D).id)).all()
        assert others == []
        supervise(session, cast("QF-" + D), case_of(session, pressed), Rung.SUPERVISE)
        over = case_of(session, ended)
        over.state, over.owner_id, over.closed_at = "archived", None, cast.clock.now()
        over.late_since = None
        case_of(session, hidden).restricted = True
    page.get_by_role("button", name="催办").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=f"催办 {FIFTY} 件").click()
    expect(dialog).to_contain_text("已催办 47 件")
    expect(dialog).to_contain_text("3 件未成")
    failed = dialog.locator(".bulk-failed li")
    expect(failed).to_have_count(3)
    expect(failed.filter(has_text=pressed)).to_contain_text("督办")
    expect(failed.filter(has_text=ended)).to_contain_text("事件已经结束")
    expect(failed.filter(has_text=hidden)).to_contain_text("不在您的范围内")
    with cast.store.write() as session:
        case_of(session, hidden).restricted = False
    dialog.get_by_role("button", name="重试这 3 件").click()
    expect(dialog).to_contain_text("已催办 1 件")
    expect(failed).to_have_count(2)
    dialog.get_by_role("button", name="完成").click()
    expect(page.get_by_text("已选 2 件")).to_be_visible()
    with cast.store.read() as session:
        query = select(Supervision).where(Supervision.issuer_id == cast.unit(D).id, Supervision.rung == "urge")
        assert len(session.scalars(query).all()) == 48
    expect(page.locator("#cases tbody tr").filter(has_text="已催办")).to_have_count(48)


def test_drilling_down_keeps_the_path_in_the_address(people: People) -> None:
    cast = people.cast
    drawn(cast)
    number = cast.report(urgency="extra").case.number
    cast.do(number, "verify", result="accept")
    cast.pass_time(timedelta(hours=25))
    page = people("QF-" + D)
    page.goto("/overdue")
    expect(page.locator("#tile-grid")).to_contain_text("1")
    expect(page.locator("path.area-1")).to_have_count(1)
    expect(page.locator("#map-note")).to_be_visible()
    for code in (S, V, G):
        page.locator(f"#unit-{code}").click()
        page.wait_for_url(re.compile(f"at={code}"))
        expect(page.locator(f"#unit-{code}")).to_have_attribute("aria-expanded", "true")
        expect(page.locator(f"#unit-{code}")).to_be_focused()
    page.locator(f"#unit-{G}-own").click()
    expect(page.locator(f'.over-case a[href="/cases/{number}"]')).to_be_visible()
    page.reload()
    expect(page.locator(f'.over-case a[href="/cases/{number}"]')).to_be_visible()
    page.go_back()
    expect(page.locator(f"#unit-{G}")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".over-case")).to_have_count(0)
    page.go_back()
    expect(page.locator(f"#unit-{G}")).to_have_attribute("aria-expanded", "false")
    page.locator("#tile-grid").click()
    expect(page.locator("#cases tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("level=grid"))


def test_the_map_drills_down_as_the_table_does(people: People) -> None:
    drawn(people.cast)
    page = people("QF-" + D)
    page.goto("/overdue")
    page.locator("path.area").first.click()
    page.wait_for_url(re.compile(f"at={S}"))
    expect(page.locator("path.area")).to_have_count(1)
    expect(page.locator(f"#unit-{S}")).to_have_attribute("aria-expanded", "true")


def test_a_rate_tells_its_arithmetic_on_a_tap(people: People) -> None:
    number = people.cast.report().case.number
    people.cast.do(number, "verify", result="accept")
    page = people(SUPERVISOR, size=PHONE)
    page.goto("/overdue")
    page.locator("button.rate").first.click()
    expect(page.locator(".how")).to_have_text("响应率 = 按时签收受理 1 ÷ 应签收受理 1 件，近 30 天")
    page.keyboard.press("Escape")
    expect(page.locator(".how")).to_have_count(0)


def book_of(page: Page, path: str) -> Any:
    answer = page.request.get(path)
    assert answer.ok
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    return load_workbook(io.BytesIO(answer.body())).active


def test_the_tables_come_as_excel_with_typed_columns(people: People) -> None:
    cast = people.cast
    number = cast.report(urgency="extra", title="=1+1 占道").case.number
    cast.do(number, "verify", result="accept")
    cast.pass_time(timedelta(hours=25))
    page = people(SUPERVISOR)
    units = book_of(page, "/overdue/units.xlsx")
    head = [cell.value for cell in units[1]]
    assert head[:6] == ["编码", "层级", "单位", "在办", "超期", "即将到期"]
    rows = {row[0]: row for row in units.iter_rows(min_row=2, values_only=True)}
    assert set(rows) >= {S, V, G, C, C2}
    assert rows[S][3:7] == (1, 1, 0, 1.0)
    assert units.cell(2, 8).number_format == "0.0%"
    cases = book_of(page, "/overdue/cases.xlsx?view=cases")
    row = next(cases.iter_rows(min_row=2, values_only=True))
    assert row[:2] == (number, "=1+1 占道")
    assert cases.cell(2, 2).data_type == "s"
    assert isinstance(row[8], datetime)
    assert row[10] == 1.0
    ages = book_of(page, "/overdue/ages.xlsx")
    assert [row[1] for row in ages.iter_rows(min_row=2, values_only=True)] == [1, 0, 0, 0, 0, 0]


def test_the_board_is_light_and_accessible_everywhere(people: People) -> None:
    cast = people.cast
    drawn(cast)
    late_cases(cast, 3)
    for lang, scheme in (("zh", "light"), ("en", "dark"), ("zh", "dark"), ("en", "light")):
        for size in (DESK, PHONE):
            page = people("QF-" + D, size=size, lang=lang, scheme=scheme)
            for path in (f"/overdue?at={V}", "/overdue?view=cases&show=open", "/overdue?view=cases&age=more"):
                page.goto(path)
                page.locator("#ages-chart").scroll_into_view_if_needed()
                expect(page.locator("#ages-chart svg")).to_be_visible()
                expect(page.locator("#map path.area").first).to_be_visible()
                page.evaluate("scrollTo(0, 0)")  # else what lies under the bar counts as covered
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert weight(page) <= 350_000


def test_everything_is_done_by_keyboard_alone(people: People) -> None:
    cast = people.cast
    number = late_cases(cast, 1)[0]
    page = people("QF-" + D)
    page.goto("/overdue?view=cases&show=open")
    page.locator(f'input[value="{number}"]').focus()
    page.keyboard.press("Space")
    expect(page.locator("#bulk")).to_be_visible()
    page.locator('#bulk [data-rung="urge"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("已催办 1 件")
    with page.expect_navigation():  # what was urged is read anew
        page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#tab-units").focus()
    page.keyboard.press("Enter")
    page.locator(f"#unit-{S}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#unit-{S}")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(f"#unit-{S}")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("view=cases"))


def test_an_empty_place_says_so_and_others_are_kept_out(people: People) -> None:
    with people.cast.store.write() as session:
        import_units(session, "system:test", units_csv())
    page = people("SF-" + S2)
    page.goto("/overdue?view=cases")
    expect(page.get_by_text("荆溪街道没有超期事件。")).to_be_visible()
    page.goto("/overdue")
    expect(page.get_by_text("没有超期事件。")).to_be_visible()
    assert page.request.get(f"/overdue?at={S}").status == 404
    assert people("SA-" + S).request.get("/overdue").status == 403


def test_what_the_own_desk_holds_cannot_be_chosen_and_all_pages_can(people: People) -> None:
    cast = people.cast
    own = cast.report(cast("SA-" + S), place_unit=S, source="desk").case.number
    late_cases(cast, 60)
    assert cast.case(own).owner_id == cast.unit(D).id  # nobody verified it on the way up
    page = people("QF-" + D)
    page.goto("/overdue?view=cases&show=open")
    expect(page.locator(f'input[value="{own}"]')).to_be_disabled()
    page.get_by_label("选中本页").check()
    expect(page.locator("#bulk [data-chosen]")).to_have_text("已选 49 件")
    page.get_by_role("button", name="选中所有页").click()
    expect(page.locator("#bulk [data-chosen]")).to_have_text("已选 60 件")
    page.locator("#page-after").click()
    expect(page.locator("#cases input[name=case]:checked")).to_have_count(11)
