"""The phone without network: nothing is lost, nothing is sent twice, nothing under the wrong name."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Error, Page, Route, expect

from engine.sign_in.credentials import set_password
from engine.sign_in.sessions import end_all
from tests.browser.people import PHONE, People
from tests.browser.phones import (
    GRID_WORKER,
    attached,
    can_work_offline,
    hand_in,
    open_report,
    phone_of,
    photo,
    reported,
    write,
)
from tests.cast import C

CELL_WORKER = "C-" + C
DRAFTS = 20
PASSWORD = "right-password"  # of this test


def draft(page: Page, text: str, *photos: Any) -> None:
    """Hand in without network, and stand before an empty form again."""
    write(page, text, *photos)
    hand_in(page)
    expect(page.get_by_role("heading", name="已存入待发送")).to_be_visible()
    page.get_by_role("button", name="再报一件").click()
    expect(page.get_by_label("情况描述")).to_have_value("")


def waits(page: Page, count: int) -> None:
    badge = page.locator("[data-pending]")
    if count:
        expect(badge).to_have_text(str(count))
    else:
        expect(badge).to_be_hidden()


def sent(page: Page, count: int) -> None:
    expect(page.locator("#pending [data-state=sent]")).to_have_count(count, timeout=60_000)


@contextmanager
def own_phone(kind: BrowserType, people: People, folder: Path) -> Iterator[BrowserContext]:
    """A browser whose profile outlives it, signed in as the grid worker."""
    context = kind.launch_persistent_context(
        folder,
        executable_path=shutil.which("chromium"),
        base_url=people.town.base,
        viewport=PHONE,  # type: ignore[arg-type] # a TypedDict of the same two numbers
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.add_cookies([{"name": "sid", "value": people.signed_in(GRID_WORKER), "url": people.town.base}])
    try:
        yield context
    finally:
        with suppress(Error):  # the killed one is gone already
            context.close()


def kill(folder: Path) -> None:
    """End the browser of this profile as a phone does that runs out of memory."""
    mine = f"--user-data-dir={folder}".encode()
    files = [file for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    found = [int(file.parent.name) for file in files if mine in (line := file.read_bytes()) and b"--type=" not in line]
    assert found
    for process in found:
        os.kill(process, signal.SIGKILL)


def test_twenty_drafts_survive_a_killed_browser_and_become_twenty_cases(people: People, tmp_path: Path) -> None:
    kind, profile = people.chromium.browser_type, tmp_path / "profile"
    with own_phone(kind, people, profile) as context:
        page = context.new_page()
        open_report(page)
        can_work_offline(page)
        context.set_offline(True)
        page.reload()
        page.locator("#report[data-ready]").wait_for(state="attached")
        for number in range(1, DRAFTS + 1):
            draft(page, f"第{number}处消防通道堵塞", *([photo()] if number % 5 == 0 else []))
        waits(page, DRAFTS)
        page.get_by_label("情况描述").fill("只写了一半")
        page.locator("#report:not([data-unsaved])").wait_for()
        kill(profile)
    assert reported(people.cast) == []
    with own_phone(kind, people, profile) as context:
        context.set_offline(True)
        page = context.new_page()
        page.goto("/report")
        expect(page.get_by_label("情况描述")).to_have_value("只写了一半")
        page.get_by_role("link", name="待发送").click()
        expect(page.locator("#pending [data-draft]")).to_have_count(DRAFTS)  # the browser itself may have begun to send
        context.set_offline(False)
        sent(page, DRAFTS)
        waits(page, 0)
    assert reported(people.cast) == [f"安全隐患：第{number}处消防通道堵塞" for number in range(1, DRAFTS + 1)]
    assert attached(people.cast) == DRAFTS // 5


def test_when_it_happened_is_kept_apart_from_when_it_was_received(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.context.set_offline(True)
    draft(page, "井盖缺失", photo(taken="2026:11:24 07:15:00"))
    page.context.set_offline(False)
    waits(page, 0)
    case = people.cast.case(f"511302-20261124-{1:05d}")
    assert case.reported_at == people.cast.clock.now()
    assert case.occurred_at is not None
    assert case.occurred_at < case.reported_at


def test_an_answer_that_was_lost_does_not_make_a_second_case(people: People) -> None:
    page = phone_of(people, service_workers="block")
    open_report(page)

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/cases", swallow, times=1)
    write(page, "路面塌陷", photo())
    hand_in(page)
    expect(page.get_by_role("heading", name="已存入待发送")).to_be_visible()
    assert len(reported(people.cast)) == 1
    page.goto("/outbox")
    sent(page, 1)
    assert reported(people.cast) == ["安全隐患：路面塌陷"]
    assert attached(people.cast) == 1


def test_drafts_wait_for_an_ended_session_and_go_when_the_person_signs_in(people: People) -> None:
    with people.cast.store.write() as session:
        set_password(session, "system:test", GRID_WORKER, PASSWORD)
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.context.set_offline(True)
    draft(page, "电线垂落")
    draft(page, "围墙倾斜", photo())
    page.get_by_role("link", name="待发送").click()
    with people.cast.store.write() as session:
        end_all(session, people.cast.grid.staff_id or 0)
    page.context.set_offline(False)
    page.get_by_role("button", name="登录后发送").click()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录并继续").click()
    sent(page, 2)
    assert len(reported(people.cast)) == 2


def test_signing_out_keeps_drafts_and_nobody_else_sends_or_sees_them(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.route("**/api/v1/me", lambda route: route.abort())
    page.context.set_offline(True)
    draft(page, "水管爆裂")
    page.context.set_offline(False)
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in")
    page.unroute("**/api/v1/me")
    base = people.town.base
    page.context.add_cookies([{"name": "sid", "value": people.signed_in(CELL_WORKER), "url": base}])
    page.goto("/outbox")
    expect(page.get_by_text("另有 1 件是用这部手机的其他人写的")).to_be_visible()
    expect(page.get_by_text("水管爆裂")).to_be_hidden()
    waits(page, 0)
    assert reported(people.cast) == []
    page.context.add_cookies([{"name": "sid", "value": people.signed_in(GRID_WORKER), "url": base}])
    page.goto("/outbox")
    sent(page, 1)
    assert people.cast.case(f"511302-20261124-{1:05d}").reporter_ref == f"staff:{GRID_WORKER}"


def test_a_page_of_an_earlier_sign_in_sends_with_a_fresh_token(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    write(page, "树木倒伏")
    page.context.add_cookies([{"name": "sid", "value": people.signed_in(GRID_WORKER), "url": people.town.base}])
    hand_in(page)
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    assert len(reported(people.cast)) == 1


def test_what_the_server_refuses_comes_back_to_be_corrected(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.context.set_offline(True)
    write(page, "道路施工未设警示")
    page.locator("#more summary").click()
    page.get_by_label("标题").fill("路")
    hand_in(page)
    expect(page.get_by_role("heading", name="已存入待发送")).to_be_visible()
    page.get_by_role("link", name="查看待发送").click()
    page.context.set_offline(False)
    expect(page.locator("#pending [data-state=refused]")).to_have_count(1)
    waits(page, 1)
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_role("alert").filter(has_text="标题")).to_be_visible()
    page.locator("#more summary").click()
    page.get_by_label("标题").fill("道路施工")
    hand_in(page)
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    assert reported(people.cast) == ["道路施工"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_network_every_page_of_the_phone_says_what_can_be_done(people: People, lang: str) -> None:
    page = phone_of(people, lang=lang)
    open_report(page)
    can_work_offline(page)
    page.context.set_offline(True)
    page.goto("/tasks")
    expect(page.get_by_text("Reporting works" if lang == "en" else "上报不受影响")).to_be_visible()
    page.goto("/")
    expect(page.locator("#report")).to_be_visible()


def test_who_has_signed_out_is_not_offered_to_the_next_person(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in")
    page.context.set_offline(True)
    page.goto("/report")
    expect(page.get_by_text("此手机上没有人登录")).to_be_visible()
    expect(page.get_by_role("button", name="上报", exact=True)).to_be_disabled()
