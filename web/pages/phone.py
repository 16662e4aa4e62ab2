"""The grid worker's phone (手机端): report, what waits to be sent, tasks by clock; all of it also without network.

What the service worker keeps of a page is its shell, rendered without anybody in it: `/shell/<language>/<page>`. Who
the worker is, the places and the drafts stay in the browser's database, under the worker's staff number.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, g, render_template, request, url_for

from engine.calendar import ZONE
from engine.network.units import Level, nearest_above
from processes.cases import tasks as lists
from processes.cases.reporting import REPORTING_ROLES
from processes.cases.routing import DOMAINS
from processes.cases.tasks import Task
from processes.codes import ENDED, Kind, State, Urgency
from web.api.field import kit
from web.api.forms import shipped
from web.assets import BUILT, asset, built_name
from web.pages.showing import Shown, showing
from web.translation import LANGUAGES, language, t
from web.words import codes, kinds, sayings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.actions import Action
    from processes.cases.models import Case

blueprint = Blueprint("phone", __name__)
REPORTERS = frozenset(REPORTING_ROLES)
SHELLS = {"report": "phone/report.html", "outbox": "phone/outbox.html", "offline": "phone/offline.html"}
SHELL_OF = {"/": "report", "/report": "report", "/outbox": "outbox"}
"""Which shell the service worker shows for which address while there is no network; "offline" for all others."""
KEPT_ASSETS = ("main.css", "phone.css", "main.js", "phone.js", "icons.svg")

KINDS = (
    Kind.DISPUTE,
    Kind.LIVELIHOOD,
    Kind.HAZARD,
    Kind.ORDER,
    Kind.ENTERPRISE,
    Kind.LEGAL_SERVICE,
    Kind.CRIMINAL,
    Kind.CIVIL,
    Kind.COMMERCIAL,
)
"""In the order of how often a grid meets them (default, no source)."""
FREQUENT_TYPES = (
    "family_neighbour",
    "land_boundary",
    "construction_property",
    "labour",
    "rural_land",
    "village_affairs",
)
"""The dispute types that stand first (default, no source); the others are one press further."""
MEASURES = (
    ("现场劝解，双方和解", "Talked it over on the spot; both sides agreed"),
    ("现场清理完毕", "Cleared on the spot"),
    ("已责令整改，现场复查合格", "Ordered to be put right; seen to be right"),
    ("已解答政策，群众认可", "Explained the rules; the citizen was content"),
)
"""What is mostly done on the spot, one press each (default, no source)."""

ROW_ACTIONS = (
    "accept_case",
    "accept",
    "feedback",
    "self_handle",
    "refer_up",
    "request_extension",
    "check",
    "confirm",
    "answer_return",
    "decide_request",
    "resume",
    "assign",
    "transfer",
    "return",
    "request_suspension",
    "merge",
    "decline",
)
"""What is offered at a row, in this order; everything else is on the case's own page."""


@dataclass(frozen=True)
class Group:
    """Tasks under one heading: overdue, today, later."""

    code: str
    heading: str
    tasks: Sequence[Task]


@blueprint.get("/report")
def report() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        return _page("report", kit=kit(session, actor), now=session.env.clock.now())

    return showing(look, roles=REPORTERS)


@blueprint.get("/outbox")
def outbox() -> Shown:
    return showing(lambda _session, _actor: _page("outbox"), roles=REPORTERS)


@blueprint.get("/tasks")
def tasks() -> Shown:
    return showing(lambda session, actor: render_template("phone/tasks.html", page="tasks", **_lists(session, actor)))


@blueprint.get("/tasks/list")
def task_list() -> Shown:
    """The list alone, polled by the page; 304 while nothing has changed."""

    def look(session: Session, actor: Actor) -> Shown:
        return Response(render_template("phone/task_list.html", **_lists(session, actor)))

    shown = showing(look)
    if isinstance(shown, Response):
        shown.headers["Cache-Control"] = "private, no-cache"
        shown.add_etag()
        shown.make_conditional(request)
    return shown


