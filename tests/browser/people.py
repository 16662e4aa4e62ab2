"""People at their browsers: each with a context of their own, watched for errors and broken policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from engine.network.people import by_staff_no
from engine.sign_in import sessions
from engine.sign_in.sessions import Limits
from tests.cast import Cast
from tests.story.server import Town

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
LIMITS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
_EXPECTED = ("the server responded with a status of", "net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")
"""What Chromium writes of refused and cut requests, which tests provoke on purpose; scripts must handle them."""


@dataclass
class People:
    """`people("VA-" + V)` is a page of that person, signed in; without a number, of a citizen."""

    chromium: Browser
    town: Town
    cast: Cast
    faults: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    quarrel: str = ""

    def __call__(
        self,
        staff_no: str | None = None,
        *,
        size: dict[str, int] = DESK,
        lang: str = "zh",
        scheme: Any = "light",
        **options: Any,
    ) -> Page:
        """A new browser context with one page; more `options` go to playwright's new_context."""
        context = self.chromium.new_context(
            base_url=self.town.base,
            viewport=size,  # type: ignore[arg-type] # a TypedDict of the same two numbers
            locale="zh-CN" if lang == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            color_scheme=scheme,
            **options,
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        context.on("page", self._watch)
        cookies = [{"name": "lang", "value": lang, "url": self.town.base}]
        if staff_no is not None:
            cookies.append({"name": "sid", "value": self.signed_in(staff_no), "url": self.town.base})
        context.add_cookies(cookies)  # type: ignore[arg-type] # a TypedDict of the same three texts
        return context.new_page()

    def signed_in(self, staff_no: str) -> str:
        """The cookie of a new session."""
        with self.cast.store.write() as session:
            return sessions.begin(session, by_staff_no(session, staff_no), "test", LIMITS)

    def go_home(self) -> None:
        """Close everything; fail for what went wrong on any page."""
        for context in self.contexts:
            context.close()
        assert self.faults == [], self.faults

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._hear(page, message))

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in _EXPECTED):
            self.faults.append(f"{page.url}: {message.text}")
