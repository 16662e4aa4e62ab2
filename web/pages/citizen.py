"""The citizen's pages (群众): report, follow, supplement, withdraw, rate, without an account.

The secret code comes in a form's body or behind the `#` of a link, so it stands in no address that a server sees.
"""

from __future__ import annotations

from flask import Blueprint, g, make_response, render_template, request
from sqlalchemy import select

from engine.errors import GridgovError
from engine.network.units import Level, Unit
from processes.citizens import admission
from processes.citizens.admission import TooManyAtOnce, WrongCode
from processes.citizens.matters import MATTERS
from processes.citizens.reporting import MAX_PHOTOS
from processes.citizens.tracking import Step, Tracked, track
from processes.codes import Kind
from web.api.citizens import the_district, with_code, with_code_of_visit
from web.edge import store
from web.pages.showing import Shown, is_fragment
from web.problems import status_of
from web.translation import language, t
from web.words import codes, tracking

blueprint = Blueprint("citizen", __name__)


@blueprint.get("/citizen")
def index() -> Shown:
    return render_template("citizen/index.html")


@blueprint.get("/citizen/report")
def report() -> Shown:
    with store().read() as session:
        district = the_district(session)
        below = select(Unit).where(
            Unit.parent_id == district.id, Unit.level == Level.SUBDISTRICT, Unit.valid_to.is_(None)
        )
        return render_template(
            "citizen/report.html",
            district=district,
            subdistricts=session.scalars(below.order_by(Unit.code)).all(),
            token=admission.form_token(session),
            matters=MATTERS,
            max_photos=MAX_PHOTOS,
        )


@blueprint.get("/track")
@blueprint.get("/track/<number>")
def follow(number: str = "") -> Shown:
    """Asks for what is missing; with a script the code behind `#` is sent by itself."""
    return render_template("citizen/track.html", number=number[:32])


@blueprint.post("/track")
def show() -> Shown:
    number, code = (request.form.get(name, "").strip()[:64] for name in ("number", "code"))
    g.now = store().env.clock.now()
    tracked, visit = None, None
    try:
        tracked = with_code(number[:32], code, track) if number and code else None
    except WrongCode as error:
        visit = with_code_of_visit(number[:32], code, admitted=False)
        if visit is None:
            return _refused(error, number)
    except TooManyAtOnce as error:
        return _refused(error, number)
    if tracked is not None:
        visit = with_code_of_visit(number[:32], code, admitted=True)
    template = "citizen/found.html" if is_fragment() else "citizen/track.html"
    return render_template(template, number=number, tracked=tracked, visit=visit, view=_view(tracked))


def _view(tracked: Tracked | None) -> dict[str, object]:
    """The words of the page."""
    if tracked is None:
        return {}
    now = g.now
    return {
        "headline": tracking.headline(tracked),
        "following": tracking.following(tracked, now),
        "steps": [(each, tracking.step(each), tracked.reached[each], _place_of(tracked, each)) for each in Step],
        "answers": [(code, t(*words)) for code, words in tracking.ANSWERS.items()],
        "kind": codes.label(Kind(tracked.kind)),
        "holder": tracking.holder(tracked),
        "rating": tracking.answer(tracked.rating),
        "late": tracked.promise is not None and tracked.promise.late,
    }


def _place_of(tracked: Tracked, step: Step) -> str:
    """done, now or ahead."""
    if tracked.step is None:
        return "done" if tracked.reached[step] else "ahead"
    order = list(Step)
    at = order.index(tracked.step)
    if tracked.step is step and not (step is Step.RATE and tracked.ended_at):
        return "now"
    return "done" if order.index(step) <= at else "ahead"


def _refused(error: GridgovError, number: str) -> Shown:
    then = error.then or ("", "")
    refused = f"{error.text(language())}{t('', ' ')}{t(*then)}"
    template = "citizen/refused.html" if is_fragment() else "citizen/track.html"
    return make_response(render_template(template, number=number, refused=refused), status_of(error))
