"""Consultations: call one, see those of a case with their opinions and decisions, say that a task is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field
from sqlalchemy import select

from processes import access
from processes.cases.actions import require
from processes.consultations.models import Consultation, DecisionTask, Opinion
from processes.consultations.opening import MOST, Inviting, consult
from processes.consultations.tasks import done
from processes.procedures.models import Procedure
from web.api import shapes
from web.api.shapes import CasePath, RowId, Strict, iso
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.network.units import Unit
    from processes.cases.models import Case

api = APIBlueprint(
    "consultations", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="consultations")]
)


class ConsultBody(Strict):
    """Who is invited and what about; `unit`: the convener, by default the nearest of your units that may."""

    invited: list[str] = Field(min_length=1, max_length=MOST)
    subject: str = Field(min_length=1, max_length=4000)
    unit: str | None = Field(None, max_length=64)


class TaskPath(CasePath):
    """A task that a decision on a case gave."""

    task_id: RowId


@api.post("/cases/<number>/consultations", summary="Call a consultation")
def post_consultation(path: CasePath, body: ConsultBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        require(session, actor, case, "consult")
        inviting = Inviting(body.invited, body.subject, body.unit)
        return 201, {"id": consult(session, actor, case, inviting).id}

    return acting(act)


@api.get("/cases/<number>/consultations", summary="Consultations of a case: opinions, meeting, decision, tasks")
def get_consultations(path: CasePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        case = access.read_case(session, actor, path.number)
        return {"consultations": _of_case(session, case)}

    return reading(look)


@api.post("/cases/<number>/consultations/tasks/<task_id>/done", summary="Say that a task of your unit is done")
def post_done(path: TaskPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        case = access.hold_case(session, actor, path.number)
        task = done(session, actor, case, path.task_id)
        return 200, {"id": task.id, "done_at": iso(task.done_at)}

    return acting(act)


def _of_case(session: Session, case: Case) -> list[dict[str, Any]]:
    query = select(Consultation, Procedure).join(Procedure, Procedure.id == Consultation.procedure_id)
    found = session.execute(query.where(Consultation.case_id == case.id).order_by(Procedure.id)).all()
    opinions = session.scalars(select(Opinion).where(Opinion.case_id == case.id).order_by(Opinion.id)).all()
    tasks = session.scalars(select(DecisionTask).where(DecisionTask.case_id == case.id).order_by(DecisionTask.id)).all()
    wanted = [each.unit_id for each in opinions] + [each.unit_id for each in tasks]
    wanted += [procedure.unit_id for _, procedure in found]
    units = shapes.units_by_id(session, wanted + [row.lead_unit_id for row, _ in found if row.lead_unit_id is not None])
    return [
        {
            **_consultation_json(row, procedure, units),
            "opinions": [_opinion_json(each, units) for each in opinions if each.procedure_id == procedure.id],
            "tasks": [_task_json(each, units) for each in tasks if each.procedure_id == procedure.id],
        }
        for row, procedure in found
    ]


def _consultation_json(row: Consultation, procedure: Procedure, units: Mapping[int, Unit]) -> dict[str, Any]:
    return {
        "id": procedure.id,
        "convener": shapes.unit_json(units.get(procedure.unit_id)),
        "opened_at": iso(procedure.opened_at),
        "held_on": row.held_on.isoformat() if row.held_on else None,
        "decided_at": iso(row.decided_at),
        "lead": shapes.unit_json(units.get(row.lead_unit_id or 0)),
        "ended_at": iso(procedure.ended_at),
        "outcome": procedure.outcome,
    }


def _opinion_json(row: Opinion, units: Mapping[int, Unit]) -> dict[str, Any]:
    return {
        "unit": shapes.unit_json(units.get(row.unit_id)),
        "state": row.state,
        "given_at": iso(row.given_at),
        "will_attend": row.will_attend,
        "attended": row.attended,
    }


def _task_json(row: DecisionTask, units: Mapping[int, Unit]) -> dict[str, Any]:
    return {
        "id": row.id,
        "unit": shapes.unit_json(units.get(row.unit_id)),
        "due_at": iso(row.due_at),
        "overdue_at": iso(row.overdue_at),
        "done_at": iso(row.done_at),
    }
