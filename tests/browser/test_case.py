"""The page of one case, as people use it."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete, select

from engine.access_log import Access
from engine.network.people import by_staff_no
from engine.network.staffing import import_staff
from engine.sign_in.credentials import set_password
from engine.sign_in.sessions import SignIn
from processes import access, attachments
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import C2, Cast, G, S, V
from tests.db.web.test_case_view import travelled
from tests.db.web.test_looking_api import photo

GRID, VILLAGE = "G-" + G, "VA-" + V
TITLE = "惠民小区三单元二楼与三楼因卫生间渗水反复协商不成、双方多次争吵并报警的邻里纠纷（含物业责任认定）"


COVERED = """() => {
  const mark = document.querySelector('.bjs-powered-by');
  const {left, right, top, bottom} = mark.getBoundingClientRect();
  const points = [[left + 4, top + 4], [right - 4, bottom - 4], [(left + right) / 2, (top + bottom) / 2]];
  return points.filter(([x, y]) => !mark.contains(document.elementFromPoint(x, y))).length;
}"""
"""How many points of the diagram's watermark something else lies over; its licence wants none."""


def handled(cast: Cast) -> str:
    number = cast.report(title=TITLE).case.number
    cast.do(number, "verify", result="accept")
    return number


def rich(cast: Cast) -> str:
    """A long story with a picture, at the village, which has accepted it."""
    number = cast.report(title=TITLE, address="惠民小区 3 单元 201 室").case.number
    with cast.store.write() as session:
        attachments.attach(session, cast.grid, access.read_case(session, cast.grid, number), "wall.jpg", photo())
    travelled(cast, number)
    cast.do(number, "accept", outcome="accept")
    return number


