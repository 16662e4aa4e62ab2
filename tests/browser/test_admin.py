"""The administrator at work: units, people, models, calendar, deadlines, what got stuck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from engine import incidents
from engine.definitions.models import Definition
from engine.instances import ProcessInstance
from engine.network.units import Unit
from engine.timers import Timer
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import D, G, V

ADMIN = "QH-" + D
PAGES = ("", "/staff", f"/staff/VA-{V}", "/models", "/calendar", "/deadlines", "/incidents")
LOOKS: tuple[dict[str, Any], ...] = (
    {"size": DESK, "lang": "zh", "scheme": "light"},
    {"size": PHONE, "lang": "en", "scheme": "dark"},
    {"size": PHONE, "lang": "zh", "scheme": "light"},
    {"size": DESK, "lang": "en", "scheme": "dark"},
)


def something_stuck(people: People) -> None:
    people.cast.report()
    with people.cast.store.write() as session:
        instance = session.scalars(select(ProcessInstance)).first()
        timer = session.scalars(select(Timer).order_by(Timer.id)).first()
        assert instance is not None
        assert timer is not None
        timer.attempts = 6
        error = KeyError("x")
        incidents.open_incident(session, instance, "timer", timer.element, "given up after 5 tries: KeyError", error)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['lang']}-{look['scheme']}-{look['size']['width']}")
def test_every_page_is_accessible(people: People, look: dict[str, Any]) -> None:
    something_stuck(people)
    with people.cast.store.read() as session:
        model = session.scalars(select(Definition.id).where(Definition.key == "case")).one()
    page = people(ADMIN, **look)
    for path in (*PAGES, f"/models/{model}"):
        page.goto("/admin" + path)
        assert violations(page) == [], path
        assert weight(page) <= 150_000
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_the_tree_opens_by_keyboard_and_shows_who_holds_which_post(people: People) -> None:
    page = people(ADMIN)
    page.goto("/admin")
    for name in ("潆溪街道", "冯家寺社区"):
        toggle = page.get_by_role("button", name=f"展开 {name}")
        toggle.focus()
        page.keyboard.press("Enter")
        expect(toggle).to_have_attribute("aria-expanded", "true")
        expect(page.get_by_role("link", name="冯家寺社区")).to_be_visible()
    page.get_by_role("link", name="第一网格").press("Enter")
    unit = page.locator("#unit")
    expect(unit.get_by_role("heading", level=2)).to_contain_text("第一网格")
    expect(unit).to_contain_text("网格员")
    expect(unit).to_contain_text("G-" + G)
    page.get_by_label("查找单位").fill("远方")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="远方村")).to_be_visible()


def test_a_file_is_tried_line_by_line_before_it_is_brought_in(people: People, tmp_path: Path) -> None:
    page = people(ADMIN)
    page.goto("/admin")
    page.get_by_text("导入单位").click()
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(f"code,parent_code,level,name\n{V}003,{V},grid,\n", "utf-8")
    good.write_text(f"code,parent_code,level,name\n{V}003,{V},grid,第三网格\n", "utf-8")
    page.get_by_label("CSV 文件").set_input_files(bad)
    page.get_by_role("button", name="试导入").click()
    expect(page.get_by_role("row", name="2 名称为空")).to_be_visible()
    page.get_by_label("CSV 文件").set_input_files(good)
    page.get_by_role("button", name="试导入").click()
    expect(page.get_by_text("新增 1，修改 0，不变 0")).to_be_visible()
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator(".toast")).to_contain_text("已导入")
    with people.cast.store.read() as session:
        assert session.scalar(select(Unit.name).where(Unit.code == V + "003")) == "第三网格"


def test_a_new_password_is_asked_about_and_shown_once(people: People) -> None:
    page = people(ADMIN)
    page.goto("/admin/staff")
    page.get_by_label("查找人员").fill("VA-" + V)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="VA-" + V).click()
    page.get_by_role("button", name="设新密码").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("button", name="设新密码").click()
    page.get_by_role("dialog").get_by_role("button", name="设新密码").click()
    secret = page.get_by_role("dialog").locator("code").inner_text()
    page.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    door = people()
    door.goto("/sign-in")
    door.get_by_label("工号").fill("VA-" + V)
    door.get_by_label("密码").fill(secret)
    door.get_by_role("button", name="登录").click()
    door.wait_for_url("**/triage")


def test_what_got_stuck_is_tried_again_and_resolved_with_words(people: People) -> None:
    something_stuck(people)
    page = people(ADMIN)
    page.goto("/admin/incidents")
    page.get_by_role("button", name="立即重试").click()
    expect(page.locator(".toast")).to_contain_text("已安排重试")
    page.get_by_label("处理说明").fill("服务器已恢复，重试成功")
    page.get_by_role("button", name="关闭异常").click()
    expect(page.get_by_text("没有未处理的异常")).to_be_visible()


def test_a_model_is_drawn(people: People) -> None:
    page = people(ADMIN)
    page.goto("/admin/models")
    page.get_by_role("link", name="事件全程").click()
    expect(page.get_by_role("cell", name="核实立案").first).to_be_visible()
    page.get_by_role("button", name="打开流程图").click()
    expect(page.get_by_role("dialog").locator("svg .djs-shape").first).to_be_visible()


def test_nobody_else_gets_in(people: People) -> None:
    page = people("VA-" + V)
    for path in PAGES:
        answer = page.goto("/admin" + path)
        assert answer is not None
        assert answer.status == 403
