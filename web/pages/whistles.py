"""吹哨报到: the open whistles within the reader's sight, and the whistle rates of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request

from engine.network.units import Unit, get
from processes.cases.reading import titles
from processes.whistles import board, figures
from processes.whistles.board import OpenWhistle
from processes.whistles.figures import Rates
from web.pages import whistle_view
from web.pages.showing import Shown, showing
from web.pages.whistle_view import WhistleView
from web.translation import t

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("whistle_list", __name__)
PERIODS = (30, 90, 365)
"""Days over which the rates can be shown."""


@dataclass(frozen=True)
class Row:
    """One open whistle."""

    view: WhistleView
    convener: Unit
    opened_at: datetime
    title: str


@dataclass(frozen=True)
class Page:
    """What the template shows. `units`: of the rates, by id."""

    rows: Sequence[Row]
    total: int
    days: int
    rates: Rates
    units: Mapping[int, Unit]


@blueprint.get("/whistles")
def index() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        return render_template("whistles/index.html", page=_page(session, actor), periods=PERIODS)

    return showing(look, roles=board.ROLES)


def _page(session: Session, actor: Actor) -> Page:
    asked = request.args.get("days", PERIODS[0], type=int)
    days = asked if asked in PERIODS else PERIODS[0]
    listed = board.open_whistles(session, actor)
    cases: list[Any] = [each.case for each in listed.whistles]
    heads = titles(session, cases)
    now = session.env.clock.now()
    found = figures.rates(session, actor.district_id, now - timedelta(days=days), now)
    return Page(
        rows=[_row(session, actor, each, heads) for each in listed.whistles],
        total=listed.total,
        days=days,
        rates=found,
        units={unit_id: get(session, unit_id) for unit_id in found.unit_ids},
    )


def _row(session: Session, actor: Actor, each: OpenWhistle, heads: Mapping[int, str]) -> Row:
    view = whistle_view.load(session, actor, each.case, each.procedure, each.whistle, each.calls, each.clocks)
    title = heads.get(each.case.summary_id or 0) or t("（内容已删除）", "(erased)")
    return Row(view, get(session, each.procedure.unit_id), each.procedure.opened_at, title)
