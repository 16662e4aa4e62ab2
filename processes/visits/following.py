"""What a visitor sees of their visit with number and code: windows, until when, what came of it. Nobody is named."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import get
from processes.cases.reporting import tracking_code
from processes.visits.codes import Matter, Outcome
from processes.visits.models import Visit
from processes.visits.reading import seen_of

if TYPE_CHECKING:
    from engine.db import Session


@dataclass(frozen=True)
class AtWindow:
    """One window: until when it answers, or what came of it and when."""

    name: str
    due_at: datetime | None
    outcome: Outcome | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Followed:
    """A visit as its visitor sees it."""

    number: str
    matter: Matter
    centre: str
    received_at: datetime
    closed_at: datetime | None
    windows: Sequence[AtWindow]
    is_case: bool


def follow(session: Session, number: str, code: str) -> Followed | None:
    """The visit of number and code; None alike for unknown numbers and wrong codes, compared in constant time."""
    given = code.replace(" ", "").replace("-", "").strip().upper()
    fits = hmac.compare_digest(tracking_code(session, number).encode(), given.encode())
    visit = session.scalar(select(Visit).where(Visit.number == number))
    if visit is None or not fits:
        return None
    (seen,) = seen_of(session, [visit])
    return Followed(
        number=visit.number,
        matter=Matter(visit.matter),
        centre=get(session, visit.centre_id).name,
        received_at=visit.received_at,
        closed_at=visit.closed_at,
        windows=[
            AtWindow(
                name=part.window.name,
                due_at=part.task.clock.due_at if part.task and part.task.clock else None,
                outcome=Outcome(part.row.outcome) if part.row.outcome else None,
                ended_at=part.row.ended_at,
            )
            for part in seen.parts
        ],
        is_case=visit.case_id is not None,
    )
