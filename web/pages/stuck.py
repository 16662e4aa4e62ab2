"""异常: what got stuck, what was done about it, and where tokens stand. For administrators; no content of any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for

from engine.doctor.checks import State, examine, worst
from processes import operating
from processes.doctor import CHECKS, DEFAULT_BACKUPS
from web.edge import store
from web.pages import stuck_view as views
from web.pages.admin_view import process_name
from web.pages.showing import Shown, showing
from web.words import incidents as words

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("stuck", __name__, url_prefix="/admin")
ROLES = frozenset({"admin"})


@blueprint.get("/incidents")
def index() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = views.ListView.load(session, actor, views.wanted_of(request.args))
        return render_template(
            "admin/incidents.html", view=view, views=views, words=words, process_name=process_name, args=request.args
        )

    return showing(look, roles=ROLES)


@blueprint.get("/incidents/<int:incident_id>")
def incident(incident_id: int) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = views.StuckView.of_incident(session, actor, incident_id)
        return render_template("admin/incident.html", view=view, words=words)

    return showing(look, roles=ROLES)


@blueprint.get("/effects/<int:effect_id>")
def effect(effect_id: int) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = views.StuckView.of_effect(session, actor, effect_id)
        return render_template("admin/incident.html", view=view, words=words)

    return showing(look, roles=ROLES)


@blueprint.get("/instances")
def find() -> Shown:
    """The models of a case, by its number."""

    def look(session: Session, actor: Actor) -> Shown:
        number = request.args.get("case", "").strip()[:32]
        found = operating.instances_of(session, actor, number) if number else []
        if len(found) == 1:
            return redirect(url_for("stuck.instance", instance_id=found[0].id))
        return render_template("admin/instances.html", number=number, found=found, process_name=process_name)

    return showing(look, roles=ROLES)


@blueprint.get("/instances/<int:instance_id>")
def instance(instance_id: int) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = views.InstanceView.load(session, actor, instance_id)
        return render_template("admin/instance.html", view=view, words=words)

    return showing(look, roles=ROLES)


@blueprint.get("/health")
def health() -> Shown:
    """What `gridgov doctor` finds: the same table, without what is dear on a large database."""

    def look(_session: Session, _actor: Actor) -> Shown:
        results = list(examine(store(), CHECKS, backups=DEFAULT_BACKUPS))
        drifts = any(result.check.name == "drift" and result.finding.state is State.BAD for result in results)
        results.sort(
            key=lambda result: -result.finding.state.rank
        )  # what asks for something first, then as in the table
        return render_template("admin/health.html", results=results, worst=worst(results), drifts=drifts)

    return showing(look, roles=ROLES)
