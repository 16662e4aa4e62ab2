"""Who looks at the page: name, posts, and the desks that these posts have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.network.people import Staff, name_of
from engine.network.units import Beside, Unit
from engine.notices import Notice
from processes.codes import MediationKind
from processes.mediations.committees import kind_of
from processes.visits.access import has_desk
from web.translation import t

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

WORKERS = frozenset({"cell_worker", "grid_worker"})
TRIAGERS = frozenset({"desk", "handler", "dispatcher", "checker", "liaison", "mediator"})
SUPERVISORS = frozenset({"supervisor", "commander", "leader"})
WHISTLERS = frozenset({"dispatcher", "liaison", "supervisor", "commander"})
COMMITTEES = frozenset({MediationKind.INDUSTRY, MediationKind.PROFESSIONAL, MediationKind.JUDICIAL})
"""Kinds of mediation whose committees have little else to do, so that it stands in their bar."""
READERS = WORKERS | TRIAGERS | SUPERVISORS


@dataclass(frozen=True)
class Desk:
    """One place of work: where it is, what it is called, its icon."""

    endpoint: str
    label: str
    icon: str


@dataclass(frozen=True)
class Me:
    """The person signed in. `units`: where they hold posts, in the order of their posts; `unread`: notices."""

    staff_no: str
    name: str
    actor: Actor
    units: Sequence[Unit]
    desks: Sequence[Desk]
    unread: int

    @property
    def home(self) -> str:
        """The endpoint of the first page of the day."""
        return self.desks[0].endpoint if self.desks else "home.empty"

    @property
    def on_phone(self) -> bool:
        """Whether this person works in the field."""
        return bool(self.actor.roles & WORKERS)

    @property
    def reads_cases(self) -> bool:
        return bool(self.actor.roles & READERS)


def load(session: Session, actor: Actor) -> Me:
    staff = session.get_one(Staff, actor.staff_id)
    found = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(actor.unit_ids)))}
    unread = select(func.count()).where(Notice.staff_id == staff.id, Notice.read_at.is_(None))
    units = [found[unit_id] for unit_id in dict.fromkeys(post.unit_id for post in actor.posts)]
    desks = _with_front_desk(session, actor, units, _with_committee(actor, units, desks_of(actor)))
    return Me(staff.staff_no, name_of(session, staff), actor, units, desks, session.scalar(unread) or 0)


def _with_front_desk(session: Session, actor: Actor, units: Sequence[Unit], desks: list[Desk]) -> list[Desk]:
    """The front desk comes first for who receives there; for its leaders and the windows' people last."""
    if not has_desk(session, actor, units):
        return desks
    front = Desk("front_desk.board", t("服务台", "Front desk"), "users")
    receives = any(unit.level == Beside.CENTRE and actor.holds(unit.id, "desk") for unit in units)
    return [front, *desks] if receives else [*desks, front]


def _with_committee(actor: Actor, units: Sequence[Unit], desks: list[Desk]) -> list[Desk]:
    """At a third party that mediates and at the court the desk and the leader have the mediations too."""
    at_committee = any(kind_of(unit) in COMMITTEES for unit in units) and bool(actor.roles & {"desk", "leader"})
    return [*desks, _mediation()] if at_committee and _mediation() not in desks else desks


def _mediation() -> Desk:
    return Desk("mediation_desk.index", t("调解", "Mediation"), "scale")


def desks_of(actor: Actor) -> list[Desk]:
    """The desks of a person's roles, the one of the day's work first."""
    roles = actor.roles
    desks = []
    if roles & WORKERS:
        desks += [
            Desk("phone.tasks", t("待办", "Tasks"), "list"),
            Desk("phone.report", t("上报", "Report"), "plus"),
        ]
    if roles & TRIAGERS and not roles & WORKERS:
        desks.append(Desk("triage.board", t("受理台", "Triage"), "list"))
    if roles & SUPERVISORS:
        desks.append(Desk("overdue.board", t("超期看板", "Overdue"), "chart"))
        if not roles & (TRIAGERS | WORKERS):  # requests, rulings and replies wait for leaders too
            desks.append(Desk("triage.board", t("受理台", "Triage"), "list"))
    if roles & (TRIAGERS | SUPERVISORS) and not roles & WORKERS:
        desks.append(Desk("activity_log.index", t("活动", "Activities"), "calendar"))
    if roles & WHISTLERS and not roles & WORKERS:
        desks.append(Desk("whistle_list.index", t("吹哨", "Whistles"), "megaphone"))
    if "mediator" in roles:
        desks.insert(0 if roles == {"mediator"} else len(desks), _mediation())
    return desks + _now_and_then(roles)


def _now_and_then(roles: frozenset[str]) -> list[Desk]:
    """Desks beside the day's work."""
    wanted = {
        Desk("bulletin.index", t("简报", "Bulletin"), "file"): roles & SUPERVISORS,
        Desk("admin.index", t("管理", "Administration"), "settings"): roles & {"admin"},
        Desk("audit.index", t("审计", "Audit"), "shield"): roles & {"auditor"},
    }
    return [desk for desk, ours in wanted.items() if ours]
