"""Passwords of staff, hashed with argon2id."""

from __future__ import annotations

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId, Session
from engine.errors import Invalid
from engine.network.people import Staff, by_staff_no
from engine.trail.entries import Draft

MIN_LENGTH, MAX_LENGTH = 8, 128
"""NIST SP 800-63B, section 3.1.1.2: at least eight characters, long ones taken, no rules of composition."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's minimum for argon2id: 19 MiB, two passes. A process with 32 threads must not need gigabytes for sign-ins."""
_NOBODY = _HASHER.hash("nobody has this password")


class Credential(Base):
    """The password of one member of staff. `demo`: the published one of a demonstration, refused elsewhere."""

    __tablename__ = "credential"

    staff_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(256))
    demo: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


def set_password(session: Session, actor_ref: str, staff_no: str, password: str, *, demo: bool = False) -> Credential:
    """Give a password. Raises NotFound for unknown staff and Invalid for a length out of bounds."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid([_bad_length()])
    staff = by_staff_no(session, staff_no)
    row = session.get(Credential, staff.id)
    if row is None:
        row = Credential(staff_id=staff.id, district_id=staff.district_id)
        session.add(row)
    row.hash, row.demo, row.changed_at = _HASHER.hash(password), demo, session.env.clock.now()
    session.drafts.append((staff.district_id, Draft("staff:password:set", actor_ref, staff_no, {"demo": demo})))
    return row


def _bad_length() -> dict[str, str]:
    return {
        "loc": "password",
        "type": "length",
        "msg": f"takes {MIN_LENGTH} to {MAX_LENGTH} characters",
        "zh": f"密码长度须为 {MIN_LENGTH} 至 {MAX_LENGTH} 个字符",
    }


def find(session: Session, staff_no: str, *, demo_allowed: bool) -> tuple[Staff, str] | None:
    """The active member of staff and the hash, or None."""
    query = (
        select(Staff, Credential.hash)
        .join(Credential, Credential.staff_id == Staff.id)
        .where(Staff.staff_no == staff_no, Staff.active, Credential.demo.in_({False, demo_allowed}))
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row is not None else None


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is the one; takes as long for staff that are not there, so nobody learns who is."""
    try:
        return _HASHER.verify(stored or _NOBODY, password[:MAX_LENGTH]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
