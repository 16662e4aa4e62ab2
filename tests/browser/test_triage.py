"""The triage board, as people work on it: by keyboard, two at once, many at once, and with news coming in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import runtime
from engine.network.people import Appointment, by_staff_no
from processes.codes import State
from processes.postponing.operations import carry_out_due
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import C, Cast, G, V

DESK_OF_VILLAGE = "VA-" + V
COLLEAGUE = "VB-" + V
LONG = (
    "关于冯家寺社区第一网格内多户居民就楼顶防水层年久失修漏水责任归属及维修资金分摊长期协商未果请求社区牵头处理的事项"
)


def report(cast: Cast, title: str, **more: Any) -> str:
    """A case that waits at the village's own desk."""
    return cast.report(cast.village, place_unit=V, **{"title": title, **more}).case.number


def give_colleague_the_post(cast: Cast) -> None:
    with cast.store.write() as session:
        staff, unit = by_staff_no(session, COLLEAGUE), cast.unit(V)
        now = session.env.clock.now()
        row = Appointment(staff_id=staff.id, unit_id=unit.id, role="handler", district_id=unit.district_id)
        row.valid_from = now
        session.add(row)


def board(people: People, staff_no: str = DESK_OF_VILLAGE, address: str = "/triage", **options: Any) -> Page:
    page = people(staff_no, **options)
    page.goto(address)
    page.locator("main.board").wait_for()
    return page


def line(page: Page, title: str) -> Locator:
    return page.locator("tr.line").filter(has_text=title)


def ten_seconds_later(cast: Cast) -> None:
    cast.clock.set(cast.clock.now() + timedelta(seconds=11))
    carry_out_due(cast.store)


def state(cast: Cast, number: str) -> State:
    return State(cast.case(number).state)


def test_a_triager_works_through_the_morning_by_keyboard(people: People) -> None:
    cast = people.cast
    wall, again = report(cast, "围墙倒了压坏菜地"), report(cast, "围墙倒了压坏菜地里的菜")
    noise, lamp = report(cast, "夜间施工噪声"), report(cast, "路灯不亮", kind="livelihood")
    page = board(people)
    keys = page.keyboard
    keys.press("j")
    expect(line(page, "围墙倒了压坏菜地").first.get_by_role("link")).to_be_focused()
    keys.press("1")
    expect(page.locator("#toasts")).to_contain_text("已受理 " + wall)
    expect(line(page, "围墙倒了压坏菜地").first.locator("[data-undo]")).to_be_visible()
    keys.press("j")
    keys.press("2")
    expect(page.get_by_role("dialog")).to_contain_text("标题相似")
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("已并案 " + again)
    keys.press("j")
    keys.press("3")
    page.get_by_role("dialog").get_by_label("理由").fill("不属实，现场没有施工")
    page.get_by_role("dialog").get_by_role("button", name="不予受理").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("已不予受理 " + noise)
    keys.press("j")
    keys.press("Enter")
    expect(page.locator("#panel-title")).to_have_text("路灯不亮")
    keys.press("e")
    expect(line(page, "路灯不亮").locator(".who")).to_have_text("我")
    keys.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    ten_seconds_later(cast)
    assert [state(cast, number) for number in (wall, again, noise, lamp)] == [
        State.HANDLING,
        State.MERGED,
        State.DECLINED,
        State.REPORTED,
    ]
    expect(line(page, "夜间施工噪声")).to_have_count(0, timeout=15_000)
    expect(page.locator("#view-verify")).to_contain_text("1")


