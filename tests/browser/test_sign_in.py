"""Signing in, as people meet it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from engine.sign_in.credentials import set_password
from tests.browser.measures import violations
from tests.browser.people import PHONE, People
from tests.cast import V

DESK_OF_VILLAGE = "VA-" + V


def give_password(people: People, password: str = "right-password") -> None:
    with people.cast.store.write() as session:
        set_password(session, "system:test", DESK_OF_VILLAGE, password)


def test_a_person_signs_in_and_out(people: People) -> None:
    give_password(people)
    page = people()
    page.goto("/triage")
    page.get_by_label("工号").fill(DESK_OF_VILLAGE)
    page.get_by_label("密码").fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("工号或密码不正确")
    page.get_by_label("密码").fill("right-password")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/triage")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in")
    page.goto("/triage")
    page.wait_for_url(re.compile(r"/sign-in\?next="))


def test_the_sixth_wrong_password_locks_the_number_for_a_while(people: People) -> None:
    give_password(people)
    page = people()
    for _ in range(6):
        page.goto("/sign-in")
        page.get_by_label("工号").fill(DESK_OF_VILLAGE)
        page.get_by_label("密码").fill("wrong-password")
        page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("15 分钟后再试")


def test_the_door_is_accessible_in_both_languages(people: People) -> None:
    for lang in ("zh", "en"):
        for scheme in ("light", "dark"):
            page = people(size=PHONE, lang=lang, scheme=scheme)
            page.goto("/sign-in")
            assert violations(page) == []
