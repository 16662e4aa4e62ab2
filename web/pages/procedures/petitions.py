"""What a case's page says of the petition that it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from processes.visits.models import Petition

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.procedures.models import Procedure


@dataclass(frozen=True)
class Detail:
    """Registered and accepted when; how many represent it."""

    registered_at: datetime | None
    told_at: datetime | None
    representatives: int


def load(session: Session, _actor: Actor, procedure: Procedure) -> Detail | None:
    row = session.scalars(select(Petition).where(Petition.case_id == procedure.case_id).order_by(Petition.id)).first()
    return Detail(row.registered_at, row.told_at, row.representatives) if row is not None else None
