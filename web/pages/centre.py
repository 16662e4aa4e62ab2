"""A centre's pages (法务服务中心), for everybody signed in; who may edit it finds the forms in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select

from engine.errors import Forbidden, NotFound
from engine.network.units import Beside, Level, Unit, covered
from processes.centres import cards, operations, reading
from processes.centres.codes import SIGNS, Mode, ResidentKind, Service
from processes.centres.operations import centre_of, may_edit
from processes.codes import Kind
from web.api.cards import link_of, qr_of
from web.api.shapes import units_by_id
from web.pages.showing import Shown, showing
from web.words import centres as words
from web.words import codes

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.centres.models import CentreRule, ContactCard, Duty
    from processes.centres.reading import Picture

blueprint = Blueprint("centre", __name__)


@dataclass(frozen=True)
class DutiesOf:
    """One resident's part of the table; `runs`: the duties under each sign, in the order of the signs."""

    kind: ResidentKind
    signs: str
    runs: Sequence[tuple[str, Sequence[Duty]]]

    @property
    def count(self) -> int:
        return sum(len(run) for _, run in self.runs)


@blueprint.get("/centres")
def index() -> Shown:
    """The district's centres; the only one at once."""

    def look(session: Session, actor: Actor) -> Shown:
        found = reading.centres(session, actor.district_id)
        if len(found) == 1:
            return redirect(url_for("centre.show", code=found[0].code))
        return render_template("centre/index.html", centres=found)

    return showing(look)


@blueprint.get("/centres/<code>")
def show(code: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        centre = centre_of(session, actor, code)
        picture = reading.load(session, centre)
        editing = may_edit(actor, centre)
        return render_template(
            "centre/overview.html",
            **_frame(actor, centre),
            picture=picture,
            by_mode=_by_mode(picture),
            offered=_units_beside(session, centre) if editing else [],
            services=list(Service),
            modes=list(Mode),
        )

    return showing(look)


@blueprint.get("/centres/<code>/duties")
def duties(code: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        centre = centre_of(session, actor, code)
        picture = reading.load(session, centre)
        third = _units_beside(session, centre, Beside.THIRD_PARTY)
        return render_template(
            "centre/duties.html",
            **_frame(actor, centre),
            picture=picture,
            table=[_duties_of(kind, rows) for kind, rows in reading.by_resident(picture.duties).items()],
            third={unit.slug: unit for unit in third},
            closed=[row for row in operations.own_duties(session, centre) if row.closed],
            kinds=list(Kind),
            types=operations.dispute_types(),
            type_name=lambda each: codes.of_list("type", each),
            services=list(Service),
            residents=list(ResidentKind),
        )

    return showing(look)


@blueprint.get("/centres/<code>/rules/<rule>")
def rule(code: str, rule: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        centre = centre_of(session, actor, code)
        found = operations.editions(session, centre, rule[:16])
        wanted = request.args.get("edition", type=int)
        shown = _edition(found, wanted)
        return render_template("centre/rule.html", **_frame(actor, centre), editions=found, shown=shown)

    return showing(look)


@blueprint.get("/centres/<code>/cards")
def card_list(code: str) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        centre = centre_of(session, actor, code)
        text = request.args.get("q", "").strip()[:64]
        found = cards.listed(session, actor, centre, text)
        issuing = cards.may_issue(actor, centre)
        return render_template(
            "centre/cards.html",
            **_frame(actor, centre),
            q=text,
            found=found,
            units=_units_of(session, found),
            issuing=issuing,
            contacts=_contacts(session, centre) if issuing else [],
            places=_places(session, centre) if issuing else [],
        )

    return showing(look)


@blueprint.get("/centres/<code>/cards/print")
def printed(code: str) -> Shown:
    """Cards to be cut out: those of `number`, else all that are in use."""

    def look(session: Session, actor: Actor) -> Shown:
        centre = centre_of(session, actor, code)
        if not cards.may_issue(actor, centre):
            raise Forbidden
        numbers = request.args.getlist("number")
        found = [cards.one_of(session, actor, centre, number[:32]) for number in numbers[:100]]
        found = found or list(cards.listed(session, actor, centre))
        standing = [card for card in found if card.revoked_at is None]
        return render_template(
            "centre/print.html",
            centre=centre,
            cards=[(card, qr_of(link_of(session, card))) for card in standing],
            units=_units_of(session, standing),
        )

    return showing(look)


def _frame(actor: Actor, centre: Unit) -> dict[str, object]:
    """What every page of a centre has."""
    return {"centre": centre, "editing": may_edit(actor, centre), "words": words}


def _by_mode(picture: Picture) -> Mapping[Mode, Sequence[object]]:
    return {mode: [row for row in picture.residents if row.mode == mode] for mode in Mode}


def _duties_of(kind: ResidentKind, rows: Sequence[Duty]) -> DutiesOf:
    signs = SIGNS[kind] + "".join(row.sign for row in rows if row.sign not in SIGNS[kind])
    ordered = sorted(rows, key=lambda row: (signs.index(row.sign), row.position))
    return DutiesOf(kind, SIGNS[kind], [(sign, list(run)) for sign, run in groupby(ordered, lambda row: row.sign)])


def _edition(found: Sequence[CentreRule], wanted: int | None) -> CentreRule:
    if not found:
        raise NotFound
    for row in found:
        if row.edition == wanted:
            return row
    return found[0]


def _units_beside(session: Session, centre: Unit, *levels: str) -> Sequence[Unit]:
    """Departments, third parties and the subdistricts covered: who can be resident."""
    wanted = levels or (Beside.DEPARTMENT.value, Beside.THIRD_PARTY.value)
    query = select(Unit).where(Unit.district_id == centre.district_id, Unit.level.in_(wanted), Unit.valid_to.is_(None))
    beside = list(session.scalars(query.order_by(Unit.level, Unit.code)))
    return beside if levels else [*covered(session, centre), *beside]


def _contacts(session: Session, centre: Unit) -> Sequence[Unit]:
    """The units in the centre, the police first: theirs is the card."""
    units = list(reading.load(session, centre).units.values()) or list(_units_beside(session, centre))
    return sorted(units, key=lambda unit: (unit.slug != ResidentKind.POLICE, unit.level, unit.code))


def _places(session: Session, centre: Unit) -> Sequence[tuple[Unit, Sequence[Unit]]]:
    """Each subdistrict covered, with its villages."""
    found = []
    for above in covered(session, centre):
        below = select(Unit).where(Unit.parent_id == above.id, Unit.level == Level.VILLAGE, Unit.valid_to.is_(None))
        found.append((above, session.scalars(below.order_by(Unit.code)).all()))
    return found


def _units_of(session: Session, found: Sequence[ContactCard]) -> dict[int, Unit]:
    return units_by_id(session, [each for card in found for each in (card.contact_unit_id, card.place_unit_id)])
