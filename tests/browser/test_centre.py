"""The centre's pages: edited in place, cards issued by the column, and what an enterprise sees of its card."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from engine.network.units import by_code
from processes.centres import cards, seeding
from processes.centres.cards import CardText
from tests.browser.people import PHONE, People
from tests.cast import CENTRE, Cast, D, V

LEADER, DESK = "B-" + CENTRE, "A-" + CENTRE


@pytest.fixture(autouse=True)
def seeded(sqlite_cast: Cast) -> None:
    with sqlite_cast.store.write() as session:
        centre = by_code(session, CENTRE)
        assert centre is not None
        seeding.seed(session, sqlite_cast(f"QH-{D}"), centre)


def test_a_leader_edits_a_window_and_a_duty_in_place(people: People) -> None:
    page = people(LEADER)
    page.goto(f"/centres/{CENTRE}")
    page.get_by_role("button", name="修改窗口 03").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("名称")).to_have_value("公证服务")
    dialog.get_by_label("名称").fill("公证预约")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("cell", name="公证预约")).to_be_visible()
    page.get_by_role("link", name="服务职责").click()
    page.get_by_role("button", name="修改职责 police-1").click()
    dialog.get_by_role("button", name="停用").click()
    expect(page.get_by_role("heading", name="37 项")).to_be_visible()
    page.get_by_text("已停用的职责").click()
    page.get_by_role("button", name="恢复").click()
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="38 项")).to_be_visible()


def test_a_column_of_enterprises_gets_its_cards_and_a_revoked_one_says_so(people: People) -> None:
    page = people(DESK)
    page.goto(f"/centres/{CENTRE}/cards")
    page.get_by_label("企业名称").fill("第一公司\n短\n\n第三公司\n")
    page.get_by_role("button", name="发放").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("企业名称").fill("第一公司\n\n第三公司\n")
    page.get_by_role("button", name="发放").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="停用联系卡：第一公司").click()
    page.get_by_role("dialog").get_by_role("button", name="停用联系卡").click()
    expect(page.get_by_text("已停用", exact=True)).to_be_visible()
    page.get_by_role("link", name="打印全部在用的卡").click()
    expect(page.get_by_role("img", name="二维码")).to_have_count(1)


def test_an_enterprise_scans_its_card_and_writes(people: People) -> None:
    cast = people.cast
    with cast.store.write() as session:
        centre = by_code(session, CENTRE)
        assert centre is not None
        _, secret = cards.issue(session, cast(DESK), centre, CardText("顺达建材有限公司", f"{D}-police", V))
    page = people(size=PHONE)
    page.goto(f"/card/{secret}")
    expect(page.get_by_text("顺达建材有限公司")).to_be_visible()
    page.get_by_label("遇到什么事？").fill("施工道路被堵，三天进不了料。")
    cast.clock.advance(timedelta(minutes=1))
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到您反映的问题")).to_be_visible()
    number = page.locator("[data-number]").inner_text()
    assert cast.case(number).kind == "enterprise"
