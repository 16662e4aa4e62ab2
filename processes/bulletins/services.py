"""Mediation by kind, services by window, contact cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy import case as when
from sqlalchemy.orm import aliased

from engine.network.units import Unit
from processes.bulletins.acts import during
from processes.bulletins.cases import counts_of
from processes.bulletins.periods import Period
from processes.bulletins.scope import Scope
from processes.bulletins.shape import Count, MediationLine, ServiceLine
from processes.cases.models import Case
from processes.centres.models import ContactCard, Window
from processes.codes import MediationKind
from processes.mediations.models import Agreement, Mediation
from processes.procedures.models import Procedure
from processes.visits.models import Visit, VisitWindow

if TYPE_CHECKING:
    from engine.db import Session

SERVED = "served"
COUNTED_BY_HEADS = "advice"


def mediations(session: Session, scope: Scope, period: Period) -> Sequence[MediationLine]:
    """By committees of the scope, or of its cases, whoever mediated. An agreement makes a success (ruling 6)."""
    agreed = during(Agreement.signed_at, period)
    failed = and_(during(Procedure.ended_at, period), Agreement.id.is_(None))
    stands = and_(Procedure.opened_at < period.end, or_(Procedure.ended_at.is_(None), Procedure.ended_at >= period.end))
    begun = during(Procedure.opened_at, period)
    query = (
        select(
            Mediation.kind,
            *(each for what in (begun, agreed, failed, stands) for each in counts_of(what)),
            sum_of(and_(begun, Mediation.with_lawyer.is_(True))),
            sum_of(and_(agreed, Agreement.confirmation == "confirmed")),
            sum_of(and_(agreed, Agreement.performed.is_(True))),
        )
        .join(Procedure, Procedure.id == Mediation.procedure_id)
        .join(Case, Case.id == Mediation.case_id)
        .outerjoin(Agreement, Agreement.procedure_id == Mediation.procedure_id)
        .where(Mediation.district_id == scope.district_id, _mediated(scope))
        .group_by(Mediation.kind)
    )
    found = {kind: row for kind, *row in session.execute(query)}
    return [_line(kind, found.get(kind.value, [0] * 11)) for kind in MediationKind]


def _line(kind: MediationKind, row: Sequence[int]) -> MediationLine:
    begun, agreed, failed, stands = (Count(*row[at : at + 2]) for at in range(0, 8, 2))
    lawyer, confirmed, performed = row[8:11]
    return MediationLine(kind.value, begun, agreed, failed, stands, lawyer, confirmed, performed)


def _mediated(scope: Scope) -> ColumnElement[bool]:
    return or_(scope.acted(Procedure.unit_id), scope.cases())


def services(session: Session, scope: Scope, period: Period) -> Sequence[ServiceLine]:
    """By window: those of centres in the scope, and those that units of the scope staff; also what stood idle."""
    centre = aliased(Unit)
    served = and_(during(VisitWindow.ended_at, period), VisitWindow.outcome == SERVED)
    stands = and_(
        VisitWindow.opened_at < period.end,
        or_(VisitWindow.ended_at.is_(None), VisitWindow.ended_at >= period.end),
    )
    query = (
        select(
            centre.name,
            Window.name,
            Window.service,
            sum_of(during(VisitWindow.opened_at, period)),
            sum_of(served),
            func.coalesce(func.sum(when((served, Visit.heads), else_=0)), 0),
            sum_of(and_(during(VisitWindow.ended_at, period), VisitWindow.granted.is_(True))),
            sum_of(stands),
        )
        .select_from(Window)
        .join(centre, centre.id == Window.centre_id)
        .outerjoin(VisitWindow, VisitWindow.window_id == Window.id)
        .outerjoin(Visit, Visit.id == VisitWindow.visit_id)
        .where(Window.district_id == scope.district_id, or_(*map(scope.acted, (Window.centre_id, Window.unit_id))))
        .group_by(centre.id, centre.name, Window.id, Window.name, Window.service, Window.position)
        .order_by(centre.id, Window.position, Window.id)
    )
    return [ServiceLine(*row) for row in session.execute(query)]


def cards(session: Session, scope: Scope, period: Period) -> int:
    """Contact cards issued by centres of the scope, or for which its units answer."""
    issuers = (ContactCard.centre_id, ContactCard.contact_unit_id)
    query = select(func.count()).where(
        ContactCard.district_id == scope.district_id,
        during(ContactCard.issued_at, period),
        or_(*map(scope.acted, issuers)),
    )
    return session.scalar(query) or 0


def sum_of(what: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(when((what, 1), else_=0)), 0)