def offered(page: Page) -> Locator:
    """The units that a picker offers."""
    return page.get_by_role("listbox").get_by_role("option")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_grid_worker_refers_a_case_up_from_its_page(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.goto(f"/cases/{number}")
    press(page, "上报")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("事件将转到 冯家寺社区")
    dialog.get_by_label("理由").fill("两家都不让步，需要社区调解")
    dialog.get_by_role("button", name="上报").click()
    expect(page.get_by_role("status").filter(has_text="已上报")).to_be_visible()
    expect(page.get_by_text("两家都不让步，需要社区调解")).to_be_visible()
    assert people.cast.case(number).owner_id == people.cast.unit(V).id


def test_a_unit_is_chosen_with_the_keyboard_alone(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.goto(f"/cases/{number}")
    page.get_by_role("button", name="交办", exact=True).focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("combobox", name="送到单位")
    expect(box).to_be_visible()
    box.focus()
    page.keyboard.type("方格2")
    expect(offered(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("方格2")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.get_by_label("反馈时限").fill("2026-11-26T17:00")
    page.get_by_role("dialog").get_by_role("button", name="交办").press("Enter")
    expect(page.get_by_role("status").filter(has_text="已交办")).to_be_visible()
    assert people.cast.case(number).owner_id == people.cast.unit(C2).id


def test_wrong_fields_are_told_at_the_fields_and_nothing_is_lost(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.goto(f"/cases/{number}")
    press(page, "申请延期")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("等待鉴定")
    days = dialog.get_by_label("延长天数")
    days.evaluate("each => each.removeAttribute('max')")
    days.fill("30")
    dialog.get_by_role("button", name="申请延期").click()
    expect(dialog.get_by_role("alert")).to_contain_text("须为 1 至")
    expect(dialog.get_by_label("理由")).to_have_value("等待鉴定")
    expect(days).to_have_attribute("aria-invalid", "true")


def test_a_session_that_ends_in_the_middle_of_a_long_form_loses_nothing(people: People) -> None:
    cast, number = people.cast, handled(people.cast)
    with cast.store.write() as session:
        set_password(session, "system:test", GRID, "right-password")
    page = people(GRID)
    page.goto(f"/cases/{number}")
    press(page, "自办")
    words = "上午走访两家，下午在服务站调解，双方同意各让半米并签字。" * 20
    page.get_by_label("办理措施").fill(words)
    with cast.store.write() as session:
        session.execute(delete(SignIn).where(SignIn.staff_id == by_staff_no(session, GRID).id))
    page.get_by_role("dialog").get_by_role("button", name="自办").click()
    again = page.get_by_role("dialog", name="请重新登录")
    expect(again).to_contain_text("您填写的内容都在")
    again.get_by_label("密码").fill("wrong-password")
    again.get_by_role("button", name="登录并继续").click()
    expect(again).to_contain_text("工号或密码不正确")
    again.get_by_label("密码").fill("right-password")
    again.get_by_role("button", name="登录并继续").click()
    expect(page.get_by_role("status").filter(has_text="已自办")).to_be_visible()
    expect(page.get_by_text("各让半米并签字").first).to_be_visible()
    assert people.cast.case(number).state == "checking"


def test_of_two_who_take_the_same_item_the_second_is_told_who_was_first(people: People) -> None:
    cast = people.cast
    number = handled(cast)
    cast.do(number, "act", outcome="refer_up", reason="两家都不让步")
    with cast.store.write() as session:
        row = f"staff_no,name,unit_code,roles,phone\nVX-{V},社区二号,{V},handler desk,\n"
        import_staff(session, "system:test", row.encode())
    first, second = people(VILLAGE), people("VX-" + V)
    for page in (first, second):
        page.goto(f"/cases/{number}")
    press(first, "签收")
    expect(first.get_by_role("button", name="释放")).to_be_visible()
    press(second, "签收")
    expect(second.get_by_role("alert")).to_contain_text("已由 冯*****A 于 今天 09:00 签收")
    press(second, "受理")
    expect(second.get_by_role("dialog")).to_contain_text("已由 冯*****A 于 今天 09:00 签收")


def test_parties_are_shown_for_a_minute_and_each_look_is_recorded(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.clock.install()
    page.goto(f"/cases/{number}")
    expect(page.get_by_text("张*")).to_be_visible()
    assert "张三" not in page.content()
    page.get_by_text("显示姓名和电话").click()
    page.get_by_label("用途").select_option("电话联系")
    press(page, "显示")
    expect(page.get_by_text("张三")).to_be_visible()
    expect(page.get_by_text("13800001234")).to_be_visible()
    with people.cast.store.read() as session:
        rows = [(row.actor, row.action, row.outcome) for row in session.scalars(select(Access))]
    assert rows == [(f"staff:{GRID}", "case:parties:reveal:contact", "granted")]
    page.clock.fast_forward(61_000)
    page.clock.run_for(61_000)
    expect(page.get_by_text("张*")).to_be_visible()
    assert "张三" not in page.content()


def test_who_only_watches_is_not_offered_the_names(people: People) -> None:
    number = handled(people.cast)
    page = people("SC-" + S)
    page.goto(f"/cases/{number}")
    expect(page.get_by_text("张*")).to_be_visible()
    expect(page.get_by_text("显示姓名和电话")).to_have_count(0)


def test_what_cannot_be_done_is_not_shown_but_the_reason_is_told(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.goto(f"/cases/{number}")
    expect(page.get_by_role("button", name="核查", exact=True)).to_have_count(0)
    press(page, "为什么不能…")
    expect(page.get_by_role("dialog")).to_contain_text("只在“待核查”时可以")
    page.keyboard.press("Escape")
    page.goto(f"/cases/{number}/act/check")
    expect(page.get_by_role("alert")).to_contain_text("只在“待核查”时可以")
    press(page, "自办")
    expect(page.get_by_label("办理措施")).to_be_visible()


def test_the_diagram_is_loaded_when_it_is_asked_for(people: People) -> None:
    number = rich(people.cast)
    page = people(VILLAGE)
    page.goto(f"/cases/{number}")
    page.wait_for_load_state("networkidle")
    assert weight(page) <= 150_000
    press(page, "打开流程图")
    dialog = page.get_by_role("dialog", name="流程图")
    expect(dialog.locator("[data-element-id=stay].here")).to_be_attached()
    expect(dialog.locator("[data-element-id=hopped].passed")).to_be_attached()
    expect(dialog.locator(".token")).to_be_visible()
    expect(dialog.get_by_text("承办 ×5")).to_be_visible()
    assert page.evaluate(COVERED) == 0
    press(page, "本次承办")
    expect(dialog.locator("[data-element-id=act].here")).to_be_attached()
    assert violations(page) == []


def test_a_picture_says_when_and_where_it_was_taken(people: People) -> None:
    number = rich(people.cast)
    page = people(VILLAGE)
    page.goto(f"/cases/{number}")
    files = page.locator("section", has=page.get_by_role("heading", name="附件"))
    expect(files).to_contain_text("拍摄于 11 月 24 日 周二 08:41")
    expect(files).to_contain_text("30.78681, 106.10833")
    assert files.locator("img").evaluate("each => each.decode().then(() => each.naturalWidth)") == 320


def test_files_of_a_form_are_uploaded_at_once_and_told_with_it(people: People) -> None:
    number = handled(people.cast)
    page = people(GRID)
    page.goto(f"/cases/{number}")
    press(page, "自办")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("附件").set_input_files({"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(dialog.get_by_role("button", name="不附 wall.jpg")).to_be_visible()
    dialog.get_by_label("办理措施").fill("围墙退让半米")
    dialog.get_by_role("button", name="自办").click()
    line = page.locator(".case-line", has_text="围墙退让半米")
    expect(line.get_by_role("img")).to_be_visible()
    expect(page.locator(".case-line", has_text="添加附件")).to_have_count(0)


def test_the_story_jumps_to_now(people: People) -> None:
    number = rich(people.cast)
    page = people(VILLAGE, size=PHONE)
    page.goto(f"/cases/{number}")
    page.get_by_role("link", name="跳到现在").click()
    expect(page.locator("#now")).to_be_in_viewport()
    expect(page.locator("#now")).to_contain_text("受理")


@pytest.mark.parametrize(("lang", "scheme"), list(product(("zh", "en"), ("light", "dark"))))
def test_the_page_is_accessible(people: People, lang: str, scheme: str) -> None:
    number = rich(people.cast)
    for size in (PHONE, DESK):
        page = people(VILLAGE, size=size, lang=lang, scheme=scheme)
        page.goto(f"/cases/{number}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".case-proof summary").first.click()
        page.locator(".reveal summary").click()
        assert violations(page) == []
        page.locator("[data-action=assign]").click()
        page.get_by_role("combobox", name="送到单位" if lang == "zh" else "Unit").focus()
        offered(page).first.wait_for()
        assert violations(page) == []


def test_a_case_out_of_sight_is_not_there(people: People) -> None:
    number = handled(people.cast)
    page = people("VA-511302010001")
    answer = page.goto(f"/cases/{number}")
    assert answer is not None
    assert answer.status == 404
