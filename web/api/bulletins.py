"""Bulletins: the figures of a unit and period, issuing an edition, the editions and their files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.calendar import ZONE
from engine.network.units import Unit
from processes.bulletins import issuing
from processes.bulletins.figures import compute
from processes.bulletins.periods import Period, PeriodKind, period_of, range_of
from processes.bulletins.shape import from_json, to_shown_json
from web.api import shapes
from web.api.shapes import RowId, Strict, iso
from web.edge import acting, reading, sign_in, store
from web.pages.bulletin_files import Paper, download

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.bulletins.models import Bulletin

api = APIBlueprint(
    "bulletins", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="bulletins")]
)
Format = Literal["docx", "pdf", "xlsx"]


class FiguresQuery(Strict):
    """Which unit and period. `begin`: a day in the period, today when left out; `end`: last day, of a range only."""

    unit: str | None = Field(None, max_length=64)
    period: PeriodKind = PeriodKind.MONTH
    begin: date | None = None
    end: date | None = None


class FileQuery(FiguresQuery):
    """The same, as a file."""

    format: Format


class IssueBody(FiguresQuery):
    """What is issued."""


class ListQuery(Strict):
    """Only those of this unit."""

    unit: str | None = Field(None, max_length=64)


class BulletinPath(Strict):
    """An issued bulletin by its id."""

    bulletin_id: RowId


class FormatQuery(Strict):
    """Word, PDF or Excel."""

    format: Format = "docx"


@api.get("/bulletins/figures", summary="All figures of a unit and period; parts with few restricted cases read <5")
def get_figures(query: FiguresQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        unit, period = asked(session, actor, query)
        return to_shown_json(compute(session, unit, period))

    return reading(look)


@api.get("/bulletins/file", summary="The figures of now as Word, PDF or Excel, marked as not issued")
def get_draft(query: FileQuery) -> Response:
    with store().read() as session:
        unit, period = asked(session, sign_in(session), query)
        paper = Paper(compute(session, unit, period))
    return download(paper, query.format)


@api.post("/bulletins", summary="Issue an edition")
def post_bulletin(body: IssueBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        unit, period = asked(session, actor, body)
        row = issuing.issue(session, actor, unit, period)
        return 201, _json(row, unit)

    return acting(act)


@api.get("/bulletins", summary="Issued bulletins of the units that you lead or supervise")
def get_bulletins(query: ListQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        unit = issuing.find_unit(session, actor, query.unit) if query.unit else None
        rows = issuing.issued(session, actor, unit)
        names = shapes.units_by_id(session, [row.unit_id for row in rows])
        return {"bulletins": [_json(row, names.get(row.unit_id)) for row in rows]}

    return reading(look)


@api.get("/bulletins/<bulletin_id>", summary="An issued bulletin with its figures")
def get_bulletin(path: BulletinPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        row = issuing.find(session, actor, path.bulletin_id)
        unit = session.get(Unit, row.unit_id)
        return {**_json(row, unit), "figures": to_shown_json(from_json(row.figures))}

    return reading(look)


@api.get("/bulletins/<bulletin_id>/file", summary="An issued bulletin as Word, PDF or Excel")
def get_file(path: BulletinPath, query: FormatQuery) -> Response:
    with store().read() as session:
        paper = Paper.of(issuing.find(session, sign_in(session), path.bulletin_id))
    return download(paper, query.format)


def asked(session: Session, actor: Actor, query: FiguresQuery) -> tuple[Unit, Period]:
    """Raises NotFound (not your unit) and Invalid (no such range)."""
    unit = issuing.find_unit(session, actor, query.unit)
    day = query.begin or session.env.clock.now().astimezone(ZONE).date()
    if query.period is PeriodKind.RANGE:
        return unit, range_of(day, query.end or day)
    return unit, period_of(query.period, day)


def _json(row: Bulletin, unit: Unit | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "unit": shapes.unit_json(unit),
        "period": row.period,
        "begins_on": row.begins_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "edition": row.edition,
        "issued_at": iso(row.issued_at),
        "tree_size": row.tree_size,
        "root": row.root,
        "sha256": issuing.digest(row),
    }
