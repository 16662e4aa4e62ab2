"""What a step of a visit's model knows: the visit, its windows, its centre. A visit's subject id is `-visit.id`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from engine import calendar
from engine.errors import Bug
from engine.network.units import Unit, network_level_of
from processes.cases.facts import Ground
from processes.centres.models import Window
from processes.codes import Kind, Urgency
from processes.visits.models import Visit, VisitWindow

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

LEADER, SUPERVISOR = "leader", "supervisor"


@dataclass
class VisitFacts(Ground):
    """The rows that operations of one step share."""

    session: Session
    visit: Visit
    centre: Unit

    @property
    def criteria(self) -> tuple[str, str, str]:
        return Kind.LEGAL_SERVICE.value, Urgency.ORDINARY.value, network_level_of(self.session, self.centre).value

    def watcher(self, _unit_id: int | None) -> tuple[int, str]:
        """Whoever is late at a window, the leader of the desk is told (processes.md, section 10)."""
        return self.centre.id, LEADER

    def window(self, visit_window_id: Any) -> VisitWindow:
        found = self.session.get(VisitWindow, visit_window_id)
        if found is None or found.visit_id != self.visit.id:
            raise Bug(f"window {visit_window_id} is not of visit {self.visit.id}")
        return found

    def staffed_by(self, part: VisitWindow) -> int:
        """The unit behind the window."""
        return self.session.get_one(Window, part.window_id).unit_id


_QUERY = (
    select(Visit, Unit, calendar.REVISION)
    .join(Unit, Unit.id == Visit.centre_id)
    .where(Visit.id == bindparam("visit_id"))
    .execution_options(populate_existing=True)
)


def load(step: Step) -> VisitFacts:
    """One statement: the visit, its centre, the revision of the calendar."""
    found = step.session.execute(_QUERY, {"visit_id": -step.instance.subject_id}).first()
    if found is None:
        raise Bug(f"visit {-step.instance.subject_id} of instance {step.instance.id} is missing")
    visit, centre, revision = found
    calendar.prime(step.session, revision)
    return VisitFacts(step.session, visit, centre)


def visit_of(step: Step) -> VisitFacts:
    """The facts of a step, typed."""
    facts = step.facts
    if not isinstance(facts, VisitFacts):
        raise Bug("this model is not about a visit")
    return facts


def _window_unit(step: Step, visit_window_id: int) -> int:
    facts = visit_of(step)
    return facts.staffed_by(facts.window(visit_window_id))


def register(registry: Registry) -> None:
    """Below zero a subject is a visit; above it everything stays with who loaded it before."""
    of_cases = registry.facts

    def facts(step: Step) -> Any:
        if step.instance.subject_id < 0 or of_cases is None:
            return load(step)
        return of_cases(step)

    registry.facts = facts
    registry.names["visit_centre"] = lambda step: visit_of(step).centre.id
    registry.functions["window_unit"] = _window_unit
