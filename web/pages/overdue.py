"""The overdue board (超期看板) of a supervisor."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("overdue", __name__)


@blueprint.get("/overdue")
def board() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
