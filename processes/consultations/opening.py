"""会商: invite units to say in writing what they think of a case, before a meeting that decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import vault
from engine.errors import Conflict, Forbidden, Invalid
from engine.network.units import Beside, Level, Unit, by_code, get
from processes import links
from processes.cases.handling import finding
from processes.cases.permissions import convening_units
from processes.codes import PROTECTED_ROLE, ProcedureKind
from processes.consultations.models import Consultation, Opinion
from processes.procedures.linking import Opening, launch, open_one
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

COMPLEX = "handle_complex"
MOST = 20
"""Units invited at once (default)."""
_INVITED = frozenset({Beside.DEPARTMENT, Beside.THIRD_PARTY})


class ConsultationRefused(Conflict):
    """This consultation cannot be called: {why}."""

    code = "consultation_refused"
    zh = "不能这样会商：{why}。"


@dataclass(frozen=True)
class Inviting:
    """What is asked for: codes of the units, what about; the convener's code, default the nearest."""

    invited: Sequence[str]
    subject: str
    unit: str | None = None


def consult(session: Session, actor: Actor, case: Case, inviting: Inviting) -> Procedure:
    """Call a consultation; two or more units give the case a longer time. Whoever calls has locked the case.

    Raises Forbidden (no unit that may convene, or not this one), Invalid (unknown units), ConsultationRefused and
    NotAllowedNow.
    """
    convener = _convener(session, actor, case, inviting.unit)
    units = _units(session, case, convener, inviting.invited)
    if _is_consulting(session, case, convener.id):
        raise ConsultationRefused(why="本单位的会商还未结束 / a consultation of your unit is still open")
    stage = COMPLEX if len(units) > 1 else None
    procedure = open_one(session, actor, case, Opening(ProcedureKind.CONSULTATION.value, convener.id, stage))
    subject = vault.seal(session, case.district_id, case.id, "consultation", {"words": inviting.subject})
    row = Consultation(procedure_id=procedure.id, district_id=case.district_id, case_id=case.id, subject=subject)
    session.add(row)
    for unit in units:
        opinion = Opinion(
            district_id=case.district_id,
            procedure_id=procedure.id,
            case_id=case.id,
            unit_id=unit.id,
            invited_at=procedure.opened_at,
            state="invited",
        )
        session.add(opinion)
        links.admit_reader(session, case, unit.id)
    session.flush()
    launch(session, actor, case, procedure, {"invited": [unit.id for unit in units]}, (subject.commitment,))
    return procedure


def conveners(session: Session, actor: Actor, case: Case) -> list[Unit]:
    """Units for which the actor may call a consultation: whoever may whistle, and a village that owns the case."""
    found = convening_units(session, actor, case)
    owner = get(session, case.owner_id) if case.owner_id is not None else None
    role = PROTECTED_ROLE if case.restricted else "dispatcher"
    if owner is not None and owner.level == Level.VILLAGE and actor.holds(owner.id, role):
        found = [owner, *found]
    return found


def _convener(session: Session, actor: Actor, case: Case, code: str | None) -> Unit:
    found = [unit for unit in conveners(session, actor, case) if code in {None, unit.code}]
    if not found:
        raise Forbidden
    return found[0]


def _units(session: Session, case: Case, convener: Unit, codes: Sequence[str]) -> list[Unit]:
    known = {unit.code: unit for unit in invitable(session, case, convener.id)}
    wanted = list(dict.fromkeys(codes))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid([finding("invited", f"choose 1 to {MOST} units", f"请选择 1 至 {MOST} 个单位")])
    strange = [code for code in wanted if code not in known]
    if strange:
        code = strange[0]
        raise Invalid([finding("invited", f"{code} cannot be invited: no department", f"{code} 不是可邀请的部门")])
    return [known[code] for code in wanted]


def invitable(session: Session, case: Case, convener_id: int | None) -> list[Unit]:
    """Departments and third parties of the district, without the convener."""
    query = select(Unit).where(Unit.district_id == case.district_id, Unit.level.in_(_INVITED), Unit.valid_to.is_(None))
    return [unit for unit in session.scalars(query.order_by(Unit.level, Unit.code)) if unit.id != convener_id]


def _is_consulting(session: Session, case: Case, convener_id: int) -> bool:
    query = select(Procedure.id).where(
        Procedure.case_id == case.id,
        Procedure.kind == ProcedureKind.CONSULTATION,
        Procedure.unit_id == convener_id,
        Procedure.ended_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def unit_named(session: Session, case: Case, code: str, loc: str) -> Unit:
    """A unit of the case's district. Raises Invalid for any other code."""
    unit = by_code(session, code)
    if unit is None or unit.district_id != case.district_id:
        raise Invalid([finding(loc, f"{code} is no unit of the district", f"{code} 不是本区单位")])
    return unit
