"""Verify a trail: every entry is what was hashed, in an unbroken row, under the root that stands in the head."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.trail import merkle
from engine.trail.entries import TrailEntry, TrailHead, microseconds

if TYPE_CHECKING:
    from engine.db import Session

MAX_FINDINGS = 100


@dataclass
class Verdict:
    """`root_hex` is the root that was recomputed from the entries, whatever the head says."""

    size: int = 0
    root_hex: str = ""
    findings: list[str] = field(default_factory=list)


def verify(session: Session, district_id: int) -> Verdict:
    """Recompute the whole log of a district and compare it with its columns and its head."""
    verdict, frontier = Verdict(), merkle.Frontier()
    head = session.scalar(select(TrailHead).where(TrailHead.district_id == district_id))
    if head is None:
        return Verdict(findings=["the log has no head"])
    columns = TrailEntry.__table__.c
    query = select(
        columns.seq, columns.at, columns.action, columns.actor, columns.subject, columns.leaf_hash, columns.body
    )
    query = query.where(columns.district_id == district_id).order_by(columns.seq).execution_options(yield_per=5000)
    for row in session.execute(query):
        wrong = _check_entry(row, frontier.size, head.origin)
        if wrong and len(verdict.findings) < MAX_FINDINGS:
            verdict.findings.append(f"seq {row.seq}: {wrong}")
        frontier.append(merkle.leaf_hash(row.body))
    verdict.size, verdict.root_hex = frontier.size, frontier.root().hex()
    if head.size != frontier.size:
        verdict.findings.append(f"head: size is {head.size}, the entries are {frontier.size}")
    if head.root != frontier.root() or head.edge != frontier.to_bytes():
        verdict.findings.append("head: the root is not that of the entries")
    return verdict


def _check_entry(row: Any, expected: int, origin: str) -> str | None:
    """What is wrong with one entry, None when nothing is."""
    if row.seq != expected:
        return f"out of order, {expected} was expected"
    if row.leaf_hash != merkle.leaf_hash(row.body):
        return "the leaf hash is not that of the body"
    try:
        body = json.loads(row.body)
    except ValueError:
        return "the body is not JSON"
    if json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() != row.body:
        return "the body is not in canonical form"
    said = (
        body.get("log"),
        body.get("seq"),
        body.get("at"),
        body.get("action"),
        body.get("actor"),
        body.get("subject"),
    )
    if said != (origin, row.seq, microseconds(row.at), row.action, row.actor, row.subject):
        return "the columns differ from the body"
    return None
