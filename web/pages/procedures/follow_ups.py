"""What a case's page says of a mediation follow up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.procedures.models import Procedure


def load(_session: Session, _actor: Actor, _procedure: Procedure) -> Any:
    return None
