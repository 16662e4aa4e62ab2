"""How far the month of the demonstration is: a line on every page while it is lived, and once when it is done."""

from __future__ import annotations

from flask import Blueprint, current_app, g, render_template

from engine.errors import NotFound, TryLater
from processes.demo import runs
from processes.demo.runs import DemoRun
from web import cookies
from web.edge import store
from web.pages.showing import Shown

blueprint = Blueprint("demo_bar", __name__)
_OVER = "gridgov_demo_over"


@blueprint.get("/demo/progress")
def progress() -> Shown:
    """The line alone; asked for every two seconds by the line itself until the month is done. Raises NotFound."""
    if not cookies.settings().demo:
        raise NotFound
    return render_template("demo_bar.html", run=_run(), asked=True)


def demo_run() -> DemoRun | None:
    """For a page's frame: the month while it is lived, else None; once over it is not asked for again."""
    if not cookies.settings().demo or current_app.extensions.get(_OVER):
        return None
    if "demo_run" not in g:
        try:
            run = _run()
        except TryLater:  # the page that says so has a frame too
            return None
        g.demo_run = run if run is not None and run.state == runs.RUNNING else None
        current_app.extensions[_OVER] = g.demo_run is None
    return g.demo_run  # type: ignore[no-any-return] # put there above


def _run() -> DemoRun | None:
    with store().read() as session:
        return runs.find(session)
