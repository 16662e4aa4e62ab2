"""Finding text that is stored encrypted: every two neighbouring characters become a keyed number.

The index reveals which cases share a pair of characters, not which characters they are. A query of one character
cannot be answered and finds nothing by text (numbers are found as they are).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, select

from engine.db import insert_missing
from processes.cases.models import Case, CaseGram

if TYPE_CHECKING:
    from engine.db import Session
    from engine.keys import KeyRing

_PURPOSE = "case_gram"
MAX_GRAMS = 400


def pieces(text: str) -> set[str]:
    """The pairs of neighbouring characters, without blanks and in lower case."""
    plain = "".join(text.lower().split())
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def grams(keys: KeyRing, texts: Iterable[str]) -> list[int]:
    """Keyed 63-bit numbers of all pieces, at most MAX_GRAMS."""
    found = sorted({piece for text in texts for piece in pieces(text)})[:MAX_GRAMS]
    return [int.from_bytes(keys.blind_index(piece, _PURPOSE)[:8], "big") >> 1 for piece in found]


def index(session: Session, case: Case, texts: Iterable[str]) -> None:
    rows = [
        {"gram": gram, "case_id": case.id, "district_id": case.district_id} for gram in grams(session.env.keys, texts)
    ]
    insert_missing(session, CaseGram, rows)


def matching(session: Session, text: str) -> Select[int]:
    """Ids of the cases whose text holds every pair of characters of `text`."""
    wanted = grams(session.env.keys, [text])
    query = select(CaseGram.case_id).where(CaseGram.gram.in_(wanted))
    return query.group_by(CaseGram.case_id).having(func.count() == len(wanted))
