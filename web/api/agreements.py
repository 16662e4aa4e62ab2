"""The agreement of a mediation as a Word file or a PDF, signed or as a draft; each look is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from flask import Response, g
from flask_openapi import APIBlueprint, Tag

from processes import access
from processes.documents import agreements
from processes.documents.agreements import Asked, Document
from web import cookies
from web.api.shapes import CasePath, RowId, Strict
from web.edge import sign_in, store

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

    Maker = Callable[[Session, Actor, Case, int, Asked], Document]

MEDIA_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
api = APIBlueprint(
    "agreements", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="mediations")]
)


class AgreementPath(CasePath):
    """An agreement of a case."""

    agreement_id: RowId


class MediationPath(CasePath):
    """A mediation of a case, by its procedure."""

    procedure_id: RowId


class FileQuery(Strict):
    """Which kind of file."""

    format: Literal["docx", "pdf"] = "pdf"


@api.get("/cases/<number>/agreements/<agreement_id>/file", summary="The agreement as a file; each look is recorded")
def get_agreement_file(path: AgreementPath, query: FileQuery) -> Response:
    """For the committee, who handles the case, and who has a task of it; everybody else is refused, on record."""
    return _file(path.number, path.agreement_id, query.format, agreements.signed)


@api.get("/cases/<number>/mediations/<procedure_id>/draft", summary="A draft of the agreement, to be filled in")
def get_draft(path: MediationPath, query: FileQuery) -> Response:
    return _file(path.number, path.procedure_id, query.format, agreements.draft)


def _file(number: str, wanted: int, kind: str, make: Maker) -> Response:
    asked = Asked(kind, g.get("request_id", ""))
    with store().write() as session:
        actor = sign_in(session)
        made = make(session, actor, access.read_case(session, actor, number), wanted, asked)
    content = made.render(kind, cookies.settings().templates)  # after the commit: it takes time, and the look is noted
    response = Response(content, mimetype=MEDIA_TYPES[kind])
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{made.name}.{kind}')}"  # RFC 8187
    return response
