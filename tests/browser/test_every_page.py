"""What holds for every page: accessible in each language, size and scheme; light; fit for narrow screens and keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.browser.furnishing import furnish
from tests.browser.measures import violations, weight
from tests.browser.people import DESK, PHONE, People
from tests.cast import CENTRE, C, D, G, S, V


@dataclass(frozen=True)
class Looked:
    """A page as somebody sees it; `limit`: kilobytes of scripts and styles, gzipped."""

    name: str
    path: str
    staff_no: str | None
    limit: int
    ready: str = "main"
    """Selector of what must be there before the page is judged."""


PAGES = (
    Looked("door", "/sign-in", None, 60),
    Looked("citizen", "/citizen", None, 60),
    Looked("citizen report", "/citizen/report", None, 60),
    Looked("citizen track", "/track", None, 60),
    Looked("phone report", "/report", "C-" + C, 100),
    Looked("phone tasks", "/tasks", "G-" + G, 100),
    Looked("phone outbox", "/outbox", "G-" + G, 100),
    Looked("village board", "/triage", "VA-" + V, 150),
    Looked("subdistrict board", "/triage", "SB-" + S, 150),
    Looked("department board", "/triage", f"A-{D}-police", 150),
    Looked("case", "/cases/{quarrel}", "SB-" + S, 150),
    Looked("mediation desk", "/mediations", "VD-" + V, 150),
    Looked("court filing", "/mediations/court", f"A-{D}-court", 150),
    Looked("overdue board", "/overdue", "SF-" + S, 350),
    Looked("district overdue board", "/overdue", "QF-" + D, 350),
    Looked("whistles", "/whistles", "SC-" + S, 150),
    Looked("search", "/search?q=围墙", "SB-" + S, 150),
    Looked("notices", "/notices", "G-" + G, 150),
    Looked("centre", f"/centres/{CENTRE}", "B-" + CENTRE, 150),
    Looked("centre duties", f"/centres/{CENTRE}/duties", "SB-" + S, 150),
    Looked("front desk", "/desk", "A-" + CENTRE, 150),
    Looked("my window", "/desk", f"A-{D}-justice", 150),
    Looked("contact cards", f"/centres/{CENTRE}/cards", "A-" + CENTRE, 150),
    Looked("activities", "/activities", "VA-" + V, 150),
    Looked("new activity", "/activities/new", "VA-" + V, 150),
    Looked("bulletin", f"/bulletin?unit={D}&period=year", "QE-" + D, 150),
    Looked("admin", "/admin", "QH-" + D, 150),
    Looked("incidents", "/admin/incidents", "QH-" + D, 150),
    Looked("health", "/admin/health", "QH-" + D, 150),
    Looked("audit", "/audit", "QI-" + D, 150),
)
EVERY = pytest.mark.parametrize("looked", PAGES, ids=lambda looked: looked.name)
VARIANTS = [(lang, scheme, size) for lang in ("zh", "en") for scheme in ("light", "dark") for size in ("phone", "desk")]
PAIRS = [variant for variant in VARIANTS if [part in {"en", "dark", "desk"} for part in variant].count(True) % 2 == 0]
"""Half of the variants, in which each language meets each scheme and size, and each scheme each size."""
_OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
_FOCUSABLE = """() => {
  const seen = new Set();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(each => each.checkVisibility({checkOpacity: false, checkVisibilityCSS: true}) && !each.disabled
      && each.tabIndex >= 0 && !each.closest('[inert]') && each.type !== 'hidden')
    .filter(each => {
      if (each.type !== 'radio') return true;
      const group = `${each.form?.action}:${each.name}`;
      if (seen.has(group)) return false;
      seen.add(group);
      return true;
    }).length;
}"""
_MARK = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return 'body';
  const known = here.dataset.tabbed;
  here.dataset.tabbed = '1';
  const outlined = here.matches(':focus-visible');
  return known ? 'again' : outlined ? 'new' : 'unmarked';
}"""


def open_page(people: People, looked: Looked, lang: str = "zh", scheme: str = "light", size: str = "desk") -> Page:
    page = people(looked.staff_no, size=PHONE if size == "phone" else DESK, lang=lang, scheme=scheme)
    page.goto(looked.path.format(quarrel=people.quarrel))
    page.locator(looked.ready).first.wait_for()
    page.wait_for_load_state("networkidle")
    return page


@EVERY
def test_it_is_accessible_in_every_pair_of_language_scheme_and_size(people: People, looked: Looked) -> None:
    check(people, looked, PAIRS)


@EVERY
@pytest.mark.soak
def test_it_is_accessible_in_the_other_half_too(people: People, looked: Looked) -> None:
    check(people, looked, [variant for variant in VARIANTS if variant not in PAIRS])


def check(people: People, looked: Looked, variants: Sequence[tuple[str, str, str]]) -> None:
    """Free of what axe finds, and no wider than the screen."""
    people.quarrel = furnish(people.cast).quarrel
    found: list[str] = []
    for lang, scheme, size in variants:
        page = open_page(people, looked, lang, scheme, size)
        found += [f"{lang} {scheme} {size}: {each}" for each in violations(page)]
        overflow = page.evaluate(_OVERFLOW)
        if overflow > 0:
            found.append(f"{lang} {scheme} {size}: {overflow} px wider than the screen")
        page.context.close()
    assert found == []


@EVERY
def test_it_is_light_and_every_control_is_reached_by_keyboard(people: People, looked: Looked) -> None:
    people.quarrel = furnish(people.cast).quarrel
    page = open_page(people, looked)
    assert weight(page) <= looked.limit * 1000
    expected = page.evaluate(_FOCUSABLE)
    reached, marks = 0, []
    for _ in range(expected + 20):
        page.keyboard.press("Tab")
        mark = page.evaluate(_MARK)
        marks.append(mark)
        reached += mark == "new"
        if mark in {"body", "again"} and reached >= expected:
            break
    assert "unmarked" not in marks
    assert reached >= expected, f"{reached} of {expected} controls"
