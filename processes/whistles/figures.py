"""哨率: how often each unit whistles for what it holds, and how each department answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, or_, select
from sqlalchemy.orm import aliased

from engine.network.units import Beside, CentreCover, Level, Unit
from processes.cases.models import Stay
from processes.codes import ProcedureKind
from processes.procedures.models import Procedure
from processes.whistles.models import WhistleCall

if TYPE_CHECKING:
    from engine.db import Session


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
    return _counted(session, query)


def _held(session: Session, district_id: int, begin: datetime, end: datetime) -> dict[int, int]:
    """Cases by the unit that may whistle for them: the subdistrict above, the centre that covers it, the department."""
    place, above = aliased(Unit), aliased(Unit)
    during = (
        Stay.district_id == district_id,
        Stay.opened_at < end,
        or_(Stay.closed_at.is_(None), Stay.closed_at >= begin),
    )
    number = func.count(Stay.case_id.distinct())
    within = place.path.startswith(above.path)
    found: dict[int, int] = {}
    by_unit = select(above.id, number).select_from(Stay).join(place, place.id == Stay.unit_id).join(above, within)
    callers = above.level.in_((Level.DISTRICT, Level.SUBDISTRICT, Beside.DEPARTMENT))
    found |= _counted(session, by_unit.where(callers, *during).group_by(above.id))
    by_centre = (
        select(CentreCover.centre_id, number)
        .select_from(Stay)
        .join(place, place.id == Stay.unit_id)
        .join(above, within)
        .join(CentreCover, CentreCover.unit_id == above.id)
    )
    return found | _counted(session, by_centre.where(*during).group_by(CentreCover.centre_id))


def _counted(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}


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
