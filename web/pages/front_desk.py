"""The front desk (只进一扇门): who comes in, what goes on at the windows, and all that hangs on one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from sqlalchemy import select

from engine.errors import Forbidden
from engine.network.units import Beside, Unit, get
from processes.cases.revealing import Purpose
from processes.visits import access, reading
from processes.visits.access import DESK
from web.pages import front_desk_view
from web.pages.showing import Shown, showing

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("front_desk", __name__)


@blueprint.get("/desk")
def board() -> Shown:
    """The board of a centre (`centre`: its code; the actor's own without); for a window, who waits there."""
    return showing(_board)


def _board(session: Session, actor: Actor) -> str:
    centres = _centres(session, actor)
    windows = front_desk_view.lines(session, actor, reading.at_my_windows(session, actor))
    if not centres:
        if not windows and not access.has_window(session, actor.unit_ids):
            raise Forbidden
        return render_template("desk/windows.html", lines=windows)
    centre = next((one for one in centres if one.code == request.args.get("centre")), centres[0])
    receiving = front_desk_view.receiving(session, centre) if actor.holds(centre.id, DESK) else None
    shown = front_desk_view.board(session, actor, centre)
    return render_template("desk/board.html", centre=centre, centres=centres, board=shown, receiving=receiving)


def _centres(session: Session, actor: Actor) -> list[Unit]:
    """The centres whose board the actor sees: those of a post; for the district's own people, all of it."""
    own = [get(session, unit_id) for unit_id in access.centre_posts(actor)]
    found = [unit for unit in own if unit.level == Beside.CENTRE]
    if found or not access.district_posts(actor):
        return found
    query = select(Unit).where(
        Unit.district_id == actor.district_id, Unit.level == Beside.CENTRE.value, Unit.valid_to.is_(None)
    )
    return list(session.scalars(query.order_by(Unit.code)))


@blueprint.get("/visits/<number>")
def show(number: str) -> Shown:
    """`received`: just now, so the receipt comes first."""

    def look(session: Session, actor: Actor) -> Shown:
        visit = access.read_visit(session, actor, number)
        view = front_desk_view.load(session, actor, visit)
        return render_template(
            "desk/visit.html", view=view, purposes=list(Purpose), received="received" in request.args
        )

    return showing(look)
