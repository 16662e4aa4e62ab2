"""Windows of the small network's centre, and somebody who comes in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine import runtime
from engine.actors import Actor
from engine.network.units import Unit
from engine.worklist import OPEN, WorkItem
from processes.centres.models import Window
from processes.visits.models import Petition, Visit, VisitWindow
from processes.visits.operations import receive
from tests.cast import CENTRE, Cast, D

WINDOWS = (
    ("01", "advice", f"{D}-law_firm"),
    ("02", "legal_aid", f"{D}-justice"),
    ("03", "notary", f"{D}-justice"),
    ("04", "mediation", f"{D}-justice"),
    ("05", "complaint", f"{D}-police"),
    ("06", "petition", f"{D}-housing"),
)
DESK, LEADER = f"A-{CENTRE}", f"B-{CENTRE}"
VISITOR = {
    "matter": "advice",
    "name": "王小明",
    "phone": "13900005678",
    "wishes": "想问清楚拖欠的工钱怎么要",
    "windows": ["01"],
}


def furnish(cast: Cast, windows: tuple[tuple[str, str, str], ...] = WINDOWS) -> None:
    """Open the centre's windows."""
    with cast.store.write() as session:
        units = {unit.code: unit for unit in session.scalars(select(Unit))}
        for place, (code, service, unit) in enumerate(windows):
            session.add(
                Window(
                    district_id=units[D].id,
                    centre_id=units[CENTRE].id,
                    code=code,
                    name=service,
                    service=service,
                    unit_id=units[unit].id,
                    position=place,
                )
            )


def come(cast: Cast, *windows: str, actor: Actor | None = None, **changes: Any) -> Visit:
    """Somebody is received at the desk and sent to these windows."""
    data = {**VISITOR, "windows": list(windows) or ["01"], **changes}
    with cast.store.write() as session:
        return receive(session, actor or cast(DESK), session.merge(cast.unit(CENTRE)), data)


def visit_of(cast: Cast, number: str) -> Visit:
    with cast.store.read() as session:
        return session.scalars(select(Visit).where(Visit.number == number)).one()


def parts(cast: Cast, number: str) -> dict[str, VisitWindow]:
    """The visit's windows by service."""
    with cast.store.read() as session:
        query = select(VisitWindow).join(Visit, Visit.id == VisitWindow.visit_id).where(Visit.number == number)
        return {part.service: part for part in session.scalars(query)}


def petition(cast: Cast, number: str) -> Petition:
    with cast.store.read() as session:
        return session.scalars(
            select(Petition).where(Petition.visit_window_id == parts(cast, number)["petition"].id)
        ).one()


def steps(cast: Cast, number: str) -> list[str]:
    """Elements of the visit's own open tasks, not of its case's."""
    with cast.store.read() as session:
        query = select(WorkItem.element).where(
            WorkItem.subject_no == number, WorkItem.state.in_(OPEN), WorkItem.subject_id < 0
        )
        return list(session.scalars(query.order_by(WorkItem.id)))


def finish(cast: Cast, number: str, rating: str = "satisfied") -> None:
    cast.do(number, "finish_visit", told=True, rating=rating)


def claim(cast: Cast, actor: Actor, item: WorkItem) -> None:
    with cast.store.write() as session:
        runtime.claim(session, actor, item.id)
