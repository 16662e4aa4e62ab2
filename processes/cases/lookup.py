"""Finding cases by words or numbers within the actor's scope, the latest registered first.

The ids of a term lie sorted in its index, so the latest matches are the end of one range; every other question (further
pairs and words, who may read it) is a probe of a primary key. A walk begins with whatever is rarest: a pair of the
query, or, when all of them are common, the few cases that the actor reads at all. Two common words that never meet
are the worst case, and cost one probe for each case that holds the rarer one.

What the index finds is opened and compared, so that pairs standing apart, or numbers that collide, are no finds. There
is no total: counting would cost a walk to the end, and tell how much there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, union

from engine import vault
from engine.network.units import Level, Unit, lineage
from processes.access import reading_units, reads_many, visible_each
from processes.cases import reading, search
from processes.cases.models import Case, CaseReader, CaseTerm, NamedReader

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.search import Term

PAGE = 20
MAX_ROUNDS = 10
"""Batches of candidates opened for one page; a page may then be short and still have a next one."""
MAX_UNITS = 5


@dataclass(frozen=True)
class Hit:
    """A case that was found: its row (`reading.COLUMNS`) and its opened summary."""

    row: Row[Any]
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """Finds, the latest first; `before`: go on below this id, None when that was all."""

    hits: Sequence[Hit]
    before: int | None


def find(session: Session, actor: Actor, text: str, *, before: int | None = None, limit: int = PAGE) -> Found:
    """Cases whose texts hold every word of `text`, whose party is called exactly so, or whose number holds it."""
    words = search.parse(session.env.keys, text)
    hits: list[Hit] = []
    for _ in range(MAX_ROUNDS if words else 0):
        ids = _candidates(session, actor, words, before, limit + 1)
        hits += [hit for hit in _opened(session, ids) if _fits(hit, words)]
        if len(hits) > limit:
            return Found(hits[:limit], hits[limit - 1].row.id)
        if len(ids) <= limit:
            return Found(hits, None)
        before = ids[-1]
    return Found(hits, before)


def find_units(session: Session, actor: Actor, text: str) -> list[list[Unit]]:
    """Units of the actor's district whose name holds `text`, the highest first, each with what lies above it."""
    wanted = "".join(text.split())
    if len(wanted) < search.SHORTEST:
        return []
    query = select(Unit).where(
        Unit.district_id == actor.district_id,
        Unit.valid_to.is_(None),
        or_(Unit.name.contains(wanted, autoescape=True), Unit.code == wanted),
    )
    found = session.scalars(query.order_by(func.length(Unit.path), Unit.code).limit(MAX_UNITS)).all()
    above = {step for unit in found for step in lineage(unit)}
    known = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(above)))}
    return [
        [known[step] for step in lineage(unit) if known[step].level != Level.DISTRICT or step == unit.id]
        for unit in found
    ]


def _candidates(session: Session, actor: Actor, words: Sequence[Term], before: int | None, limit: int) -> list[int]:
    """Ids that the index names, from all ways of finding, the latest first."""
    walks = _walks(session, actor, words)
    found: set[int] = set()
    for case_id, query in walks:
        below = query if before is None else query.where(case_id < before)
        found.update(session.scalars(below.order_by(case_id.desc()).limit(limit)))
    return sorted(found, reverse=True)[:limit]


def _walks(session: Session, actor: Actor, words: Sequence[Term]) -> Iterator[tuple[Any, Select[int]]]:
    """The ways to go: the column of case ids, and the statement that is walked along it."""
    if len(words) == 1 and words[0].is_number:
        yield Case.id, select(Case.id).where(Case.number.contains(words[0].plain, autoescape=True), visible_each(actor))
    counted = [
        (min((search.how_many(session, pair), pair) for pair in word.pairs), word) for word in words if word.pairs
    ]
    if not counted:
        for word in words:
            yield _along(actor, word.whole, [each for each in words if each is not word])
        return
    (count, rarest), first = min(counted, key=lambda each: each[0])
    others = [word for word in words if word is not first]
    yield _along(actor, first.whole, others)
    if count >= search.FEW and not reads_many(session, actor):
        yield _among_own(actor, words)
    else:
        yield _along(actor, rarest, others, [pair for pair in first.pairs if pair != rarest])


def _along(actor: Actor, term: int, words: Sequence[Term], pairs: Sequence[int] = ()) -> tuple[Any, Select[int]]:
    """Along the cases of one term."""
    case_id = CaseTerm.case_id
    query = select(case_id).where(CaseTerm.term == term, *(search.has(case_id, pair) for pair in pairs))
    return case_id, query.where(*(search.holds(case_id, word) for word in words), _is_seen(actor, case_id))


def _among_own(actor: Actor, words: Sequence[Term]) -> tuple[Any, Select[int]]:
    """Along the few cases that the actor reads."""
    own = _own(actor).subquery()
    query = select(own.c.case_id).where(*(search.holds(own.c.case_id, word) for word in words))
    return own.c.case_id, query.where(_is_seen(actor, own.c.case_id))


def _is_seen(actor: Actor, case_id: Any) -> ColumnElement[bool]:
    return exists(select(Case.id).where(Case.id == case_id, visible_each(actor)))


def _own(actor: Actor) -> Any:
    by_unit = select(CaseReader.case_id).where(CaseReader.unit_id.in_(reading_units(actor)))
    return union(by_unit, select(NamedReader.case_id).where(NamedReader.staff_id == actor.staff_id))


def _opened(session: Session, ids: Sequence[int]) -> list[Hit]:
    rows = session.execute(reading.rows_query().where(Case.id.in_(ids)).order_by(Case.id.desc())).all()
    texts = vault.open_many(session, [row.summary_id for row in rows])
    return [Hit(row, texts.get(row.summary_id) or {}) for row in rows]


def _fits(hit: Hit, words: Sequence[Term]) -> bool:
    """Whether every word really stands there."""
    if len(words) == 1 and words[0].is_number and words[0].plain in hit.row.number:
        return True
    texts = [search.plain(str(hit.summary.get(name) or "")) for name in search.TEXTS]
    named = search.wholes(hit.summary)
    return all(word.plain in named or any(word.plain in text for text in texts) for word in words)
