"""A citizen without an account, from the report to the rating, on a telephone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.network.areas import import_areas
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import G, V
from tests.pictures import jpeg

MOST_BYTES = 60_000
AREA = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": G},
            "geometry": {"type": "Polygon", "coordinates": [[[106, 30], [107, 30], [107, 31], [106, 31], [106, 30]]]},
        }
    ],
}


def fill_in(people: People, page: Page, text: str = "隔壁的围墙要倒了。已经说过几次。") -> None:
    page.goto("/citizen")
    page.get_by_role("link", name="反映问题").click()
    page.get_by_text("邻里、家庭矛盾").click()
    page.get_by_label("街道（乡镇）").select_option("潆溪街道")
    page.get_by_label("社区（村）").select_option("冯家寺社区")
    page.get_by_label("发生了什么？").fill(text)
    people.cast.clock.advance(timedelta(minutes=1))


def send(page: Page) -> str:
    """The link that the QR code holds."""
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到您反映的问题")).to_be_visible()
    return page.get_by_role("link", name="查看进度").get_attribute("href") or ""


def track(people: People, link: str, **options: Any) -> Page:
    page = people(size=PHONE, **options)
    page.goto(link)
    page.locator(".tracked").wait_for()
    return page


def test_from_the_report_by_qr_code_to_the_rating(people: People) -> None:
    cast = people.cast
    page = people(size=PHONE)
    fill_in(people, page)
    page.get_by_label("添加照片").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    expect(page.locator(".photo-strip img")).to_have_count(1)
    page.get_by_label("您的姓名").fill("王小明")
    link = send(page)
    number = re.search(r"track/([\d-]+)#", link)[1]  # type: ignore[index] # it is there, or the test fails
    expect(page.locator("[data-qr]")).to_have_attribute("src", re.compile("^data:image/svg"))
    with page.expect_download() as saved:
        page.get_by_role("button", name="保存为图片").click()
    assert saved.value.suggested_filename == f"{number}.png"

    page.get_by_role("link", name="查看进度").click()
    expect(page.locator("h1:visible")).to_have_text("已登记，等待受理")
    assert "#" not in page.url
    expect(page.locator(".step.now")).to_contain_text("今天 09:01")
    page.get_by_label("补充情况").fill("今天又裂了一道缝")
    page.get_by_role("button", name="补充").click()
    expect(page.locator(".additions")).to_contain_text("今天又裂了一道缝")
    cast.tell()
    assert "supplemented" in [mark for mark, _ in cast.notices(number)]

    cast.do(number, "verify", result="accept")
    page.reload()
    expect(page.locator("h1:visible")).to_have_text("办理中")
    expect(page.locator(".tracked")).to_contain_text("承诺在")
    cast.do(number, "act", outcome="self_handle", measures="围墙已加固")
    cast.do(number, "check", ok=True, finding="已看过")
    page.reload()
    page.get_by_text("满意", exact=True).click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator(".tracked")).to_contain_text("谢谢您的评价")
    assert (cast.case(number).state, cast.case(number).rating) == ("archived", "satisfied")


def test_a_position_finds_the_grid(people: People) -> None:
    cast = people.cast
    with cast.store.write() as session:
        import_areas(session, "system:test", json.dumps(AREA).encode())
    page = people(size=PHONE, geolocation={"longitude": 106.5, "latitude": 30.5}, permissions=["geolocation"])
    page.goto("/citizen/report")
    page.get_by_text("安全隐患").click()
    page.get_by_role("button", name="用我现在的位置").click()
    expect(page.locator("[data-located]")).to_contain_text("冯家寺社区 › 第一网格")
    page.get_by_label("发生了什么？").fill("消防通道被堵住了")
    cast.clock.advance(timedelta(minutes=1))
    number = send(page).split("/")[-1].split("#")[0]
    case = cast.case(number)
    assert (case.place_unit_id, case.lng, case.urgency) == (cast.unit(G).id, 106.5, "urgent")


def test_what_is_missing_is_said_at_its_place_and_nothing_typed_is_lost(people: People) -> None:
    page = people(size=PHONE)
    page.goto("/citizen/report")
    page.get_by_label("发生了什么？").fill("短")
    people.cast.clock.advance(timedelta(minutes=1))
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("是哪方面的事？: 必填")
    expect(page.locator("#text-error")).to_have_text("内容太短")
    assert violations(page) == []
    fill_in(people, page, "围墙要倒了，请来看看")
    page.reload()
    expect(page.get_by_label("发生了什么？")).to_have_value("围墙要倒了，请来看看")
    expect(page.get_by_label("社区（村）")).to_have_value(V)
    people.cast.clock.advance(timedelta(minutes=1))
    send(page)
    page.goto("/citizen/report")
    expect(page.get_by_label("发生了什么？")).to_have_value("")


def test_who_sends_too_fast_is_told_to_wait_and_the_form_goes_on(people: People) -> None:
    page = people(size=PHONE)
    fill_in(people, page)
    page.reload()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("请等几秒再点一次")
    people.cast.clock.advance(timedelta(seconds=10))
    send(page)


def test_a_wrong_code_is_said_plainly_and_withdrawing_asks_first(people: People) -> None:
    page = people(size=PHONE)
    fill_in(people, page)
    link = send(page)
    number, code = link.rsplit("/", 1)[1].split("#")
    other = people(size=PHONE)
    other.goto("/track")
    other.get_by_label("编号").fill(number)
    other.get_by_label("查询码").fill("AAAAAA AAAAAA AAAAAA")
    other.keyboard.press("Enter")
    expect(other.get_by_role("alert")).to_contain_text("编号或查询码不正确")
    other.get_by_label("查询码").fill(code.lower())
    other.keyboard.press("Enter")
    other.get_by_role("button", name="撤回").click()
    other.get_by_role("button", name="不撤回").click()
    other.get_by_role("button", name="撤回").click()
    other.get_by_role("dialog").get_by_role("button", name="撤回", exact=True).click()
    expect(other.locator("h1:visible")).to_have_text("已撤回")
    assert people.cast.case(number).state == "withdrawn"


def test_following_works_without_script(people: People) -> None:
    reported = people.cast.report()
    page = people(size=PHONE, java_script_enabled=False)
    page.goto(f"/track/{reported.case.number}")
    page.get_by_label("查询码").fill(reported.tracking_code or "")
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".tracked")).to_contain_text("已登记，等待受理")
    assert reported.tracking_code not in page.url


def test_a_late_promise_is_said_as_it_is(people: People) -> None:
    cast = people.cast
    reported = cast.report()
    cast.do(reported.case.number, "verify", result="accept")
    cast.pass_time(timedelta(days=40))
    page = track(people, f"/track/{reported.case.number}#{reported.tracking_code}")
    expect(page.locator(".tracked")).to_contain_text("已经超期。上级单位已在督促。")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_are_accessible_and_light(people: People, lang: str, scheme: str) -> None:
    cast = people.cast
    rated = cast.report()
    cast.do(rated.case.number, "verify", result="accept")
    cast.do(rated.case.number, "act", outcome="self_handle", measures="已加固")
    cast.do(rated.case.number, "check", ok=True, finding="已看过")
    fresh = cast.report()
    links = [f"/track/{each.case.number}#{each.tracking_code}" for each in (rated, fresh)]
    for size in (PHONE, DESK):
        page = people(size=size, lang=lang, scheme=scheme)
        for large in ("normal", "large"):
            page.goto(f"/type/{large}?next=/citizen")
            for address in ("/citizen", "/citizen/report", "/track", *links):
                page.goto(address)
                if "#" in address:
                    page.locator(".tracked").wait_for()
                assert violations(page) == [], address
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
                assert weight(page) <= MOST_BYTES
                page.evaluate("sessionStorage.clear()")
