"""What made-up staff do beside a case: call departments, mediate, consult, and fill in the forms of all that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import vault
from engine.calendar import ZONE
from engine.network.units import Level, Unit, get
from processes.attachments import attach
from processes.cases.models import Case
from processes.codes import Kind, ProcedureKind
from processes.consultations.models import Opinion
from processes.consultations.opening import Inviting, consult
from processes.mediations import committees
from processes.mediations.operations import Wish, open_mediation
from processes.procedures.linking import BLOCKING, open_of
from processes.procedures.models import Procedure
from processes.simulation import words
from processes.simulation.photos import photo
from processes.whistles.calling import Calling, whistle
from processes.whistles.models import WhistleCall

if TYPE_CHECKING:
    import random

    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.simulation.staff import Crew

MEDIATED_SHARE, WHISTLED_SHARE, CONSULTED_SHARE = 0.22, 0.12, 0.08
"""Of the looks at a case in hand by a unit that could do so."""
COMMITTEE_LEVELS = frozenset({Level.VILLAGE, Level.SUBDISTRICT, Level.DISTRICT})
CALLED = ("police", "market", "urban", "housing", "labour", "environment", "emergency", "health")


def waits(session: Session, case: Case) -> bool:
    """Whether the owner can only wait: a whistle or mediation is open."""
    return any(procedure.kind in BLOCKING for procedure in open_of(session, case))


def begins(crew: Crew, session: Session, actor: Actor, case: Case) -> bool:
    """Whether the owner's people have begun something beside the case; each kind at most once."""
    owner = get(session, case.owner_id or case.last_owner_id)
    had = set(session.scalars(select(Procedure.kind).where(Procedure.case_id == case.id)))
    if ProcedureKind.MEDIATION not in had and _is_mediable(case, owner) and crew.chances.random() < MEDIATED_SHARE:
        return _mediate(crew.chances, session, actor, case)
    dispatcher = next(iter(crew.actors.get((owner.id, "dispatcher"), [])), None)
    if case.restricted or dispatcher is None or owner.level not in {Level.SUBDISTRICT, Level.DISTRICT}:
        return False
    if ProcedureKind.WHISTLE not in had and crew.chances.random() < WHISTLED_SHARE:
        calling = Calling(_departments(crew.chances, owner, session), *crew.chances.choice(words.WHISTLES))
        whistle(session, dispatcher, case, calling)
        return True
    if ProcedureKind.CONSULTATION not in had and crew.chances.random() < CONSULTED_SHARE:
        invited = _departments(crew.chances, owner, session, at_least=2)
        consult(session, dispatcher, case, Inviting(invited, crew.chances.choice(words.CONSULTED)))
        return True
    return False


def _is_mediable(case: Case, owner: Unit) -> bool:
    return case.kind in {Kind.DISPUTE, Kind.ENTERPRISE} and not case.restricted and owner.level in COMMITTEE_LEVELS


def _mediate(chances: random.Random, session: Session, actor: Actor, case: Case) -> bool:
    offered = committees.choices(session, case)
    if not offered:
        return False
    choice = offered[0] if chances.random() < 0.8 else chances.choice(offered)
    open_mediation(session, actor, case, Wish(choice.unit))
    return True


def _departments(chances: random.Random, owner: Unit, session: Session, at_least: int = 1) -> list[str]:
    district = get(session, owner.district_id)
    count = chances.randrange(at_least, 4)
    return [f"{district.code}-{slug}" for slug in chances.sample(CALLED, count)]


Form = Callable[["Crew", "Session", "Actor", "WorkItem"], dict[str, Any]]


def _today(session: Session, days: int = 0) -> str:
    day: date = session.env.clock.now().astimezone(ZONE).date()
    return (day + timedelta(days=days)).isoformat()


def _arrival(crew: Crew, session: Session, actor: Actor, item: WorkItem) -> dict[str, Any]:
    case = session.get_one(Case, item.subject_id)
    file = attach(session, actor, case, "arrival.jpg", photo(crew.chances, case.kind))
    session.flush()
    place = {"lng": case.lng, "lat": case.lat} if case.lng is not None else None
    where: dict[str, Any] = {"position": place} if place else {"no_position": "室内无信号"}
    return {**where, "files": [str(file.id)]}


def _ratings(crew: Crew, session: Session, _actor: Actor, item: WorkItem) -> dict[str, Any]:
    called = (
        select(Unit.code)
        .join(WhistleCall, WhistleCall.unit_id == Unit.id)
        .join(Procedure, Procedure.id == WhistleCall.procedure_id)
        .where(Procedure.instance_id == item.instance_id)
    )
    scores = crew.chances.choices((5, 4, 3, 2), (5, 4, 2, 1), k=20)
    return {"ratings": [{"unit": code, "score": scores.pop()} for code in session.scalars(called)]}


