"""The mediation that a visit asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.units import get
from processes.mediations.operations import MediationRefused, Wish, open_mediation

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case


def mediate(session: Session, actor: Actor, case: Case, unit_id: int) -> bool:
    """Begin the mediation at the window's unit; whether it has begun.

    Where that unit has no mediator for such a case, or one is open already, whoever handles the case decides.
    """
    try:
        open_mediation(session, actor, case, Wish(get(session, unit_id), origin="desk"))
    except MediationRefused:
        return False
    return True
