"""Where a citizen's case stands, in five plain steps, with nothing in it that identifies anybody.

What is told is chosen here, piece by piece: states as steps, units, times. Names, staff, other parties, reasons and
words that people in the network write to each other are not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import vault
from engine.deadlines.book import OVERALL, RATING, TASK, Deadline
from engine.network.units import Level, Unit, get, lineage, nearest_above
from engine.trail.entries import TrailEntry
from processes.cases.actions import allowed
from processes.cases.models import Case, Progress
from processes.citizens.reporting import citizen_of
from processes.citizens.supplementing import KIND
from processes.codes import OWNED, Source, State

if TYPE_CHECKING:
    from engine.db import Session


class Step(StrEnum):
    """The way of every matter, as a citizen sees it."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    SETTLED = "settled"
    RATE = "rate"


STEP_AT = {
    State.REPORTED: Step.REGISTERED,
    State.PENDING: Step.HANDLING,
    State.HANDLING: Step.HANDLING,
    State.SUSPENDED: Step.HANDLING,
    State.RETURNING: Step.HANDLING,
    State.RULING: Step.HANDLING,
    State.CONFIRMING: Step.HANDLING,
    State.CHECKING: Step.HANDLING,
    State.RATING: Step.RATE,
    State.ARCHIVED: Step.RATE,
}
"""State → the step at which the matter stands. Without one (declined, merged, withdrawn) it has left the way.

A case that moves to another unit waits for that unit to accept it; it was accepted all the same, so the steps never go
back, and the note says that another unit takes it over.
"""
_ACCEPT, _RATE = "case:case:accept", "case:case:rate"
_ON_SPOT = "case:stay:on_spot"


@dataclass(frozen=True)
class Promise:
    """Until when. `about`: accept, settle, review (of a suspended matter) or rate; `late`: it was not kept."""

    about: str
    at: datetime
    late: bool
    provisional: bool


@dataclass(frozen=True)
class Addition:
    """Words that the citizen added."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Tracked:
    """All that number and code show. `reached`: when each step was reached, None while it was not.

    `state` is that of the matter itself: of the main case when this one was merged and that may be told (`merged`).
    `title`: only what the citizen wrote; `place`: the village, or what is above it; `holder`: the unit that handles it,
    a grid after its village, since every village has a first grid.
    """

    number: str
    kind: str
    title: str
    place: Unit
    state: State
    merged: bool
    step: Step | None
    reached: dict[Step, datetime | None]
    holder: Sequence[Unit]
    promise: Promise | None
    ended_at: datetime | None
    rating: str | None
    reopened: bool
    additions: Sequence[Addition]
    can: frozenset[str]
    """supplement, withdraw, rate."""


def track(session: Session, case: Case) -> Tracked:
    """The plain view of a citizen's own case."""
    matter = _matter(session, case)
    merged = matter is not case
    state = State(matter.state)
    return Tracked(
        number=case.number,
        kind=case.kind,
        title=_title(session, case),
        place=nearest_above(session, get(session, case.place_unit_id), Level.VILLAGE),
        state=state,
        merged=merged or State(case.state) is State.MERGED,
        step=STEP_AT.get(state),
        reached=_reached(session, matter),
        holder=_from_village(session, get(session, matter.owner_id or matter.last_owner_id)),
        promise=_promise(session, matter, state),
        ended_at=matter.ended_at,
        rating=None if merged else case.rating,
        reopened=bool(matter.reopened),
        additions=_additions(session, case),
        can=frozenset() if merged else _can(session, case, state),
    )


def _from_village(session: Session, unit: Unit) -> list[Unit]:
    if unit.level not in {Level.GRID, Level.CELL}:
        return [unit]
    steps = [get(session, step) for step in lineage(unit)]
    return [step for step in steps if step.level in {Level.VILLAGE, Level.GRID, Level.CELL}]


def _matter(session: Session, case: Case) -> Case:
    """The case in which the matter is handled now: a main case that everybody of its units may see, else this one."""
    current = case
    while State(current.state) is State.MERGED and current.main_case_id is not None:
        main = session.get_one(Case, current.main_case_id)
        if main.restricted:
            return case
        current = main
    return current


def _title(session: Session, case: Case) -> str:
    """What staff wrote down for somebody may name others; what the citizen wrote, the citizen knows."""
    if case.source != Source.CITIZEN or case.reporter_staff_id is not None:
        return ""
    return str((vault.open_text(session, case.summary) or {}).get("title", ""))


def _reached(session: Session, case: Case) -> dict[Step, datetime | None]:
    query = select(TrailEntry.action, TrailEntry.at).where(
        TrailEntry.district_id == case.district_id,
        TrailEntry.subject == case.number,
        TrailEntry.action.in_((_ACCEPT, _ON_SPOT, _RATE)),
    )
    entries: dict[str, datetime] = dict(session.execute(query.order_by(TrailEntry.seq)).all())
    accepted = entries.get(_ACCEPT) or entries.get(_ON_SPOT)
    rated = entries.get(_RATE) if case.rating else None
    return {
        Step.REGISTERED: case.reported_at,
        Step.ACCEPTED: accepted,
        Step.HANDLING: accepted,
        Step.SETTLED: case.closed_at,
        Step.RATE: rated,
    }


def _promise(session: Session, case: Case, state: State) -> Promise | None:
    """The clock that a citizen has a right to know: of the whole matter, or of the step that comes before it."""
    query = select(Deadline).where(Deadline.subject_id == case.id, Deadline.closed_at.is_(None))
    clocks = session.scalars(query.order_by(Deadline.id)).all()
    about, clock = {
        State.REPORTED: ("accept", _first(clocks, TASK, "verify")),
        State.SUSPENDED: ("review", _first(clocks, TASK, "suspended")),
        State.RATING: ("rate", _first(clocks, RATING, None)),
    }.get(state, ("settle", _first(clocks, OVERALL, None)))
    if clock is None:
        return None
    return Promise(about, clock.due_at, clock.due_at < session.env.clock.now(), clock.provisional)


def _first(clocks: Sequence[Deadline], clock: str, element: str | None) -> Deadline | None:
    return next((row for row in clocks if row.clock == clock and element in {None, row.element}), None)


def _additions(session: Session, case: Case) -> list[Addition]:
    query = select(Progress).where(Progress.case_id == case.id, Progress.kind == KIND).order_by(Progress.id)
    lines = session.scalars(query).all()
    opened: dict[int, Any] = vault.open_many(session, [line.words_id for line in lines])
    return [Addition(line.at, str((opened.get(line.words_id or 0) or {}).get("words", ""))) for line in lines]


def _can(session: Session, case: Case, state: State) -> frozenset[str]:
    possible = {action.code for action in allowed(session, citizen_of(case), case)} & {"withdraw"}
    if state in OWNED:
        possible.add("supplement")
    if state is State.RATING:
        possible.add("rate")
    return frozenset(possible)
