"""The whole story of one quarrel through the pages: from a phone, up and down the network, to its citizen's rating."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from engine.trail.verify import verify
from processes.postponing.operations import carry_out_due
from processes.reconcile import reconcile
from tests.browser.people import PHONE, People
from tests.browser.phones import hand_in, open_report
from tests.cast import C, D, G, S, V

ANSWER = re.compile(r"/api/v1/")


def report_on_the_phone(people: People) -> tuple[str, str]:
    """The number, and the secret code for the citizen."""
    page = people("C-" + C, size=PHONE)
    open_report(page)
    page.locator("#kind-dispute").check()
    page.locator("input[name=type]").first.check()
    page.get_by_label("情况描述").fill("两家为围墙争吵，请尽快到场")
    page.locator("#more summary").click()
    page.locator("#add-party").click()
    page.locator("[data-party=name]").fill("张三")
    page.locator("[data-party=phone]").fill("13800001234")
    with page.expect_response(lambda answer: answer.url.endswith("/api/v1/cases") and answer.ok) as answered:
        hand_in(page)
    told = answered.value.json()
    return told["number"], told["tracking_code"]


def act(page: Page, number: str, code: str, **fields: str) -> None:
    """Open the case, press the action, fill in its dialog, send it."""
    page.goto(f"/cases/{number}")
    page.locator(f"[data-action={code}]:visible").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("form").wait_for()
    for name, value in fields.items():
        fill(dialog, f"data.{name}", value)
    with page.expect_response(
        lambda answer: bool(ANSWER.search(answer.url)) and answer.request.method == "POST"
    ) as sent:
        dialog.locator("form button:not([type=button])").click()
    assert sent.value.ok, sent.value.text()
    expect(dialog).to_have_count(0)
    page.wait_for_load_state("load")


def fill(dialog: Locator, name: str, value: str) -> None:
    """Type it, choose it, or find a unit by its name."""
    field = dialog.locator(f"[data-field='{name}']")
    if field.locator("[role=combobox]").count():
        field.locator("[role=combobox]").fill(value)
        field.get_by_role("option").filter(has_text=value).first.click()
    elif field.locator("input[type=radio]").count():
        field.locator(f"input[value='{value}']").check()
    else:
        field.locator(f"[name='{name}']").fill(value)


def test_a_quarrel_goes_through_the_pages_from_the_phone_to_the_citizens_rating(people: People) -> None:
    cast = people.cast
    number, secret = report_on_the_phone(people)
    grid, village = people("G-" + G, size=PHONE), people("VA-" + V)
    act(grid, number, "accept_case")
    act(grid, number, "refer_up", reason="两家都不让步")

    village.goto("/triage")
    village.locator(f"tr[data-case='{number}'] .what, tr[data-case='{number}']").first.click()
    village.locator("[data-panel]").get_by_text("两家都不让步").first.wait_for()
    village.keyboard.press("1")
    expect(village.locator("#toasts")).to_contain_text("撤销")
    cast.clock.advance(timedelta(seconds=11))
    assert carry_out_due(cast.store) == 1
    assert cast.case(number).state == "handling"
    act(village, number, "refer_up", reason="调解不成")

    cast.pass_time(timedelta(days=3))  # the subdistrict lets it lie
    district, village = people("QB-" + D), people("VA-" + V)  # three days later everybody signs in anew
    district.goto(f"/cases/{number}")
    expect(district.locator("main")).to_contain_text("升级")
    act(district, number, "accept")
    act(district, number, "assign", target="冯家寺", deadline="2026-12-01T17:00", reason="就近调解")
    act(village, number, "accept")
    act(village, number, "self_handle", measures="双方签了协议，围墙退让半米")
    act(people("QC-" + D), number, "confirm", ok="true")
    act(people("SD-" + S), number, "check", ok="true", finding="围墙已退让")
    assert cast.case(number).state == "rating"

    citizen = people(size=PHONE)
    citizen.goto(f"/track/{number}#{secret}")
    expect(citizen.locator("main")).to_contain_text("已办结")
    citizen.get_by_text("满意", exact=True).first.click()
    citizen.get_by_role("button", name="提交评价").click()
    expect(citizen.locator("main")).to_contain_text("谢谢")
    assert cast.case(number).state == "archived"
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
