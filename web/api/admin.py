"""The administrator's acts: imports with a dry run, passwords, leaving, closing units."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from flask import Response, jsonify, request
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.definitions.models import Definition
from engine.errors import NotFound
from processes import administration
from processes.administration import require_admin
from web.api.shapes import Strict
from web.edge import acting, sign_in, store, trying
from web.problems import MalformedJson

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint(
    "admin_api", __name__, url_prefix="/api/v1/admin", abp_security=[{"bearer": []}], abp_tags=[Tag(name="admin")]
)
Import = Callable[["Session", "Actor", bytes], dict[str, Any]]


class ImportQuery(Strict):
    """`dry`: find out what would happen; nothing is kept."""

    dry: bool = False


class WhatPath(Strict):
    """What a file holds."""

    what: Literal["units", "staff"]


class YearPath(Strict):
    """A year of the calendar."""

    year: int = Field(ge=2000, le=2100)


class StaffPath(Strict):
    """A member of staff by number."""

    staff_no: str = Field(max_length=32)


class CodePath(Strict):
    """A unit by its code."""

    code: str = Field(max_length=64)


class ModelPath(Strict):
    """A deployed version by its id, and one of the processes drawn in it."""

    definition_id: str = Field(max_length=64)
    process: str = Field(max_length=64)


@api.post("/imports/<what>", summary="Import units or staff from a CSV (multipart field `file`)")
def post_import(path: WhatPath, query: ImportQuery) -> Response:
    def bring_in(session: Session, actor: Actor, content: bytes) -> dict[str, Any]:
        if path.what == "units":
            done = administration.bring_in_units(session, actor, content)
        else:
            done = administration.bring_in_staff(session, actor, content)
        return {"created": done.created, "updated": done.updated, "unchanged": done.unchanged}

    return _importing(bring_in, dry=query.dry)


@api.post("/calendar/<year>", summary="Import the official days of a year from a CSV (multipart field `file`)")
def post_calendar(path: YearPath, query: ImportQuery) -> Response:
    def bring_in(session: Session, actor: Actor, content: bytes) -> dict[str, Any]:
        if query.dry:
            return {"days": administration.try_calendar(session, actor, path.year, content)}
        days, moved = administration.bring_in_calendar(session, actor, path.year, content)
        return {"days": days, "moved": moved}

    return _importing(bring_in, dry=query.dry)


@api.post("/staff/<staff_no>/password", summary="A new password, shown this once; ends the person's sessions")
def post_password(path: StaffPath) -> Response:
    """Not kept under an Idempotency-Key: a stored answer would hold the password."""
    with store().write() as session:
        secret = administration.new_password(session, sign_in(session), path.staff_no)
    return jsonify(password=secret)


@api.post("/staff/<staff_no>/sessions/end", summary="Sign a person out everywhere")
def post_end(path: StaffPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        administration.end_sessions(session, actor, path.staff_no)
        return 200, {"staff_no": path.staff_no}

    return acting(act)


@api.post("/staff/<staff_no>/deactivation", summary="A person leaves; what they held goes back to their units")
def post_deactivation(path: StaffPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"released": administration.deactivate(session, actor, path.staff_no)}

    return acting(act)


@api.post("/staff/<staff_no>/reactivation", summary="A person is back")
def post_reactivation(path: StaffPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        administration.reactivate(session, actor, path.staff_no)
        return 200, {"staff_no": path.staff_no}

    return acting(act)


@api.post("/units/<code>/closure", summary="Close a unit that has no open work")
def post_closure(path: CodePath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"code": administration.end_unit(session, actor, path.code).code}

    return acting(act)


@api.get("/models/<definition_id>/<process>", summary="The BPMN drawing of a process in a deployed version")
def get_model(path: ModelPath) -> Response:
    with store().read() as session:
        require_admin(sign_in(session))
        if session.get(Definition, path.definition_id) is None:
            raise NotFound
        file = session.env.catalogue.get(session, path.definition_id).drawings.get(path.process)
        if file is None:
            raise NotFound
        return Response(file, mimetype="application/xml")


def _importing(bring_in: Import, *, dry: bool) -> Response:
    """As `acting`; a dry run does the same and is rolled back."""
    upload = request.files.get("file")
    if upload is None:
        raise MalformedJson("multipart field `file` is missing")
    content = upload.read()
    if not dry:
        return acting(lambda session, actor: (200, {**bring_in(session, actor, content), "kept": True}))
    return jsonify({**trying(lambda session, actor: bring_in(session, actor, content)), "kept": False})
