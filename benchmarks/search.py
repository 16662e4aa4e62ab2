"""How long the search page takes the server at 100,000 cases, for words in half of them and in hardly any."""

from __future__ import annotations

import statistics
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import filling
from benchmarks.district import CENTRE
from engine.network.people import by_staff_no
from engine.sign_in import sessions
from web.app import create_app
from web.config import DEFAULT_LIMITS, Settings

if TYPE_CHECKING:
    from benchmarks.district import Bench

DISTRICT = "QB"
RUNS = 15
WORDS = {"search_common_ms": filling.COMMON, "search_rare_ms": filling.RARE}


def times(bench: Bench) -> dict[str, float]:
    """Medians of whole requests, over those who read everything and those who read one subdistrict."""
    filling.fill(bench.store)
    settings = Settings(str(bench.store.url), Path("unused"), 1_000_000, None, "")
    app = create_app(bench.store, settings)
    taken: dict[str, list[float]] = {figure: [] for figure in WORDS}
    for staff_no in (DISTRICT, CENTRE):
        with bench.store.write() as session:
            secret = sessions.begin(session, by_staff_no(session, staff_no), "bench", DEFAULT_LIMITS)
        client = app.test_client()
        client.set_cookie("sid", secret)
        for figure, word in WORDS.items():
            for _ in range(RUNS):
                start = perf_counter()
                page = client.get("/search", query_string={"q": word})
                taken[figure].append((perf_counter() - start) * 1e3)
                assert page.status_code == 200
                assert word in page.text
    return {figure: statistics.median(each) for figure, each in taken.items()}
