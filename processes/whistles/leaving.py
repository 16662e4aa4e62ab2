"""撤离: 事不完、人不撤. A department leaves when it has fed back and was dismissed; leaving early is a breach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Conflict, Forbidden, NotFound
from engine.network.units import by_code, get
from engine.trail.entries import Draft
from processes.cases.telling import telling
from processes.codes import PROTECTED_ROLE
from processes.procedures.linking import open_of
from processes.whistles.calling import called_now
from processes.whistles.calls import calls_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case
    from processes.procedures.models import Procedure
    from processes.whistles.models import WhistleCall


class MustStay(Conflict):
    """The department may not leave: {why}."""

    code = "must_stay"
    zh = "部门还不能撤离：{why}。"


class NoBreach(Conflict):
    """Leaving early cannot be recorded: {why}."""

    code = "no_breach"
    zh = "不能记录擅自撤离：{why}。"


def depart(session: Session, actor: Actor, case: Case, procedure: Procedure) -> WhistleCall:
    """A liaison says that the department leaves. Whoever calls has locked the case.

    Raises Forbidden (no liaison of a called department) and MustStay.
    """
    role = PROTECTED_ROLE if case.restricted else "liaison"
    call = next((each for each in calls_of(session, procedure.id) if actor.holds(each.unit_id, role)), None)
    if call is None:
        raise Forbidden
    _check_may_leave(session, case, procedure, call)
    call.left_at = session.env.clock.now()
    _record(session, actor, case, "whistle:department:leave", call)
    return call


def _check_may_leave(session: Session, case: Case, procedure: Procedure, call: WhistleCall) -> None:
    if call.left_at is not None:
        raise MustStay(why="已登记撤离 / it has left already")
    if call.arrived_at is None:
        raise MustStay(why="尚未到场 / it has not arrived")
    if call.fed_back_at is None:
        raise MustStay(why="尚未反馈处置结果，请先反馈 / feed back first")
    if call.unit_id in called_now(session, case, besides=procedure.id):
        raise MustStay(why="已再次吹哨 / it was called again")
    if call.released_at is None:
        raise MustStay(why="吹哨单位尚未销哨 / the caller has not dismissed it yet")


def left_early(session: Session, actor: Actor, case: Case, procedure: Procedure, code: str) -> WhistleCall:
    """擅自撤离: the caller records that a department left before it might. It stays called, and has to come back.

    The superior of the department (the district) and its leader are told. Raises Forbidden (not the caller's
    dispatcher), NotFound (not called) and NoBreach.
    """
    if not actor.holds(procedure.unit_id, PROTECTED_ROLE if case.restricted else "dispatcher"):
        raise Forbidden
    unit = by_code(session, code)
    call = next((each for each in calls_of(session, procedure.id) if unit and each.unit_id == unit.id), None)
    if call is None:
        raise NotFound
    _check_breach(session, case, procedure, call)
    call.left_early_at = session.env.clock.now()
    _record(session, actor, case, "whistle:department:breach", call)
    superior = get(session, call.unit_id).parent_id or call.unit_id
    for unit_id in dict.fromkeys((superior, call.unit_id)):
        session.tellings.append(telling(case, "whistle_left_early", unit_id, "leader", f"w{procedure.id}c{call.id}"))
    return call


def _check_breach(session: Session, case: Case, procedure: Procedure, call: WhistleCall) -> None:
    if call.left_early_at is not None:
        raise NoBreach(why="已记录 / it was recorded already")
    if call.arrived_at is None:
        raise NoBreach(why="该部门尚未到场 / it has not arrived")
    if call.released_at is not None or procedure.id not in {each.id for each in open_of(session, case)}:
        raise NoBreach(why="该部门已可撤离 / it may leave")


def _record(session: Session, actor: Actor, case: Case, action: str, call: WhistleCall) -> None:
    case.version += 1
    codes = {"unit": call.unit_id, "procedure": call.procedure_id}
    session.drafts.append((case.district_id, Draft(action, actor.ref, case.number, codes, ())))
