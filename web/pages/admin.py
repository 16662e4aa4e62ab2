"""Administration (管理): network, staff, models, calendar, incidents."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("admin", __name__)


@blueprint.get("/admin")
def index() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
