"""Whistles as people blow and answer them: choose departments, report in with a photo, dismiss, rate."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.measures import violations
from tests.browser.people import PHONE, People
from tests.cast import S
from tests.db.processes.test_whistles import HOUSING, POLICE, act, called, handled, take_part, the_call
from tests.db.web.test_looking_api import photo

CALLER, LIAISON = "SC-" + S, "A-" + POLICE


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_departments_are_found_by_name_ticked_and_called(people: People) -> None:
    number = handled(people.cast)
    page = people(CALLER)
    page.goto(f"/cases/{number}")
    press(page, "吹哨")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="应急处置").check()
    dialog.get_by_label("要办的事和集合地点").fill("围墙倒塌，请到场")
    dialog.get_by_role("button", name="吹哨").click()
    expect(dialog).to_be_visible()  # no department is chosen yet
    find = dialog.get_by_label("查找单位")
    find.fill("pol")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    dialog.get_by_role("checkbox", name="police").check()
    find.fill("hous")
    expect(dialog.get_by_role("checkbox")).to_have_count(2)  # what is ticked stays in sight
    find.press("Enter")
    dialog.get_by_role("checkbox", name="housing").check()
    expect(dialog.get_by_text("已选 2 个")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="吹哨").click()
    expect(page.get_by_role("status").filter(has_text="已吹哨")).to_be_visible()
    expect(page.get_by_text("待应哨")).to_have_count(2)
    assert len(people.cast.items(number, "answer")) == 2


def test_a_liaison_reports_in_on_a_phone_with_position_and_photo(people: People) -> None:
    number = called(people.cast, POLICE)
    act(people.cast, number, "answer", POLICE, coming=True)
    where = {"longitude": 106.08, "latitude": 30.79}
    page = people(LIAISON, size=PHONE, permissions=["geolocation"], geolocation=where)
    page.goto(f"/cases/{number}")
    press(page, "到场报到")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="取当前位置").click()
    expect(dialog.get_by_text("30.790000, 106.080000")).to_be_visible()
    dialog.get_by_label("到场照片").set_input_files([{"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": photo()}])
    expect(dialog.locator(".uploads li:not([aria-busy])")).to_have_count(1)
    dialog.get_by_role("button", name="到场报到").click()
    expect(page.get_by_text("处置中")).to_be_visible()
    assert the_call(people.cast, POLICE).lat == 30.79


def test_the_caller_dismisses_rates_each_and_the_department_leaves(people: People) -> None:
    number = called(people.cast, POLICE, HOUSING)
    for code in (POLICE, HOUSING):
        take_part(people.cast, number, code)
    page = people(CALLER)
    page.goto(f"/cases/{number}")
    press(page, "销哨")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("仍需到场的单位")).to_be_hidden()
    dialog.get_by_role("radio", name="未办完，再次吹哨").check()
    expect(dialog.get_by_text("仍需到场的单位")).to_be_visible()
    dialog.get_by_role("radio", name="已办完，部门撤离").check()
    dialog.get_by_role("button", name="销哨").click()
    press(page, "部门评分")
    for name, score in (("police", "5"), ("housing", "2")):
        row = page.get_by_role("dialog").get_by_role("group", name=name)
        row.get_by_role("radio", name=score, exact=True).check()
    page.get_by_role("dialog").get_by_role("button", name="部门评分").click()
    expect(page.get_by_text("2 分")).to_be_visible()
    assert [the_call(people.cast, code).score for code in (POLICE, HOUSING)] == [5, 2]
    liaison = people(LIAISON)
    liaison.goto(f"/cases/{number}")
    press(liaison, "登记撤离")
    expect(liaison.get_by_text("已撤离")).to_be_visible()


def test_the_list_shows_who_is_on_the_way(people: People) -> None:
    called(people.cast, POLICE, HOUSING)
    page = people(CALLER, size=PHONE)
    page.goto("/whistles")
    expect(page.get_by_text("待应哨")).to_have_count(2)
    assert violations(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= document.documentElement.clientWidth")
