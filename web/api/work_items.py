"""Work items: mine, my units'; claim, release, complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import or_, select, tuple_

from engine import runtime
from engine.errors import NotFound
from engine.worklist import OPEN, WorkItem
from processes import access
from processes.cases.actions import allowed
from processes.cases.models import Case
from processes.cases.worklist import complete
from web.api import shapes
from web.api.shapes import ItemPath, Strict, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "work_items", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="work items")]
)


class ItemQuery(Strict):
    """`scope`: mine = claimed by me; unit = open at my posts."""

    scope: Literal["mine", "unit"] = "unit"
    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=200)


class CompleteBody(Strict):
    """The form's fields; `version` of the item as you saw it."""

    data: dict[str, Any]
    version: int | None = Field(None, ge=1)


@api.get("/work-items", summary="Open work items, the oldest first")
def get_items(query: ItemQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        items = _open_items(session, actor, query)
        names = shapes.units_by_id(session, [item.unit_id for item in items])
        last = items[-1].id if len(items) == query.limit else None
        return {"items": [shapes.item_json(session, item, names) for item in items], "after": last}

    return reading(look)


@api.get("/work-items/<item_id>", summary="One work item")
def get_item(path: ItemPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        item = _visible(session, actor, path.item_id)
        return shapes.item_json(session, item, shapes.units_by_id(session, [item.unit_id]))

    return reading(look)


@api.post("/work-items/<item_id>/claim", summary="Claim it; on a dispatched case this is the signing off")
def post_claim(path: ItemPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        _visible(session, actor, path.item_id)
        item = runtime.claim(session, actor, path.item_id)
        return 200, {"id": item.id, "state": item.state, "claimed_at": iso(item.claimed_at), "version": item.version}

    return acting(act)


@api.post("/work-items/<item_id>/release", summary="Put it back into the unit's queue")
def post_release(path: ItemPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        _visible(session, actor, path.item_id)
        item = runtime.release(session, actor, path.item_id)
        session.flush()
        return 200, {"id": item.id, "state": item.state, "version": item.version}

    return acting(act)


@api.post("/work-items/<item_id>/complete", summary="Complete it with its form")
def post_complete(path: ItemPath, body: CompleteBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        item = _visible(session, actor, path.item_id)
        complete(session, actor, item, body.data, body.version)
        session.flush()
        case = session.get_one(Case, item.subject_id)
        return 200, {
            "case": case.number,
            "state": case.state,
            "light": case.light,
            "due_at": iso(case.due_at),
            "actions": [action.code for action in allowed(session, actor, case)],
        }

    return acting(act)


def _open_items(session: Session, actor: Actor, query: ItemQuery) -> list[WorkItem]:
    wanted = select(WorkItem).where(WorkItem.state.in_(OPEN), WorkItem.id > query.after, WorkItem.subject_id > 0)
    if query.scope == "mine":
        wanted = wanted.where(WorkItem.holder_id == actor.staff_id)
    else:
        posts = [(post.unit_id, post.role) for post in actor.posts]
        wanted = wanted.where(tuple_(WorkItem.unit_id, WorkItem.role).in_(posts))
        wanted = wanted.join(Case, Case.id == WorkItem.subject_id).where(
            or_(access.visible(actor), WorkItem.holder_id == actor.staff_id)
        )
    return list(session.scalars(wanted.order_by(WorkItem.id).limit(query.limit)))


def _visible(session: Session, actor: Actor, item_id: int) -> WorkItem:
    """The item, if the actor may see its case. Raises NotFound."""
    query = access.scope(select(WorkItem).join(Case, Case.id == WorkItem.subject_id), actor)
    item: WorkItem | None = session.scalar(query.where(WorkItem.id == item_id))
    if item is None:
        raise NotFound
    return item
