"""What a decision prepares: the way to the unit that is to lead. The case itself moves only through `act`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import Beside, Unit, get, is_within
from processes.cases.models import Stay
from processes.codes import Disposition
from processes.consultations.models import Consultation

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case


@dataclass(frozen=True)
class Prepared:
    """Send the case to `unit` by `action` (assign or transfer), as the consultation decided."""

    action: str
    unit: Unit
    procedure_id: int


def prepared(session: Session, case: Case) -> Prepared | None:
    """What the latest decision wants, until the case has moved; None where its holder could not send it there."""
    if case.owner_id is None:
        return None
    query = select(Consultation).where(Consultation.case_id == case.id, Consultation.decided_at.is_not(None))
    row = session.scalars(query.order_by(Consultation.decided_at.desc()).limit(1)).first()
    if row is None or row.lead_unit_id in {None, case.owner_id}:
        return None
    arrived = session.scalar(select(Stay.opened_at).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    if arrived is None or row.decided_at is None or arrived > row.decided_at:
        return None
    lead, owner = get(session, row.lead_unit_id or 0), get(session, case.owner_id)
    action = _way(owner, lead)
    return Prepared(action.value, lead, row.procedure_id) if action is not None else None


def _way(owner: Unit, lead: Unit) -> Disposition | None:
    if is_within(lead, owner):
        return Disposition.ASSIGN
    if lead.level == Beside.DEPARTMENT or lead.parent_id == owner.parent_id:
        return Disposition.TRANSFER
    return None
