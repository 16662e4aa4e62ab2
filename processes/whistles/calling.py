"""吹哨: call departments to a case, for one of three lawful reasons; or ask the centre to do so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import vault
from engine.errors import Conflict, Forbidden, Invalid
from engine.network.units import Beside, CentreCover, Level, Unit, by_code, get, nearest_above
from engine.trail.entries import Draft
from processes import links
from processes.cases.handling import finding
from processes.cases.models import Progress, Stay
from processes.cases.permissions import convening_units
from processes.cases.telling import telling
from processes.codes import ProcedureKind, WhistleReason
from processes.procedures.linking import Opening, launch, open_one
from processes.procedures.models import Procedure
from processes.whistles.models import Whistle, WhistleCall

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

COMPLEX = "handle_complex"
MOST = 20
"""Departments in one whistle (default)."""
_CALLABLE = frozenset({Beside.DEPARTMENT, Beside.THIRD_PARTY})


class WhistleRefused(Conflict):
    """These departments cannot be called: {why}."""

    code = "whistle_refused"
    zh = "不能这样吹哨：{why}。"


@dataclass(frozen=True)
class Calling:
    """What is asked for: codes of the departments, why, what has to be done; the caller's code, default the nearest."""

    departments: Sequence[str]
    reason: WhistleReason
    words: str
    unit: str | None = None


@dataclass(frozen=True)
class Blow:
    """A whistle that may be blown. `previous_id`: the one that it carries on."""

    convener_id: int
    departments: Sequence[Unit]
    reason: str
    words: str
    previous_id: int | None = None


def whistle(session: Session, actor: Actor, case: Case, calling: Calling) -> Procedure:
    """Call departments. Whoever calls has locked the case.

    Raises Forbidden (no unit that may call, or not this one), Invalid (unknown units), WhistleRefused, NotAllowedNow.
    """
    convener = _convener(session, actor, case, calling.unit)
    departments = callable_units(session, case, convener.id, calling.departments)
    standing = _open_whistles(session, case)
    previous = standing[-1].id if standing else None
    wanted = Blow(convener.id, departments, calling.reason.value, calling.words, previous)
    return blow(session, actor, case, wanted)


def _convener(session: Session, actor: Actor, case: Case, code: str | None) -> Unit:
    units = convening_units(session, actor, case)
    found = [unit for unit in units if code in {None, unit.code}]
    if not found:
        raise Forbidden
    return found[0]


def blow(session: Session, actor: Actor, case: Case, wanted: Blow) -> Procedure:
    """Start the whistle: its rows, its readers, its model; two or more departments give the case a longer time."""
    stage = COMPLEX if len(wanted.departments) > 1 else None
    opening = Opening(ProcedureKind.WHISTLE.value, wanted.convener_id, stage, wanted.previous_id)
    procedure = open_one(session, actor, case, opening)
    words = vault.seal(session, case.district_id, case.id, "whistle", {"words": wanted.words})
    row = Whistle(
        procedure_id=procedure.id,
        district_id=case.district_id,
        case_id=case.id,
        reason=wanted.reason,
        again=False,
        words=words,
    )
    session.add(row)
    for unit in wanted.departments:
        session.add(
            WhistleCall(
                district_id=case.district_id,
                procedure_id=procedure.id,
                case_id=case.id,
                unit_id=unit.id,
                called_at=procedure.opened_at,
            )
        )
        links.admit_reader(session, case, unit.id)
    session.flush()
    data = {"departments": [unit.id for unit in wanted.departments]}
    launch(session, actor, case, procedure, data, (words.commitment,))
    return procedure


