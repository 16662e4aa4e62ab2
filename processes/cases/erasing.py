"""Erasing what a case says (删除, PIPL article 47): texts, files and ways to find them go; codes and the trail stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from engine import vault
from engine.errors import NotAllowedNow
from engine.trail.entries import Draft
from processes.attachments import Attachment
from processes.cases import search
from processes.codes import ENDED, State
from processes.procedures.linking import surviving

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case


def erase(session: Session, actor: Actor, case: Case) -> bool:
    """Erase a case that has ended; whether there was anything left to erase.

    Raises NotAllowedNow for an open one, and while an agreement of it is still being followed.
    """
    if State(case.state) not in ENDED or surviving(session, case):
        raise NotAllowedNow(state=case.state, allowed="read")
    if not vault.erase(session, case.id):
        return False
    search.forget(session, case.id)
    session.execute(delete(Attachment).where(Attachment.case_id == case.id))
    session.drafts.append((case.district_id, Draft("case:case:erase", actor.ref, case.number)))
    return True
