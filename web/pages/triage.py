"""The triage board (受理台) of a village station, a subdistrict centre, a department."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("triage", __name__)


@blueprint.get("/triage")
def board() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
