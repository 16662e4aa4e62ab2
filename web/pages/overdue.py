"""The overdue board (超期看板) of a supervisor: tiles, units, map, ages, cases; each table also as an Excel file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template

from processes.codes import Kind, State
from processes.overdue import board as boards
from processes.overdue.listing import Age, Show
from web.pages import overdue_files
from web.pages.overdue_view import Asked, BoardView, level_name
from web.pages.showing import Shown, showing
from web.words import codes, kinds, shares

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("overdue", __name__)
CODES = {"Age": Age, "Show": Show, "Kind": Kind, "State": State, "codes": codes, "kinds": kinds}


@blueprint.get("/overdue")
def board() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = BoardView.load(session, actor, Asked.of_request())
        return render_template("overdue/board.html", view=view, shares=shares, level_name=level_name, **CODES)

    return showing(look, roles=boards.ROLES)


@blueprint.get("/overdue/<any(units, ages, cases):what>.xlsx")
def file(what: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        write: Callable[[Any, Any, Asked], Response] = getattr(overdue_files, what)
        return write(session, actor, Asked.of_request())

    return showing(look, roles=boards.ROLES)
