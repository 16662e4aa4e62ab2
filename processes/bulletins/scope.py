"""What belongs to a bulletin: a unit with all below it; a centre with the subdistricts it covers and its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, true

from engine.network.units import Beside, Level, Unit, covered
from processes.cases.models import Case, Stay

if TYPE_CHECKING:
    from engine.db import Session


@dataclass(frozen=True)
class Scope:
    """`roots`: the unit, and what a centre covers."""

    unit: Unit
    roots: Sequence[Unit]

    @property
    def district_id(self) -> int:
        return self.unit.district_id

    @property
    def is_district(self) -> bool:
        return self.unit.level == Level.DISTRICT

    def units(self) -> Any:
        """Ids of the units of the scope, as a subquery; closed ones among them, for what they did before."""
        return select(Unit.id).where(self.paths())

    def paths(self) -> Any:
        """The condition that `Unit` is in the scope."""
        return or_(*(Unit.path.startswith(root.path) for root in self.roots))

    def cases(self) -> Any:
        """The condition that a `Case` is or was at a unit of the scope."""
        if self.is_district:
            return Case.district_id == self.district_id
        return Case.id.in_(self.case_ids())

    def case_ids(self) -> Any:
        return select(Stay.case_id).where(Stay.unit_id.in_(self.units()))

    def acted(self, column: Any) -> Any:
        """The condition that a unit of the scope acted."""
        return true() if self.is_district else column.in_(self.units())


def scope_of(session: Session, unit: Unit) -> Scope:
    roots = [unit, *covered(session, unit)] if unit.level == Beside.CENTRE else [unit]
    return Scope(unit, roots)


def units_below(session: Session, scope: Scope) -> Sequence[Unit]:
    """Whom a ranking compares: the units of the network right below; of a centre, the subdistricts it covers."""
    if scope.unit.level == Beside.CENTRE:
        return scope.roots[1:]
    levels = [level.value for level in Level]
    query = select(Unit).where(Unit.parent_id == scope.unit.id, Unit.valid_to.is_(None), Unit.level.in_(levels))
    return session.scalars(query.order_by(Unit.code)).all()
