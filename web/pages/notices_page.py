"""Notices (提醒): what the person was told, unread ones first, those already read on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request
from sqlalchemy import select

from engine import notices
from engine.network.units import Unit
from engine.notices import Notice
from processes import access
from processes.cases import reading
from processes.cases.models import Case
from processes.visits import access as visits
from processes.visits.codes import Matter
from processes.visits.models import Visit
from web.api.shapes import units_by_id
from web.pages.showing import Shown, showing
from web.translation import t
from web.words import notices as words

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("notices_page", __name__)
PAGE = 50


@dataclass(frozen=True)
class Line:
    """One notice. `title`: of its case, empty when the person may not read that any more."""

    id: int
    number: str
    tone: str
    icon: str
    text: str
    title: str
    is_open: bool
    is_visit: bool
    unit: Unit | None
    at: datetime


@blueprint.get("/notices")
def index() -> Shown:
    """`read`: show those that were read; `after`: go on below this id."""
    return showing(_page)


def _page(session: Session, actor: Actor) -> str:
    old, after = "read" in request.args, request.args.get("after", type=int)
    look = notices.history if old else notices.inbox
    found = look(session, actor, limit=PAGE + 1, after=after)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    unread = notices.unread(session, actor)
    return render_template(
        "notices/index.html", lines=_lines(session, actor, found[:PAGE]), old=old, more=more, unread=unread
    )


def _lines(session: Session, actor: Actor, found: Sequence[Notice]) -> list[Line]:
    subjects = {notice.subject_id for notice in found}
    titles = {**_titles(session, actor, subjects), **_visit_titles(session, actor, subjects)}
    units = units_by_id(session, [notice.unit_id for notice in found])
    return [_line(notice, titles.get(notice.subject_id), units.get(notice.unit_id)) for notice in found]


def _titles(session: Session, actor: Actor, case_ids: set[int]) -> dict[int, str]:
    """Titles of the cases that the person may read."""
    query = select(Case.id, Case.summary_id).where(Case.id.in_(case_ids), access.visible_each(actor))
    rows: Sequence[Any] = session.execute(query).all()
    opened = reading.titles(session, rows)
    return {row.id: opened.get(row.summary_id, "") for row in rows}


def _visit_titles(session: Session, actor: Actor, subjects: set[int]) -> dict[int, str]:
    """Matters of the visits that the person may read; their subjects lie below zero."""
    ids = [-subject for subject in subjects if subject < 0]
    query = select(Visit.id, Visit.matter).where(Visit.id.in_(ids), visits.visible(actor))
    rows = session.execute(query).all() if ids else []
    return {-visit_id: t(Matter(matter).zh, Matter(matter).en.capitalize()) for visit_id, matter in rows}


def _line(notice: Notice, title: str | None, unit: Unit | None) -> Line:
    tone, icon = words.look(notice.mark)
    text = words.said(notice.mark, notice.data)
    number, at = notice.subject_no, notice.created_at
    is_visit = notice.subject_id < 0
    return Line(notice.id, number, tone, icon, text, title or "", title is not None, is_visit, unit, at)