def test_single_keys_can_be_switched_off_and_never_fire_while_typing(people: People) -> None:
    number = report(people.cast, "围墙纠纷")
    page = board(people)
    page.get_by_role("searchbox").press_sequentially("j1x")
    expect(page.get_by_role("searchbox")).to_have_value("j1x")
    page.locator("tr.line a").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("交办")
    page.get_by_label("使用单键快捷键").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.locator("tr.line a").focus()
    page.keyboard.press("1")
    page.keyboard.press("x")
    expect(page.locator("[data-pick]")).not_to_be_checked()
    assert people.cast.items(number)[0].holder_id is None
    page.locator("[data-line-menu]").click()
    page.get_by_role("menuitem", name="受理", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已受理")


def test_of_two_triagers_one_gets_the_item_and_the_other_is_told_who(people: People) -> None:
    cast = people.cast
    give_colleague_the_post(cast)
    number = report(cast, "围墙纠纷")
    first, second = board(people), board(people, COLLEAGUE)
    first.locator("tr.line a").focus()
    first.keyboard.press("e")
    expect(first.locator("tr.line .who")).to_have_text("我")
    second.route("**/triage/lines*", lambda route: route.abort())  # the second has not heard of it yet
    second.locator("tr.line a").focus()
    second.keyboard.press("1")
    expect(second.get_by_role("alert")).to_contain_text("已由 冯*****A 于 今天 09:00 签收")
    second.keyboard.press("Escape")
    second.unroute("**/triage/lines*")
    expect(second.locator("tr.line .who")).to_have_text("冯*****A", timeout=15_000)
    assert cast.items(number)[0].holder_id == cast.village.staff_id


def test_thirty_are_accepted_at_once_and_what_was_refused_says_why(people: People) -> None:
    cast = people.cast
    give_colleague_the_post(cast)
    numbers = [report(cast, f"第 {index} 件事") for index in range(30)]
    taken, settled = numbers[3], numbers[7]
    page = board(people)
    page.route("**/triage/lines*", lambda route: route.abort())
    with cast.store.write() as session:
        runtime.claim(session, cast(COLLEAGUE), cast.items(taken)[0].id)
    cast.do(settled, "verify", cast.village, result="decline", reason="重复来电")
    page.get_by_label("全选本页").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("已选 30 件")
    page.unroute("**/triage/lines*")
    page.get_by_role("toolbar").get_by_role("button", name="受理", exact=True).click()
    results = page.get_by_role("dialog", name="受理：30 件")
    expect(results).to_contain_text("28 件已受理，2 件没有办成", timeout=20_000)
    refused = results.locator("tr").filter(has=page.locator(".refused"))
    expect(refused.filter(has_text=taken)).to_contain_text("签收")
    expect(refused.filter(has_text=settled)).to_contain_text("办结")
    with cast.store.write() as session:
        runtime.release(session, cast(COLLEAGUE), cast.items(taken)[0].id)
    results.get_by_role("button", name="重试 1 件").click()
    expect(page.locator("#toasts")).to_contain_text("已受理 " + taken)
    ten_seconds_later(cast)
    while carry_out_due(cast.store):
        pass
    assert sum(state(cast, number) == State.HANDLING for number in numbers) == 29


def test_undo_brings_it_back_also_after_the_page_was_left(people: People) -> None:
    cast = people.cast
    number = report(cast, "围墙纠纷")
    page = board(people)
    page.locator("tr.line a").focus()
    page.keyboard.press("1")
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator("#toasts")).to_contain_text("已撤销")
    expect(page.locator("[data-undo]")).to_have_count(0)
    page.locator("tr.line a").focus()
    page.keyboard.press("1")
    expect(page.locator("[data-undo]")).to_be_visible()
    page.goto("/notices")
    page.goto("/triage")
    page.locator("[data-undo]").click()
    expect(page.locator("#toasts")).to_contain_text("已撤销")
    ten_seconds_later(cast)
    assert state(cast, number) == State.REPORTED
    assert cast.items(number)[0].holder_id is None


def test_a_new_line_comes_in_and_nobodys_place_is_lost(people: People) -> None:
    cast = people.cast
    for index in range(25):
        report(cast, f"第 {index} 件事")
    page = board(people)
    page.locator("tr.line a").nth(20).click()
    page.get_by_label("记录进展").wait_for(state="detached")
    page.locator("tr.line a").nth(18).focus()
    page.keyboard.press("x")
    before = page.locator("tr.line").nth(18).bounding_box()
    report(cast, "新来的急事", urgency="extra")
    fresh = line(page, "新来的急事")
    expect(fresh).to_have_class("line is-new", timeout=15_000)
    expect(page.locator("tr.line").nth(19).get_by_role("link")).to_be_focused()
    after = page.locator("tr.line").nth(19).bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2
    expect(page.locator("tr.line.is-picked")).to_have_count(1)
    expect(page.locator("#view-all")).to_contain_text("26")


def test_what_is_typed_into_the_panel_stays_while_the_case_moves_on(people: People) -> None:
    cast = people.cast
    give_colleague_the_post(cast)
    number = report(cast, "围墙纠纷")
    cast.do(number, "verify", cast.village, result="accept")
    page = board(people)
    page.locator("tr.line a").click()
    page.get_by_label("记录进展").fill("已约双方下午三点到社区")
    cast.do(number, "act", cast(COLLEAGUE), outcome="refer_up", reason="需要街道协调")
    expect(page.locator("[data-news]")).to_contain_text("离开您的队列", timeout=15_000)
    expect(page.get_by_label("记录进展")).to_have_value("已约双方下午三点到社区")


