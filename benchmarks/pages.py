"""Largest contentful paint of the phone's and the board's first page, on a slow machine and a slow line.

Chromium slows its own processor fourfold and emulates slow 4G (150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up: the
profile of Lighthouse); every load has an empty cache. The real server answers, over the filled database.
"""

from __future__ import annotations

import shutil
import statistics
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.district import CELL, CENTRE
from benchmarks.serving import serving, today
from engine.network.people import by_staff_no
from engine.sign_in import sessions
from web.config import DEFAULT_LIMITS

if TYPE_CHECKING:
    from benchmarks.district import Bench

LOADS = 5
CPU_SLOWDOWN = 4
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
_LCP = """() => new Promise(resolve => {
  let last = 0;
  new PerformanceObserver(list => { for (const each of list.getEntries()) last = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  setTimeout(() => resolve(last), 500);
})"""


def paints(bench: Bench) -> dict[str, float]:
    """`phone_lcp_ms`: the slower of the phone's two pages; `board_lcp_ms`: the triage board."""
    with serving(bench, "--no-worker") as port, sync_playwright() as playwright:
        base = f"http://127.0.0.1:{port}"
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        phone = [_median(browser, base, _cookie(bench, CELL), path, PHONE) for path in ("/tasks", "/report")]
        board = _median(browser, base, _cookie(bench, CENTRE), "/triage", DESK)
        browser.close()
    return {"phone_lcp_ms": max(phone), "board_lcp_ms": board}


def _median(browser: Browser, base: str, cookie: str, path: str, size: dict[str, int]) -> float:
    return statistics.median(_load(browser, base, cookie, path, size) for _ in range(LOADS))


def _load(browser: Browser, base: str, cookie: str, path: str, size: Any) -> float:
    context = browser.new_context(viewport=size, locale="zh-CN", service_workers="block")
    context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
    page = context.new_page()
    debugger = context.new_cdp_session(page)
    debugger.send("Network.enable")
    debugger.send("Network.emulateNetworkConditions", SLOW_4G)
    debugger.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    page.goto(base + path, wait_until="load")
    painted: float = page.evaluate(_LCP)
    context.close()
    assert painted > 0
    return painted


def _cookie(bench: Bench, staff_no: str) -> str:
    with today(bench) as store, store.write() as session:
        return sessions.begin(session, by_staff_no(session, staff_no), "bench", DEFAULT_LIMITS)
