"""One department's part of a whistle: its row, and what can be said of where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from processes.procedures.linking import of_step
from processes.procedures.models import Procedure
from processes.whistles.models import WhistleCall

if TYPE_CHECKING:
    from engine.db import Session
    from engine.step import Step

AGAIN = "again"
"""How a whistle ends that goes on with the departments still needed."""


class Part(StrEnum):
    """Where a department stands, in the order in which it comes to it."""

    CALLED = "called"
    REFUSED = "refused"
    COMING = "coming"
    ARRIVED = "arrived"
    FED_BACK = "fed_back"
    RELEASED = "released"
    LEFT = "left"


def part_of(call: WhistleCall) -> Part:
    """Where the department stands now; one that kept silent or was ruled to come counts as coming."""
    reached = (
        (Part.LEFT, call.left_at),
        (Part.RELEASED, call.released_at),
        (Part.FED_BACK, call.fed_back_at),
        (Part.ARRIVED, call.arrived_at),
        (Part.COMING, call.answered_at or call.silent_at or call.ruling),
        (Part.REFUSED, call.refused_at),
    )
    return next((part for part, mark in reached if mark), Part.CALLED)


def calls_of(session: Session, procedure_id: int) -> list[WhistleCall]:
    """The parts of one whistle, in the order in which the departments were named."""
    query = select(WhistleCall).where(WhistleCall.procedure_id == procedure_id)
    return list(session.scalars(query.order_by(WhistleCall.id)))


def call_in(step: Step, unit_id: int) -> WhistleCall:
    """The part of a unit in the whistle that the step is about."""
    query = select(WhistleCall).where(WhistleCall.procedure_id == of_step(step).id, WhistleCall.unit_id == unit_id)
    return step.session.scalars(query).one()


def to_rate(session: Session, procedure: Procedure) -> Sequence[WhistleCall]:
    """The latest part of each department that was called, here or in the whistles that this one goes on with."""
    latest: dict[int, WhistleCall] = {}
    each: Procedure | None = procedure
    while each is not None:
        for call in calls_of(session, each.id):
            latest.setdefault(call.unit_id, call)
        before = session.get(Procedure, each.previous_id) if each.previous_id is not None else None
        each = before if before is not None and before.outcome == AGAIN else None
    return sorted(latest.values(), key=lambda call: call.id)
