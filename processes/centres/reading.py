"""A centre as one picture: what it covers, who is in it, and how that counts up to 1+5+11+N and 1+1+2+1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.network.units import Beside, Unit, covered
from processes.centres import routing
from processes.centres.codes import ResidentKind, RuleKind
from processes.centres.models import CentreRule, Duty, Resident, Room, Window

if TYPE_CHECKING:
    from engine.db import Session

RATINGS, APPRAISALS = 2, 1
"""群众评议 and 考核评估 a year (顺庆政法 2022)."""


@dataclass(frozen=True)
class Picture:
    """`residents` and `rules`: those that stand now; `windows` and `rooms`: closed ones at the end."""

    centre: Unit
    covers: Sequence[Unit]
    residents: Sequence[Resident]
    windows: Sequence[Window]
    rooms: Sequence[Room]
    rules: Sequence[CentreRule]
    duties: Sequence[Duty]
    units: Mapping[int, Unit]

    @property
    def third_parties(self) -> Sequence[Resident]:
        """The N."""
        return [row for row in self.residents if self.units[row.unit_id].level == Beside.THIRD_PARTY]

    @property
    def resident_units(self) -> Sequence[Resident]:
        """The five."""
        return [row for row in self.residents if self.units[row.unit_id].level != Beside.THIRD_PARTY]

    @property
    def open_windows(self) -> Sequence[Window]:
        return [row for row in self.windows if not row.closed]

    @property
    def organisation(self) -> tuple[int, int, int, int]:
        """1+5+11+N: the centre with its joint Party branch, resident units, windows, third parties."""
        return 1, len(self.resident_units), len(self.open_windows), len(self.third_parties)

    @property
    def management(self) -> tuple[int, int, int, int]:
        """1+1+2+1: duties of posts, sets of rules, ratings and appraisals a year."""
        return self._rules_of(RuleKind.POST), self._rules_of(RuleKind.RULE), RATINGS, APPRAISALS

    @property
    def system(self) -> tuple[int, int]:
        """1+6: the command office, and the residents that have duties."""
        return 1, len({duty.resident for duty in self.duties})

    def _rules_of(self, kind: RuleKind) -> int:
        return sum(rule.kind == kind for rule in self.rules)


def load(session: Session, centre: Unit) -> Picture:
    """Read a centre."""
    residents = session.scalars(
        select(Resident).where(Resident.centre_id == centre.id, Resident.until.is_(None)).order_by(Resident.id)
    ).all()
    windows = session.scalars(
        select(Window).where(Window.centre_id == centre.id).order_by(Window.closed, Window.position)
    ).all()
    rooms = session.scalars(select(Room).where(Room.centre_id == centre.id).order_by(Room.closed, Room.code)).all()
    wanted = {row.unit_id for row in residents} | {row.unit_id for row in windows}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
    return Picture(
        centre,
        covered(session, centre),
        residents,
        windows,
        rooms,
        rules_in_force(session, centre),
        routing.duties(session, centre.district_id),
        units,
    )


def rules_in_force(session: Session, centre: Unit) -> Sequence[CentreRule]:
    """The newest edition of each rule."""
    newest = (
        select(CentreRule.code, func.max(CentreRule.edition).label("edition"))
        .where(CentreRule.centre_id == centre.id)
        .group_by(CentreRule.code)
        .subquery()
    )
    query = (
        select(CentreRule)
        .join(newest, (CentreRule.code == newest.c.code) & (CentreRule.edition == newest.c.edition))
        .where(CentreRule.centre_id == centre.id)
    )
    return session.scalars(query.order_by(CentreRule.kind, CentreRule.code)).all()


def by_resident(duties: Sequence[Duty]) -> dict[ResidentKind, list[Duty]]:
    """The duties of each of the six, in the order of the six."""
    return {kind: [duty for duty in duties if duty.resident == kind] for kind in ResidentKind}


def centres(session: Session, district_id: int) -> Sequence[Unit]:
    """The valid centres of a district, by code."""
    query = select(Unit).where(Unit.district_id == district_id, Unit.level == Beside.CENTRE, Unit.valid_to.is_(None))
    return session.scalars(query.order_by(Unit.code)).all()
