"""The page of one case (事件), and the forms of what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from engine import vault
from engine.errors import Conflict, Forbidden
from processes import access
from processes.cases.actions import allowed, refusals
from processes.cases.revealing import Purpose
from web.pages import act_view, case_view, procedures, route_view
from web.pages.showing import Shown, is_fragment, showing
from web.words.refusals import told

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

blueprint = Blueprint("case", __name__)
DONE = ("reload", "event")


@blueprint.get("/cases/<number>")
def show(number: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        case = access.read_case(session, actor, number)
        view = case_view.load(session, actor, case)
        mine = next((item for item in view.items if item.may_take and (item.is_mine or not item.is_claimed)), None)
        routes = route_view.load(session, case)
        cards = procedures.load(session, actor, case)
        return render_template(
            "case/case.html", view=view, mine=mine, routes=routes, cards=cards, purposes=list(Purpose)
        )

    return showing(look)


@blueprint.get("/cases/<number>/act/<code>")
def act(number: str, code: str) -> Shown:
    """The form of one action, as a part of a page or as a page of its own; told in words when it is not open."""
    done = request.args.get("done", "reload")

    def look(session: Session, actor: Actor) -> Shown:
        case = access.read_case(session, actor, number)
        title = (vault.open_text(session, case.summary) or {}).get("title", "")
        try:
            form = act_view.load(session, actor, case, code, title)
        except (Conflict, Forbidden) as error:
            return _instead(session, actor, case, code, error)
        return render_template(
            "case/act.html",
            form=form,
            done=done if done in DONE else "reload",
            main=request.args.get("main", ""),
            whole=not is_fragment(),
        )

    return showing(look)


def _instead(session: Session, actor: Actor, case: Case, code: str, error: Conflict | Forbidden) -> Shown:
    """Why not, and what is possible instead."""
    reason = next((each for each in refusals(session, actor, case) if each.action.code == code), None)
    return render_template(
        "case/not_allowed.html",
        number=case.number,
        reason=reason,
        said=told(error, session.env.clock.now()),
        possible=[action for action in allowed(session, actor, case) if action.code != code],
        whole=not is_fragment(),
    )


@blueprint.get("/cases/<number>/refusals")
def why_not(number: str) -> Shown:
    """Why the other actions are not open to the reader now."""

    def look(session: Session, actor: Actor) -> Shown:
        case = access.read_case(session, actor, number)
        return render_template(
            "case/why_not.html", number=number, refusals=refusals(session, actor, case), whole=not is_fragment()
        )

    return showing(look)
