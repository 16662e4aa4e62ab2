"""Notices: in words, unread first, read one by one or all, counted at the bell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from processes.cases.readers import withdraw_units
from tests.browser.measures import violations
from tests.browser.people import DESK, PHONE, People
from tests.cast import G, V


def arrivals(people: People, count: int) -> list[str]:
    """Cases referred up to the village; their numbers."""
    cast = people.cast
    numbers = []
    for at in range(count):
        numbers.append(cast.report(title=f"第{at}件围墙纠纷").case.number)
        cast.do(numbers[-1], "verify", result="accept")
        cast.do(numbers[-1], "act", outcome="refer_up", reason="两家都不让步")
    cast.tell()
    return numbers


def test_notices_are_read_one_by_one_by_going_there_and_all_at_once(people: People) -> None:
    numbers = arrivals(people, 4)
    page = people("VA-" + V)
    page.goto("/notices")
    lines = page.locator("[data-notice]")
    expect(lines).to_have_count(4)
    expect(lines.first).to_contain_text("来件（上报），请签收办理")
    expect(lines.first).to_contain_text("第3件围墙纠纷")
    expect(page.locator("[data-unread]")).to_have_text("4")
    lines.first.get_by_role("button", name="标为已读").click()
    expect(lines).to_have_count(3)
    expect(page.locator("[data-unread]")).to_have_text("3")
    expect(lines.first.get_by_role("button")).to_be_focused()
    with page.expect_response("**/notices/read"):
        lines.first.get_by_role("link").click()
    page.wait_for_url(f"**/cases/{numbers[2]}")
    page.goto("/notices")
    expect(lines).to_have_count(2)
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.locator(".empty:visible")).to_contain_text("没有未读提醒")
    expect(page.locator("[data-unread]")).to_have_count(0)
    page.get_by_role("link", name="已读", exact=True).click()
    expect(lines).to_have_count(4)


def test_what_came_after_the_page_was_shown_stays_unread(people: People) -> None:
    arrivals(people, 1)
    page = people("VA-" + V)
    page.goto("/notices")
    arrivals(people, 1)
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.locator("[data-notice]")).to_have_count(1)
    expect(page.locator("[data-unread]")).to_have_text("1")


def test_older_ones_come_on_request(people: People) -> None:
    arrivals(people, 52)
    page = people("VA-" + V)
    page.goto("/notices")
    expect(page.locator("[data-notice]")).to_have_count(50)
    page.get_by_role("link", name="更早的").click()
    expect(page.locator("[data-notice]")).to_have_count(2)


def test_a_case_that_was_restricted_meanwhile_shows_no_title(people: People) -> None:
    number = arrivals(people, 1)[0]
    cast = people.cast
    with cast.store.write() as session:
        case = cast.case(number)
        withdraw_units(session, case)
    page = people("VA-" + V)
    page.goto("/notices")
    expect(page.locator("[data-notice]")).to_contain_text("您已不能查看这件事")
    expect(page.locator("[data-notice]")).not_to_contain_text("围墙")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(people: People, scheme: str) -> None:
    arrivals(people, 3)
    people.cast.pass_time(timedelta(days=3))
    for lang, size in (("zh", PHONE), ("zh", DESK), ("en", PHONE), ("en", DESK)):
        page = people("G-" + G, size=size, lang=lang, scheme=scheme)
        page.goto("/notices")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
