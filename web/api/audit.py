"""For the auditor: verify the trail part by part, compare it with the tables, take its entries away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, g, stream_with_context
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from processes import auditing
from web.api.shapes import Strict
from web.edge import reading, sign_in, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "audit_api", __name__, url_prefix="/api/v1/audit", abp_security=[{"bearer": []}], abp_tags=[Tag(name="audit")]
)


class PartQuery(Strict):
    """Where the part before ended: its `size` and `edge`; nothing to begin."""

    size: int = Field(0, ge=0, le=2**62)
    edge: str = Field("", max_length=64 * 64, pattern="^([0-9a-f]{64})*$")


class EntriesQuery(Strict):
    """`subject`: a case number, unit:…, definition:…; without it the whole log."""

    subject: str = Field("", max_length=64)


@api.get("/verification", summary="Verify the next part of the trail; ask again with its size and edge until done")
def get_verification(query: PartQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        part = auditing.verify_from(session, actor, query.size, query.edge)
        return {
            "size": part.frontier.size,
            "edge": part.frontier.to_bytes().hex(),
            "root": part.frontier.root().hex(),
            "total": part.total,
            "findings": part.findings,
            "done": part.is_last,
        }

    return reading(look)


@api.get("/reconciliation", summary="Compare the tables with the trail; every difference in words")
def get_reconciliation() -> Response:
    return reading(lambda session, actor: {"findings": auditing.differences(session, actor)})


@api.get("/entries", summary="The hashed bytes of the entries, one a line (JSON lines)")
def get_entries(query: EntriesQuery) -> Response:
    with store().write() as session:
        actor = sign_in(session)
        auditing.note_download(session, actor, query.subject, g.get("request_id", ""))
    response = Response(stream_with_context(_lines(actor, query.subject)), mimetype="application/jsonl")
    name = query.subject.replace(":", "-") or "trail"
    response.headers["Content-Disposition"] = f'attachment; filename="{_plain(name)}.jsonl"'
    return response


def _lines(actor: Actor, subject: str) -> Iterator[bytes]:
    with store().read() as session:
        yield from auditing.lines(session, actor, subject)


def _plain(name: str) -> str:
    """Only what is safe in a header and a file's name."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in name)
