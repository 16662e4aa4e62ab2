"""Notices: what the actor was told and has not read; and who the actor is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine import notices
from web import cookies
from web.api import shapes
from web.api.shapes import RowId, Strict, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("notices", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="me")])


class NoticeQuery(Strict):
    """`after`: go on below this id."""

    after: RowId | None = None
    limit: int = Field(50, ge=1, le=200)


class ReadBody(Strict):
    """Ids of notices."""

    ids: list[RowId] = Field(max_length=200)


class ReadAllBody(Strict):
    """`until`: the id of the newest one that you saw."""

    until: RowId


@api.get("/me", summary="Who you are and where you work")
def get_me() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        names = shapes.units_by_id(session, sorted(actor.unit_ids))
        posts = [{"unit": shapes.unit_json(names.get(post.unit_id)), "role": post.role} for post in actor.posts]
        return {
            "ref": actor.ref,
            "posts": posts,
            "csrf_token": cookies.csrf_token(session),
            "now": iso(session.env.clock.now()),
        }

    return reading(look)


@api.get("/notices", summary="What you were told and have not read")
def get_notices(query: NoticeQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        found = notices.inbox(session, actor, limit=query.limit, after=query.after)
        return {
            "notices": [
                {"id": n.id, "case": n.subject_no, "mark": n.mark, "data": n.data, "at": iso(n.created_at)}
                for n in found
            ]
        }

    return reading(look)


@api.post("/notices/read", summary="Mark notices read")
def post_read(body: ReadBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        read = notices.mark_read(session, actor, body.ids)
        return 200, {"read": read, "unread": notices.unread(session, actor)}

    return acting(act)


@api.post("/notices/read-all", summary="Mark all notices read that you have seen")
def post_read_all(body: ReadAllBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        read = notices.mark_all_read(session, actor, body.until)
        return 200, {"read": read, "unread": notices.unread(session, actor)}

    return acting(act)
