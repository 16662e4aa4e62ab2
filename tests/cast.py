"""The cast: named people at every level of one small network, and a store in which they work.

District 511302 has two subdistricts; 潆溪 (009) has 冯家寺 (009) with two grids of two cells. Every post is filled.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engine import calendar, notices, outbox, runtime, timers
from engine.actors import Actor, system
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.deploy import deploy, known_to, read_directory
from engine.network.importing import import_units
from engine.network.people import actor_of, by_staff_no, holders
from engine.network.staffing import import_staff
from engine.network.units import Unit
from engine.worklist import OPEN, WorkItem
from processes import models_folder
from processes.cases.models import Case
from processes.cases.reporting import Reported, report
from processes.demo.generate import COMMAND, POSTS

D = "511302"
S, S2 = D + "009", D + "010"
V, V2 = S + "009", S + "010"
G, G2 = V + "001", V + "002"
C, C2 = G + "001", G + "002"
DEPARTMENTS = ("command", "police", "procuratorate", "court", "justice", "housing", "labour")
THIRD_PARTIES = ("law_firm", "medical_mediation")
CENTRE = f"{D}-linjiang"
COVERS = {CENTRE: (S, S2)}

UNITS: tuple[tuple[str, str, str, str], ...] = (
    (D, "", "district", "顺庆区"),
    (S, D, "subdistrict", "潆溪街道"),
    (S2, D, "subdistrict", "荆溪街道"),
    (V, S, "village", "冯家寺社区"),
    (V2, S, "village", "另一社区"),
    (S2 + "001", S2, "village", "远方村"),
    (G, V, "grid", "第一网格"),
    (G2, V, "grid", "第二网格"),
    (S2 + "001001", S2 + "001", "grid", "远方网格"),
    (C, G, "cell", "方格1"),
    (C2, G, "cell", "方格2"),
    *((f"{D}-{slug}", D, "department", slug) for slug in DEPARTMENTS),
    *((f"{D}-{slug}", D, "third_party", slug) for slug in THIRD_PARTIES),
    (CENTRE, D, "centre", "临江新区法务服务中心"),
)
QUARREL = {
    "kind": "dispute",
    "domain": "dispute_easing",
    "type": "family_neighbour",
    "urgency": "ordinary",
    "head_count": "up_to_50",
    "place_unit": C,
    "title": "围墙纠纷",
    "text": "两家为围墙争吵",
    "parties": [{"name": "张三", "phone": "13800001234", "role": "applicant"}, {"name": "李四", "role": "respondent"}],
}


def units_csv(rows: tuple[tuple[str, str, str, str], ...] = UNITS) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", "parent_code", "level", "name", "covers"])
    writer.writerows([*row, " ".join(COVERS.get(row[0], ()))] for row in rows)
    return out.getvalue().encode()


def staff_csv(rows: tuple[tuple[str, str, str, str], ...] = UNITS) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["staff_no", "name", "unit_code", "roles", "phone"])
    for code, _, level, name in rows:
        slug = code.partition("-")[2]
        for prefix, roles in (COMMAND if slug == "command" else POSTS[level]).items():
            writer.writerow([f"{prefix}-{code}", f"{name}{prefix}", code, roles, ""])
    return out.getvalue().encode()


@dataclass
class Cast:
    """People by staff number: `cast("G-" + G)` is the grid worker of the first grid."""

    store: Store
    clock: SimulatedClock
    district_id: int

    def __call__(self, staff_no: str) -> Actor:
        with self.store.read() as session:
            return actor_of(session, by_staff_no(session, staff_no))

    @property
    def cell(self) -> Actor:
        return self("C-" + C)

    @property
    def grid(self) -> Actor:
        return self("G-" + G)

    @property
    def village(self) -> Actor:
        return self("VA-" + V)

    @property
    def subdistrict(self) -> Actor:
        return self("SB-" + S)

    @property
    def district(self) -> Actor:
        return self("QB-" + D)

    def unit(self, code: str) -> Unit:
        with self.store.read() as session:
            return session.scalars(select(Unit).where(Unit.code == code)).one()

    def report(self, actor: Actor | None = None, **changes: Any) -> Reported:
        with self.store.write() as session:
            return report(session, actor or self.cell, {**QUARREL, **changes})

    def items(self, number: str, element: str | None = None) -> list[WorkItem]:
        with self.store.read() as session:
            query = select(WorkItem).where(WorkItem.subject_no == number, WorkItem.state.in_(OPEN))
            return [item for item in session.scalars(query.order_by(WorkItem.id)) if element in {None, item.element}]

    def holder(self, item: WorkItem) -> Actor:
        """Somebody whose post the item lies at."""
        with self.store.read() as session:
            people = holders(session, [(item.unit_id, item.role)])[(item.unit_id, item.role)]
            return actor_of(session, people[0])

    def do(self, number: str, element: str, actor: Actor | None = None, **data: Any) -> None:
        """Complete the open item of `element` with a form."""
        item = self.items(number, element)[0]
        with self.store.write() as session:
            runtime.complete(session, actor or self.holder(item), item.id, data)

    def case(self, number: str) -> Case:
        with self.store.read() as session:
            return session.scalars(select(Case).where(Case.number == number)).one()

    def pass_time(self, span: timedelta) -> None:
        """Let time go by; every timer fires in its own minute."""
        end = self.clock.now() + span
        while True:
            with self.store.read() as session:
                wake = timers.next_wake(session)
            if wake is None or wake > end:
                break
            self.clock.set(max(wake, self.clock.now()))
            timers.sweep(self.store)
        self.clock.set(end)
        self.tell()

    def tell(self) -> None:
        while outbox.deliver(self.store, [notices.InboxChannel()]):
            pass

    def notices(self, number: str) -> list[tuple[str, int | None]]:
        """(mark, staff id) of everybody who was told something about the case."""
        with self.store.read() as session:
            query = select(notices.Notice.mark, notices.Notice.staff_id).where(notices.Notice.subject_no == number)
            return [(mark, staff_id) for mark, staff_id in session.execute(query.order_by(notices.Notice.id))]


def settle_in(store: Store, clock: SimulatedClock, rows: tuple[tuple[str, str, str, str], ...] = UNITS) -> Cast:
    """Import the small network, its people, the calendar and the real models."""
    with store.write() as session:
        import_units(session, "system:test", units_csv(rows))
        import_staff(session, "system:test", staff_csv(rows))
        calendar.seed(session)
        district = session.scalars(select(Unit).where(Unit.code == D)).one()
        deploy(session, system(district.id), read_directory(models_folder()), known_to(session.env.registry))
    return Cast(store, clock, district.id)