def test_a_form_in_the_panel_waits_ten_seconds_too_and_shows_its_errors(people: People) -> None:
    cast = people.cast
    number = report(cast, "围墙纠纷")
    cast.do(number, "verify", cast.village, result="accept")
    page = board(people)
    page.locator("tr.line a").click()
    page.locator("#panel").get_by_role("button", name="交办").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox").fill("第一网格")
    form.get_by_role("option", name="第一网格 冯家寺社区").click()
    form.get_by_label("反馈时限").fill("2026-11-25T17:00")
    form.get_by_role("button", name="交办").click()
    expect(page.locator("#toasts")).to_contain_text("已交办 " + number)
    expect(line(page, "围墙纠纷").locator(".deciding")).to_contain_text("将交办")
    ten_seconds_later(cast)
    assert cast.case(number).owner_id == cast.unit(G).id


def test_many_are_assigned_with_one_form(people: People) -> None:
    cast = people.cast
    numbers = [report(cast, f"第 {index} 件事") for index in range(3)]
    for number in numbers[:2]:
        cast.do(number, "verify", cast.village, result="accept")
    page = board(people)
    page.get_by_label("全选本页").check()
    page.get_by_role("toolbar").get_by_role("button", name="交办").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox").fill("第一网格")
    form.get_by_role("option", name="第一网格 冯家寺社区").click()
    form.get_by_label("反馈时限").fill("2026-11-25T17:00")
    form.get_by_role("button", name="交办").click()
    results = page.get_by_role("dialog", name="交办：3 件")
    expect(results).to_contain_text("2 件已交办，1 件没有办成")
    expect(results.locator(".refused")).to_contain_text("“核实立案”环节不能交办")
    ten_seconds_later(cast)
    assert [cast.case(number).owner_id for number in numbers[:2]] == [cast.unit(G).id] * 2


def test_filters_are_kept_as_a_view_that_counts(people: People) -> None:
    cast = people.cast
    report(cast, "围墙纠纷")
    report(cast, "路灯不亮", kind="livelihood")
    page = board(people)
    page.get_by_label("类别").select_option("livelihood")
    page.wait_for_url("**/triage?kind=livelihood")
    expect(page.locator("tr.line")).to_have_count(1)
    page.get_by_role("button", name="存为视图").click()
    page.get_by_label("名称").fill("民生")
    page.get_by_role("button", name="保存").click()
    views = page.get_by_role("navigation", name="视图")
    mine = views.get_by_role("link", name="民生")
    expect(mine).to_have_attribute("aria-current", "page")
    expect(mine).to_contain_text("1")
    page.get_by_role("button", name="视图操作：民生", exact=True).click()
    page.get_by_role("menuitem", name="重命名").click()
    page.get_by_label("名称").fill("民生事项")
    page.get_by_role("button", name="保存").click()
    expect(views.get_by_role("link", name="民生事项")).to_be_visible()
    page.get_by_role("button", name="视图操作：民生事项").click()
    page.get_by_role("menuitem", name="删除视图").click()
    page.get_by_role("button", name="删除", exact=True).click()
    expect(views.get_by_role("link", name="民生事项")).to_have_count(0)


def test_on_the_phone_the_case_is_a_page_of_its_own(people: People) -> None:
    report(people.cast, LONG)
    page = board(people, size=PHONE)
    page.locator("tr.line a").click()
    expect(page.locator("#panel-title")).to_have_text(LONG)
    expect(page.locator("tr.line")).to_be_hidden()
    page.go_back()
    expect(page.locator("tr.line")).to_be_visible()
    page.locator("tr.line a").click()
    page.get_by_role("link", name="返回列表").click()
    expect(page.locator("tr.line")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_an_empty_desk_says_so(people: People) -> None:
    page = board(people, "SA-" + V[:9])
    expect(page.locator("main")).to_contain_text("现在没有待办")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_is_accessible_and_light(people: People, lang: str, scheme: str) -> None:
    cast = people.cast
    for index in range(3):
        report(cast, LONG, urgency=("ordinary", "urgent", "extra")[index])
    number = cast.report(restricted=True, place_unit=C).case.number
    assert number
    cast.pass_time(timedelta(hours=1))
    wanted = cast.items(report(cast, "围墙纠纷"))[0].subject_no
    for size in (DESK, PHONE):
        page = board(people, size=size, lang=lang, scheme=scheme)
        assert violations(page) == []
        page.goto(f"/triage?case={wanted}")
        assert violations(page) == []
        assert weight(page) <= 150_000
        if size is DESK:
            page.locator("[data-pick]").first.check()
            page.locator("[data-line-menu]").last.click()
            assert violations(page) == []
            page.keyboard.press("Escape")
            page.locator("[data-help]").click()
            assert violations(page) == []
