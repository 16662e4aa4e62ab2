"""Finding text that is stored encrypted: what a case says becomes keyed numbers that reveal nothing by themselves.

Every two neighbouring characters of title, address and description become a number (so that words of two characters
are found), and every whole name and telephone number of a party becomes one (so that exact names are found, and no
part of a name). Nothing is cut off: the form bounds the texts, and a pair that were left out would be a word never
found. The index reveals which cases share a pair or a name, not which pair or name that is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from engine import vault
from engine.db import insert_missing
from processes.cases.models import Case, CaseTerm

if TYPE_CHECKING:
    from engine.db import Session
    from engine.keys import KeyRing

TEXTS = ("title", "address", "text")
FEW = 2_000
"""From so many on a term or a circle of readers counts as common: then the newest are probed one by one."""
SHORTEST = 2
"""Characters of a word that can be looked up; one character finds only who is called so."""
MAX_TERMS = 6
_NUMBER = re.compile(r"^-?(\d{1,7}|20\d{6})(-(\d{1,7}|20\d{6}))*-?$", re.ASCII)
_PAIR, _WHOLE = "case_pair", "case_whole"
_BYTES = 6  # as SQLite stores it; two of a million pairs collide once in 140 installations


@dataclass(frozen=True)
class Term:
    """One word of a query: its plain text, the numbers of its pairs, its number as a whole name or telephone."""

    plain: str
    pairs: tuple[int, ...]
    whole: int

    @property
    def is_number(self) -> bool:
        """Whether it may be a part of a case number: district, day, running number."""
        return len(self.plain) > 1 and _NUMBER.search(self.plain) is not None


def letters(text: str) -> Iterator[tuple[str, int]]:
    """The characters that count, with their positions in `text`: no blanks, no case, one width."""
    for position, character in enumerate(text):
        for each in unicodedata.normalize("NFKC", character).casefold():
            if not each.isspace():
                yield each, position


def plain(text: str) -> str:
    """The text as it is compared."""
    return "".join(character for character, _ in letters(text))


def pieces(text: str) -> set[str]:
    """The pairs of neighbouring characters."""
    return set(_pairs(plain(text)))


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _blind(keys: KeyRing, piece: str, purpose: str) -> int:
    return int.from_bytes(keys.blind_index(piece, purpose)[:_BYTES], "big") >> 1


def wholes(summary: Mapping[str, Any]) -> set[str]:
    """What is found only as a whole: names and telephone numbers of the parties."""
    parties = summary.get("parties") or []
    return {plain(str(party[part])) for party in parties for part in ("name", "phone") if party.get(part)}


def terms_of(keys: KeyRing, summary: Mapping[str, Any]) -> list[int]:
    """Every number by which a case with this summary is found."""
    pairs = {pair for name in TEXTS for pair in pieces(str(summary.get(name) or ""))}
    found = {_blind(keys, pair, _PAIR) for pair in pairs}
    return sorted(found | {_blind(keys, whole, _WHOLE) for whole in wholes(summary)})


def index(session: Session, case: Case, summary: Mapping[str, Any]) -> None:
    """Let a case be found by what its summary says."""
    base = {"case_id": case.id, "district_id": case.district_id}
    insert_missing(session, CaseTerm, [{"term": term, **base} for term in terms_of(session.env.keys, summary)])


def forget(session: Session, case_id: int) -> None:
    """The case is found by its words no more."""
    session.execute(delete(CaseTerm).where(CaseTerm.case_id == case_id))


def reindex(session: Session, *, after: int, limit: int = 500) -> list[int]:
    """Index a batch of cases anew, by id from `after` on; the ids that were done, none when that was all."""
    cases = session.scalars(select(Case).where(Case.id > after).order_by(Case.id).limit(limit)).all()
    summaries = vault.open_many(session, [case.summary_id for case in cases])
    for case in cases:
        forget(session, case.id)
        index(session, case, summaries.get(case.summary_id or 0) or {})
    return [case.id for case in cases]


def parse(keys: KeyRing, text: str) -> list[Term]:
    """The words of a query, at most six, each as it is looked up."""
    words = list(dict.fromkeys(filter(None, map(plain, text.split()))))[:MAX_TERMS]
    return [
        Term(word, tuple(_blind(keys, pair, _PAIR) for pair in _pairs(word)), _blind(keys, word, _WHOLE))
        for word in words
    ]


def has(case_id: Any, number: int) -> ColumnElement[bool]:
    """Whether the case has this number: one probe of the primary key."""
    probed = aliased(CaseTerm)
    return exists(select(probed.case_id).where(probed.term == number, probed.case_id == case_id))


def holds(case_id: Any, term: Term) -> ColumnElement[bool]:
    """Whether the case's text holds all pairs of the word, or a party is called so. One character asks nothing."""
    if not term.pairs:
        return true()
    return or_(and_(*(has(case_id, pair) for pair in term.pairs)), has(case_id, term.whole))


def how_many(session: Session, number: int) -> int:
    """In how many cases a number stands, counted up to FEW."""
    some = select(CaseTerm.case_id).where(CaseTerm.term == number).limit(FEW).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def condition(session: Session, text: str) -> ColumnElement[bool]:
    """The condition on `Case` for lists: every word is held, or the text is part of the case number.

    Cases come from the rarest word when it is rare, so that a list sorted otherwise need not be walked.
    """
    words = parse(session.env.keys, text)
    if not words or not any(word.pairs for word in words):
        return Case.id.in_(select(CaseTerm.case_id).where(CaseTerm.term.in_([word.whole for word in words])))
    held = and_(*(_narrowed(session, word) for word in words))
    if len(words) == 1 and words[0].is_number:
        return or_(Case.number.contains(words[0].plain, autoescape=True), held)
    return held


def _narrowed(session: Session, word: Term) -> ColumnElement[bool]:
    if not word.pairs:
        return true()
    rarest = min(word.pairs, key=lambda pair: how_many(session, pair))
    if how_many(session, rarest) >= FEW:
        return holds(Case.id, word)
    some = aliased(CaseTerm)
    rest = (has(some.case_id, pair) for pair in word.pairs if pair != rarest)
    by_pairs = select(some.case_id).where(some.term == rarest, *rest)
    return or_(Case.id.in_(by_pairs), Case.id.in_(select(CaseTerm.case_id).where(CaseTerm.term == word.whole)))
