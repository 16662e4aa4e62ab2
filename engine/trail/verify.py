"""Verify a trail: every entry is what was hashed, in an unbroken row, under the root that stands in the head."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.trail import merkle
from engine.trail.entries import TrailEntry, TrailHead, microseconds, write_json
from engine.trail.merkle import Frontier

if TYPE_CHECKING:
    from engine.db import Session

MAX_FINDINGS = 100
_COLUMNS = ("log", "seq", "at", "action", "actor", "subject")
_read_json = json.JSONDecoder().decode
_HEADLESS = "the log has no head"


@dataclass
class Verdict:
    """`root_hex` is the root that was recomputed from the entries, whatever the head says."""

    size: int = 0
    root_hex: str = ""
    findings: list[str] = field(default_factory=list)


@dataclass
class Part:
    """A stretch of the log was looked at, up to `frontier.size`; `total` is what the head says it holds."""

    frontier: Frontier
    total: int
    findings: list[str]
    is_last: bool


def verify(session: Session, district_id: int) -> Verdict:
    """Recompute the whole log of a district and compare it with its columns and its head."""
    part = verify_part(session, district_id, Frontier())
    found = part.findings
    while not part.is_last:
        part = verify_part(session, district_id, part.frontier)
        found += part.findings
    root = "" if found == [_HEADLESS] else part.frontier.root().hex()
    return Verdict(part.frontier.size, root, found[:MAX_FINDINGS])


def verify_part(session: Session, district_id: int, frontier: Frontier, count: int | None = None) -> Part:
    """Go on from `frontier` for `count` entries, or to the end. Long logs are verified a part at a time.

    The head is read after the entries, and compared only when it does not lie ahead of them: whoever appends meanwhile
    is not mistaken for a forger. A part of `count` that finds something is the last one.
    """
    origin = _head(session, district_id)
    if origin is None:
        return Part(frontier, 0, [_HEADLESS], is_last=True)
    findings: list[str] = []
    columns = TrailEntry.__table__.c
    query = select(
        columns.seq, columns.at, columns.action, columns.actor, columns.subject, columns.leaf_hash, columns.body
    )
    query = query.where(columns.district_id == district_id, columns.seq >= frontier.size)
    query = query.order_by(columns.seq).limit(count).execution_options(yield_per=5000)
    before = frontier.size
    for row in session.execute(query):
        leaf = merkle.leaf_hash(row.body)
        wrong = _check_entry(row, leaf, frontier.size, origin.origin)
        if wrong and len(findings) < MAX_FINDINGS:
            findings.append(f"seq {row.seq}: {wrong}")
        frontier.append(leaf)
    head = _head(session, district_id)
    assert head is not None  # noqa: S101 # it was there a moment ago, and heads are never deleted
    goes_on = frontier.size - before == count or (head.size > frontier.size and frontier.size > before)
    if goes_on:
        return Part(frontier, head.size, findings, is_last=bool(findings and count))
    return Part(frontier, head.size, findings + _check_head(head, frontier), is_last=True)


def _head(session: Session, district_id: int) -> TrailHead | None:
    query = select(TrailHead).where(TrailHead.district_id == district_id)
    return session.scalar(query.execution_options(populate_existing=True))


def _check_head(head: TrailHead, frontier: Frontier) -> list[str]:
    findings = []
    if head.size != frontier.size:
        findings.append(f"head: size is {head.size}, the entries are {frontier.size}")
    if head.root != frontier.root() or head.edge != frontier.to_bytes():
        findings.append("head: the root is not that of the entries")
    return findings


def _check_entry(row: Any, leaf: bytes, expected: int, origin: str) -> str | None:
    """What is wrong with one entry, None when nothing is."""
    if row.seq != expected:
        return f"out of order, {expected} was expected"
    if row.leaf_hash != leaf:
        return "the leaf hash is not that of the body"
    try:
        text = row.body.decode()
        body = _read_json(text)
    except ValueError:
        return "the body is not JSON"
    if write_json(body) != text:
        return "the body is not in canonical form"
    if not isinstance(body, dict) or tuple(map(body.get, _COLUMNS)) != (
        origin,
        row.seq,
        microseconds(row.at),
        row.action,
        row.actor,
        row.subject,
    ):
        return "the columns differ from the body"
    return None
