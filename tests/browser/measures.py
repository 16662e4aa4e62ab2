"""What is measured on every page: accessibility, and how much the browser has to load."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from web.assets import BUILT

_AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _axe_source() -> str:
    return _AXE.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Every breach of WCAG 2.2 AA that axe-core finds: rule, element, why."""
    page.evaluate(_axe_source())  # evaluated by the debugger, since the page's policy allows no foreign script
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(result => result.violations)", _TAGS
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def weight(page: Page) -> int:
    """Bytes of scripts and styles, gzipped, that the page has loaded."""
    names = page.evaluate(
        "[...new Set(performance.getEntriesByType('resource').map(each => each.name))]"
        ".filter(name => /\\.(js|css)$/.test(new URL(name).pathname))"
    )
    files = [BUILT / Path(urlsplit(name).path).name for name in names]
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files if file.exists())
