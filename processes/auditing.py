"""What the auditor of a district looks at: the trail without any text, whether it holds, who looked at what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import access_log
from engine.access_log import GRANTED, REFUSED, Access
from engine.errors import Forbidden, Invalid
from engine.trail import entries
from engine.trail.entries import TrailEntry, TrailHead
from engine.trail.merkle import HASH_BYTES, Frontier
from engine.trail.verify import Part, verify_part
from processes.reconcile import reconcile

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

AUDITOR = "auditor"
PART = 5_000
"""Entries verified in one request: about a fifth of a second."""
PAGE = 50


@dataclass(frozen=True)
class Sought:
    """What of the access log is shown; an empty text does not narrow. `before`: the id to go on below."""

    actor: str = ""
    subject: str = ""
    outcome: str = ""
    before: int | None = None


def require_auditor(actor: Actor) -> None:
    """Raises Forbidden."""
    if AUDITOR not in actor.roles:
        raise Forbidden


def head(session: Session, actor: Actor) -> TrailHead | None:
    """Size and root of the district's log. Raises Forbidden."""
    require_auditor(actor)
    return session.scalar(select(TrailHead).where(TrailHead.district_id == actor.district_id))


def verify_from(session: Session, actor: Actor, size: int, edge: str) -> Part:
    """Verify the next PART of the log; `size` and `edge` (hex) are where the part before it ended.

    Raises Forbidden, and Invalid for an edge that does not belong to the size.
    """
    require_auditor(actor)
    try:
        blob = bytes.fromhex(edge)
        frontier = Frontier.from_bytes(size, blob) if len(blob) % HASH_BYTES == 0 else None
    except ValueError:
        frontier = None
    if frontier is None:
        zh = "与 size 不符，请重新开始校验"
        raise Invalid([{"loc": "edge", "type": "value", "msg": "does not fit the size; begin anew", "zh": zh}])
    return verify_part(session, actor.district_id, frontier, PART)


def differences(session: Session, actor: Actor) -> list[str]:
    """What tables and trail say differently. Raises Forbidden."""
    require_auditor(actor)
    return reconcile(session, actor.district_id)


def trail(session: Session, actor: Actor, subject: str = "", before: int | None = None) -> Sequence[TrailEntry]:
    """Entries about one subject, oldest first; without one the latest PAGE below `before`. Raises Forbidden."""
    require_auditor(actor)
    if subject:
        return entries.entries_of(session, actor.district_id, subject)
    query = select(TrailEntry).where(TrailEntry.district_id == actor.district_id)
    if before is not None:
        query = query.where(TrailEntry.seq < before)
    return session.scalars(query.order_by(TrailEntry.seq.desc()).limit(PAGE)).all()


def lines(session: Session, actor: Actor, subject: str = "") -> Iterator[bytes]:
    """The exact bytes that were hashed, one entry a line, in order. Raises Forbidden at the first line."""
    require_auditor(actor)
    found = (
        iter(entries.entries_of(session, actor.district_id, subject))
        if subject
        else entries.stream(session, actor.district_id)
    )
    for entry in found:
        yield entry.body + b"\n"


def accesses(session: Session, actor: Actor, sought: Sought) -> Sequence[Access]:
    """The access log, the latest first, PAGE at a time. Raises Forbidden."""
    require_auditor(actor)
    query = select(Access).where(Access.district_id == actor.district_id)
    if sought.actor:
        query = query.where(Access.actor == sought.actor)
    if sought.subject:
        query = query.where(Access.subject.contains(sought.subject, autoescape=True))
    if sought.outcome in {GRANTED, REFUSED}:
        query = query.where(Access.outcome == sought.outcome)
    if sought.before is not None:
        query = query.where(Access.id < sought.before)
    return session.scalars(query.order_by(Access.id.desc()).limit(PAGE)).all()


def note_download(session: Session, actor: Actor, subject: str, request_id: str) -> None:
    """That the auditor took the trail away is itself on record. Raises Forbidden."""
    require_auditor(actor)
    access_log.record(
        session,
        district_id=actor.district_id,
        actor=actor.ref,
        action="trail:download",
        subject=subject or "trail",
        outcome=GRANTED,
        request_id=request_id,
    )
