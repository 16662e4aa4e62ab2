"""Search (查找) within what the person may read: cases, and units by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request

from engine.errors import NotFound
from engine.network.people import masked
from engine.network.units import Level, Unit, by_code, get, lineage
from processes.cases import lookup, reading, search
from processes.codes import ENDED, State
from processes.visits.reading import find as find_visits
from web.pages.me import READERS
from web.pages.showing import Shown, is_fragment, showing
from web.translation import t
from web.words import codes, highlights
from web.words.highlights import Pieces
from web.words.kinds import ICONS

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("search", __name__)
MAX_QUERY = 100
BRIEF = 7
"""Finds shown in the dialog."""


@dataclass(frozen=True)
class Line:
    """One find. `why`: where else than in title and number the words stand, each with its label."""

    row: Any
    icon: str
    state: str
    is_open: bool
    title: Pieces
    number: Pieces
    why: Sequence[tuple[str, Pieces]]


@blueprint.get("/search")
def index() -> Shown:
    """`q`: words; `before`: go on below this id; `under`: a unit's code, whose cases are listed instead."""
    return showing(_page, roles=READERS)


def _page(session: Session, actor: Actor) -> str:
    text, under = request.args.get("q", "")[:MAX_QUERY].strip(), request.args.get("under", "")[:64]
    found = _of_unit(session, actor, under) if under else _of_words(session, actor, text)
    template = "search/results.html" if is_fragment() else "search/index.html"
    return render_template(template, q=text, under=under, brief="brief" in request.args, **found)


def _of_words(session: Session, actor: Actor, text: str) -> dict[str, Any]:
    before = request.args.get("before", type=int)
    limit = BRIEF if "brief" in request.args else lookup.PAGE
    found = lookup.find(session, actor, text, before=before, limit=limit)
    words = [search.plain(word) for word in text.split()]
    units = lookup.find_units(session, actor, text) if before is None else []
    visits = find_visits(session, actor, text) if before is None else []
    is_short = all(len(word) < search.SHORTEST for word in words)
    lines = [_line(hit.row, hit.summary, words) for hit in found.hits]
    return {"lines": lines, "units": units, "visits": visits, "before": found.before, "is_short": is_short}


def _of_unit(session: Session, actor: Actor, code: str) -> dict[str, Any]:
    unit = by_code(session, code)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    page = reading.list_cases(
        session, actor, reading.Filters(under=code), cursor=request.args.get("cursor"), limit=lookup.PAGE
    )
    titles = reading.titles(session, page.rows)
    lines = [_line(row, {"title": titles.get(row.summary_id, "")}, []) for row in page.rows]
    return {"lines": lines, "units": [], "unit": _path(session, unit), "cursor": page.cursor, "is_short": False}


def _path(session: Session, unit: Unit) -> list[Unit]:
    steps = [get(session, step) for step in lineage(unit)]
    return [step for step in steps if step.level != Level.DISTRICT or step is unit]


def _line(row: Any, summary: Any, words: Sequence[str]) -> Line:
    title = str(summary.get("title") or t("（内容已删除）", "(erased)"))
    return Line(
        row=row,
        icon=ICONS.get(row.kind, "case"),
        state=codes.label(State(row.state)),
        is_open=State(row.state) not in ENDED,
        title=highlights.marked(title, words),
        number=highlights.marked(row.number, words),
        why=[(label, pieces) for label, pieces in _reasons(summary, words) if pieces],
    )


def _reasons(summary: Any, words: Sequence[str]) -> list[tuple[str, Pieces | None]]:
    """Names stay masked: whoever searched for one knows it. What the title says already needs no second reason."""
    found: list[tuple[str, Pieces | None]] = []
    for party in summary.get("parties") or []:
        name = str(party.get("name") or "")
        if search.plain(name) in words:
            found.append((t("当事人", "party"), [(masked(name), True)]))
        elif party.get("phone") and search.plain(str(party["phone"])) in words:
            found.append((t("当事人电话", "party's telephone"), [("****" + str(party["phone"])[-4:], True)]))
    left = [word for word in words if word not in search.plain(str(summary.get("title") or ""))]
    found.append((t("地址", "address"), highlights.excerpt(str(summary.get("address") or ""), left)))
    found.append((t("描述", "description"), highlights.excerpt(str(summary.get("text") or ""), left)))
    return found
