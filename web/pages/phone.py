"""The grid worker's phone (手机端): report, drafts without network, tasks by clock."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.pages.showing import Shown, showing

blueprint = Blueprint("phone", __name__)


@blueprint.get("/report")
def report() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))


@blueprint.get("/tasks")
def tasks() -> Shown:
    return showing(lambda _session, _actor: render_template("no_desk.html"))
