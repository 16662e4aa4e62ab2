"""The page of one case (事件)."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("case", __name__)


@blueprint.get("/cases/<number>")
def show(number: str) -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
