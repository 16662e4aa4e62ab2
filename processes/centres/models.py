"""What stands in a centre besides its unit row and the subdistricts it covers (`engine.network.units.CentreCover`)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId

_THERE = text("until is null")


class Resident(Base):
    """A unit that works in a centre (入驻单位, 第三方机构), and how: 长期派驻, 重点常驻, 公益联驻."""

    __tablename__ = "resident"
    __table_args__ = (
        Index("uq_resident", "centre_id", "unit_id", unique=True, sqlite_where=_THERE, postgresql_where=_THERE),
        CheckConstraint("mode in ('long_term', 'key', 'public_welfare')", name="mode_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    mode: Mapped[str] = mapped_column(String(16))
    staff: Mapped[int] = mapped_column(default=0)
    """How many people it sends."""
    days: Mapped[str] = mapped_column(String(64), default="")
    """On which days, in words; empty: every working day."""
    since: Mapped[date]
    until: Mapped[date | None]
    preset: Mapped[bool] = mapped_column(default=False)
    """From gridgov's default set, and nobody has changed it since."""


class Window(Base):
    """One of a centre's windows (便民服务窗口): what it serves, and the resident unit that staffs it."""

    __tablename__ = "service_window"
    __table_args__ = (Index("uq_window_code", "centre_id", "code", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(64))
    service: Mapped[str] = mapped_column(String(16))
    """advice, legal_aid, notary, mediation, complaint, petition … (`processes.centres.codes.Service`)."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    position: Mapped[int]
    closed: Mapped[bool] = mapped_column(default=False)
    preset: Mapped[bool] = mapped_column(default=False)
    """From gridgov's default set, and nobody has changed it since."""


class Room(Base):
    """A room of a centre (五室)."""

    __tablename__ = "room"
    __table_args__ = (Index("uq_room_code", "centre_id", "code", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(64))
    seats: Mapped[int] = mapped_column(default=0)
    closed: Mapped[bool] = mapped_column(default=False)
    preset: Mapped[bool] = mapped_column(default=False)
    """From gridgov's default set, and nobody has changed it since."""


class Duty(Base):
    """One duty of a resident (服务职责): its sign (接立调防宣打 …), and which matters it draws."""

    __tablename__ = "duty"
    __table_args__ = (Index("uq_duty_code", "district_id", "code", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    code: Mapped[str] = mapped_column(String(16))
    resident: Mapped[str] = mapped_column(String(16))
    """police, procuratorate, court, justice, subdistrict or third_party."""
    sign: Mapped[str] = mapped_column(String(4))
    unit: Mapped[str | None] = mapped_column(String(32))
    """Which one, by its short name, where `resident` is not a single unit: a third party."""
    text: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(300), default="")
    """Empty: the text has no English, and is shown as it is."""
    kind: Mapped[str | None] = mapped_column(String(16))
    """The kind of case that it draws; None: it routes no case."""
    type: Mapped[str | None] = mapped_column(String(32))
    service: Mapped[str | None] = mapped_column(String(16))
    """The service at whose windows it is done."""
    position: Mapped[int]
    closed: Mapped[bool] = mapped_column(default=False)
    preset: Mapped[bool] = mapped_column(default=False)
    """From gridgov's default set, and nobody has changed it since."""


class CentreRule(Base):
    """A centre's written order: duties of a post (岗位职责) and rules (管理制度). Editions are kept."""

    __tablename__ = "centre_rule"
    __table_args__ = (
        Index("uq_centre_rule", "centre_id", "code", "edition", unique=True),
        CheckConstraint("kind in ('post', 'rule')", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    edition: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))
    preset: Mapped[bool] = mapped_column(default=False)
    """From gridgov's default set, and nobody has changed it since."""


class ContactCard(Base):
    """An enterprise contact card (警企联系卡): its QR code opens the front door for one enterprise."""

    __tablename__ = "contact_card"
    __table_args__ = (
        Index("uq_contact_card_number", "number", unique=True),
        Index("uq_contact_card_token", "token_hash", unique=True),
        Index("ix_contact_card_issued", "district_id", "issued_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the secret in the QR code; the secret itself is derived and never stored."""
    enterprise: Mapped[str] = mapped_column(String(100))
    centre_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    contact_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    """Whose officer answers for the enterprise."""
    place_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None]
    used: Mapped[int] = mapped_column(default=0)
