"""护调打: protect, mediate or strike; who is told of the outcome's route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import Unit
from processes import links
from processes.cases.facts import facts_of
from processes.codes import OutcomeRoute

if TYPE_CHECKING:
    from engine.step import Step
    from processes.mediations.models import Mediation

_PROTECTORS = ("police", "anti_violence")


def take_route(step: Step, mediation: Mediation, route: str) -> None:
    """Keep what the outcome calls for. `protect` and `strike` are told to whoever can do it, who then see the case."""
    mediation.route = route
    occurrence = f"p{mediation.procedure_id}"
    if route == OutcomeRoute.PROTECT:
        for unit in _admitted(step, _PROTECTORS):
            step.tell("mediation_protect", unit.id, "liaison", occurrence)
    if route == OutcomeRoute.STRIKE:
        for unit in _admitted(step, ("police",)):
            step.tell("mediation_strike", unit.id, "liaison", occurrence)
        step.tell("mediation_strike_owner", facts_of(step).case.owner_id, "handler", occurrence)


def _admitted(step: Step, slugs: tuple[str, ...]) -> list[Unit]:
    """Those of them that the district has; from now on they see the case."""
    query = select(Unit).where(
        Unit.district_id == step.instance.district_id, Unit.slug.in_(slugs), Unit.valid_to.is_(None)
    )
    found = list(step.session.scalars(query.order_by(Unit.code)))
    for unit in found:
        links.admit_reader(step.session, facts_of(step).case, unit.id)
    return found
