"""调解工作台: the mediations of the committees at which somebody works, by step; the court's form before a suit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from sqlalchemy import select

from engine import vault
from engine.errors import Forbidden
from engine.network.units import Beside, Level, Unit
from processes.mediations import reading
from processes.mediations.committees import COURT, kind_of
from processes.mediations.court import COURT_ROLES, post_at_court
from web.pages.acts.fields import area
from web.pages.form_view import Choice, Field
from web.pages.procedures.mediations import chip_of, mediator_of
from web.pages.showing import Shown, showing
from web.translation import t
from web.words import codes, mediations, names
from web.words.clocks import Chip

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.mediations.reading import Attempt

blueprint = Blueprint("mediation_desk", __name__)


@dataclass(frozen=True)
class Row:
    """One mediation in the list."""

    number: str
    title: str
    restricted: bool
    kind: str
    committee: Unit
    mediator: str
    step: str
    sessions: int
    chip: Chip | None
    outcome: str
    tone: str
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Tab:
    """One state in the bar; `count` is None where nobody counts."""

    code: str
    label: str
    count: int | None


@blueprint.get("/mediations")
def index() -> Shown:
    """`state`: a step, `ended`, or nothing for all that is open."""
    return showing(_list, roles=reading.ROLES)


def _list(session: Session, actor: Actor) -> Shown:
    asked = request.args.get("state", "")
    state = asked if asked in {*reading.ELEMENTS, reading.ENDED} else ""
    found = reading.listing(session, actor, state)
    counts = reading.counts(session, actor)
    units = reading.committees_of(session, actor)
    return render_template(
        "mediations/index.html",
        rows=_rows(session, found),
        tabs=_tabs(counts),
        state=state,
        units=units,
        may_file=_at_court(session, actor),
        most=reading.MOST,
    )


def _tabs(counts: dict[str, int]) -> Sequence[Tab]:
    """All that is open, the steps at which something stands, what has ended."""
    steps = [Tab(code, mediations.step(code), count) for code, count in counts.items() if count]
    everything = Tab("", t("全部在办", "All open"), sum(counts.values()))
    return [everything, *steps, Tab(reading.ENDED, t("已结束", "Ended"), None)]


def _rows(session: Session, found: Sequence[Attempt]) -> list[Row]:
    titles = vault.open_many(session, [each.case.summary_id for each in found])
    return [_row(session, each, titles.get(each.case.summary_id or 0) or {}) for each in found]


def _row(session: Session, each: Attempt, summary: dict[str, str]) -> Row:
    outcome, tone = mediations.outcome(each.procedure.outcome)
    return Row(
        number=each.case.number,
        title=str(summary.get("title", "")),
        restricted=each.case.restricted,
        kind=mediations.kind(each.mediation.kind),
        committee=each.committee,
        mediator=mediator_of(session, each),
        step=mediations.step(each.element),
        sessions=each.mediation.sessions,
        chip=chip_of(session, each),
        outcome=outcome,
        tone=tone,
        opened_at=each.procedure.opened_at,
        ended_at=each.procedure.ended_at,
    )


@blueprint.get("/mediations/court")
def court() -> Shown:
    """The court's form for a matter before a suit (诉前调解). Forbidden for everybody else."""

    def look(session: Session, actor: Actor) -> Shown:
        post_at_court(session, actor)
        return render_template("mediations/court.html", fields=_court_fields(session, actor))

    return showing(look, roles=frozenset(COURT_ROLES))


def _at_court(session: Session, actor: Actor) -> bool:
    try:
        post_at_court(session, actor)
    except Forbidden:
        return False
    return True


def _court_fields(session: Session, actor: Actor) -> Sequence[Field]:
    roles = [Choice(code, codes.party_role(code)) for code in ("applicant", "respondent", "other")]
    party = [
        Field("name", t("姓名", "Name"), "text", required=True, max_length=80),
        Field("phone", t("电话", "Telephone"), "text", max_length=20),
        Field("role", t("身份", "Part"), "select", choices=roles),
    ]
    return (
        Field("title", t("标题", "Title"), "text", required=True, max_length=100),
        area("text", "纠纷情况", "What it is about", 4000, required=False),
        Field(
            "parties",
            t("当事人", "Parties"),
            "rows",
            required=True,
            fields=party,
            maximum=50,
            add=t("添加当事人", "Add a party"),
        ),
        Field("place_unit", t("纠纷所在地", "Place"), "select", choices=_places(session, actor), help=_place_help()),
        Field("committee", t("调解组织", "Committee"), "select", required=True, choices=_entrusted(session, actor)),
    )


def _add_party() -> str:
    return t("添加当事人", "Add a party")


def _place_help() -> str:
    return t("不填即由区级承办。", "Empty: the district holds the case.")


def _places(session: Session, actor: Actor) -> list[Choice]:
    """Subdistricts and villages, each village with its subdistrict."""
    query = select(Unit).where(
        Unit.district_id == actor.district_id,
        Unit.level.in_([Level.SUBDISTRICT.value, Level.VILLAGE.value]),
        Unit.valid_to.is_(None),
    )
    units = list(session.scalars(query.order_by(Unit.code)))
    above = {unit.id: unit for unit in units}
    return [
        Choice(unit.code, " › ".join(names.unit(each) for each in (above.get(unit.parent_id or 0), unit) if each))
        for unit in units
    ]


def _entrusted(session: Session, actor: Actor) -> list[Choice]:
    """The court itself first, then the bodies that it can entrust (委派)."""
    query = select(Unit).where(Unit.district_id == actor.district_id, Unit.valid_to.is_(None))
    query = query.where(Unit.level.in_([Beside.THIRD_PARTY.value, Beside.DEPARTMENT.value]))
    units = [unit for unit in session.scalars(query.order_by(Unit.code)) if kind_of(unit) is not None]
    units.sort(key=lambda unit: (unit.slug != COURT, unit.level != Beside.THIRD_PARTY, unit.code))
    return [
        Choice(unit.code, f"{codes.label(kind)} · {names.unit(unit)}")
        for unit in units
        if (kind := kind_of(unit)) is not None
    ]
