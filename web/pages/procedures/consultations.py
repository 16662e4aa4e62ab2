"""What a case's page says of a consultation: who was asked, what they said, what was decided, who does what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import vault
from engine.network.units import Unit, get
from processes.cases.models import Case
from processes.consultations.models import Consultation, DecisionTask, Opinion
from processes.consultations.preparing import Prepared, prepared
from processes.consultations.tasks import may_do, tasks_of
from web.translation import t

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.vault import SealedText
    from processes.procedures.models import Procedure

_STATES = {
    "invited": ("等待意见", "awaited", "plain"),
    "given": ("已提交", "given", "ok"),
    "absent": ("缺席", "absent", "late"),
}


@dataclass(frozen=True)
class OpinionView:
    """What one unit said."""

    unit: Unit
    row: Opinion
    opinion: str
    measures: str

    @property
    def state(self) -> str:
        zh, en, _ = _STATES[self.row.state]
        return t(zh, en)

    @property
    def tone(self) -> str:
        return _STATES[self.row.state][2]

    @property
    def attendance(self) -> str:
        """Before the meeting whether it will come, afterwards whether it was there."""
        if self.row.attended is not None:
            return t("已到会", "was there") if self.row.attended else t("未到会", "was not there")
        if self.row.will_attend is not None:
            return t("将到会", "will come") if self.row.will_attend else t("不到会", "will not come")
        return ""


@dataclass(frozen=True)
class TaskView:
    """One task of the decision; `href`: where the reader says that it is done."""

    unit: Unit
    row: DecisionTask
    task: str
    href: str


@dataclass(frozen=True)
class ConsultationView:
    """One consultation. `prepared`: the way that it prepares for the case, while it still stands."""

    subject: str
    opinions: Sequence[OpinionView]
    held_on: date | None
    minutes: str
    decided_at: datetime | None
    decision: str
    lead: Unit | None
    tasks: Sequence[TaskView]
    prepared: Prepared | None


def load(session: Session, actor: Actor, procedure: Procedure) -> ConsultationView:
    row, case = session.get_one(Consultation, procedure.id), session.get_one(Case, procedure.case_id)
    query = select(Opinion).where(Opinion.procedure_id == procedure.id).order_by(Opinion.id)
    ready = prepared(session, case)
    return ConsultationView(
        subject=_text(session, row.subject, "words"),
        opinions=[_opinion(session, each) for each in session.scalars(query)],
        held_on=row.held_on,
        minutes=_text(session, row.minutes, "minutes"),
        decided_at=row.decided_at,
        decision=_text(session, row.decision, "decision"),
        lead=get(session, row.lead_unit_id) if row.lead_unit_id is not None else None,
        tasks=[_task(session, actor, case, each) for each in tasks_of(session, procedure.id)],
        prepared=ready if ready is not None and ready.procedure_id == procedure.id else None,
    )


def _opinion(session: Session, row: Opinion) -> OpinionView:
    words: dict[str, Any] = (vault.open_text(session, row.words) if row.words is not None else None) or {}
    return OpinionView(get(session, row.unit_id), row, str(words.get("opinion", "")), str(words.get("measures", "")))


def _task(session: Session, actor: Actor, case: Case, row: DecisionTask) -> TaskView:
    href = f"/api/v1/cases/{case.number}/consultations/tasks/{row.id}/done" if may_do(actor, case, row) else ""
    return TaskView(get(session, row.unit_id), row, _text(session, row.words, "task"), href)


def _text(session: Session, sealed: SealedText | None, name: str) -> str:
    if sealed is None:
        return ""
    return str((vault.open_text(session, sealed) or {}).get(name, "")) or t("（内容已删除）", "(erased)")
