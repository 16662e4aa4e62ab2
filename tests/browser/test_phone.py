"""The grid worker's phone, with a network: report in few taps, follow instead of a duplicate, tasks by clock."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.network.areas import import_areas
from processes.cases.following import followers_of
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.browser.phones import (
    GRID_WORKER,
    HERE,
    attached,
    can_work_offline,
    hand_in,
    open_report,
    phone_of,
    photo,
    reported,
    write,
)
from tests.cast import C2, C, V

NARROW = {"width": 360, "height": 740}
FIRST = "511302-20261124-00001"
MOST_TAPS = 8
CAMERA_TAPS = 2
"""What the camera itself wants: the shutter and "use this photo"."""


def area_of(people: People, code: str) -> None:
    """A square of two hundred metres around where the phone is."""
    lng, lat, half = HERE["longitude"], HERE["latitude"], 0.001
    ring = [[lng + x * half, lat + y * half] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    feature = {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    with people.cast.store.write() as session:
        content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
        import_areas(session, "system:test", content)


def test_settled_on_the_spot_takes_at_most_eight_taps(people: People) -> None:
    taps = 0

    def tap(what: Any) -> None:
        nonlocal taps
        taps += 1
        what.click()

    page = phone_of(people)
    open_report(page)
    with page.expect_file_chooser() as chooser:
        tap(page.locator("[data-photos]").first)
    taps += CAMERA_TAPS
    chooser.value.set_files([photo()])
    expect(page.locator("#photo-strip li")).to_have_count(1)
    tap(page.get_by_role("radio", name="矛盾纠纷"))
    tap(page.get_by_role("radio", name="婚姻家庭邻里"))
    tap(page.get_by_role("checkbox", name="当场办结"))
    tap(page.get_by_role("button", name="现场劝解，双方和解"))
    tap(page.get_by_role("button", name="上报", exact=True))
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    assert taps <= MOST_TAPS
    case = people.cast.case(FIRST)
    assert (case.on_spot, case.kind, case.type, case.domain) == (True, "dispute", "family_neighbour", "dispute_easing")
    assert case.lng == pytest.approx(HERE["longitude"])
    assert attached(people.cast) == 1
    assert reported(people.cast) == ["婚姻家庭邻里：第一网格"]


def test_the_place_is_found_by_position_and_can_be_chosen_from_the_own_first(people: People) -> None:
    area_of(people, C2)
    page = phone_of(people)
    open_report(page)
    expect(page.locator("#place")).to_contain_text("方格2")
    expect(page.locator("#place")).to_contain_text("按定位")
    expect(page.locator("#route")).to_have_text("将送达：第一网格 网格员 → 冯家寺社区服务站")
    page.locator("#place").click()
    page.get_by_label("按名称查找").fill("方格1")
    page.get_by_role("button", name="方格1").click()
    expect(page.locator("#place")).to_contain_text("方格1")
    write(page, "楼道堆物")
    hand_in(page)
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    assert people.cast.case(FIRST).place_unit_id == people.cast.unit(C).id


def test_a_photo_says_where_and_when_it_was_when_the_phone_does_not(people: People) -> None:
    area_of(people, C2)
    page = phone_of(people, geolocation=None, permissions=[])
    open_report(page)
    expect(page.locator("#place")).to_contain_text("没有定位")
    write(page, "护栏损坏", photo(taken="2026:11:24 08:30:00"))
    expect(page.locator("#place")).to_contain_text("方格2")
    hand_in(page)
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    case = people.cast.case(FIRST)
    assert (case.lng, case.lat) == (pytest.approx(HERE["longitude"]), pytest.approx(HERE["latitude"]))


def test_a_known_case_is_followed_instead_of_reported_again(people: People) -> None:
    here = {"lng": HERE["longitude"], "lat": HERE["latitude"]}
    known = people.cast.report(kind="hazard", title="消防通道堵塞", position=here).case.number
    page = phone_of(people)
    open_report(page)
    write(page, "消防通道堵塞，车进不来", photo())
    page.get_by_text("50 米内 1 件相似，是同一件吗？").click()
    assert violations(page) == []
    page.get_by_role("button", name="是这件，跟进").click()
    expect(page.get_by_role("heading", name="已跟进")).to_be_visible()
    assert reported(people.cast) == ["消防通道堵塞"]
    assert attached(people.cast) == 1
    case = people.cast.case(known)
    with people.cast.store.read() as session:
        assert [row.staff_id for row in followers_of(session, case)] == [people.cast.grid.staff_id]
    page.goto("/tasks?view=reported")
    expect(page.get_by_role("listitem").filter(has_text="消防通道堵塞")).to_contain_text("跟进")


def test_photos_are_made_small_on_the_phone(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    write(page, "墙体开裂", photo(size=(4000, 3000)))
    size = page.locator("#photo-strip img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [1600, 1200]


def test_what_is_no_picture_is_refused_with_its_name(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    page.locator("[data-photos]").first.set_input_files(
        [{"name": "坏图.jpg", "mimeType": "image/jpeg", "buffer": b"none"}]
    )
    expect(page.get_by_role("alert")).to_contain_text("坏图.jpg")


def test_a_half_written_report_is_there_again_after_a_reload(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    write(page, "说到一半", photo())
    page.get_by_role("checkbox", name="当场办结").check()
    page.locator("#more summary").click()
    page.get_by_role("button", name="添加当事人").click()
    page.get_by_label("姓名").fill("张三")
    page.locator("#report:not([data-unsaved])").wait_for()
    page.reload()
    expect(page.get_by_label("情况描述")).to_have_value("说到一半")
    expect(page.locator("#photo-strip li")).to_have_count(1)
    expect(page.get_by_role("radio", name="安全隐患")).to_be_checked()
    expect(page.get_by_role("checkbox", name="当场办结")).to_be_checked()
    assert page.locator("[data-party=name]").input_value() == "张三"


def test_what_is_missing_is_said_at_its_field_before_anything_is_sent(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    hand_in(page)
    expect(page.get_by_text("请选择是什么事")).to_be_visible()
    page.get_by_role("radio", name="矛盾纠纷").check()
    page.get_by_role("checkbox", name="当场办结").check()
    hand_in(page)
    expect(page.get_by_text("请选择哪类纠纷")).to_be_visible()
    expect(page.get_by_text("请写明怎样办结的")).to_be_visible()
    page.get_by_role("radio", name="刑事线索").check()
    expect(page.get_by_role("checkbox", name="当场办结")).to_be_disabled()
    assert reported(people.cast) == []


def test_a_report_can_be_made_with_the_keyboard_alone(people: People) -> None:
    page = phone_of(people, size=DESK, has_touch=False)
    open_report(page)
    page.locator("[data-photos]").first.focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("路灯不亮")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="已上报")).to_be_visible()
    assert reported(people.cast) == ["民生事项：路灯不亮"]


def test_tasks_are_grouped_by_clock_and_taken_in_two_taps(people: People) -> None:
    number = people.cast.report().case.number
    page = phone_of(people)
    page.goto("/tasks")
    row = page.locator(".task").filter(has_text="围墙纠纷")
    expect(row).to_contain_text("可签收")
    row.get_by_role("button", name="操作").click()
    row.get_by_role("button", name="签收").click()
    expect(row).to_contain_text("我已签收")
    assert people.cast.items(number, "verify")[0].holder_id == people.cast.grid.staff_id
    people.cast.do(number, "verify", people.cast.grid, result="accept")
    people.cast.clock.set(people.cast.clock.now() + timedelta(days=30))  # nobody swept: overdue, and still here
    page.context.add_cookies([{"name": "sid", "value": people.signed_in(GRID_WORKER), "url": people.town.base}])
    page.goto("/tasks")
    expect(page.get_by_role("heading", name="超期 1")).to_be_visible()


def accepted(people: People) -> str:
    number = people.cast.report().case.number
    people.cast.do(number, "verify", result="accept")
    return number


def test_a_case_is_referred_up_in_two_taps_and_a_form(people: People) -> None:
    number = accepted(people)
    page = phone_of(people)
    page.goto("/tasks")
    row = page.locator(".task").filter(has_text="围墙纠纷")
    row.get_by_role("button", name="操作").click()
    for name in ("反馈", "上报", "申请延期"):
        expect(row.get_by_role("button", name=name, exact=True)).to_be_visible()
    row.get_by_role("button", name="上报", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("超出网格能力")
    assert violations(page) == []
    dialog.locator("button.primary").click()
    expect(row).to_be_hidden()
    assert people.cast.case(number).owner_id == people.cast.unit(V).id


def test_feedback_with_a_photo_is_kept_without_network_and_sent_once(people: People) -> None:
    number = accepted(people)
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.goto("/tasks")
    page.locator(".task").get_by_role("button", name="操作").click()
    page.get_by_role("button", name="反馈", exact=True).click()
    page.context.set_offline(True)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="反馈", exact=True).click()
    expect(dialog.get_by_text("请写一两句进展")).to_be_visible()
    dialog.get_by_label("进展").fill("已上门两次")
    dialog.locator("input[type=file]").set_input_files([photo()])
    expect(dialog.locator(".photo-strip li")).to_have_count(1)
    assert violations(page) == []
    dialog.get_by_role("button", name="反馈", exact=True).click()
    expect(page.locator("[data-pending]")).to_have_text("1")
    page.context.set_offline(False)
    expect(page.locator("[data-pending]")).to_be_hidden()
    client = people.town.client(GRID_WORKER)
    case = client.get(f"/cases/{number}").json()
    assert [line["words"] for line in case["progress"] if line["kind"] == "feedback"] == [{"words": "已上门两次"}]
    assert len(case["attachments"]) == 1


def test_a_swipe_shows_what_the_button_shows(people: People) -> None:
    people.cast.report()
    page = phone_of(people)
    page.goto("/tasks")
    row = page.locator(".task")
    box = row.bounding_box()
    assert box is not None
    devtools = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, x in (("touchStart", 300), ("touchMove", 260), ("touchMove", 180), ("touchEnd", None)):
        points = [{"x": x, "y": y}] if x is not None else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(row.get_by_role("button", name="签收")).to_be_visible()
    assert page.url.endswith("/tasks")


def test_the_list_brings_news_by_itself_and_keeps_the_place(people: People) -> None:
    people.cast.report()
    page = phone_of(people)
    page.clock.install()
    page.goto("/tasks")
    row = page.locator(".task").filter(has_text="围墙纠纷")
    row.get_by_role("button", name="操作").click()
    people.cast.report(kind="hazard", title="井盖缺失", urgency="extra")
    page.clock.run_for(31_000)
    expect(page.locator(".task").filter(has_text="井盖缺失")).to_be_visible()
    expect(row.get_by_role("button", name="签收")).to_be_visible()
    expect(row.get_by_role("button", name="操作")).to_be_focused()


def test_an_unchanged_list_is_not_sent_again(people: People) -> None:
    people.cast.report()
    page = phone_of(people)
    page.goto("/tasks")
    status = """async () => {
      const first = await fetch('/tasks/list', {cache: 'no-store'});
      const headers = {'If-None-Match': first.headers.get('ETag')};
      return (await fetch('/tasks/list', {headers, cache: 'no-store'})).status;
    }"""
    assert page.evaluate(status) == 304


def test_nothing_of_anybody_is_kept_by_the_service_worker(people: People) -> None:
    people.cast.report()
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    page.goto("/tasks")
    expect(page.locator(".task")).to_have_count(1)
    kept: dict[str, str] = page.evaluate(
        """async () => {
          const found = {};
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              found[new URL(request.url).pathname] = await (await cache.match(request)).text();
            }
          }
          return found;
        }"""
    )
    shells = {path: text for path, text in kept.items() if not path.startswith("/static/")}
    assert set(shells) == {"/shell/zh/report", "/shell/zh/outbox", "/shell/zh/offline"}
    assert not any(word in text for text in shells.values() for word in (GRID_WORKER, "围墙纠纷", 'name="csrf-token"'))


def test_a_new_version_takes_over_and_the_one_before_stays_for_open_pages(people: People) -> None:
    page = phone_of(people)
    open_report(page)
    can_work_offline(page)
    before = set(page.evaluate("caches.keys()"))
    page.goto("/language/en?next=/report")  # what the worker keeps is in one language: another is another version
    page.evaluate(
        """async () => {
          const isThere = async () => {
            const { installing, waiting, active } = await navigator.serviceWorker.ready;
            const isKept = (await caches.keys()).some(name => name.startsWith('gridgov-en'));
            return isKept && !installing && !waiting && active.state === 'activated';
          };
          while (!(await isThere())) await new Promise(resolve => setTimeout(resolve, 50));
        }"""
    )
    assert before < set(page.evaluate("caches.keys()"))
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("button", name="Report", exact=True)).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, PHONE, DESK], ids=["360", "390", "1440"])
def test_the_phones_pages_are_accessible_and_light(
    people: People, lang: str, scheme: str, size: dict[str, int]
) -> None:
    people.cast.report(title="一" * 60)
    people.cast.report(people.cast.grid, title="二" * 60)
    page = phone_of(people, size=size, lang=lang, scheme=scheme)
    open_report(page)
    page.locator("#kind-dispute").check()
    page.locator("#settled").check()
    page.locator("#more summary").click()
    page.locator("#add-party").click()
    assert violations(page) == []
    for path in ("/tasks", "/tasks?view=reported", "/outbox", f"/shell/{lang}/offline", f"/shell/{lang}/report"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if path == "/tasks":
            page.locator(".task-more").first.click()
        assert violations(page) == [], path
        assert weight(page) <= 100_000
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if size != DESK:
            assert small_targets(page) == [], path


def small_targets(page: Page) -> list[str]:
    """Controls that a thumb would miss: less than 44 px; links within a sentence are as high as their line."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main a, main button, main summary, .tabs a')]
          .filter(each => each.checkVisibility() && getComputedStyle(each).display !== 'inline')
          .filter(each => { const box = each.getBoundingClientRect(); return box.height < 44 || box.width < 44; })
          .map(each => each.outerHTML.slice(0, 120))"""
    )
