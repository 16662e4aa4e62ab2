"""The front desk in a browser: one screen from the door to the receipt, and the window's own form."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from engine.network.units import by_code
from processes.centres import seeding
from tests.browser.measures import violations
from tests.browser.people import DESK as WIDE
from tests.browser.people import PHONE, People
from tests.cast import CENTRE, D

DESK = "A-" + CENTRE


@pytest.fixture
def centre(people: People) -> People:
    with people.cast.store.write() as session:
        unit = by_code(session, CENTRE)
        assert unit is not None
        seeding.seed(session, people.cast(f"QH-{D}"), unit)
    return people


def received(people: People, matter: str, **options: object) -> Page:
    page = people(DESK, **options)
    page.goto("/desk")
    page.get_by_role("radio", name=matter, exact=True).check()
    page.get_by_label("姓名或单位").fill("王小明")
    page.get_by_role("button", name="登记并分送").click()
    expect(page.get_by_role("heading", name="来访回执")).to_be_visible()
    return page


def test_the_matter_suggests_the_window_and_the_receipt_follows(centre: People) -> None:
    page = received(centre, "法律援助")
    expect(page.get_by_role("heading", name="法律援助 justice")).to_be_visible()
    number = page.url.rpartition("/")[2].partition("?")[0]
    window = centre(f"A-{D}-justice")
    window.goto(f"/visits/{number}")
    window.get_by_label("家庭月收入").fill("1800")
    window.get_by_label("共同生活人数").fill("3")
    window.get_by_role("radio", name="符合", exact=True).check()
    window.get_by_role("button", name="提交").click()
    expect(window.get_by_text("已提交")).to_be_visible()
    expect(window.get_by_text("1800")).to_be_visible()


def test_a_visit_is_accessible_and_as_wide_as_the_screen(centre: People) -> None:
    page = received(centre, "信访")
    path = page.url.partition("?")[0]
    found: list[str] = []
    for size in (PHONE, WIDE):
        for lang in ("zh", "en"):
            shown = centre(DESK, size=size, lang=lang)
            shown.goto(path + "?received")
            shown.wait_for_load_state("networkidle")
            found += [f"{lang} {size}: {each}" for each in violations(shown)]
            wider = shown.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
            found += [f"{lang} {size}: {wider} px wider than the screen"] if wider > 0 else []
    assert found == []
