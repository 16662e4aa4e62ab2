"""The default set of a centre: 1+5+11+N and 1+1, with the district's 38 duties.

From the article: five residents with sixteen people (eighteen with the third parties), eleven windows of which two are
named, five rooms, one duty of a post, one set of rules, 38 duties under 28 signs. What it does not say (how the people
divide, the other windows, the rooms' names, every text) is a default: its row is `preset` until somebody changes it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import Beside, Unit, covered
from engine.trail.entries import Draft
from processes.cases.numbers import LOCAL
from processes.centres import routing
from processes.centres.codes import Mode, ResidentKind, RuleKind, Service
from processes.centres.models import CentreRule, Resident, Room, Window
from processes.centres.operations import require_editor, take_over_duties

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

HOST = "荆溪街道"
"""The subdistrict that is resident in the article's centre."""
STAFF = {
    ResidentKind.POLICE: 4,
    ResidentKind.PROCURATORATE: 2,
    ResidentKind.COURT: 3,
    ResidentKind.JUSTICE: 4,
    ResidentKind.SUBDISTRICT: 3,
}
"""Sixteen in all; how they divide is a default."""
THIRD_PARTIES = {"law_firm": (Mode.KEY, 1), "medical_mediation": (Mode.KEY, 1)}
"""Mode and people by short name, eighteen with the sixteen; every other third party is there for public welfare."""
WINDOWS = (
    (Service.ADVICE, ResidentKind.JUSTICE),
    (Service.LEGAL_AID, ResidentKind.JUSTICE),
    (Service.NOTARY, ResidentKind.JUSTICE),
    (Service.MEDIATION, ResidentKind.JUSTICE),
    (Service.LITIGATION, ResidentKind.COURT),
    (Service.POLICE, ResidentKind.POLICE),
    (Service.PROCURATORATE, ResidentKind.PROCURATORATE),
    (Service.COMPLAINT, ResidentKind.SUBDISTRICT),
    (Service.PETITION, ResidentKind.SUBDISTRICT),
    (Service.COMMUNITY, ResidentKind.SUBDISTRICT),
    (Service.ENTERPRISE, ResidentKind.SUBDISTRICT),
)
NAMED_IN_SOURCE = frozenset({Service.ADVICE, Service.LEGAL_AID})
ROOMS = (("调解室", 12), ("巡回审判室", 30), ("会商室", 20), ("接谈室", 6), ("心理疏导室", 4))
RULES = (
    (
        "post",
        RuleKind.POST,
        "工作岗位职责",
        "一、受理岗：首接负责，一次告知，一事一号，全程跟踪到出窗回告。\n"
        "二、窗口岗：按本单位服务职责办理，在时限内答复，需要其他单位办理的当场转交。\n"
        "三、分拨岗：按职责清单分派事项，无人认领的当日报负责人。\n"
        "四、负责人：督促时限，组织会商，对入驻人员提出考核意见。",
    ),
    (
        "rules",
        RuleKind.RULE,
        "管理规章制度",
        "一、入驻人员由派出单位和中心双重管理，在岗时间以值班表为准。\n"
        "二、每年开展两次群众评议、一次入驻单位考核评估，结果公布。\n"
        "三、事项办理全程留痕，当事人信息只用于办理该事项。\n"
        "四、需要多个单位办理的，由中心吹哨，部门报到。",
    ),
)


def seed(session: Session, actor: Actor, centre: Unit) -> bool:
    """Write the default set; a centre that has residents or windows is left as it is (then False).

    Residents that the district has no unit for are left out, with the windows they would staff. Raises Forbidden.
    """
    require_editor(actor, centre)
    begun = [select(table.id).where(table.centre_id == centre.id).limit(1) for table in (Resident, Window)]
    if any(session.scalar(query) for query in begun):
        return False
    residents = _residents(session, centre)
    _windows(session, centre, residents)
    for number, (name, seats) in enumerate(ROOMS, 1):
        room = Room(district_id=centre.district_id, centre_id=centre.id, code=f"R{number}", name=name, seats=seats)
        room.preset = True
        session.add(room)
    _rules(session, actor, centre)
    duties = take_over_duties(session, centre)
    session.flush()
    data = {"residents": len(residents), "windows": len(WINDOWS), "rooms": len(ROOMS), "duties": duties}
    session.drafts.append((centre.district_id, Draft("centre:centre:seed", actor.ref, centre.code, data)))
    return True


def _residents(session: Session, centre: Unit) -> dict[ResidentKind, Unit]:
    """The five units by kind; third parties follow."""
    since = session.env.clock.now().astimezone(LOCAL).date()
    found: dict[ResidentKind, Unit] = {}
    for kind, staff in STAFF.items():
        unit = _resident_unit(session, centre, kind)
        if unit is not None:
            found[kind] = unit
            session.add(_resident(centre, unit, Mode.LONG_TERM, staff, since))
    third = select(Unit).where(
        Unit.district_id == centre.district_id, Unit.level == Beside.THIRD_PARTY, Unit.valid_to.is_(None)
    )
    for unit in session.scalars(third.order_by(Unit.code)).all():
        mode, staff = THIRD_PARTIES.get(unit.slug or "", (Mode.PUBLIC_WELFARE, 0))
        session.add(_resident(centre, unit, mode, staff, since))
    return found


def _resident_unit(session: Session, centre: Unit, kind: ResidentKind) -> Unit | None:
    if kind is not ResidentKind.SUBDISTRICT:
        return routing.unit_called(session, centre.district_id, kind.value)
    below = covered(session, centre)
    return next((unit for unit in below if unit.name == HOST), below[0] if below else None)


def _resident(centre: Unit, unit: Unit, mode: Mode, staff: int, since: date) -> Resident:
    return Resident(
        district_id=centre.district_id, centre_id=centre.id, unit_id=unit.id, mode=mode.value, staff=staff, since=since,
        preset=True,
    )  # fmt: skip


def _windows(session: Session, centre: Unit, residents: dict[ResidentKind, Unit]) -> None:
    for position, (service, kind) in enumerate(WINDOWS, 1):
        unit = residents.get(kind)
        if unit is None:
            continue
        window = Window(
            district_id=centre.district_id, centre_id=centre.id, code=f"{position:02d}", name=service.zh,
            service=service.value, unit_id=unit.id, position=position, preset=service not in NAMED_IN_SOURCE,
        )  # fmt: skip
        session.add(window)


def _rules(session: Session, actor: Actor, centre: Unit) -> None:
    for code, kind, title, text in RULES:
        rule = CentreRule(
            district_id=centre.district_id, centre_id=centre.id, code=code, kind=kind.value, edition=1, title=title,
            text=text, issued_at=session.env.clock.now(), issued_by=actor.ref, preset=True,
        )  # fmt: skip
        session.add(rule)
