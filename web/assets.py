"""Built browser assets: plain names → names with a hash, which browsers may keep for ever."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import url_for

from engine.errors import OperatorError

BUILT = Path(__file__).parent / "static" / "built"


class AssetsMissing(OperatorError):
    """The browser's scripts and styles are not built; run `make run`, or `npm ci && npm run build`."""

    code = "assets_missing"
    zh = "浏览器脚本与样式尚未构建；请运行 make run，或 npm ci && npm run build。"


@cache
def _manifest() -> dict[str, str]:
    try:
        return dict(json.loads((BUILT / "manifest.json").read_text("utf-8")))
    except FileNotFoundError:
        raise AssetsMissing from None


def asset(name: str) -> str:
    """The address of `main.js`, `main.css`, `icons.svg` … Raises AssetsMissing; KeyError for an unknown name."""
    return url_for("static", filename=f"built/{_manifest()[name]}")
