"""Erasing what a case says (删除, PIPL article 47): texts, files and ways to find them go; codes and the trail stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engine import vault
from engine.errors import Conflict, NotAllowedNow
from engine.trail.entries import Draft
from processes.attachments import Attachment
from processes.cases import search
from processes.codes import ENDED, State
from processes.procedures.linking import surviving
from processes.visits.models import Visit

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case


class VisitOpen(Conflict):
    """Visit {number} is still open at the front desk; finish it first."""

    code = "visit_open"
    zh = "来访 {number} 尚未办结，请先出窗回告。"


def erase(session: Session, actor: Actor, case: Case) -> bool:
    """Erase a case that has ended; whether there was anything left to erase.

    Raises NotAllowedNow for an open one, and while an agreement of it is still being followed; VisitOpen while the
    visit that it was is not closed.
    """
    if State(case.state) not in ENDED or surviving(session, case):
        raise NotAllowedNow(state=case.state, allowed="read")
    _erase_visit_of(session, case)
    if not vault.erase(session, case.id):
        return False
    search.forget(session, case.id)
    session.execute(delete(Attachment).where(Attachment.case_id == case.id))
    session.drafts.append((case.district_id, Draft("case:case:erase", actor.ref, case.number)))
    return True


def _erase_visit_of(session: Session, case: Case) -> None:
    """What was said at the front desk goes with the case that it became."""
    visit = session.scalar(select(Visit).where(Visit.number == case.number))
    if visit is not None:
        _erase_texts(session, visit)


def erase_visit(session: Session, actor: Actor, visit: Visit) -> bool:
    """Erase a visit that is closed and became no case. Raises VisitOpen."""
    if not _erase_texts(session, visit):
        return False
    session.drafts.append((visit.district_id, Draft("visit:visit:erase", actor.ref, visit.number)))
    return True


def _erase_texts(session: Session, visit: Visit) -> bool:
    if visit.closed_at is None:
        raise VisitOpen(number=visit.number)
    return vault.erase(session, visit.subject_id)
