"""Mediations as pages and the API show them: of one case, and of the committees at which somebody holds a post."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, select

from engine.deadlines.book import TASK, Deadline
from engine.network.people import Staff
from engine.network.units import Unit
from engine.worklist import OPEN, WorkItem
from processes.access import visible
from processes.cases.models import Case
from processes.codes import Light, ProcedureKind
from processes.mediations.committees import kind_of
from processes.mediations.models import Agreement, Guidance, Mediation, MediationSession
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

ROLES = frozenset({"mediator", "leader", "desk"})
"""Who works at a committee: the desk asks both parties, the leader appoints, the mediator does the rest."""
ELEMENTS = ("consent", "appoint", "mediate_session", "expert_pause", "ask_longer", "agreement", "guidance")
ENDED = "ended"
MOST = 200
"""Rows of one list; the oldest open ones come first, of the ended ones the latest."""


@dataclass(frozen=True)
class Attempt:
    """One mediation with what belongs to it. `element`: the step at which it stands, None when it has ended.

    `clock`: that of the step; `total`: the one that runs over all sessions, also while it stands still.
    """

    procedure: Procedure
    mediation: Mediation
    case: Case
    committee: Unit
    mediator: Staff | None
    element: str | None
    clock: Deadline | None
    total: Deadline | None
    sessions: Sequence[MediationSession]
    agreement: Agreement | None
    guidance: Guidance | None

    @property
    def light(self) -> str:
        """The lamp of the step's clock."""
        if self.clock is None:
            return Light.GREEN
        if self.clock.overdue_at is not None:
            return Light.RED
        return Light.YELLOW if self.clock.warned_at is not None else Light.GREEN


def of_case(session: Session, case: Case) -> list[Attempt]:
    """All mediations of a case, the latest first."""
    query = _query().where(Procedure.case_id == case.id).order_by(Procedure.id.desc())
    return _attempts(session, session.execute(query).all())


def of_procedure(session: Session, procedure_id: int) -> Attempt | None:
    """One mediation by its id."""
    found = _attempts(session, session.execute(_query().where(Procedure.id == procedure_id)).all())
    return found[0] if found else None


def committees_of(session: Session, actor: Actor) -> list[Unit]:
    """The units with a mediation committee at which the actor works."""
    ids = {post.unit_id for post in actor.posts if post.role in ROLES}
    units = session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.id))
    return [unit for unit in units if kind_of(unit) is not None]


def listing(session: Session, actor: Actor, state: str) -> list[Attempt]:
    """Mediations of the actor's committees at a step, or `ended`, or all open ones for an empty `state`; in scope."""
    query = _query().where(_mine(session, actor), visible(actor))
    if state == ENDED:
        query = query.where(Procedure.ended_at.is_not(None)).order_by(Procedure.ended_at.desc(), Procedure.id.desc())
        return _attempts(session, session.execute(query.limit(MOST)).all())
    query = query.where(Procedure.ended_at.is_(None)).order_by(Procedure.id)
    if state:
        query = query.where(Procedure.instance_id.in_(_standing_at(state)))
    return _attempts(session, session.execute(query.limit(MOST)).all())


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many open mediations of the actor's committees stand at each step; in scope."""
    query = (
        select(WorkItem.element, func.count())
        .join(Procedure, Procedure.instance_id == WorkItem.instance_id)
        .join(Case, Case.id == Procedure.case_id)
        .where(_mine(session, actor), visible(actor), Procedure.ended_at.is_(None), WorkItem.state.in_(OPEN))
        .group_by(WorkItem.element)
    )
    found = dict(session.execute(query).all())
    return {element: found.get(element, 0) for element in ELEMENTS}


def _mine(session: Session, actor: Actor) -> ColumnElement[bool]:
    units = [unit.id for unit in committees_of(session, actor)]
    return (Procedure.kind == ProcedureKind.MEDIATION.value) & Procedure.unit_id.in_(units)


def _standing_at(element: str) -> Select[Any]:
    return select(WorkItem.instance_id).where(WorkItem.element == element, WorkItem.state.in_(OPEN))


def _query() -> Any:
    return (
        select(Procedure, Mediation, Case, Unit, Staff)
        .join(Mediation, Mediation.procedure_id == Procedure.id)
        .join(Case, Case.id == Procedure.case_id)
        .join(Unit, Unit.id == Procedure.unit_id)
        .outerjoin(Staff, Staff.id == Mediation.mediator_id)
    )


def _attempts(session: Session, rows: Iterable[Any]) -> list[Attempt]:
    """With sessions, agreements, guidance, items and clocks in five statements, however many there are."""
    found = list(rows)
    ids = [procedure.id for procedure, *_ in found]
    instances = [procedure.instance_id for procedure, *_ in found if procedure.ended_at is None]
    held = _by_procedure(session, MediationSession, ids)
    agreements, guidance = _by_procedure(session, Agreement, ids), _by_procedure(session, Guidance, ids)
    items = {
        item.instance_id: item
        for item in session.scalars(
            select(WorkItem).where(WorkItem.instance_id.in_(instances), WorkItem.state.in_(OPEN)).order_by(WorkItem.id)
        )
    }
    clocks = {
        (row.instance_id, row.element): row
        for row in session.scalars(
            select(Deadline).where(
                Deadline.instance_id.in_(instances), Deadline.clock == TASK, Deadline.closed_at.is_(None)
            )
        )
    }
    elements = {instance_id: item.element for instance_id, item in items.items()}
    return [
        Attempt(
            procedure=procedure,
            mediation=mediation,
            case=case,
            committee=unit,
            mediator=staff,
            element=elements.get(procedure.instance_id),
            clock=clocks.get((procedure.instance_id, elements.get(procedure.instance_id, ""))),
            total=clocks.get((procedure.instance_id, "mediate_session")),
            sessions=held.get(procedure.id, ()),
            agreement=next(iter(agreements.get(procedure.id, ())), None),
            guidance=next(iter(guidance.get(procedure.id, ())), None),
        )
        for procedure, mediation, case, unit, staff in found
    ]


def _by_procedure(session: Session, what: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.scalars(select(what).where(what.procedure_id.in_(ids)).order_by(what.id)):
        found.setdefault(row.procedure_id, []).append(row)
    return found