def _consent(crew: Crew, session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    asked = {"how": crew.chances.choice(("phone", "in_person")), "asked_on": _today(session)}
    if crew.chances.random() < 0.12:
        return {"all_willing": False, "unwilling": "respondent", **asked}
    return {"all_willing": True, **asked}


def _appoint(crew: Crew, session: Session, _actor: Actor, item: WorkItem) -> dict[str, Any]:
    case = session.get_one(Case, item.subject_id)
    procedure = session.scalars(select(Procedure).where(Procedure.instance_id == item.instance_id)).one()
    offered = committees.mediators(session, case, procedure.unit_id)
    chosen = crew.chances.choice(list(offered)).staff_no if offered else ""
    lawyer = {"with_lawyer": True, "lawyer": "值班律师"} if crew.chances.random() < 0.15 else {}
    return {"mediator": chosen, "conflict_checked": True, **lawyer}


def _session(crew: Crew, session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    result = crew.chances.choices(("agreed", "again", "failed", "pause"), (62, 24, 11, 3))[0]
    return {"result": result, "held_on": _today(session), "record": crew.chances.choice(words.SESSIONS[result])}


def _agreement(crew: Crew, session: Session, _actor: Actor, item: WorkItem) -> dict[str, Any]:
    if crew.chances.random() < 0.05:
        return {"result": "refused", "words": "一方临时反悔，未签字。"}
    case = session.get_one(Case, item.subject_id)
    parties = (vault.open_text(session, case.summary) or {}).get("parties", [])
    names = [party.get("name", "") for party in parties if party.get("name")]
    names = [*names, "申请人", "被申请人"][: max(2, len(names))]
    return {
        "result": "signed",
        "facts": crew.chances.choice(words.FACTS),
        "terms": crew.chances.choice(words.TERMS),
        "perform_by": _today(session, crew.chances.randrange(3, 25)),
        "signers": [{"name": name} for name in names],
        "sealed": True,
        "route": "mediate",
    }


def _confirmation(crew: Crew, _session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    if crew.chances.random() < 0.2:
        return {"result": "applied"}
    return {"result": "not_wanted", "words": "双方表示自觉履行，不申请司法确认。"}


def _court(crew: Crew, session: Session, _actor: Actor, item: WorkItem) -> dict[str, Any]:
    number = f"（{_today(session)[:4]}）川1302民特{item.id}号"
    result = "confirmed" if crew.chances.random() < 0.95 else "rejected"
    return {"result": result, "court_no": number, "decided_on": _today(session)}


def _guidance(crew: Crew, session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    way = crew.chances.choice(("litigation", "litigation", "arbitration", "administrative"))
    return {"way": way, "told_on": _today(session), "route": "mediate", "words": "已书面告知可依法起诉或申请仲裁。"}


def _after(_crew: Crew, session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    return {"route": "litigation", "told_on": _today(session), "words": "已告知可依协议向人民法院起诉。"}


def _interview(_crew: Crew, session: Session, _actor: Actor, _item: WorkItem) -> dict[str, Any]:
    return {
        "held_on": _today(session),
        "present": "单位负责人、分管负责人",
        "minutes": "说明原因，限期三日办结并书面报告。",
    }


def _meeting(crew: Crew, session: Session, _actor: Actor, item: WorkItem) -> dict[str, Any]:
    invited = (
        select(Unit.code)
        .join(Opinion, Opinion.unit_id == Unit.id)
        .join(Procedure, Procedure.id == Opinion.procedure_id)
        .where(Procedure.instance_id == item.instance_id)
    )
    came = [{"unit": code, "present": crew.chances.random() < 0.85} for code in session.scalars(invited)]
    return {"held_on": _today(session), "attendance": came, "minutes": "逐项研究，形成一致意见。"}


FORMS: Mapping[str, Form] = {
    "meeting": _meeting,
    "arrival": _arrival,
    "whistle_rating": _ratings,
    "med_consent": _consent,
    "med_appoint": _appoint,
    "med_session": _session,
    "med_agreement": _agreement,
    "med_confirmation": _confirmation,
    "court_decision": _court,
    "med_guidance": _guidance,
    "follow_guidance": _after,
    "sup_interview": _interview,
}
"""Forms that depend on the day, the case or the people; the others stand in `words.SIMPLE`."""
