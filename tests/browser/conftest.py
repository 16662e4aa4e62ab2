"""A real Chromium, the application behind a real server, and people who sit at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import People
from tests.cast import Cast
from tests.story.server import Town, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where it is there, else the one that playwright installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    """The small network behind a server; its time is the simulated clock's."""
    with serving(sqlite_cast.store, max_body=20_000_000, demo=True) as opened:
        yield opened


@pytest.fixture
def people(chromium: Browser, town: Town, sqlite_cast: Cast) -> Iterator[People]:
    """Open pages as somebody; at the end no page may have had an error on its console or broken the policy."""
    found = People(chromium, town, sqlite_cast)
    yield found
    found.go_home()
