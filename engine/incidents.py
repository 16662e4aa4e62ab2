"""Incidents: what failed in a step, kept until it is over; and what operators did about anything that got stuck."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import rfc8785
from sqlalchemy import CheckConstraint, Index, LargeBinary, Select, String, Text, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import Conflict, NotFound, UserError
from engine.instances import ENDED, ProcessInstance
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store
    from engine.step import Step, StepFailed

MAX_REASON, MAX_STACK, MAX_WORDS = 500, 8000, 400
SALT_BYTES = 32
ENGINE = "system:engine"
OPEN, RESOLVED = "open", "resolved"
STEP, TIMER, GATEWAY = "step", "timer", "gateway"
BY_HAND, SKIPPED = "by_hand", "skipped"
SUCCEEDED, OVERTAKEN, CASE_ENDED = "succeeded", "overtaken", "ended"
"""How the engine itself resolves one: what failed went well, is not wanted any more, or its model has ended."""
_OPEN = text("state = 'open'")


class IncidentClosed(Conflict):
    """This incident was closed before."""

    code = "incident_closed"
    zh = "该异常已处理。"


class WordsMissing(UserError):
    """Say in a few words why, or what was done; it is kept in the history."""

    code = "words_missing"
    zh = "请用几个字说明原因或处理情况，将记入处理记录。"


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
        Index("ix_incident_state", "district_id", "state", "id"),
        Index("ix_incident_instance", "instance_id"),
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
    failed_at: Mapped[datetime | None]
    """The latest failure; unknown for those from before this column."""
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str | None] = mapped_column(String(MAX_REASON))
    resolved_how: Mapped[str | None] = mapped_column(String(12))


class OperatorAct(Base):
    """One line of the history of something stuck. `words`: the operator's reason, committed to in the trail."""

    __tablename__ = "operator_act"
    __table_args__ = (
        Index("ix_operator_act_incident", "incident_id"),
        Index("ix_operator_act_effect", "effect_id"),
        Index("ix_operator_act_instance", "instance_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(12))
    """open, reopen, retry, skip, move, rebuild, resolve; or how the engine resolved it."""
    subject_no: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[int | None] = mapped_column(BigId)
    effect_id: Mapped[int | None] = mapped_column(BigId)
    instance_id: Mapped[int | None] = mapped_column(BigId)
    element: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any] | None]
    """Codes only: where tokens stood before and after, how many timers were armed."""
    words: Mapped[str | None] = mapped_column(String(MAX_WORDS))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def commitment(self) -> tuple[str, ...]:
        """SHA-256 of salt and canonical words, as the trail has it; empty when nothing was said."""
        if self.words is None or self.salt is None:
            return ()
        return (hashlib.sha256(self.salt + rfc8785.dumps(self.words)).hexdigest(),)


def note(
    session: Session, actor: str, act: str, of: Incident | ProcessInstance, words: str | None = None, **details: Any
) -> OperatorAct:
    """A line of the history of an incident, or of an instance when it has none."""
    incident = of if isinstance(of, Incident) else None
    row = OperatorAct(
        district_id=of.district_id,
        at=session.env.clock.now(),
        actor=actor,
        act=act,
        subject_no=of.subject_no,
        incident_id=incident.id if incident is not None else None,
        instance_id=incident.instance_id if incident is not None else of.id,
        element=incident.element if incident is not None else None,
        details=details or None,
    )
    say(session, row, words)
    session.add(row)
    return row


def say(session: Session, row: OperatorAct, words: str | None) -> None:
    """Put the operator's reason into the row, salted, so that the trail can commit to it."""
    if words:
        row.words, row.salt = words[:MAX_WORDS], session.env.entropy.token_bytes(SALT_BYTES)


def open_incident(
    session: Session,
    instance: ProcessInstance,
    kind: str,
    element: str,
    reason: str,
    error: BaseException | None = None,
) -> Incident:
    """Open an incident, or count another attempt on the one of the same place; a resolved one is opened again.

    The instance is locked by the caller.
    """
    row = session.scalar(_latest_at(instance.id, kind, element))
    stack = "".join(traceback.format_tb(error.__traceback__))[-MAX_STACK:] if error else ""
    if row is None:
        row = _new(session, instance, kind, element)
        _record(session, Draft(f"incident:{kind}:open", ENGINE, row.subject_no, {"element": element}), row)
    elif row.state != OPEN:
        row.state, row.resolved_at, row.resolved_by, row.resolution, row.resolved_how = OPEN, None, None, None, None
        _record(session, Draft(f"incident:{kind}:reopen", ENGINE, row.subject_no, {"element": element}), row)
        note(session, ENGINE, "reopen", row)
    row.attempts += 1
    row.reason, row.stack, row.failed_at = reason[:MAX_REASON], stack, session.env.clock.now()
    instance.troubled = True
    return row