@blueprint.get("/shell/<lang>/<page>")
def shell(lang: str, page: str) -> Shown:
    """A page without anybody in it, for the service worker to keep."""
    if page not in SHELLS or lang not in LANGUAGES:
        abort(404)
    g.language = lang
    return _page(page)


@blueprint.get("/sw.js")
def service_worker() -> Response:
    """The service worker with what it keeps; other assets or pages make it another script, which browsers notice."""
    lang = language()
    pages = {path: url_for("phone.shell", lang=lang, page=page) for path, page in SHELL_OF.items()}
    assets = [asset(name) for name in KEPT_ASSETS] + [url_for("static", filename="icon.svg")]
    digest = hashlib.sha256(json.dumps([assets, [_page(page) for page in SHELLS]]).encode()).hexdigest()
    shells = {
        "version": f"{lang}-{digest[:12]}",
        "pages": pages,
        "offline": url_for("phone.shell", lang=lang, page="offline"),
        "assets": assets,
    }
    code = (BUILT / built_name("sw.js")).read_text("utf-8")
    response = Response(f"self.__kept={json.dumps(shells)};\n{code}", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _page(page: str, **more: Any) -> str:
    """One of the pages that work without network; `kit` when somebody is signed in."""
    schema = shipped("report")["properties"]
    types = [*FREQUENT_TYPES, *(code for code in schema["type"]["enum"] if code not in FREQUENT_TYPES)]
    return render_template(
        SHELLS[page],
        page=page,
        kinds=KINDS,
        domains=DOMAINS,
        domain_codes=schema["domain"]["enum"],
        types=types,
        frequent=len(FREQUENT_TYPES),
        urgencies=(Urgency.ORDINARY, Urgency.URGENT, Urgency.EXTRA),
        head_counts=schema["head_count"]["enum"],
        measures=[t(*words) for words in MEASURES],
        party_roles=codes.PARTY_ROLES,
        codes=codes,
        kind_icons=kinds.ICONS,
        **more,
    )


def _lists(session: Session, actor: Actor) -> dict[str, Any]:
    around = [nearest_above(session, unit, Level.VILLAGE) for unit in g.me.units]
    words = {"codes": codes, "sayings": sayings, "kind_icons": kinds.ICONS, "around": around}
    if request.args.get("view") == "reported":
        reported = lists.reported(session, actor)
        return {**words, "view": "reported", "reported": reported, "state_of": _state, "state_tone": _tone}
    groups = _grouped(lists.tasks(session, actor), session.env.clock.now())
    return {**words, "view": "tasks", "groups": groups, "row_actions": _row_actions}


def _state(case: Case) -> State:
    return State(case.state)


def _tone(case: Case) -> str:
    if case.state in ENDED or case.state == State.RATING:
        return "ok"
    return "paused" if case.state == State.SUSPENDED else "plain"


def _row_actions(task: Task) -> list[Action]:
    """What the person may do with this item, the usual first."""
    offered = [each for each in task.actions if each.element in {None, task.item.element} and each.code in ROW_ACTIONS]
    return sorted(offered, key=lambda each: ROW_ACTIONS.index(each.code))


def _grouped(found: Sequence[Task], now: datetime) -> list[Group]:
    today = now.astimezone(ZONE).date()
    by_code: dict[str, list[Task]] = {"late": [], "today": [], "later": []}
    for task in found:
        if task.due_at is None or task.due_at.astimezone(ZONE).date() > today:
            by_code["later"].append(task)
        else:
            by_code["late" if task.due_at <= now else "today"].append(task)
    headings = {"late": t("超期", "Overdue"), "today": t("今天", "Today"), "later": t("以后", "Later")}
    return [Group(code, headings[code], tasks) for code, tasks in by_code.items() if tasks]
