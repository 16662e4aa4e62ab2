"""A visit becomes a case of the same number (一号通办), and a petition keeps its sixty days wherever the case goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import runtime, vault
from engine.actors import Post
from engine.deadlines.book import TASK, Deadline
from engine.errors import Conflict, Forbidden
from engine.network.units import covered, get
from engine.trail.entries import Draft
from processes.cases import readers
from processes.cases.clocks import CASE_MODEL
from processes.cases.facts import facts_of
from processes.cases.models import Case
from processes.cases.reporting import report
from processes.codes import ENDED, ProcedureKind, Source, State
from processes.procedures.linking import open_of
from processes.procedures.models import Procedure
from processes.visits.access import DESK, ROUTING_ROLES
from processes.visits.codes import BANDS, CASE_CODES, MEDIATED, CaseCodes, Channel, Matter
from processes.visits.facts import visit_of
from processes.visits.mediating import mediate
from processes.visits.models import Visit, VisitWindow
from processes.visits.operations import petition_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

STAGE = "handle_petition"
CASE_FIELDS = (
    *("kind", "domain", "type", "urgency", "head_count", "place_unit"),
    *("title", "text", "address", "restricted", "parties"),
)
"""What whoever makes a case of a visit may say otherwise than the visit does."""


class AlreadyACase(Conflict):
    """Visit {number} is a case already; act on that one."""

    code = "already_a_case"
    zh = "来访 {number} 已转为事件，请在该事件中办理。"


class VisitClosed(Conflict):
    """Visit {number} is closed; receive the visitor anew under a new number."""

    code = "visit_closed"
    zh = "来访 {number} 已办结，请重新登记。"


class CaseOver(Conflict):
    """The case of number {number} has ended; receive the visitor anew under a new number."""

    code = "case_over"
    zh = "编号 {number} 的事件已结束，请重新登记来访。"


def become_case(session: Session, actor: Actor, visit: Visit, data: Mapping[str, Any]) -> Case:
    """转为事件: the matter needs the network. `data`: fields of form `report` that differ from what the visit says.

    By the centre's desk, leader or dispatcher. Raises Forbidden, VisitClosed, AlreadyACase, and as `reporting.report`.
    """
    if visit.instance_id is not None:
        runtime.lock(session, visit.instance_id)
        session.refresh(visit)
    if not actor.holds(visit.centre_id, *ROUTING_ROLES):
        raise Forbidden
    if visit.case_id is not None:
        raise AlreadyACase(number=visit.number)
    if visit.closed_at is not None:
        raise VisitClosed(number=visit.number)
    return _open_case(session, actor, visit, CASE_CODES[Matter(visit.matter)], data)


def _open_case(session: Session, actor: Actor, visit: Visit, codes: CaseCodes, data: Mapping[str, Any]) -> Case:
    """The case is reported at the visit's centre, which transfers it to the department or subdistrict in charge."""
    form = {**_said(session, visit, codes), **{name: data[name] for name in CASE_FIELDS if data.get(name) is not None}}
    case = report(session, actor, form, on=Post(visit.centre_id, DESK), number=visit.number).case
    visit.case_id = case.id
    draft = Draft("visit:visit:become_case", actor.ref, visit.number, {"kind": case.kind})
    session.drafts.append((visit.district_id, draft))
    session.flush()
    return case


def _said(session: Session, visit: Visit, codes: CaseCodes) -> dict[str, Any]:
    """Form `report` as the visit says it; the place, until somebody knows better, is the centre's first subdistrict."""
    person = vault.open_text(session, visit.words) or {}
    matter, wishes = Matter(visit.matter), str(person.get("wishes") or "")
    party = {name: person[name] for name in ("name", "phone", "id_no") if person.get(name)}
    centre = get(session, visit.centre_id)
    below = covered(session, centre)
    place = below[0] if below else get(session, visit.district_id)
    said = {
        "kind": codes.kind.value,
        "domain": codes.domain,
        "urgency": "ordinary",
        "head_count": next((band for most, band in BANDS if visit.heads <= most), "over_500"),
        "source": Source.HOTLINE.value if visit.channel == Channel.CALL else Source.DESK.value,
        "place_unit": place.code,
        "title": f"{matter.zh}：{wishes[:60]}" if wishes else f"来访{matter.zh}",
        "text": wishes,
        "parties": [{**party, "role": "applicant"}] if party else [],
    }
    return {**said, "type": codes.type} if codes.type else said


