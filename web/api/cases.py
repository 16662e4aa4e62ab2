"""Cases: report, list, count, read, timeline, what can be done now, and what is done beside the steps."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from flask import Response, jsonify, request
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from engine import vault
from engine.commands import OFFLINE_LIFETIME
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, NotFound
from engine.network.units import Unit
from processes import access, attachments
from processes.cases import actions, changing, targets
from processes.cases import reading as lists
from processes.cases.models import Case
from processes.cases.reporting import report, tracking_code
from processes.citizens import admission
from processes.codes import Kind, Light, State, Urgency
from web.api import shapes
from web.api.forms import shipped
from web.api.shapes import CasePath, RowId, Strict, coded, iso
from web.edge import acting, json_body, reading, sign_in, store
from web.problems import MalformedJson
from web.words.names import badge

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

api = APIBlueprint("cases", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="cases")])
_REPORT_BODY: dict[str, Any] = {"content": {"application/json": {"schema": shipped("report")}}, "required": True}


class ListQuery(Strict):
    """Filters; `under` is a unit's code, `cursor` comes from the page before."""

    state: State | None = None
    kind: Kind | None = None
    level: Literal["district", "subdistrict", "village", "grid", "cell"] | None = None
    under: str | None = Field(None, max_length=64)
    overdue: bool | None = None
    text: str | None = Field(None, max_length=100)
    open: bool = False
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=lists.MAX_PAGE)


class FeedbackBody(Strict):
    """A line of progress."""

    words: str = Field(min_length=1, max_length=4000)
    measure: bool = False


class ClassifyBody(Strict):
    """What changes, and why."""

    kind: Kind | None = None
    type: str | None = Field(None, max_length=32)
    urgency: Urgency | None = None
    reason: str = Field(min_length=1, max_length=1000)


class RatingBody(Strict):
    """A citizen's rating with the secret code of the case."""

    code: str = Field(max_length=64)
    answer: str = Field(max_length=16)
    words: str | None = Field(None, max_length=1000)


class FilePath(CasePath):
    """A file of a case."""

    file_id: RowId


@api.post("/cases", summary="Report a case, settled on the spot or not", request_body=_REPORT_BODY)
def post_case() -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        reported = report(session, actor, json_body())
        return 201, {"number": reported.case.number, "followed": reported.tracking_code is not None}

    response = acting(act, OFFLINE_LIFETIME)
    answer = response.get_json()
    if answer["followed"]:  # derived again for each answer, so that no stored answer holds a secret
        with store().read() as session:
            answer["tracking_code"] = tracking_code(session, answer["number"])
    shown = jsonify(answer)
    shown.status_code = response.status_code
    shown.headers["Location"] = f"/api/v1/cases/{answer['number']}"
    if "Idempotent-Replayed" in response.headers:
        shown.headers["Idempotent-Replayed"] = "true"
    return shown


@api.get("/cases", summary="The cases that you may see, newest first")
def get_cases(query: ListQuery) -> Response:
    filters = lists.Filters(
        state=query.state,
        kind=query.kind,
        level=query.level,
        under=query.under,
        overdue=query.overdue,
        text=query.text,
        open_only=query.open,
    )

    def look(session: Session, actor: Actor) -> Any:
        page = lists.list_cases(session, actor, filters, cursor=query.cursor, limit=query.limit)
        titles = lists.titles(session, page.rows)
        return {"cases": [_row_json(row, titles) for row in page.rows], "cursor": page.cursor}

    return reading(look)


@api.get("/cases/counts", summary="What lies at your units, by state")
def get_counts() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        return dict(lists.counts(session, actor, access.reading_units(actor)))

    return reading(look)


