"""What a case's page says of a follow-up: confirmation, performance, what came after, and the agreement as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.deadlines.book import TASK, Deadline
from processes.cases.models import Case, Progress
from processes.codes import Light
from processes.documents.agreements import may_take_file
from processes.mediations import broken
from processes.mediations.follow_up import agreement_of
from processes.mediations.models import Guidance
from web.translation import t
from web.words import clocks, mediations, sayings
from web.words.clocks import Chip

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.mediations.models import Agreement
    from processes.procedures.models import Procedure

_CONFIRMATION = {
    "open": ("待双方决定", "to be decided by both", "plain"),
    "applied": ("已申请，待裁定", "asked for, to be decided", "accent"),
    "not_wanted": ("不申请", "not wanted", "plain"),
    "not_allowed": ("依法不予确认", "excluded by law", "plain"),
    "lapsed": ("逾期未申请", "not asked for in time", "warn"),
    "confirmed": ("已确认有效", "confirmed", "ok"),
    "rejected": ("不予确认", "rejected", "warn"),
}
_OUTCOMES = {
    "succeeded": ("协议已履行", "performed", "ok"),
    "not_performed": ("协议未履行", "broken", "late"),
}


@dataclass(frozen=True)
class FollowUpView:
    """A follow-up as its card shows it. `file`: address of the agreement without its format; None: not for the reader.

    `again`: number of the case in which a broken agreement was taken up.
    """

    number: str
    step: str
    chip: Chip | None
    outcome: str
    tone: str
    confirmation: str
    confirmation_tone: str
    confirm_by: datetime | None
    court_no: str
    decided_on: date | None
    perform_by: date
    performed: bool | None
    visited_at: datetime | None
    way: str
    told_on: date | None
    again: str
    file: str | None


def load(session: Session, actor: Actor, procedure: Procedure) -> FollowUpView:
    agreement = agreement_of(session, procedure)
    case = session.get_one(Case, procedure.case_id)
    clock = _clock(session, procedure)
    guidance = session.scalar(select(Guidance).where(Guidance.procedure_id == procedure.id))
    said = _CONFIRMATION[agreement.confirmation]
    ended = _OUTCOMES.get(procedure.outcome or "", (procedure.outcome or "", procedure.outcome or "", "plain"))
    takes = may_take_file(session, actor, case, procedure.unit_id)
    return FollowUpView(
        number=agreement.number,
        step=sayings.element(clock.element) if clock is not None else "",
        chip=_chip(session, clock) if clock is not None else None,
        outcome=t(ended[0], ended[1]),
        tone=ended[2],
        confirmation=t(said[0], said[1]),
        confirmation_tone=said[2],
        confirm_by=agreement.confirm_by if agreement.confirmation == "open" else None,
        court_no=agreement.court_no or "",
        decided_on=agreement.decided_on,
        perform_by=agreement.perform_by,
        performed=agreement.performed,
        visited_at=agreement.visited_at,
        way=mediations.way(guidance.route) if guidance is not None else "",
        told_on=guidance.told_on if guidance is not None else None,
        again=_again(session, agreement) or "",
        file=f"/api/v1/cases/{case.number}/agreements/{agreement.id}/file" if takes else None,
    )


def _clock(session: Session, procedure: Procedure) -> Deadline | None:
    query = select(Deadline).where(
        Deadline.instance_id == procedure.instance_id, Deadline.clock == TASK, Deadline.closed_at.is_(None)
    )
    return session.scalars(query.order_by(Deadline.id)).first()


def _chip(session: Session, clock: Deadline) -> Chip:
    light = Light.RED if clock.overdue_at else Light.YELLOW if clock.warned_at else Light.GREEN
    return clocks.chip(light, clock.due_at, session.env.clock.now(), provisional=clock.provisional, brief=True)


def _again(session: Session, agreement: Agreement) -> str | None:
    query = select(Progress.outcome).where(Progress.case_id == agreement.case_id, Progress.kind == broken.LINE)
    return session.scalar(query.order_by(Progress.id.desc()).limit(1)) if agreement.performed is False else None