def _new(session: Session, instance: ProcessInstance, kind: str, element: str) -> Incident:
    row = Incident(
        district_id=instance.district_id,
        instance_id=instance.id,
        subject_no=instance.subject_no,
        kind=kind,
        element=element,
        attempts=0,
        state=OPEN,
        created_at=session.env.clock.now(),
    )
    session.add(row)
    return row


def _record(session: Session, draft: Draft, row: Incident) -> None:
    session.drafts.append((row.district_id, draft))


def open_for_failed_step(store: Store, error: StepFailed) -> None:
    """A person's step failed and was rolled back: the incident, in a transaction of its own."""
    with store.write() as session:
        instance = session.get(ProcessInstance, error.instance_id, with_for_update=True)
        if instance is not None:
            cause = error.__cause__ or error
            open_incident(session, instance, STEP, error.element, type(cause).__name__, cause)


def give_up(session: Session, instance: ProcessInstance, kind: str, element: str, tries: int) -> Incident:
    """Nothing will be tried again by itself; what was known of the failure stays readable."""
    known = session.scalar(_latest_at(instance.id, kind, element))
    if known is None or known.state != OPEN:
        return open_incident(session, instance, kind, element, f"its worker died {tries} times")
    known.reason = f"given up after {tries} tries: {known.reason}"[:MAX_REASON]
    return known


def _latest_at(instance_id: int, kind: str, element: str) -> Select[Incident]:
    here = (Incident.instance_id == instance_id, Incident.kind == kind, Incident.element == element)
    return select(Incident).where(*here).order_by(Incident.resolved_at.is_not(None), Incident.id.desc()).limit(1)


def get(session: Session, actor: Actor, incident_id: int) -> Incident:
    """An incident of the actor's district. Raises NotFound."""
    row = session.get(Incident, incident_id)
    if row is None or row.district_id != actor.district_id:
        raise NotFound
    return row


def resolve(
    session: Session, actor: Actor, incident_id: int, words: str, how: str = BY_HAND, **details: Any
) -> Incident:
    """Close an incident with what was done. Raises NotFound, IncidentClosed."""
    row = get(session, actor, incident_id)
    _close(session, row, actor.ref, how, words)
    act = "skip" if how == SKIPPED else "resolve"
    line = note(session, actor.ref, act, row, words, **details)
    codes = {"element": row.element, **details}
    _record(session, Draft(f"incident:{row.kind}:{act}", actor.ref, row.subject_no, codes, line.commitment), row)
    return row


def _close(session: Session, row: Incident, by: str, how: str, words: str | None = None) -> None:
    """By compare-and-swap: who comes second is told. Raises IncidentClosed."""
    values = {
        "state": RESOLVED,
        "resolved_at": session.env.clock.now(),
        "resolved_by": by,
        "resolved_how": how,
        "resolution": words[:MAX_REASON] if words else None,
    }
    session.flush()
    mine = update(Incident).where(Incident.id == row.id, _OPEN).values(**values)
    if session.execute(mine, execution_options={"synchronize_session": False}).rowcount != 1:  # type: ignore[attr-defined] # CursorResult
        raise IncidentClosed
    session.refresh(row)


def settle_after(step: Step, armed: Iterable[str]) -> None:
    """Close the incidents of a troubled instance that this step has shown to be over; `armed`: elements of timers."""
    session, instance = step.session, step.instance
    waiting = set(armed)
    passed = step.carried_out | {item.element for item in step.items}
    query = select(Incident).where(Incident.instance_id == instance.id, _OPEN)
    standing = list(session.scalars(query.order_by(Incident.id)))
    for row in list(standing):
        how = CASE_ENDED if instance.status == ENDED else _over(row, step, passed, waiting)
        if how is not None:
            standing.remove(row)
            _close(session, row, ENGINE, how)
            note(session, ENGINE, how, row)
            _record(session, Draft(f"incident:{row.kind}:{how}", ENGINE, row.subject_no, {"element": row.element}), row)
    instance.troubled = bool(standing)


def _over(row: Incident, step: Step, passed: Collection[str], waiting: Collection[str]) -> str | None:
    if row.kind == STEP:
        return SUCCEEDED if row.element in passed else None
    if row.kind != TIMER:
        return None  # a way that the model did not know: only a person can tell
    if step.fired is not None and step.fired.element == row.element:
        return SUCCEEDED
    return OVERTAKEN if row.element not in waiting else None


def history(session: Session, row: Incident) -> Sequence[OperatorAct]:
    """What was done about an incident and to its instance, the oldest first."""
    of_instance = OperatorAct.incident_id.is_(None) & (OperatorAct.instance_id == row.instance_id)
    mine = or_(OperatorAct.incident_id == row.id, of_instance) if row.instance_id else OperatorAct.incident_id == row.id
    return session.scalars(select(OperatorAct).where(mine).order_by(OperatorAct.id)).all()


def open_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Incident).where(_OPEN)) or 0
