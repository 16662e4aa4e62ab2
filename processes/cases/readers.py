"""Who sees a case: rows written as it travels, read by `processes.access.scope`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engine.db import insert_missing
from engine.network.people import Appointment, Staff
from engine.network.units import Unit, lineage
from processes.access import reading_units
from processes.cases.models import Case, CaseReader, NamedReader
from processes.codes import PROTECTED_ROLE

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session


def admit(session: Session, case: Case, *units: Unit) -> None:
    """Let units and all above them see the case; of a restricted case only their protected readers."""
    if case.restricted:
        name_readers(session, case, protected_readers(session, [unit.id for unit in units]))
        return
    known: set[int] = session.info.setdefault(("readers", case.id), set())
    new = {unit_id for unit in units for unit_id in lineage(unit)} - known
    known |= new
    rows = [{"unit_id": unit_id, "case_id": case.id, "district_id": case.district_id} for unit_id in sorted(new)]
    insert_missing(session, CaseReader, rows)


def protected_readers(session: Session, unit_ids: Sequence[int]) -> list[int]:
    """Staff ids of the protected readers of these units."""
    query = (
        select(Appointment.staff_id)
        .join(Staff, Staff.id == Appointment.staff_id)
        .where(Appointment.unit_id.in_(unit_ids), Appointment.role == PROTECTED_ROLE, Appointment.valid_to.is_(None))
    )
    return list(session.scalars(query))


def name_readers(session: Session, case: Case, staff_ids: Sequence[int]) -> None:
    """Name people who may read a restricted case."""
    rows = [{"staff_id": s, "case_id": case.id, "district_id": case.district_id} for s in sorted(set(staff_ids))]
    insert_missing(session, NamedReader, rows)


def withdraw_units(session: Session, case: Case) -> None:
    """The case becomes restricted: no unit sees it as such any more."""
    session.execute(delete(CaseReader).where(CaseReader.case_id == case.id))
    session.info.pop(("readers", case.id), None)


def sees(session: Session, actor: Actor, case: Case) -> bool:
    """Whether the actor may read this one case; the single-row form of `processes.access.scope`."""
    if case.restricted:
        if actor.staff_id is None:
            return False
        return session.get(NamedReader, (actor.staff_id, case.id)) is not None
    units = reading_units(actor)
    query = select(CaseReader.unit_id).where(CaseReader.case_id == case.id, CaseReader.unit_id.in_(units))
    return session.scalar(query.limit(1)) is not None
