"""Which units can mediate a case, and which of the five kinds (五调) that is.

人民调解委员会 of village, subdistrict and district in the line of the case; trade committees (医调委, 房调委) and
professional bodies beside the district; departments; the court.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.people import Staff, holders
from engine.network.units import Beside, Level, Unit, get, lineage
from processes.codes import PROTECTED_ROLE, MediationKind

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case

PEOPLES = (Level.VILLAGE, Level.SUBDISTRICT, Level.DISTRICT)
"""Levels with a people's mediation committee, the nearest first."""
INDUSTRY_ENDING = "_mediation"
COURT = "court"
_NOT_MEDIATING = frozenset({"procuratorate", "command", "volunteers", "anti_violence"})
_TRADES = {"medical": "medical_mediation", "construction_property": "housing_mediation"}
"""Type of dispute → the committee of that trade, which is offered first."""


@dataclass(frozen=True)
class Choice:
    """A committee and the kind of mediation that it offers."""

    unit: Unit
    kind: MediationKind


def kind_of(unit: Unit) -> MediationKind | None:
    """The kind of mediation that a unit offers; None when it offers none."""
    if unit.level in PEOPLES:
        return MediationKind.PEOPLE
    if unit.slug is None or unit.slug in _NOT_MEDIATING:
        return None
    if unit.level == Beside.THIRD_PARTY:
        return MediationKind.INDUSTRY if unit.slug.endswith(INDUSTRY_ENDING) else MediationKind.PROFESSIONAL
    if unit.level == Beside.DEPARTMENT:
        return MediationKind.JUDICIAL if unit.slug == COURT else MediationKind.ADMINISTRATIVE
    return None


def choices(session: Session, case: Case, kind: str | None = None) -> list[Choice]:
    """The committees that can mediate the case, of one kind or all, the most fitting first; each has a mediator."""
    units = [*_line(session, case), *_beside(session, case)]
    made = [Choice(unit, found) for unit in units if (found := kind_of(unit)) is not None and kind in {None, found}]
    staffed = holders(session, [(choice.unit.id, mediating_role(case)) for choice in made])
    return [choice for choice in made if staffed[(choice.unit.id, mediating_role(case))]]


def mediating_role(case: Case) -> str:
    """Who mediates at a committee: its mediators; in a restricted case its protected readers only (ruling 11)."""
    return PROTECTED_ROLE if case.restricted else "mediator"


def mediators(session: Session, case: Case, committee_id: int) -> Sequence[Staff]:
    """Whom a committee can appoint for the case."""
    post = (committee_id, mediating_role(case))
    return holders(session, [post])[post]


def _line(session: Session, case: Case) -> list[Unit]:
    """Village, subdistrict and district above the owner; of a department's case, above its place."""
    owner = get(session, case.owner_id or case.last_owner_id)
    start = owner if owner.level in set(Level) else get(session, case.place_unit_id)
    units = [get(session, unit_id) for unit_id in reversed(lineage(start))]
    return [unit for unit in units if unit.level in PEOPLES]


def _beside(session: Session, case: Case) -> list[Unit]:
    """Trade committees, professional bodies, departments and the court, the trade of the dispute first."""
    query = select(Unit).where(
        Unit.district_id == case.district_id,
        Unit.level.in_([Beside.THIRD_PARTY.value, Beside.DEPARTMENT.value]),
        Unit.valid_to.is_(None),
    )
    order = list(MediationKind)
    found = [(unit, kind) for unit in session.scalars(query.order_by(Unit.code)) if (kind := kind_of(unit)) is not None]
    trade = _TRADES.get(case.type or "")
    found.sort(key=lambda each: (each[0].slug != trade, order.index(each[1]), each[0].code))
    return [unit for unit, _ in found]
