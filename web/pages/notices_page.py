"""Notices (提醒): what the person was told."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("notices_page", __name__)


@blueprint.get("/notices")
def index() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
