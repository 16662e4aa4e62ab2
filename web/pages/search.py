"""Search (查找) within what the person may read."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def index() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
