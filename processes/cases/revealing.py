"""Showing names and telephones of parties in clear: who may, and the record of each look (个人信息保护法 art. 51)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import access_log, vault
from engine.errors import Forbidden
from engine.worklist import OPEN, WorkItem, may_take
from processes.codes import PROTECTED_ROLE, Code

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

OWNER_ROLES = ("handler", "leader", "dispatcher", "mediator", "desk")
"""Who of the unit that holds the case has to reach the parties."""


class Purpose(Code):
    """What for; a code, since the record is kept in clear."""

    CONTACT = "contact", "电话联系", "to call them"
    VISIT = "visit", "上门走访", "to visit them"
    IDENTITY = "identity", "核对身份", "to check who they are"
    DOCUMENT = "document", "制作文书", "to draw up a document"


def may_reveal(actor: Actor, case: Case, items: Iterable[WorkItem]) -> bool:
    """The owner's people, and whoever has an open task of the case; of a restricted case its protected readers."""
    roles = (PROTECTED_ROLE,) if case.restricted else OWNER_ROLES
    holds = case.owner_id is not None and actor.holds(case.owner_id, *roles)
    return holds or any(may_take(actor, item) for item in items if item.is_open)


def reveal(session: Session, actor: Actor, case: Case, purpose: Purpose, request_id: str) -> list[dict[str, Any]]:
    """The parties in clear, recorded in the same transaction as granted. Raises Forbidden, which the edge records."""
    items = session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id, WorkItem.state.in_(OPEN)))
    if not may_reveal(actor, case, items):
        raise Forbidden
    access_log.record(
        session,
        district_id=case.district_id,
        actor=actor.ref,
        action=f"case:parties:reveal:{purpose.value}",
        subject=case.number,
        outcome=access_log.GRANTED,
        request_id=request_id,
    )
    summary = vault.open_text(session, case.summary) or {}
    return [
        {name: party.get(name) for name in ("name", "phone", "id_no", "role")} for party in summary.get("parties", [])
    ]
