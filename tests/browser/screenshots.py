"""`make screenshots`: every page in both languages, sizes and schemes, with real load, into build/screenshots."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tqdm import tqdm

from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from processes import models
from processes.registry import build
from tests.browser.furnishing import furnish
from tests.browser.people import DESK, PHONE, People
from tests.browser.test_every_page import PAGES, VARIANTS, Looked
from tests.cast import settle_in
from tests.story.server import serving

assert models  # imported for its tables
FOLDER = Path("build/screenshots")
CASES = int(os.environ.get("CASES", "300"))
"""Fresh cases beside the stories: a triager's real morning."""


def main(wanted: str) -> None:
    """`wanted`: part of a page's name; empty for all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    clock = SimulatedClock(datetime.fromisoformat("2026-11-24T09:00:00+08:00"))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), SeededEntropy(1))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Store(f"sqlite:///{folder}/pictures.db", env)
        Base.metadata.create_all(store.engine)
        cast = settle_in(store, clock)
        quarrel = furnish(cast, cases=CASES).quarrel
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        with serving(store, demo=True) as town:
            people = People(browser, town, cast, quarrel=quarrel)
            chosen = [page for page in PAGES if wanted in page.name]
            for looked, variant in tqdm(list(itertools.product(chosen, VARIANTS)), unit="picture"):
                _take(people, looked, *variant)
            people.go_home()
        browser.close()
        store.dispose()


def _take(people: People, looked: Looked, lang: str, scheme: str, size: str) -> None:
    page: Page = people(looked.staff_no, size=PHONE if size == "phone" else DESK, lang=lang, scheme=scheme)
    page.goto(looked.path.format(quarrel=people.quarrel))
    page.locator(looked.ready).first.wait_for()
    page.wait_for_load_state("networkidle")
    name = f"{looked.name.replace(' ', '-')}-{size}-{lang}-{scheme}.png"
    page.screenshot(path=FOLDER / name, full_page=size == "phone")
    page.context.close()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
