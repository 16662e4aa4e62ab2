"""The line about the demonstration's month: on every page while it is lived, once when it is done, then never."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from processes.demo import runs
from processes.demo.runs import DemoRun
from tests.browser.measures import violations
from tests.browser.people import PHONE, People
from tests.cast import V


def begin(people: People) -> None:
    cast = people.cast
    with cast.store.write() as session:
        row = runs.begin(session, cast.district_id, cast.clock.now())
        row.reached, row.cases = cast.clock.now() - timedelta(days=18), 140


def change(people: People, **values: object) -> None:
    with people.cast.store.write() as session:
        session.execute(update(DemoRun).values(**values))


def test_the_month_is_told_while_it_is_lived_and_once_when_it_is_done(people: People) -> None:
    begin(people)
    page = people("VA-" + V)
    page.goto("/notices")
    bar = page.locator("#notice-bar")
    expect(bar).to_contain_text("正在生成 30 天的演示数据：第 13 天，已有 140 件")
    change(people, cases=155)
    expect(bar).to_contain_text("已有 155 件")
    change(people, cases=290, state=runs.FINISHED, ended_at=people.cast.clock.now())
    expect(bar.get_by_role("status")).to_contain_text("演示数据已就绪：30 天，290 件")
    bar.get_by_role("link", name="刷新本页").click()
    expect(bar).to_be_empty()


def test_the_line_is_accessible_also_before_anybody_has_signed_in(people: People) -> None:
    begin(people)
    for lang, scheme in (("zh", "light"), ("en", "dark")):
        page = people(size=PHONE, lang=lang, scheme=scheme)
        page.goto("/sign-in")
        expect(page.get_by_role("progressbar")).to_be_visible()
        assert violations(page) == []


def test_a_network_that_is_no_demo_has_no_line(people: People) -> None:
    page = people("VA-" + V)
    page.goto("/notices")
    expect(page.locator("#notice-bar")).to_be_empty()
