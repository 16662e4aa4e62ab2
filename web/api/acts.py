"""Acting on many work items at once, with a result for each; at once, or with a few seconds in which to undo."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from engine import runtime
from engine.errors import NotFound
from engine.worklist import WorkItem
from processes import access
from processes.cases.models import Case
from processes.cases.worklist import complete
from processes.postponing.operations import postpone, undo, waiting_of
from web.api.shapes import RowId, Strict, iso
from web.edge import acting, acting_on_each, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MAX_ACTS = 200
MAX_UNDO_SECONDS = 60
api = APIBlueprint("acts", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="acts")])


class ActBody(Strict):
    """One act: `data` completes the item with its form; without it the item is claimed."""

    item_id: RowId
    version: int | None = Field(None, ge=1)
    data: dict[str, Any] | None = None


class ActsBody(Strict):
    """`undo_seconds`: how long completing waits and can be undone; 0 acts at once. Claiming never waits."""

    acts: list[ActBody] = Field(min_length=1, max_length=MAX_ACTS)
    undo_seconds: int = Field(0, ge=0, le=MAX_UNDO_SECONDS)


class PostponedPath(Strict):
    """A postponed act by its id."""

    act_id: RowId


@api.post("/work-items/acts", summary="Act on many items, each for itself")
def post_acts(body: ActsBody) -> Response:
    """Each act is one transaction and has one result; one that is refused does not hold up the others."""
    wait = timedelta(seconds=body.undo_seconds)
    rows = acting_on_each(
        [(str(act.item_id), act.model_dump(), _doing(act, wait)) for act in body.acts],
    )
    return jsonify(results=[{"item_id": int(name), **row} for name, row in rows])


@api.get("/postponed", summary="What you decided and can still undo")
def get_postponed() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        rows = waiting_of(session, actor)
        return {
            "postponed": [
                {"id": row.id, "item_id": row.item_id, "case": row.subject_no, "outcome": row.outcome}
                | {"run_at": iso(row.run_at)}
                for row in rows
            ]
        }

    return reading(look)


@api.post("/postponed/<act_id>/undo", summary="Undo it; nobody was told")
def post_undo(path: PostponedPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        row = undo(session, actor, path.act_id)
        return 200, {"id": row.id, "case": row.subject_no, "state": row.state}

    return acting(act)


def _doing(act: ActBody, wait: timedelta) -> Any:
    def do(session: Session, actor: Actor) -> dict[str, Any]:
        item = session.scalar(
            access.scope(select(WorkItem).join(Case, Case.id == WorkItem.subject_id), actor).where(
                WorkItem.id == act.item_id
            )
        )
        if item is None:
            raise NotFound
        done: dict[str, Any] = {"case": item.subject_no}
        if act.data is None:
            runtime.claim(session, actor, item.id)
        elif wait:
            row = postpone(session, actor, item, act.data, wait, act.version)
            done |= {"postponed_id": row.id, "run_at": iso(row.run_at)}
        else:
            complete(session, actor, item, act.data, act.version)
        return done

    return do
