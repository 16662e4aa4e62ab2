"""The administrator at work: units, people, models, calendar, deadlines, what got stuck."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from engine import incidents, outbox
from engine.db import Store
from engine.definitions.models import Definition
from engine.instances import ProcessInstance
from engine.network.units import Unit
from engine.outbox import DeliveryError
from engine.timers import Timer
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import D, G, V

ADMIN = "QH-" + D
PAGES = ("", "/staff", f"/staff/VA-{V}", "/models", "/calendar", "/deadlines", "/incidents", "/instances", "/health")
LOOKS: tuple[dict[str, Any], ...] = (
    {"size": DESK, "lang": "zh", "scheme": "light"},
    {"size": PHONE, "lang": "en", "scheme": "dark"},
    {"size": PHONE, "lang": "zh", "scheme": "light"},
    {"size": DESK, "lang": "en", "scheme": "dark"},
)


class Down:
    """A receiver that does not answer."""

    topic = "test"

    def send(self, _store: Store, _parcels: Any) -> dict[str, DeliveryError]:
        raise ConnectionError


def something_stuck(people: People) -> str:
    """A timer that was given up, a step that failed and an effect that does not arrive; the case's number."""
    cast = people.cast
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    with cast.store.write() as session:
        instance = session.scalars(select(ProcessInstance)).one()
        timer = session.scalars(select(Timer).where(Timer.element == "act_warn")).one()
        timer.attempts, timer.wake_at = 6, cast.clock.now() + timedelta(days=36_500)
        error = KeyError("x")
        incidents.open_incident(session, instance, "timer", "act_warn", "given up after 5 tries: KeyError", error)
        incidents.open_incident(session, instance, "step", "routed", "ValueError")
        outbox.enqueue(session, cast.district_id, "test", [("a", {"subject_no": number})])
    outbox.deliver(cast.store, [Down()])
    return number


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['lang']}-{look['scheme']}-{look['size']['width']}")
def test_every_page_is_accessible(people: People, look: dict[str, Any]) -> None:
    something_stuck(people)
    with people.cast.store.read() as session:
        model = session.scalars(select(Definition.id).where(Definition.key == "case")).one()
    page = people(ADMIN, **look)
    for path in (*PAGES, f"/models/{model}", "/incidents/1", "/incidents/2", "/effects/1", "/instances/1"):
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
    page.get_by_role("link", name="定时失败 · 事件全程 · 预警 act_warn").click()
    expect(page.get_by_text("不再自动重试，等您处理").first).to_be_visible()
    page.get_by_role("button", name="立即重试").click()
    expect(page.locator(".toast")).to_contain_text("已安排重试")
    expect(page.locator(".history")).to_contain_text("安排重试")
    page.get_by_label("处理说明").fill("服务器已恢复，重试成功")
    page.get_by_role("button", name="关闭异常").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("异常")
    expect(page.locator(".stuck-row")).to_have_count(2)
    page.get_by_label("状态").select_option("已关闭")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".stuck-row")).to_contain_text("服务器已恢复，重试成功")


def test_passing_over_is_asked_about_and_wants_a_reason(people: People) -> None:
    something_stuck(people)
    page = people(ADMIN)
    page.goto("/admin/incidents/1")
    page.get_by_role("button", name="跳过").click()
    expect(page.get_by_role("dialog")).to_have_count(0)  # the browser asks for the reason first
    page.get_by_label("跳过的原因").fill("短信停用，已电话告知")
    page.get_by_role("button", name="跳过").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("button", name="跳过").click()
    page.get_by_role("dialog").get_by_role("button", name="跳过").click()
    expect(page.locator(".toast")).to_contain_text("已跳过")
    expect(page.locator(".history")).to_contain_text("短信停用，已电话告知")


def test_many_are_acted_on_and_each_says_what_came_of_it(people: People) -> None:
    something_stuck(people)
    page = people(ADMIN)
    page.goto("/admin/incidents")
    expect(page.get_by_role("button", name="重试")).to_be_disabled()
    page.get_by_label("全选本页").check()
    expect(page.get_by_text("已选 3 件")).to_be_visible()
    page.get_by_role("button", name="重试").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="重试 3 件").click()
    expect(dialog.locator(".chip.ok")).to_contain_text("已安排重试 2 件")
    expect(dialog.locator(".bulk-failed li")).to_have_count(1)
    expect(dialog.locator(".bulk-failed")).to_contain_text("请让经办人重做这一步")
    dialog.get_by_role("button", name="完成").click()
    page.get_by_role("checkbox", name="步骤失败").check()
    page.get_by_role("button", name="关闭").click()
    page.get_by_role("dialog").get_by_label("原因或处理说明").fill("经办人已重做")
    page.get_by_role("dialog").get_by_role("button", name="关闭 1 件").click()
    expect(page.get_by_role("dialog").locator(".chip.ok")).to_contain_text("已关闭 1 件")
    page.get_by_role("dialog").get_by_role("button", name="完成").click()
    expect(page.locator(".stuck-row")).to_have_count(2)


def test_a_token_is_tried_before_it_is_moved(people: People) -> None:
    number = something_stuck(people)
    page = people(ADMIN)
    page.goto("/admin/instances")
    page.get_by_label("事件编号").fill(number)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/instances/1")
    card = page.locator("aside section").first
    card.get_by_label("移到").select_option("rule")
    card.get_by_label("移动的原因").fill("办错了环节")
    card.get_by_role("button", name="先试一下").click()
    expect(card.locator(".move-outcome")).to_contain_text("试移动成功，尚未保存")
    expect(card.locator(".move-outcome")).to_contain_text("case/rule")
    assert [item.element for item in people.cast.items(number)] == ["act"]
    card.get_by_label("移到").select_option("verify")
    expect(card.get_by_role("button", name="确认移动")).to_be_hidden()  # it was tried for another place
    card.get_by_label("移到").select_option("rule")
    card.get_by_role("button", name="先试一下").click()
    card.get_by_role("button", name="确认移动").click()
    expect(page.locator(".toast")).to_contain_text("令牌已移动")
    expect(page.locator(".history")).to_contain_text("办错了环节")
    assert [item.element for item in people.cast.items(number)] == ["rule"]
    page.get_by_text("为什么不能移到别处").click()
    expect(page.get_by_text("结案须经核查决定")).to_be_visible()


def test_health_is_told_line_by_line_and_timers_are_rebuilt(people: People) -> None:
    something_stuck(people)
    with people.cast.store.write() as session:
        session.execute(delete(Timer).where(Timer.element == "act_due"))
    page = people(ADMIN)
    page.goto("/admin/health")
    row = page.locator(".health-row", has_text="定时与流程状态一致")
    expect(row).to_contain_text("1 处不一致")
    expect(row).to_contain_text("gridgov doctor --fix")
    page.get_by_role("button", name="重建定时").click()
    expect(page.locator(".toast")).to_contain_text("定时已按流程状态重建")
    expect(row).to_contain_text("0 处不一致")
    expect(page.get_by_role("button", name="重建定时")).to_have_count(0)


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
