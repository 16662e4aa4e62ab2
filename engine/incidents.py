"""Incidents: what failed in a step or an effect, kept until a person has resolved it."""

from __future__ import annotations

import traceback
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, Select, String, Text, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import Conflict, NotFound
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.instances import ProcessInstance

MAX_REASON, MAX_STACK = 500, 8000
_OPEN = text("state = 'open'")


class IncidentClosed(Conflict):
    """This incident was closed before."""

    code = "incident_closed"
    zh = "该异常已处理。"


class Incident(Base):
    """One stuck thing. `reason` and `stack` hold code and class names, never the values of forms."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("kind in ('step', 'timer', 'effect', 'gateway')", name="kind_known"),
        CheckConstraint("state in ('open', 'resolved')", name="state_known"),
        CheckConstraint("(state = 'open') = (resolved_at is null)", name="open_until_resolved"),
        Index(
            "uq_incident_open",
            "instance_id",
            "kind",
            "element",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int | None] = mapped_column(BigId)
    subject_no: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))
    element: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(MAX_REASON))
    stack: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str | None] = mapped_column(String(MAX_REASON))


def open_incident(
    session: Session,
    instance: ProcessInstance,
    kind: str,
    element: str,
    reason: str,
    error: BaseException | None = None,
) -> Incident:
    """Open an incident, or count another attempt on the one that stands open for the same place."""
    row = session.scalar(_open_at(instance.id, kind, element))
    stack = "".join(traceback.format_tb(error.__traceback__))[-MAX_STACK:] if error else ""
    if row is None:
        row = Incident(
            district_id=instance.district_id,
            instance_id=instance.id,
            subject_no=instance.subject_no,
            kind=kind,
            element=element,
            attempts=0,
            state="open",
            created_at=session.env.clock.now(),
        )
        session.add(row)
        draft = Draft(f"incident:{kind}:open", "system:engine", instance.subject_no, {"element": element})
        session.drafts.append((instance.district_id, draft))
    row.attempts += 1
    row.reason, row.stack = reason[:MAX_REASON], stack
    return row


def give_up(session: Session, instance: ProcessInstance, kind: str, element: str, tries: int) -> Incident:
    """Nothing will be tried again by itself; what was known of the failure stays readable."""
    known = session.scalar(_open_at(instance.id, kind, element))
    if known is None:
        return open_incident(session, instance, kind, element, f"its worker died {tries} times")
    known.reason = f"given up after {tries} tries: {known.reason}"[:MAX_REASON]
    return known


def _open_at(instance_id: int, kind: str, element: str) -> Select[Incident]:
    return select(Incident).where(
        Incident.instance_id == instance_id,
        Incident.kind == kind,
        Incident.element == element,
        Incident.state == "open",
    )


def resolve(session: Session, actor: Actor, incident_id: int, resolution: str) -> Incident:
    """Close an incident with what was done. Raises NotFound, IncidentClosed."""
    row = session.get(Incident, incident_id)
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    if row.state != "open":
        raise IncidentClosed
    row.state, row.resolved_at, row.resolved_by = "resolved", session.env.clock.now(), actor.ref
    row.resolution = resolution[:MAX_REASON]
    draft = Draft(f"incident:{row.kind}:resolve", actor.ref, row.subject_no, {"element": row.element})
    session.drafts.append((row.district_id, draft))
    return row


def open_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Incident).where(_OPEN)) or 0
