"""A mediation, its sessions, its agreement, and the guidance that every failure owes the parties."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, BigId
from engine.vault import SealedText

_KINDS = "('people', 'industry', 'administrative', 'professional', 'judicial')"


class Mediation(Base):
    """One attempt by one committee; the committee is the unit of its procedure."""

    __tablename__ = "mediation"
    __table_args__ = (
        Index("ix_mediation_case", "case_id"),
        Index("ix_mediation_mediator", "mediator_id"),
        CheckConstraint(f"kind in {_KINDS}", name="kind_known"),
        CheckConstraint("origin in ('act', 'court', 'desk', 'hand_over')", name="origin_known"),
        CheckConstraint("suit in ('none', 'ordinary', 'simple')", name="suit_known"),
        CheckConstraint("route is null or route in ('protect', 'mediate', 'strike')", name="route_known"),
    )

    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(12))
    """From `act`, from the court before a suit (诉前调解), from a desk, or handed over by another committee."""
    suit: Mapped[str] = mapped_column(String(8), default="none")
    """Judicial mediation inside a suit has a shorter clock: 15 days ordinary, 7 simple."""
    consented_at: Mapped[datetime | None]
    mediator_id: Mapped[int | None] = mapped_column(BigId)
    """A member of staff; checked for conflicts of interest (回避) before it is set."""
    with_lawyer: Mapped[bool] = mapped_column(default=False)
    sessions: Mapped[int] = mapped_column(default=0)
    extended: Mapped[bool] = mapped_column(default=False)
    """Both parties agreed to go on beyond the time limit, once."""
    route: Mapped[str | None] = mapped_column(String(8))
    """护调打: what the outcome calls for next."""


class MediationSession(Base):
    """One session (调解), as the mediator wrote it down."""

    __tablename__ = "mediation_session"
    __table_args__ = (Index("ix_mediation_session", "procedure_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    held_on: Mapped[date]
    result: Mapped[str] = mapped_column(String(12))
    with_expert: Mapped[bool] = mapped_column(default=False)
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()


class Agreement(Base):
    """A mediation agreement (调解协议): written and signed by all parties, or oral and recorded."""

    __tablename__ = "agreement"
    __table_args__ = (
        Index("uq_agreement_procedure", "procedure_id", unique=True),
        Index("ix_agreement_case", "case_id"),
        CheckConstraint("oral or signatures >= 2", name="signed_or_oral"),
        CheckConstraint(
            "confirmation in ('open', 'applied', 'not_wanted', 'not_allowed', 'lapsed', 'confirmed', 'rejected')",
            name="confirmation_known",
        ),
        CheckConstraint("applied_at is null or applied_at <= confirm_by", name="applied_in_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(40))
    oral: Mapped[bool]
    signatures: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bool] = mapped_column(default=False)
    """Bears the committee's seal."""
    signed_at: Mapped[datetime]
    perform_by: Mapped[date]
    confirmation: Mapped[str] = mapped_column(String(12), default="open")
    confirm_by: Mapped[datetime]
    """The last moment of the thirty days in which both parties may ask the court (人民调解法 art. 33)."""
    applied_at: Mapped[datetime | None]
    court_no: Mapped[str | None] = mapped_column(String(64))
    decided_on: Mapped[date | None]
    performed: Mapped[bool | None]
    visited_at: Mapped[datetime | None]
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
    """Sealed: parties, facts, terms, signatures."""


class Guidance(Base):
    """What the parties were told when an attempt failed or an agreement was broken (告知途径)."""

    __tablename__ = "guidance"
    __table_args__ = (
        Index("ix_guidance_procedure", "procedure_id"),
        CheckConstraint(
            "route in ('litigation', 'arbitration', 'administrative', 'petition', 'enforcement')", name="route"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    case_id: Mapped[int] = mapped_column(BigId)
    route: Mapped[str] = mapped_column(String(16))
    told_on: Mapped[date]
    told_by: Mapped[str] = mapped_column(String(64))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    words: Mapped[SealedText | None] = relationship()
