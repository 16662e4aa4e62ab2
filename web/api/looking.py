"""Looking closer at a case: parties in clear (recorded), pictures in a page, the drawing of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import Response, g, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.errors import NotFound
from processes import access, attachments, pictures
from processes.cases import route
from processes.cases.revealing import Purpose, reveal
from web.api.shapes import CasePath, RowId, Strict
from web.edge import sign_in, store

if TYPE_CHECKING:
    from engine.db import Session

api = APIBlueprint(
    "looking", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="cases")]
)


class RevealBody(Strict):
    """What for; it is recorded with who looked and when."""

    reason: Purpose


class FilePath(CasePath):
    """A file of a case."""

    file_id: RowId


class ImageQuery(Strict):
    """`small`: at most 320 px."""

    size: Literal["small", "whole"] = "whole"


class ModelPath(CasePath):
    """A model of a case: `case` itself, or the `handling` that it calls."""

    model: str = Field(max_length=64)


@api.post("/cases/<number>/reveal", summary="Names and telephones of the parties in clear; each look is recorded")
def post_reveal(path: CasePath, body: RevealBody) -> Response:
    """Not kept under an Idempotency-Key: a stored answer would hold the names."""
    with store().write() as session:
        actor = sign_in(session)
        case = access.read_case(session, actor, path.number)
        shown = reveal(session, actor, case, body.reason, g.get("request_id", ""))
    return jsonify(parties=shown)  # after the commit: what is not recorded is not shown


@api.get("/cases/<number>/attachments/<file_id>/image", summary="A picture, for showing in a page")
def get_image(path: FilePath, query: ImageQuery) -> Response:
    with store().read() as session:
        row, content = _picture(session, path)
    if query.size == "small":
        content = pictures.small(content)
    response = Response(content, mimetype=row.media_type)
    response.headers["Content-Disposition"] = "inline"
    return response


@api.get("/cases/<number>/models/<model>", summary="The BPMN drawing of the version on which the case runs")
def get_model(path: ModelPath) -> Response:
    with store().read() as session:
        case = access.read_case(session, sign_in(session), path.number)
        return Response(route.xml_of(session, case, path.model), mimetype="application/xml")


def _picture(session: Session, path: FilePath) -> tuple[attachments.Attachment, bytes]:
    """Raises NotFound also for a file that is no picture: only what was drawn anew is ever shown inline."""
    case = access.read_case(session, sign_in(session), path.number)
    row = session.get(attachments.Attachment, path.file_id)
    if row is None or row.case_id != case.id or row.media_type != "image/jpeg":
        raise NotFound
    return row, attachments.content_of(session, case, row)
