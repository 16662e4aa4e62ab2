"""Attachments (附件): files of a case, checked for what they are, stripped of what they tell besides, encrypted."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

import puremagic
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine import vault
from engine.db import Base, BigId
from engine.keys import NONCE_BYTES
from engine.trail.entries import Draft
from processes import pictures
from processes.pictures import Taken, WrongMedia

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

DOCUMENTS = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Attachment(Base):
    """One file. The content is encrypted with the key of its case; `sha256` is of the stored clear bytes."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_case", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    media_type: Mapped[str] = mapped_column(String(100))
    suffix: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    """What the picture itself said of when and where, read before it was drawn anew."""
    lng: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))


def attach(session: Session, actor: Actor, case: Case, name: str, content: bytes) -> Attachment:
    """Keep a file of a case. Raises WrongMedia."""
    suffix = "." + name.rpartition(".")[2].lower()
    media_type, clean, taken = _cleaned(suffix, content)
    nonce = session.env.entropy.token_bytes(NONCE_BYTES)
    digest = hashlib.sha256(clean).hexdigest()
    row = Attachment(
        district_id=case.district_id,
        case_id=case.id,
        media_type=media_type,
        suffix=".jpg" if suffix in pictures.KINDS else suffix,
        size=len(clean),
        sha256=digest,
        uploaded_by=actor.ref,
        uploaded_at=session.env.clock.now(),
        taken_at=taken.at,
        lng=taken.lng,
        lat=taken.lat,
        content=nonce + _cipher(session, case).encrypt(nonce, clean, digest.encode()),
    )
    session.add(row)
    session.flush()
    draft = Draft("case:file:attach", actor.ref, case.number, {"id": row.id, "sha256": digest, "size": row.size})
    session.drafts.append((case.district_id, draft))
    return row


def content_of(session: Session, case: Case, row: Attachment) -> bytes:
    """The clear bytes."""
    blob = row.content
    return _cipher(session, case).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], row.sha256.encode())


def of_case(session: Session, case: Case) -> list[Attachment]:
    return list(session.scalars(select(Attachment).where(Attachment.case_id == case.id).order_by(Attachment.id)))


def _cipher(session: Session, case: Case) -> AESGCM:
    """The key of the case's own texts: erasing the case makes its files unreadable too."""
    return vault.cipher_of(session, case.district_id, case.id)


def _cleaned(suffix: str, content: bytes) -> tuple[str, bytes, Taken]:
    """(media type, bytes to keep, what a picture said of itself)."""
    if suffix in pictures.KINDS:
        picture = pictures.redraw(content, pictures.KINDS[suffix])
        return "image/jpeg", picture.content, picture.taken
    if suffix in DOCUMENTS and _is_really(content, suffix):
        return DOCUMENTS[suffix], content, Taken(None, None, None)
    raise WrongMedia(taken="jpg, png, webp, pdf, docx, xlsx")


def _is_really(content: bytes, suffix: str) -> bool:
    if suffix == ".pdf":
        return content.startswith(b"%PDF-")
    try:
        return any(found.extension == suffix for found in puremagic.magic_string(content, f"file{suffix}"))
    except puremagic.PureError:
        return False
