"""Views of the queue: the built-in ones and a person's own, with how many lines each has."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from processes.cases import queue
from processes.codes import Kind, Urgency
from processes.views import built_in, saved
from processes.views.built_in import Wish
from web.api.shapes import RowId, Strict
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("views", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="views")])


class WishBody(Strict):
    """What the queue is narrowed to; `view` is a built-in view, `under` a unit's code."""

    view: str = Field("all", max_length=16)
    kind: Kind | None = None
    urgency: Urgency | None = None
    light: Literal["late", "soon", "calm", "paused"] | None = None
    under: str | None = Field(None, max_length=64)
    text: str | None = Field(None, max_length=100)

    def wish(self) -> Wish:
        return Wish(**self.model_dump(mode="json"))


class ViewBody(Strict):
    """A view to save."""

    name: str = Field(min_length=1, max_length=20)
    wish: WishBody


class NameBody(Strict):
    """The new name."""

    name: str = Field(min_length=1, max_length=20)


class ViewPath(Strict):
    """A saved view by its id."""

    view_id: RowId


@api.get("/views", summary="Your views of the queue, with counts")
def get_views() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        ready = {view.code: Wish(view.code) for view in built_in.views_of(actor)}
        own = saved.views_of(session, actor)
        counts = queue.tally(session, actor, ready | {f"own-{view.id}": view.wish for view in own}).counts
        return {
            "views": [
                {"code": view.code, "zh": view.zh, "en": view.en, "count": counts[view.code]}
                for view in built_in.views_of(actor)
            ],
            "own": [{**_json(view), "count": counts[f"own-{view.id}"]} for view in own],
        }

    return reading(look)


@api.post("/views", summary="Save a view for yourself")
def post_view(body: ViewBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 201, _json(saved.save(session, actor, body.name, body.wish.wish()))

    return acting(act)


@api.post("/views/<view_id>/name", summary="Rename your view")
def post_name(path: ViewPath, body: NameBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, _json(saved.rename(session, actor, path.view_id, body.name))

    return acting(act)


@api.post("/views/<view_id>/removal", summary="Remove your view")
def post_removal(path: ViewPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        saved.remove(session, actor, path.view_id)
        return 200, {"id": path.view_id}

    return acting(act)


def _json(view: saved.Own) -> dict[str, Any]:
    return {"id": view.id, "name": view.name, "wish": asdict(view.wish)}