def case_of(step: Step, codes: CaseCodes | None = None) -> Case:
    """The case of the visit's number; opened when there is none. Raises CaseOver."""
    visit = visit_of(step).visit
    if visit.case_id is None:
        return _open_case(step.session, step.actor, visit, codes or CASE_CODES[Matter(visit.matter)], {})
    case = step.session.get_one(Case, visit.case_id)
    if State(case.state) in ENDED:
        raise CaseOver(number=case.number)
    return case


def _let_window_see(step: Step, part: VisitWindow, case: Case) -> int:
    unit_id = visit_of(step).staffed_by(part)
    readers.admit(step.session, case, get(step.session, unit_id))
    return unit_id


def complaint_case(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.complaint_case`: a complaint is a case of the same number."""
    part = visit_of(step).window(data["visit_window"])
    _let_window_see(step, part, case_of(step))
    return True


def mediation_case(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.mediation_case`: a dispute of the same number, and its mediation at the window's unit.

    Returns whether the mediation has begun; else whoever handles the case begins it there.
    """
    part = visit_of(step).window(data["visit_window"])
    codes = CASE_CODES[Matter(visit_of(step).visit.matter)]
    case = case_of(step, codes if codes.type else MEDIATED)
    unit_id = _let_window_see(step, part, case)
    return mediate(step.session, step.actor, case, unit_id)


def petition_case(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.petition_case`: an accepted petition is a case of the same number, to be finished in sixty days (art. 34)."""
    part = visit_of(step).window(data["visit_window"])
    case = case_of(step, CASE_CODES[Matter.PETITION])
    unit_id = _let_window_see(step, part, case)
    petition = petition_of(step.session, part)
    petition.accepted, petition.case_id = True, case.id
    _begin(step, case, unit_id)
    return True


def _begin(step: Step, case: Case, unit_id: int) -> None:
    """A procedure without a model of its own: all that it does is to give the case its lawful time."""
    if _petition_of(step.session, case) is not None:
        return
    procedure = Procedure(
        district_id=case.district_id,
        case_id=case.id,
        kind=ProcedureKind.PETITION.value,
        unit_id=unit_id,
        opened_by=step.actor.ref,
        opened_at=step.now,
        stage=STAGE,
    )
    step.session.add(procedure)
    case.links += 1
    step.session.flush()
    step.record("procedure:petition:open", {"unit": unit_id, "procedure": procedure.id})
    if case.instance_id is not None:
        step.send("procedure_began", case.instance_id, {"stage": STAGE})
        step.send("reclock", case.instance_id)


def _petition_of(session: Session, case: Case) -> Procedure | None:
    return next((each for each in open_of(session, case) if each.kind == ProcedureKind.PETITION), None)


def keep_time(step: Step) -> None:
    """At the end of each step of a petition's case: its clocks count from the acceptance, whoever holds it.

    Sixty days are for the matter, not for each stay (art. 34); what was granted on top goes along. With the case the
    procedure ends.
    """
    if step.instance.key != CASE_MODEL or not facts_of(step).case.links:
        return
    petition = _petition_of(step.session, facts_of(step).case)
    if petition is None:
        return
    if step.instance.end_element is not None:
        _end(step, petition)
        return
    overall = step.deadlines.overall
    if overall is not None and overall.suspended_at is None and overall.stage != STAGE:
        _count_from(step, overall, petition)
    stay = next((row for row in step.deadlines if row.element == "act" and row.clock == TASK), None)
    if stay is None or stay.suspended_at is not None or stay.stage != STAGE or stay.started_at == petition.opened_at:
        return
    _count_from(step, stay, petition)
    if overall is not None and overall.extended_days:
        step.deadlines.extend(stay, overall.extended_days)


def _count_from(step: Step, row: Deadline, petition: Procedure) -> None:
    row.started_at = petition.opened_at
    step.deadlines.rebase(row, STAGE, step.criteria)
    step.deadlines.take_back_marks(row)


def _end(step: Step, petition: Procedure) -> None:
    petition.ended_at, petition.outcome = max(step.now, petition.opened_at), "case_ended"
    facts_of(step).case.links -= 1
    step.record("procedure:petition:end", {"outcome": petition.outcome, "procedure": petition.id})


def register(registry: Registry) -> None:
    registry.operations |= {
        "op.complaint_case": complaint_case,
        "op.mediation_case": mediation_case,
        "op.petition_case": petition_case,
    }
    registry.settled.insert(0, keep_time)  # before what the case row derives from its clocks
