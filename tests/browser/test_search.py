"""Searching from any desk: finds as one types, with the keyboard alone, within what one may read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.measures import violations
from tests.browser.people import DESK, PHONE, People
from tests.cast import V2, C, G, V

LONG_TITLE = (
    "关于本小区三号楼与四号楼之间围墙倒塌压坏两辆私家车以及物业公司拒绝赔偿并且态度恶劣的情况反映请尽快处理为盼谢谢"
)


def reports(people: People) -> str:
    cast = people.cast
    cast.report(title="路灯不亮", text="晚上看不见路", parties=[])
    cast.report(title=LONG_TITLE, address="潆溪路 3 号")
    cast.report(title="保密的围墙", restricted=True)
    return cast.report().case.number


def test_ctrl_k_finds_as_one_types_and_goes_there_without_a_mouse(people: People) -> None:
    number = reports(people)
    page = people("VA-" + V)
    page.goto("/notices")
    page.keyboard.press("Control+k")
    page.keyboard.type("围墙纠纷")
    finds = page.locator("dialog .find")
    expect(finds).to_have_count(1)
    expect(finds.locator("mark").first).to_have_text("围墙纠纷")
    page.keyboard.press("ArrowDown")
    expect(finds).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.type(" 张三")
    expect(finds).to_contain_text("当事人：张*")
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{number}")


def test_enter_opens_the_page_which_finds_units_and_numbers_too(people: People) -> None:
    number = reports(people)
    page = people("VA-" + V)
    page.goto("/notices")
    page.locator("a[data-find]").click()
    page.keyboard.type("冯家寺")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q="))
    page.get_by_role("link", name="冯家寺社区").click()
    expect(page.locator(".find")).to_have_count(3)  # the restricted one stays unseen
    page.get_by_label("查找事件或单位").fill(number[-5:])
    expect(page.locator(".find")).to_have_count(1)
    expect(page.locator(".find mark")).to_have_text(number[-5:])


def test_what_is_out_of_reach_is_not_found_and_one_is_told_what_to_do(people: People) -> None:
    reports(people)
    page = people("VA-" + V2)
    page.goto("/search?q=围墙")
    expect(page.locator(".empty")).to_contain_text("您可查看的范围内没有“围墙”")
    page.get_by_label("查找事件或单位").fill("围")
    expect(page.locator(".empty")).to_contain_text("请输入两个字以上")
    leader = people("G-" + G)
    leader.goto("/search?q=保密的围墙")
    expect(leader.locator(".find")).to_have_count(1)


def test_without_script_the_link_leads_to_the_page(people: People) -> None:
    reports(people)
    page = people("VA-" + V, java_script_enabled=False)
    page.goto("/notices")
    page.locator("a[data-find]").click()
    page.get_by_label("查找事件或单位").fill("围墙")
    page.keyboard.press("Enter")
    expect(page.locator(".find")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(people: People, scheme: str) -> None:
    reports(people)
    for lang, size in (("zh", PHONE), ("zh", DESK), ("en", PHONE), ("en", DESK)):
        page = people("C-" + C, size=size, lang=lang, scheme=scheme)
        page.goto("/search?q=围墙")
        expect(page.locator(".find").first).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
