"""The citizen's pages (群众): report, follow, supplement, rate, without an account."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown

blueprint = Blueprint("citizen", __name__)


@blueprint.get("/citizen")
def index() -> Shown:
    return render_template("no_desk.html")
