"""哨率: how often each unit whistles for what it holds, and how each department answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, case, cast, func, or_, select

from engine.network.units import Beside, CentreCover, Level, Unit
from processes.cases.models import Stay
from processes.codes import ProcedureKind
from processes.procedures.models import Procedure
from processes.whistles.models import WhistleCall

if TYPE_CHECKING:
    from engine.db import Session

_CALLING = frozenset({Level.DISTRICT, Level.SUBDISTRICT, Beside.DEPARTMENT})


@dataclass(frozen=True)
class CallerRate:
    """One convening unit. `held`: cases that stayed in the period with it or below it, or that it covers."""

    unit_id: int
    whistles: int
    held: int

    @property
    def rate(self) -> float | None:
        """Whistles for each hundred cases held; None where none was."""
        return 100 * self.whistles / self.held if self.held else None


@dataclass(frozen=True)
class DepartmentRate:
    """One department, of the calls made in the period. `score`: the mean of what it was given; None when unrated."""

    unit_id: int
    called: int
    answered: int
    arrived: int
    silent: int
    refused: int
    left_early: int
    score: float | None


@dataclass(frozen=True)
class Rates:
    """Both sides: who calls, who is called."""

    callers: Sequence[CallerRate]
    departments: Sequence[DepartmentRate]

    @property
    def unit_ids(self) -> list[int]:
        """All units that are named here."""
        return [*(row.unit_id for row in self.callers), *(row.unit_id for row in self.departments)]


def rates(session: Session, district_id: int, begin: datetime, end: datetime) -> Rates:
    """Of the whistles blown from `begin` on and before `end`, in one district.

    `answered` and `arrived` count what came in time; a refusal in time is an answer.
    """
    blown = _whistles(session, district_id, begin, end)
    held = _held(session, district_id, begin, end)
    callers = [CallerRate(unit_id, blown.get(unit_id, 0), held.get(unit_id, 0)) for unit_id in sorted({*blown, *held})]
    ordered = sorted(callers, key=lambda each: (-each.whistles, -each.held, each.unit_id))
    return Rates(ordered, _departments(session, district_id, begin, end))


def _whistles(session: Session, district_id: int, begin: datetime, end: datetime) -> dict[int, int]:
    query = (
        select(Procedure.unit_id, func.count())
        .where(
            Procedure.district_id == district_id,
            Procedure.kind == ProcedureKind.WHISTLE,
            Procedure.opened_at >= begin,
            Procedure.opened_at < end,
        )
        .group_by(Procedure.unit_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _held(session: Session, district_id: int, begin: datetime, end: datetime) -> dict[int, int]:
    """Cases by the unit that may whistle for them: the subdistrict above, the centre that covers it, the department."""
    callers = _callers_of_units(session, district_id)
    query = select(Stay.unit_id, Stay.case_id).where(
        Stay.district_id == district_id,
        Stay.opened_at < end,
        or_(Stay.closed_at.is_(None), Stay.closed_at >= begin),
    )
    found: dict[int, set[int]] = defaultdict(set)
    for unit_id, case_id in session.execute(query.distinct()):
        for caller_id in callers.get(unit_id, ()):
            found[caller_id].add(case_id)
    return {caller_id: len(cases) for caller_id, cases in found.items()}


def _callers_of_units(session: Session, district_id: int) -> dict[int, list[int]]:
    """Unit id → the units that may whistle for what it holds; a test on paths here is far cheaper than in a join."""
    units = session.execute(select(Unit.id, Unit.path, Unit.level).where(Unit.district_id == district_id)).all()
    calling = {row.id for row in units if row.level in _CALLING}
    centres: dict[int, list[int]] = defaultdict(list)
    for cover in session.scalars(select(CentreCover)):
        centres[cover.unit_id].append(cover.centre_id)
    found = {}
    for row in units:
        above = [int(part) for part in row.path.split("/") if part]
        covering = [centre_id for unit_id in above for centre_id in centres.get(unit_id, ())]
        found[row.id] = [unit_id for unit_id in above if unit_id in calling] + covering
    return found


def _departments(session: Session, district_id: int, begin: datetime, end: datetime) -> list[DepartmentRate]:
    query = (
        select(
            WhistleCall.unit_id,
            func.count(),
            _how_many(WhistleCall.answered_late.is_(False)),
            _how_many(WhistleCall.arrived_late.is_(False)),
            _how_many(WhistleCall.silent_at.is_not(None)),
            _how_many(WhistleCall.refused_at.is_not(None)),
            _how_many(WhistleCall.left_early_at.is_not(None)),
            func.avg(cast(WhistleCall.score, Float)),
        )
        .where(WhistleCall.district_id == district_id, WhistleCall.called_at >= begin, WhistleCall.called_at < end)
        .group_by(WhistleCall.unit_id)
        .order_by(func.count().desc(), WhistleCall.unit_id)
    )
    return [DepartmentRate(*row) for row in session.execute(query)]


def _how_many(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))
