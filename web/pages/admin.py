"""Administration (管理): network, people, models, calendar, deadlines. No content of any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from engine import calendar as working_days
from engine.calendar import ZONE
from engine.network import directory
from processes.supervisions.points import MOST, points_of
from web.pages import admin_view as views
from web.pages.showing import Shown, is_fragment, showing
from web.words import deadlines as words

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("admin", __name__)
ROLES = frozenset({"admin"})


@blueprint.get("/admin")
def index() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        text = request.args.get("q", "").strip()[:64]
        found = directory.find_units(session, actor.district_id, text) if text else []
        lines = [(unit, directory.line_of(session, unit)) for unit in found]
        top = directory.branches(session, actor.district_id, None)
        below = directory.branches(session, actor.district_id, top[0].unit.id) if top and not text else []
        shown = views.unit_or_none(session, actor, request.args.get("unit"))
        return render_template("admin/units.html", q=text, lines=lines, top=top, below=below, shown=shown)

    return showing(look, roles=ROLES)


@blueprint.get("/admin/units/<int:unit_id>/below")
def below(unit_id: int) -> Shown:
    """The units right below one, for the tree."""

    def look(session: Session, actor: Actor) -> Shown:
        unit = directory.unit_of(session, actor.district_id, unit_id)
        return render_template("admin/branch.html", below=directory.branches(session, actor.district_id, unit.id))

    return showing(look, roles=ROLES)


@blueprint.get("/admin/units/<int:unit_id>")
def unit(unit_id: int) -> Shown:
    """One unit: where it hangs and who holds which post."""

    def look(session: Session, actor: Actor) -> Shown:
        shown = views.UnitView.load(session, actor, unit_id)
        return render_template("admin/unit.html", shown=shown, whole=not is_fragment())

    return showing(look, roles=ROLES)


@blueprint.get("/admin/staff")
def staff() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        text, after = request.args.get("q", "").strip()[:64], request.args.get("after", "")[:32]
        found = directory.find_people(session, actor.district_id, text, after=after)
        more = found[-1].staff.staff_no if len(found) == directory.FOUND else None
        return render_template("admin/staff.html", q=text, found=found, more=more)

    return showing(look, roles=ROLES)


@blueprint.get("/admin/staff/<staff_no>")
def person(staff_no: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        return render_template("admin/person.html", person=directory.person(session, actor.district_id, staff_no))

    return showing(look, roles=ROLES)


@blueprint.get("/admin/models")
def models() -> Shown:
    return showing(
        lambda session, _actor: render_template("admin/models.html", families=views.families(session)), roles=ROLES
    )


@blueprint.get("/admin/models/<definition_id>")
def model(definition_id: str) -> Shown:
    return showing(
        lambda session, _actor: render_template("admin/model.html", view=views.ModelView.load(session, definition_id)),
        roles=ROLES,
    )


@blueprint.get("/admin/calendar")
def calendar() -> Shown:
    def look(session: Session, _actor: Actor) -> Shown:
        today = session.env.clock.now().astimezone(ZONE).date()
        year = request.args.get("year", today.year, type=int)
        year = min(max(year, working_days.FIRST_YEAR), working_days.LAST_PROVISIONAL_YEAR)
        return render_template(
            "admin/calendar.html",
            view=views.YearView.load(session, year),
            today=today,
            month_rows=views.month_rows,
            kind_of=views.day_kind,
        )

    return showing(look, roles=ROLES)


@blueprint.get("/admin/deadlines")
def deadlines() -> Shown:
    return showing(
        lambda session, actor: render_template(
            "admin/deadlines.html",
            view=views.DeadlinesView.load(session),
            points=points_of(session, actor.district_id),
            most_points=MOST,
            stage_name=words.stage,
            source_of=words.rule,
        ),
        roles=ROLES,
    )
