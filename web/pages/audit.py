"""Audit (审计): the trail and whether it holds."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
def index() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
