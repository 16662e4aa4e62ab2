"""The vault: free text and personal data, sealed under one key for each subject.

Only a salted commitment of each text enters the trail. Erasing a subject drops its key: the texts can never be read
again and the log still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.keys import NONCE_BYTES, WrongKey

if TYPE_CHECKING:
    from engine.db import Session

SALT_BYTES = 32


class SubjectKey(Base):
    """The wrapped key of one subject; gone after erasure."""

    __tablename__ = "subject_key"

    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    district_id: Mapped[int] = mapped_column(BigId)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class SealedText(Base):
    """One sealed value: nonce and AES-256-GCM ciphertext of its salt and canonical JSON."""

    __tablename__ = "sealed_text"
    __table_args__ = (Index("ix_sealed_text_subject", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    subject_id: Mapped[int] = mapped_column(BigId)
    label: Mapped[str] = mapped_column(String(32))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Problem:
    """A sealed text that is not what its row says."""

    sealed_id: int
    reason: str


def seal(session: Session, district_id: int, subject_id: int, label: str, value: Any) -> SealedText:
    """Seal a JSON value; the row gets its id with the next flush."""
    cipher = cipher_of(session, district_id, subject_id)
    entropy = session.env.entropy
    salt, nonce = entropy.token_bytes(SALT_BYTES), entropy.token_bytes(NONCE_BYTES)
    content = rfc8785.dumps(value)
    row = SealedText(
        district_id=district_id,
        subject_id=subject_id,
        label=label,
        ciphertext=nonce + cipher.encrypt(nonce, salt + content, _aad(subject_id, label)),
        commitment=hashlib.sha256(salt + content).hexdigest(),
    )
    session.add(row)
    return row


def open_text(session: Session, row: SealedText | None) -> Any:
    """The sealed value; None when there is none or its subject was erased. Raises WrongKey."""
    if row is None:
        return None
    cipher = _cipher(session, row.district_id, row.subject_id, create=False)
    return json.loads(_plain(cipher, row)[SALT_BYTES:]) if cipher is not None else None


def open_many(session: Session, sealed_ids: Iterable[int | None]) -> dict[int, Any]:
    """Values by id, in two statements however many subjects they belong to."""
    wanted = {sealed_id for sealed_id in sealed_ids if sealed_id is not None}
    rows = list(session.scalars(select(SealedText).where(SealedText.id.in_(wanted))))
    for key in session.scalars(select(SubjectKey).where(SubjectKey.subject_id.in_({row.subject_id for row in rows}))):
        _remember(session, key.subject_id, session.env.keys.unwrap(key.wrapped, _about(key.subject_id)))
    return {row.id: open_text(session, row) for row in rows}


def cipher_of(session: Session, district_id: int, subject_id: int) -> AESGCM:
    """The subject's cipher, for larger contents that are kept elsewhere; made with its first use."""
    cipher = _cipher(session, district_id, subject_id, create=True)
    assert cipher is not None  # noqa: S101 # created when missing; for the type checker
    return cipher


def erase(session: Session, subject_id: int) -> bool:
    """Drop a subject's key; whether there was one. The caller writes the trail entry."""
    row = session.get(SubjectKey, subject_id)
    _ciphers(session).pop(subject_id, None)
    if row is None:
        return False
    session.delete(row)
    return True


def check(session: Session) -> list[Problem]:
    """Open everything that still has a key and compare it with its commitment."""
    found = []
    for row in session.scalars(select(SealedText).order_by(SealedText.id).execution_options(yield_per=500)):
        cipher = _cipher(session, row.district_id, row.subject_id, create=False)
        if cipher is None:
            continue
        try:
            plain = _plain(cipher, row)
        except WrongKey:
            found.append(Problem(row.id, "cannot be decrypted"))
            continue
        if hashlib.sha256(plain).hexdigest() != row.commitment:
            found.append(Problem(row.id, "differs from its commitment"))
    return found


def _aad(subject_id: int, label: str) -> bytes:
    return f"sealed_text:{subject_id}:{label}".encode()


def _plain(cipher: AESGCM, row: SealedText) -> bytes:
    try:
        nonce, body = row.ciphertext[:NONCE_BYTES], row.ciphertext[NONCE_BYTES:]
        return cipher.decrypt(nonce, body, _aad(row.subject_id, row.label))
    except InvalidTag:
        raise WrongKey from None


def _ciphers(session: Session) -> dict[int, AESGCM]:
    ciphers: dict[int, AESGCM] = session.info.setdefault("vault", {})
    return ciphers


def _cipher(session: Session, district_id: int, subject_id: int, *, create: bool) -> AESGCM | None:
    known = _ciphers(session)
    if subject_id in known:
        return known[subject_id]
    keys, aad = session.env.keys, _about(subject_id)
    row = session.get(SubjectKey, subject_id)
    if row is not None:
        key = keys.unwrap(row.wrapped, aad)
    elif create:
        entropy = session.env.entropy
        key = entropy.token_bytes(SALT_BYTES)
        wrapped = keys.wrap(key, aad, entropy.token_bytes(NONCE_BYTES))
        session.add(SubjectKey(subject_id=subject_id, district_id=district_id, wrapped=wrapped))
    else:
        return None
    return _remember(session, subject_id, key)


def _remember(session: Session, subject_id: int, key: bytes) -> AESGCM:
    """The subject's cipher, kept for the session: the rows of keys are not, since nothing holds them."""
    return _ciphers(session).setdefault(subject_id, AESGCM(key))


def _about(subject_id: int) -> str:
    return f"subject_key:{subject_id}"
