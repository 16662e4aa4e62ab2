"""Built browser assets: plain names → names with a hash, which browsers may keep for ever."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, g, request, send_from_directory, url_for

from engine.errors import OperatorError

BUILT = Path(__file__).parent / "static" / "built"
FOR_EVER = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_MIMETYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
blueprint = Blueprint("assets", __name__)


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


def built_name(name: str) -> str:
    """`main-TTRSLDQB.css` for `main.css`. Raises AssetsMissing; KeyError for an unknown name."""
    return _manifest()[name]


def asset(name: str) -> str:
    """The address of `main.js`, `main.css`, `icons.svg` … Raises AssetsMissing; KeyError for an unknown name."""
    known: dict[str, str] = g.setdefault("assets", {})  # a list asks for its icons hundreds of times
    if name not in known:
        known[name] = url_for("assets.built", name=_manifest()[name])
    return known[name]


@blueprint.get("/static/built/<name>")
def built(name: str) -> Response:
    """A built file, in the smallest form that was compressed at build time and that the browser takes."""
    for encoding, suffix in _ENCODINGS:
        if request.accept_encodings[encoding] and (BUILT / f"{name}{suffix}").is_file():
            response = send_from_directory(BUILT, f"{name}{suffix}", mimetype=_MIMETYPES.get(Path(name).suffix))
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_from_directory(BUILT, name) if name != "manifest.json" else abort(404)
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = FOR_EVER
    return response
