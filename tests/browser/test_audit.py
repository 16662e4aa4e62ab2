"""The auditor at work: verify, compare, follow a number, see who was refused what."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import D, V

AUDITOR = "QI-" + D
LOOKS: tuple[dict[str, Any], ...] = (
    {"size": DESK, "lang": "zh", "scheme": "light"},
    {"size": PHONE, "lang": "en", "scheme": "dark"},
    {"size": PHONE, "lang": "zh", "scheme": "light"},
    {"size": DESK, "lang": "en", "scheme": "dark"},
)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['lang']}-{look['scheme']}-{look['size']['width']}")
def test_every_page_is_accessible(people: People, look: dict[str, Any]) -> None:
    number = people.cast.report().case.number
    people("VA-" + V).goto("/audit")
    page = people(AUDITOR, **look)
    for path in ("", "/trail", f"/trail?subject={number}", "/access", "/access?actor=nobody"):
        page.goto("/audit" + path)
        assert violations(page) == [], path
        assert weight(page) <= 150_000
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_the_trail_holds_and_agrees_with_the_tables(people: People) -> None:
    people.cast.report()
    page = people(AUDITOR)
    page.goto("/audit")
    page.get_by_role("button", name="立即校验").click()
    expect(page.get_by_role("status").filter(has_text="条全部相符，根一致")).to_be_visible()
    page.get_by_role("button", name="立即对账").click()
    expect(page.get_by_text("数据表与轨迹完全一致")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载全部条目").click()
    assert download.value.suggested_filename == "trail.jsonl"


def test_a_number_is_followed_without_any_text(people: People) -> None:
    number = people.cast.report().case.number
    page = people(AUDITOR)
    page.goto("/audit/trail")
    page.get_by_label("事件编号或对象").fill(number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="case:case:report")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("围墙")
    expect(page.locator("main")).not_to_contain_text("张三")


def test_who_was_refused_what_is_seen(people: People) -> None:
    stranger = people("VA-" + V)
    answer = stranger.goto("/audit")
    assert answer is not None
    assert answer.status == 403
    page = people(AUDITOR)
    page.goto("/audit/access")
    page.get_by_label("结果").select_option("refused")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("row", name=f"staff:VA-{V}").first).to_contain_text("已拒绝")
