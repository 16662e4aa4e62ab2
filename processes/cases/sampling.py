"""Which cases settled on the spot are checked all the same (ruling 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from processes.cases.facts import facts_of
from processes.cases.models import Case
from processes.codes import Kind, Urgency

if TYPE_CHECKING:
    from engine.step import Step

EVERY = 10
MANY_PARTIES = 2
FAILED_CHECKS = 2
"""After so many failed checks the case moves one level up (processes.md, section 2)."""


def wanted(step: Step) -> bool:
    """Every tenth of a worker's own, every hazard, every extra urgent one, every dispute of more than two parties."""
    case = facts_of(step).case
    if case.kind == Kind.HAZARD or case.urgency == Urgency.EXTRA:
        return True
    parties = step.form.get("parties") or []
    if case.kind == Kind.DISPUTE and len(parties) > MANY_PARTIES:
        return True
    query = select(func.count()).where(Case.reporter_ref == case.reporter_ref, Case.on_spot.is_(True))
    return (step.session.scalar(query) or 0) % EVERY == 0
