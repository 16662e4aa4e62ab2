"""What a case's page says of a mediation: where it stands, its clock, the mediator, the sessions, what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine import vault
from engine.network.people import masked, name_of
from processes.documents.agreements import may_take_file
from processes.mediations import reading
from processes.mediations.handing import may_hand_over, targets
from processes.mediations.models import Agreement, Guidance
from web.pages.form_view import Choice
from web.words import clocks, codes, mediations, names
from web.words.clocks import Chip

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.mediations.reading import Attempt
    from processes.procedures.models import Procedure


@dataclass(frozen=True)
class SessionView:
    """One session. `record`: what the mediator wrote down, empty after erasure."""

    held_on: date
    result: str
    with_expert: bool
    attending: str
    record: str


@dataclass(frozen=True)
class MediationView:
    """A mediation as its card shows it. `others`: committees to which the reader may hand it over.

    `draft`: address of a draft of the agreement, without its format; empty when there is none for the reader.
    """

    kind: str
    origin: str
    suit: str
    step: str
    chip: Chip | None
    total: datetime | None
    extended: bool
    mediator: str
    with_lawyer: bool
    sessions: Sequence[SessionView]
    agreement: Agreement | None
    terms: str
    guidance: Guidance | None
    way: str
    outcome: str
    tone: str
    route: str
    is_confidential: bool
    draft: str
    number: str
    mediation_id: int
    others: Sequence[Choice]


def load(session: Session, actor: Actor, procedure: Procedure) -> MediationView | None:
    """None when the mediation's row is gone."""
    found = reading.of_procedure(session, procedure.id)
    return _view(session, actor, found) if found is not None else None


def _view(session: Session, actor: Actor, found: Attempt) -> MediationView:
    ended, tone = mediations.outcome(found.procedure.outcome)
    reads = reads_records(actor, found)
    return MediationView(
        kind=mediations.kind(found.mediation.kind),
        origin=mediations.origin(found.mediation.origin),
        suit=mediations.suit(found.mediation.suit),
        step=mediations.step(found.element),
        chip=chip_of(session, found),
        total=found.total.due_at if found.total is not None and found.total.suspended_at is None else None,
        extended=found.mediation.extended,
        mediator=mediator_of(session, found),
        with_lawyer=found.mediation.with_lawyer,
        sessions=_sessions(session, found, reads=reads),
        agreement=found.agreement,
        terms=_texts(session, found.agreement).get("terms", "") if found.agreement and reads else "",
        guidance=found.guidance,
        way=mediations.way(found.guidance.route) if found.guidance else "",
        outcome=ended,
        tone=tone,
        route=mediations.route(found.mediation.route),
        is_confidential=not reads and bool(found.sessions),
        draft=_draft(session, actor, found),
        number=found.case.number,
        mediation_id=found.procedure.id,
        others=_others(session, actor, found),
    )


def chip_of(session: Session, found: Attempt) -> Chip | None:
    """The clock of the step at which it stands; None when it has ended."""
    if found.clock is None:
        return None
    now = session.env.clock.now()
    return clocks.chip(found.light, found.clock.due_at, now, provisional=found.clock.provisional, brief=True)


def mediator_of(session: Session, found: Attempt) -> str:
    """Masked name and number; empty while nobody is appointed."""
    if found.mediator is None:
        return ""
    return f"{masked(name_of(session, found.mediator))} {found.mediator.staff_no}"


def reads_records(actor: Actor, found: Attempt) -> bool:
    """Whether what was said in the sessions is shown: to the committee and the owner (人民调解法 art. 15, privacy)."""
    units = set(actor.unit_ids)
    return bool(units & {found.procedure.unit_id, found.case.owner_id or found.case.last_owner_id})


def _sessions(session: Session, found: Attempt, *, reads: bool) -> list[SessionView]:
    """Without what was said when the reader may not know it."""
    opened = vault.open_many(session, [held.words_id for held in found.sessions]) if reads else {}
    return [
        SessionView(
            held.held_on,
            mediations.result(held.result),
            held.with_expert,
            str((texts := opened.get(held.words_id or 0) or {}).get("attending", "")),
            str(texts.get("record", "")),
        )
        for held in found.sessions
    ]


def _draft(session: Session, actor: Actor, found: Attempt) -> str:
    """While the agreement is to be signed, for those who may have it."""
    wanted = found.element == "agreement" and may_take_file(session, actor, found.case, found.procedure.unit_id)
    return f"/api/v1/cases/{found.case.number}/mediations/{found.procedure.id}/draft" if wanted else ""


def _texts(session: Session, agreement: Agreement) -> dict[str, str]:
    return vault.open_text(session, agreement.words) or {}


def _others(session: Session, actor: Actor, found: Attempt) -> list[Choice]:
    if found.procedure.ended_at is not None or not may_hand_over(actor, found.case, found.procedure):
        return []
    return [
        Choice(each.unit.code, f"{codes.label(each.kind)} · {names.unit(each.unit)}")
        for each in targets(session, found.case, found.procedure)
    ]