@api.get("/cases/<number>", summary="One case")
def get_case(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        return _case_json(session, access.read_case(session, actor, path.number))

    return reading(look)


@api.get("/cases/<number>/timeline", summary="What happened to it, with the trail entry behind each line")
def get_timeline(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        return {"timeline": [_moment_json(actor, case, each) for each in lists.timeline(session, case)]}

    return reading(look)


@api.get("/cases/<number>/actions", summary="What you may do to it now")
def get_actions(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        possible = actions.allowed(session, actor, case)
        return {"state": coded(State(case.state)), "actions": [shapes.action_json(each) for each in possible]}

    return reading(look)


class TargetQuery(Strict):
    """`action`: assign, transfer, refer_up, rule, or accept_case for its place; `q`: part of a name."""

    action: str = Field(max_length=32)
    q: str = Field("", max_length=64)


@api.get("/cases/<number>/targets", summary="The units to which you may send it by an action")
def get_targets(path: CasePath, query: TargetQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        found = targets.targets(session, actor, case, query.action, query.q.strip())
        above = shapes.units_by_id(session, [unit.parent_id for unit in found])
        return {"units": [_target_json(unit, above.get(unit.parent_id or 0)) for unit in found]}

    return reading(look)


@api.post("/cases/<number>/feedback", summary="Note progress or a measure")
def post_feedback(path: CasePath, body: FeedbackBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        line = changing.feedback(session, actor, case, body.words, measure=body.measure)
        session.flush()
        return 201, {"id": line.id}

    return acting(act, OFFLINE_LIFETIME)


@api.post("/cases/<number>/classification", summary="Reclassify or press")
def post_classification(path: CasePath, body: ClassifyBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        wanted = {"kind": body.kind, "type": body.type, "urgency": body.urgency}
        changes = {name: str(value) for name, value in wanted.items() if value is not None}
        changing.reclassify(session, actor, case, changes, body.reason)
        return 200, {"number": case.number, "due_at": iso(case.due_at)}

    return acting(act)


@api.post("/cases/<number>/withdrawal", summary="Withdraw what you reported")
def post_withdrawal(path: CasePath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        changing.withdraw(session, actor, case)
        return 200, {"number": case.number, "state": case.state}

    return acting(act)


@api.post("/cases/<number>/rating", summary="Rate your own case with its secret code", security=[])
def post_rating(path: CasePath, body: RatingBody) -> Response:
    with store().write() as session:
        admission.count_code(session, path.number, request.remote_addr or "")
    with store().write() as session:
        admission.admit(session, path.number, body.code, request.remote_addr or "")
        case = changing.rate(session, path.number, body.code, body.answer, body.words)
        session.flush()
    return jsonify(number=case.number, state=case.state)


@api.post("/cases/<number>/attachments", summary="Add a file (multipart field `file`)")
def post_attachment(path: CasePath) -> Response:
    upload = request.files.get("file")
    if upload is None:
        raise MalformedJson("multipart field `file` is missing")
    name, content = upload.filename or "", upload.read()

    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.read_case(session, actor, path.number)
        if not set(actor.roles) - access.BLIND_ROLES:
            raise Forbidden
        row = attachments.attach(session, actor, case, name, content)
        return 201, {"id": row.id, "media_type": row.media_type, "size": row.size, "sha256": row.sha256}

    return acting(act, OFFLINE_LIFETIME)


@api.get("/cases/<number>/attachments/<file_id>", summary="A file of a case")
def get_attachment(path: FilePath) -> Response:
    with store().read() as session:
        case = access.read_case(session, sign_in(session), path.number)
        row = session.get(attachments.Attachment, path.file_id)
        if row is None or row.case_id != case.id:
            raise NotFound
        response = Response(attachments.content_of(session, case, row), mimetype=row.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{row.sha256[:12]}{row.suffix}"'
    return response


def _row_json(row: Any, titles: dict[int, str]) -> dict[str, Any]:
    owner = {"code": row.owner_code, "name": row.owner_name} if row.owner_code else None
    return {
        "number": row.number,
        "title": titles.get(row.summary_id, ""),
        "state": row.state,
        "kind": row.kind,
        "type": row.type,
        "urgency": row.urgency,
        "level": row.level,
        "light": row.light,
        "due_at": iso(row.due_at),
        "provisional": row.provisional,
        "reported_at": iso(row.reported_at),
        "owner": owner,
        "place": {"code": row.place_code, "name": row.place_name},
        "restricted": row.restricted,
        "on_spot": row.on_spot,
        "hops": row.hops,
        "version": row.version,
    }


def _case_json(session: Session, case: Case) -> dict[str, Any]:
    summary = vault.open_text(session, case.summary) or {}
    stays = lists.stays_of(session, case)
    names = shapes.units_by_id(
        session,
        [case.owner_id, case.place_unit_id, case.checker_id, case.last_owner_id, *(s.unit_id for s in stays)],
    )
    lines = lists.progress_of(session, case)
    words = vault.open_many(session, [*(stay.words_id for stay in stays), *(line.words_id for line in lines)])
    return {
        "number": case.number,
        "state": coded(State(case.state)),
        "kind": coded(Kind(case.kind)),
        "domain": case.domain,
        "type": case.type,
        "urgency": coded(Urgency(case.urgency)),
        "head_count": case.head_count,
        "source": case.source,
        "restricted": case.restricted,
        "light": coded(Light(case.light)),
        "title": summary.get("title", ""),
        "text": summary.get("text", ""),
        "address": summary.get("address", ""),
        "parties": [shapes.party_json(party) for party in summary.get("parties", [])],
        "place": shapes.unit_json(names.get(case.place_unit_id)),
        "position": {"lng": case.lng, "lat": case.lat} if case.lng is not None else None,
        "owner": shapes.unit_json(names.get(case.owner_id or 0)),
        "level": case.level,
        "checker": shapes.unit_json(names.get(case.checker_id)),
        "on_spot": case.on_spot,
        "followers": case.followers,
        "hops": case.hops,
        "returns": case.returns,
        "rating": case.rating,
        "occurred_at": iso(case.occurred_at),
        "reported_at": iso(case.reported_at),
        "closed_at": iso(case.closed_at),
        "ended_at": iso(case.ended_at),
        "clocks": [_clock_json(row) for row in _clocks(session, case)],
        "stays": [_stay_json(stay, names, words) for stay in stays],
        "progress": [_line_json(line, words) for line in lines],
        "attachments": [_file_json(row) for row in attachments.of_case(session, case)],
        "version": case.version,
    }


def _target_json(unit: Unit, above: Unit | None) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "level": unit.level,
        "badge": badge(unit.level),
        "above": above.name if above else None,
    }


def _clocks(session: Session, case: Case) -> list[Deadline]:
    query = select(Deadline).where(Deadline.subject_id == case.id, Deadline.closed_at.is_(None)).order_by(Deadline.id)
    return list(session.scalars(query))


def _clock_json(row: Deadline) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "element": row.element,
        "clock": row.clock,
        "limit": {"amount": row.limit_amount, "unit": row.limit_unit},
        "started_at": iso(row.started_at),
        "warn_at": iso(row.warn_at),
        "last_call_at": iso(row.last_call_at),
        "due_at": iso(row.due_at),
        "grace_at": iso(row.grace_at),
        "warned_at": iso(row.warned_at),
        "overdue_at": iso(row.overdue_at),
        "sign_by_at": iso(row.sign_by_at),
        "signed_at": iso(row.signed_at),
        "suspended_at": iso(row.suspended_at),
        "provisional": row.provisional,
        "source": row.source,
    }


def _stay_json(stay: Any, names: Any, words: dict[int, Any]) -> dict[str, Any]:
    return {
        "unit": shapes.unit_json(names.get(stay.unit_id)),
        "arrived_by": stay.arrived_by,
        "skipped": stay.skipped,
        "opened_at": iso(stay.opened_at),
        "accepted_at": iso(stay.accepted_at),
        "closed_at": iso(stay.closed_at),
        "outcome": stay.outcome,
        "words": words.get(stay.words_id),
    }


def _line_json(line: Any, words: dict[int, Any]) -> dict[str, Any]:
    return {
        "at": iso(line.at),
        "kind": line.kind,
        "outcome": line.outcome,
        "actor": line.actor,
        "words": words.get(line.words_id),
    }


def _file_json(row: attachments.Attachment) -> dict[str, Any]:
    return {
        "id": row.id,
        "media_type": row.media_type,
        "size": row.size,
        "uploaded_at": iso(row.uploaded_at),
        "taken_at": iso(row.taken_at),
        "lng": row.lng,
        "lat": row.lat,
    }


def _moment_json(actor: Actor, case: Case, moment: lists.Moment) -> dict[str, Any]:
    """The reporter stays unnamed to the units that are reported on: only the place reads who it was."""
    hidden = moment.actor == case.reporter_ref and lists.hides_reporter(actor, case)
    at: datetime = moment.at
    return {
        "at": iso(at),
        "action": moment.action,
        "actor": "reporter" if hidden else moment.actor,
        "data": moment.data,
        "trail_seq": moment.seq,
    }
