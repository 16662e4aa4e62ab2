"""The triage board (受理台) of a village station, a subdistrict centre, a department."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, render_template, request

from engine.errors import NotFound
from processes import access
from processes.cases import duplicates, queue, suggesting
from processes.views.built_in import Wish
from web.pages import board_view, case_view, me
from web.pages.showing import Shown, showing

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("triage", __name__)
ROLES = me.TRIAGERS | me.SUPERVISORS | me.WORKERS
CRITERIA = ("kind", "urgency", "light", "under", "text")
MAX_TEXT = 100


@blueprint.get("/triage")
def board() -> Shown:
    """The board; `case`: the number of the one that is open beside it."""

    def look(session: Session, actor: Actor) -> Shown:
        number = request.args.get("case")
        opened = _panel(session, actor, number) if number else None
        found = _board(session, actor)
        return render_template("triage/board.html", board=found, opened=opened, choices=board_view.choices())

    return showing(look, roles=ROLES)


@blueprint.get("/triage/lines")
def lines() -> Shown:
    """Views and lines as they are now; 204 while the queue's stamp is still the one given."""

    def look(session: Session, actor: Actor) -> Shown:
        g.touch = False  # a page that looks by itself does not say that somebody is there
        if request.args.get("stamp") == queue.stamp(session, actor):
            return Response(status=204)
        return render_template("triage/lines.html", board=_board(session, actor))

    return showing(look, roles=ROLES)


@blueprint.get("/triage/panel/<number>")
def panel(number: str) -> Shown:
    """One case beside the queue."""
    return showing(lambda session, actor: _panel(session, actor, number), roles=ROLES)


def _board(session: Session, actor: Actor) -> board_view.Board:
    args = request.args
    given = {name: args.get(name, "")[:MAX_TEXT].strip() or None for name in CRITERIA}
    wish = Wish(args.get("view", "all"), **given)
    rows = max(queue.PAGE, min(args.get("rows", queue.PAGE, type=int), queue.MOST))
    return board_view.load(session, actor, wish, args.get("own", type=int), rows)


def _panel(session: Session, actor: Actor, number: str) -> str:
    try:
        case = access.read_case(session, actor, number)
    except NotFound:
        return render_template("triage/gone.html", number=number)
    view = case_view.load(session, actor, case)
    can_merge = any(action.code == "merge" for action in view.actions)
    return render_template(
        "triage/panel.html",
        view=view,
        done="event",
        suggestions=suggesting.suggest(session, case),
        history=suggesting.history(session, actor, case),
        doubles=duplicates.find(session, actor, duplicates.matter_of(session, case)),
        can_merge=can_merge,
    )
