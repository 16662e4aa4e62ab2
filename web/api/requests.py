"""Requests: ask for an extension or a suspension, see those of a case; decided through their work items."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from engine import vault
from processes import access
from processes.cases.actions import require
from processes.requests.models import Request
from processes.requests.operations import EXTENSION, Asking, ask
from web.api.shapes import CasePath, Strict, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "requests", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="requests")]
)


class AskBody(Strict):
    """`days` for an extension (working days where the clock counts them), `review_on` for a suspension."""

    kind: Literal["extension", "suspension"]
    reason: str = Field(min_length=1, max_length=2000)
    days: int | None = Field(None, ge=1, le=90)
    review_on: date | None = None


@api.post("/cases/<number>/requests", summary="Ask the superior for more time, or to stop the clock")
def post_request(path: CasePath, body: AskBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "request_extension" if body.kind == EXTENSION else "request_suspension")
        asking = Asking(body.kind, body.reason, days=body.days, review_on=body.review_on)
        return 201, {"id": ask(session, actor, case, asking).id}

    return acting(act)


@api.get("/cases/<number>/requests", summary="What was asked and granted")
def get_requests(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        rows = session.scalars(select(Request).where(Request.case_id == case.id).order_by(Request.id)).all()
        words = vault.open_many(session, [row.words_id for row in rows])
        return {"requests": [_request_json(row, words) for row in rows]}

    return reading(look)


def _request_json(row: Request, words: dict[int, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "asked_days": row.asked_days,
        "granted_days": row.granted_days,
        "asked_review": row.asked_review.isoformat() if row.asked_review else None,
        "review_on": row.review_on.isoformat() if row.review_on else None,
        "asked_at": iso(row.asked_at),
        "decided_at": iso(row.decided_at),
        "reason": (words.get(row.words_id or 0) or {}).get("reason"),
    }
