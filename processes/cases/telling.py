"""Notices about a case from outside a step; within one there is `Step.tell`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.notices import Telling
from processes.codes import PROTECTED_ROLE

if TYPE_CHECKING:
    from datetime import datetime

    from processes.cases.models import Case


def telling(
    case: Case, mark: str, unit_id: int, role: str, occurrence: str, *, not_before: datetime | None = None
) -> Telling:
    """What is told to whoever holds `role` there; of a restricted case only to the protected reader (ruling 11)."""
    return Telling(
        district_id=case.district_id,
        subject_id=case.id,
        subject_no=case.number,
        mark=mark,
        unit_id=unit_id,
        role=PROTECTED_ROLE if case.restricted else role,
        occurrence=occurrence,
        not_before=not_before,
    )
