"""Staff (工作人员), their posts and their access tokens. Names and telephone numbers are stored encrypted."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.actors import Actor, Post
from engine.db import Base, BigId
from engine.errors import NotFound
from engine.keys import NONCE_BYTES
from engine.network.units import CentreCover

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.db import Session

_VALID = text("valid_to is null")
TOKEN_BYTES = 32
TOKEN_PREFIX = "gg_"  # noqa: S105 # marks our tokens in leaked text; the secret follows it


class Role(StrEnum):
    """Roles (岗位角色) of processes.md, section 1."""

    CITIZEN = "citizen"
    CELL_WORKER = "cell_worker"
    GRID_WORKER = "grid_worker"
    DESK = "desk"
    HANDLER = "handler"
    DISPATCHER = "dispatcher"
    CHECKER = "checker"
    LEADER = "leader"
    LIAISON = "liaison"
    MEDIATOR = "mediator"
    SUPERVISOR = "supervisor"
    COMMANDER = "commander"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Staff(Base):
    """One person who works in a district."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("staff_no"), Index("ix_staff_name", "district_id", "name_index"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_no: Mapped[str] = mapped_column(String(32))
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    active: Mapped[bool]


class Appointment(Base):
    """A role at a unit, held by a person for a time."""

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "uq_appointment", "staff_id", "unit_id", "role", unique=True, sqlite_where=_VALID, postgresql_where=_VALID
        ),
        Index("ix_appointment_post", "unit_id", "role", sqlite_where=_VALID, postgresql_where=_VALID),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId)
    role: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int] = mapped_column(BigId)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def by_staff_no(session: Session, staff_no: str) -> Staff:
    """Raises NotFound."""
    found = session.scalar(select(Staff).where(Staff.staff_no == staff_no))
    if found is None:
        raise NotFound
    return found


def actor_of(session: Session, staff: Staff) -> Actor:
    """The person as one who acts, with the posts held now."""
    query = (
        select(Appointment.unit_id, Appointment.role, CentreCover.unit_id)
        .outerjoin(CentreCover, CentreCover.centre_id == Appointment.unit_id)
        .where(Appointment.staff_id == staff.id, Appointment.valid_to.is_(None))
        .order_by(Appointment.id)
    )
    rows = session.execute(query).all()
    posts = tuple(Post(unit_id, role) for unit_id, role in dict.fromkeys((row[0], row[1]) for row in rows))
    covers = frozenset(covered for _, _, covered in rows if covered is not None)
    return Actor(f"staff:{staff.staff_no}", staff.district_id, posts, staff.id, covers)


def holders(session: Session, posts: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[Staff]]:
    """Who holds each (unit id, role) now; one statement for all."""
    wanted = set(posts)
    query = (
        select(Appointment.unit_id, Appointment.role, Staff)
        .join(Staff, Staff.id == Appointment.staff_id)
        .where(
            Appointment.unit_id.in_({unit_id for unit_id, _ in wanted}),
            Appointment.role.in_({role for _, role in wanted}),
            Appointment.valid_to.is_(None),
            Staff.active,
        )
        .order_by(Staff.id)
    )
    found: dict[tuple[int, str], list[Staff]] = {post: [] for post in wanted}
    for unit_id, role, staff in session.execute(query):
        if (unit_id, role) in found:
            found[(unit_id, role)].append(staff)
    return found


def issue_token(session: Session, staff_no: str, lifetime: timedelta = timedelta(days=90)) -> str:
    """A new bearer token, shown once. Raises NotFound."""
    staff = by_staff_no(session, staff_no)
    secret = TOKEN_PREFIX + session.env.entropy.token_bytes(TOKEN_BYTES).hex()
    now = session.env.clock.now()
    session.add(
        ApiToken(
            district_id=staff.district_id,
            staff_id=staff.id,
            digest=hashlib.sha256(secret.encode()).digest(),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    return secret


def actor_for_token(session: Session, secret: str) -> Actor | None:
    """Who carries this token; None for an unknown, expired or revoked one, and for staff who left."""
    digest = hashlib.sha256(secret.encode()).digest()
    query = (
        select(Staff)
        .join(ApiToken, ApiToken.staff_id == Staff.id)
        .where(
            ApiToken.digest == digest,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > session.env.clock.now(),
            Staff.active,
        )
    )
    staff = session.scalar(query)
    return actor_of(session, staff) if staff is not None else None


def seal_name(session: Session, staff_no: str, name: str) -> tuple[bytes, bytes]:
    """(encrypted name, blind index) for a staff row."""
    keys = session.env.keys
    sealed = keys.seal_field(name, f"staff.name:{staff_no}", session.env.entropy.token_bytes(NONCE_BYTES))
    return sealed, keys.blind_index(name, "staff.name")


def seal_phone(session: Session, staff_no: str, phone: str) -> bytes | None:
    if not phone:
        return None
    nonce = session.env.entropy.token_bytes(NONCE_BYTES)
    return session.env.keys.seal_field(phone, f"staff.phone:{staff_no}", nonce)


def name_of(session: Session, staff: Staff) -> str:
    """The name in clear; reading it is for the caller to permit and record."""
    return session.env.keys.open_field(staff.name_sealed, f"staff.name:{staff.staff_no}")


def masked(name: str) -> str:
    """张三 → 张*, 张小三 → 张*三 (GB/T 35273: shown de-identified)."""
    if len(name) < 2:
        return "*"
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]