def callable_units(
    session: Session, case: Case, convener_id: int, codes: Sequence[str], besides: int | None = None
) -> list[Unit]:
    """The departments and third parties with these codes, none of them called already.

    `besides`: a whistle that is about to end and does not count. Raises Invalid and WhistleRefused.
    """
    units = [_department(session, case, code) for code in dict.fromkeys(codes)]
    if not 1 <= len(units) <= MOST:
        raise Invalid([finding("departments", f"choose 1 to {MOST} departments", f"请选择 1 至 {MOST} 个部门")])
    called = called_now(session, case, besides)
    for unit in units:
        if unit.id in called:
            raise WhistleRefused(why=f"{unit.name}已在吹哨中 / called already")
        if unit.id == convener_id:
            raise WhistleRefused(why=f"{unit.name}是吹哨单位 / it is the caller")
        if unit.id == case.owner_id:
            raise WhistleRefused(why=f"{unit.name}是承办单位 / it holds the case")
    return units


def _department(session: Session, case: Case, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != case.district_id or unit.level not in _CALLABLE:
        raise Invalid([finding("departments", f"{code} is no department of the district", f"{code} 不是本区部门")])
    return unit


def offered(session: Session, case: Case, convener_id: int | None, besides: int | None = None) -> list[Unit]:
    """Units that can be called to a case now, departments first."""
    query = select(Unit).where(Unit.district_id == case.district_id, Unit.level.in_(_CALLABLE), Unit.valid_to.is_(None))
    out = called_now(session, case, besides) | {convener_id, case.owner_id}
    return [unit for unit in session.scalars(query.order_by(Unit.level, Unit.code)) if unit.id not in out]


def called_now(session: Session, case: Case, besides: int | None = None) -> set[int]:
    """Units that an open whistle of the case has called."""
    query = (
        select(WhistleCall.unit_id)
        .join(Procedure, Procedure.id == WhistleCall.procedure_id)
        .where(WhistleCall.case_id == case.id, Procedure.ended_at.is_(None), Procedure.id != (besides or 0))
    )
    return set(session.scalars(query))


def _open_whistles(session: Session, case: Case) -> list[Procedure]:
    query = select(Procedure).where(
        Procedure.case_id == case.id, Procedure.kind == ProcedureKind.WHISTLE, Procedure.ended_at.is_(None)
    )
    return list(session.scalars(query.order_by(Procedure.id)))


def ask(session: Session, actor: Actor, case: Case, words: str) -> Progress:
    """请求吹哨: a village, grid or cell asks its centre to call departments; the centre's dispatcher is told.

    That is the legal service centre that covers the subdistrict, else the subdistrict itself. Whoever calls has locked
    the case and required the action.
    """
    stay_id = session.scalar(select(Stay.id).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    sealed = vault.seal(session, case.district_id, case.id, "ask_whistle", {"words": words})
    line = Progress(
        district_id=case.district_id,
        case_id=case.id,
        stay_id=stay_id,
        unit_id=case.owner_id,
        actor=actor.ref,
        at=session.env.clock.now(),
        kind="ask_whistle",
        words=sealed,
    )
    session.add(line)
    case.version += 1
    centre = centre_of(session, case)
    links.admit_reader(session, case, centre.id)
    codes = {"unit": case.owner_id, "centre": centre.id}
    draft = Draft("whistle:request:ask", actor.ref, case.number, codes, (sealed.commitment,))
    session.drafts.append((case.district_id, draft))
    session.flush()
    session.tellings.append(telling(case, "whistle_asked", centre.id, "dispatcher", f"n{line.id}"))
    return line


def centre_of(session: Session, case: Case) -> Unit:
    """Who whistles for the owner: the centre that covers its subdistrict, else the subdistrict."""
    owner = get(session, case.owner_id or case.last_owner_id)
    subdistrict = nearest_above(session, owner, Level.SUBDISTRICT)
    query = (
        select(Unit)
        .join(CentreCover, CentreCover.centre_id == Unit.id)
        .where(CentreCover.unit_id == subdistrict.id, Unit.valid_to.is_(None))
    )
    return session.scalars(query.order_by(Unit.code)).first() or subdistrict
