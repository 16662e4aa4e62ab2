"""The rows of a case. Free text and personal data are sealed in the vault; here stand codes, units and times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText
from processes.codes import ENDED, State

_OPEN = text("closed_at is null")
_OWNED = text("owner_id is not null")
_LATE = text("late_since is not null")
_NOT_ENDED = text("ended_at is null")
_ENDED = ", ".join(f"'{state.value}'" for state in sorted(ENDED))


class Case(Base):
    """One matter. `state`, `light` and `due_at` are derived from the token and its clocks at the end of each step."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_number", "number", unique=True),
        Index("ix_cases_owner_state", "owner_id", "state", "due_at"),
        Index("ix_cases_district_reported", "district_id", "reported_at", "id"),
        Index("ix_cases_reporter", "reporter_staff_id"),
        Index(
            "ix_cases_standing",
            "owner_id",
            "light",
            "restricted",
            "district_id",
            sqlite_where=_OWNED,
            postgresql_where=_OWNED,
        ),
        Index(
            "ix_cases_late",
            "district_id",
            "late_since",
            "owner_id",
            "restricted",
            sqlite_where=_LATE,
            postgresql_where=_LATE,
        ),
        Index("ix_cases_closed", "district_id", "closed_at", "last_owner_id"),
        Index("ix_cases_place_kind", "place_unit_id", "kind", "reported_at"),
        Index(
            "ix_cases_open_place",
            "place_unit_id",
            "reported_at",
            sqlite_where=_NOT_ENDED,
            postgresql_where=_NOT_ENDED,
        ),
        CheckConstraint(f"(state in ('rating', {_ENDED})) = (owner_id is null)", name="owner_until_closed"),
        CheckConstraint("returns between 0 and 2", name="returns_bounded"),
        CheckConstraint("reopened between 0 and 1", name="reopened_once"),
        CheckConstraint("main_case_id is null or main_case_id <> id", name="not_merged_into_itself"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(32))
    instance_id: Mapped[int | None] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(12), default=State.REPORTED.value)
    kind: Mapped[str] = mapped_column(String(16))
    domain: Mapped[str] = mapped_column(String(32))
    type: Mapped[str | None] = mapped_column(String(32))
    urgency: Mapped[str] = mapped_column(String(8))
    head_count: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    restricted: Mapped[bool] = mapped_column(default=False)
    place_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    lng: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    last_owner_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    level: Mapped[str] = mapped_column(String(16))
    """Network level at which the case lies, or lay last."""
    checker_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    reporter_ref: Mapped[str] = mapped_column(String(64))
    reporter_staff_id: Mapped[int | None] = mapped_column(BigId)
    reporter_unit_id: Mapped[int | None] = mapped_column(BigId)
    has_citizen: Mapped[bool] = mapped_column(default=False)
    """Somebody can be called back."""
    binding_unit_id: Mapped[int | None] = mapped_column(BigId)
    """Set by a ruling after too much travel: this unit may only settle, assign down, or refer up."""
    ruler_id: Mapped[int | None] = mapped_column(BigId)
    """Set while a ruling was passed up because nobody ruled in time."""
    hops: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)
    failed_checks: Mapped[int] = mapped_column(default=0)
    reopened: Mapped[int] = mapped_column(default=0)
    on_spot: Mapped[bool] = mapped_column(default=False)
    settled_by: Mapped[str | None] = mapped_column(String(64))
    """Ref of the person who settled it; never the one who checks it."""
    light: Mapped[str] = mapped_column(String(8), default="green")
    due_at: Mapped[datetime | None]
    late_since: Mapped[datetime | None]
    """When the first of its clocks that runs overdue fell due; None unless the lamp is red."""
    provisional: Mapped[bool] = mapped_column(default=False)
    occurred_at: Mapped[datetime | None]
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    rating: Mapped[str | None] = mapped_column(String(16))
    main_case_id: Mapped[int | None] = mapped_column(BigId)
    likeness_id: Mapped[int | None] = mapped_column(BigId)
    """The open case it was most like when it was reported; a hint for lists, compared afresh when it is looked at."""
    assignments: Mapped[int] = mapped_column(default=0)
    """How many assignments were ever made; most cases have none to look up."""
    followers: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many people follow it (跟进) instead of having reported it again; most cases have none to tell."""
    links: Mapped[int] = mapped_column(default=0)
    """How many procedures (requests, supervisions …) run beside it."""
    summary_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    summary: Mapped[SealedText | None] = relationship()
    """Sealed title, text, address and parties."""
    version: Mapped[int] = mapped_column(default=1)


class Stay(Base):
    """One stay of a case at one unit; the stays of a case tile the time from report to close."""

    __tablename__ = "stay"
    __table_args__ = (
        Index("uq_stay_open", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_stay_case", "case_id", "id"),
        Index("ix_stay_unit", "unit_id", "opened_at"),
        CheckConstraint("closed_at is null or closed_at >= opened_at", name="closed_after_opened"),
        CheckConstraint("(closed_at is null) = (outcome is null)", name="closed_with_outcome"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    level: Mapped[str] = mapped_column(String(16))
    sender_id: Mapped[int | None] = mapped_column(BigId)
    arrived_by: Mapped[str] = mapped_column(String(16))
    skipped: Mapped[bool] = mapped_column(default=False)
    """Came up over the head of at least one level (越级)."""
    opened_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    measures: Mapped[int] = mapped_column(default=0)
    extended: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    target_id: Mapped[int | None] = mapped_column(BigId)
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
    """Sealed reason or measures with which it left."""


class Assignment(Base):
    """交办: sent down with a deadline; the assigner wants a report back and confirms it."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_case", "case_id"),
        CheckConstraint(
            "state in ('open', 'confirmed', 'silent', 'dropped')",
            name="state_known",
        ),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="open_until_ended"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    assigner_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    report_by: Mapped[datetime]
    assigned_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="open")
    ended_at: Mapped[datetime | None]


class Progress(Base):
    """What was done or found: a measure, a note, a check, a request's reason, a rating's words."""

    __tablename__ = "progress"
    __table_args__ = (Index("ix_progress_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    stay_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int | None] = mapped_column(BigId)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(32))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()


class CaseReader(Base):
    """A unit that sees a case: those it has been at, with their ancestors, and departments that were called."""

    __tablename__ = "case_reader"
    __table_args__ = (Index("ix_case_reader_case", "case_id"),)

    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)


class NamedReader(Base):
    """A person who may read one restricted case; units do not."""

    __tablename__ = "named_reader"

    staff_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)


class CaseTerm(Base):
    """Blind index of what a case says, for search without clear text; see `processes.cases.search`.

    Clustered by its key on SQLite, since the key is all there is to it; PostgreSQL answers from the key's index alone.
    """

    __tablename__ = "case_term"
    __table_args__ = (Index("ix_case_term_case", "case_id"), {"sqlite_with_rowid": False})

    term: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)


class CaseCounter(Base):
    """The last case number given in a district on a day."""

    __tablename__ = "case_counter"

    district_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]
