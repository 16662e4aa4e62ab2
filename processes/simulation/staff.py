"""Made-up staff: how soon a post looks at its work, and what it decides."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.actors import Actor
from engine.calendar import load as load_calendar
from engine.network.people import Appointment, Staff, actor_of
from engine.network.units import Unit, get
from processes.cases.actions import allowed
from processes.cases.models import Case
from processes.codes import Urgency

if TYPE_CHECKING:
    from engine.db import Session
    from engine.worklist import WorkItem

WEIGHTS = {
    "grid": {"self_handle": 60, "refer_up": 36, "assign": 4},
    "village": {"self_handle": 52, "refer_up": 26, "assign": 10, "transfer": 12},
    "subdistrict": {"self_handle": 40, "refer_up": 14, "assign": 22, "transfer": 22, "return": 2},
    "district": {"self_handle": 30, "assign": 35, "transfer": 35},
    "department": {"self_handle": 92, "return": 8},
    "cell": {"self_handle": 95, "refer_up": 5},
}
DEPARTMENTS = ("housing", "labour", "market", "urban", "civil", "justice", "petition", "environment")
LAZY_SHARE = 0.07
"""Posts that let work lie until somebody above takes it."""


@dataclass
class Crew:
    """Who works where, and how. All chances come from one seeded generator."""

    chances: random.Random
    actors: dict[tuple[int, str], list[Actor]] = field(default_factory=dict)
    pace: dict[tuple[int, str], float] = field(default_factory=dict)

    def hire(self, session: Session) -> None:
        """Read all posts once."""
        people = {staff.id: actor_of(session, staff) for staff in session.scalars(select(Staff).order_by(Staff.id))}
        query = select(Appointment.unit_id, Appointment.role, Appointment.staff_id).order_by(Appointment.id)
        for unit_id, role, staff_id in session.execute(query):
            self.actors.setdefault((unit_id, role), []).append(people[staff_id])

    def reporters(self) -> list[Actor]:
        return [
            actors[0] for (_, role), actors in sorted(self.actors.items()) if role in {"cell_worker", "grid_worker"}
        ]

    def actor_for(self, session: Session, item: WorkItem) -> Actor | None:
        """Somebody at the item's post; a check goes to a colleague of the one who settled it."""
        found = self.actors.get((item.unit_id, item.role), [])
        if item.element == "check":
            settled_by = session.get_one(Case, item.subject_id).settled_by
            found = [actor for actor in found if actor.ref != settled_by]
        return found[0] if found else None

    def when(self, session: Session, item: WorkItem, now: datetime) -> datetime | None:
        """When the post will see to the item; None when it never will."""
        post = (item.unit_id, item.role)
        if post not in self.pace:
            self.pace[post] = self.chances.lognormvariate(0, 0.7)
        if self.chances.random() < LAZY_SHARE:
            return None
        hours = self.pace[post] * self.chances.uniform(0.3, 6)
        if session.get_one(Case, item.subject_id).urgency != Urgency.ORDINARY:
            hours = hours / 8
        return load_calendar(session).add_working_time(now, timedelta(hours=hours)).at

    def fill_in(self, session: Session, actor: Actor, item: WorkItem) -> dict[str, Any]:
        """A form that the post might send."""
        simple = _SIMPLE.get(item.form)
        if simple is not None:
            return dict(self.chances.choices([data for _, data in simple], [weight for weight, _ in simple])[0])
        case = session.get_one(Case, item.subject_id)
        if item.form == "ruling":
            ruler, owner = get(session, item.unit_id), get(session, case.owner_id or case.last_owner_id)
            target = owner if owner.path.startswith(ruler.path) else ruler
            return {"target": target.code, "reason": "职责所在"}
        return self._act(session, actor, case)

    def _act(self, session: Session, actor: Actor, case: Case) -> dict[str, Any]:
        owner = get(session, case.owner_id or case.last_owner_id)
        possible = {action.code for action in allowed(session, actor, case) if action.element == "act"}
        weights = {code: weight for code, weight in WEIGHTS.get(owner.level, {}).items() if code in possible}
        code = self.chances.choices(list(weights), list(weights.values()))[0] if weights else "self_handle"
        if code == "assign":
            return self._assign(session, case, owner)
        if code == "transfer":
            slug = "police" if case.kind == "criminal" else self.chances.choice(DEPARTMENTS)
            district = get(session, owner.district_id)
            return {"outcome": "transfer", "target": f"{district.code}-{slug}", "reason": "属其职责"}
        if code == "self_handle":
            return {"outcome": "self_handle", "measures": "到场了解情况，双方达成一致"}
        return {"outcome": code, "reason": "本级难以解决"}

    def _assign(self, session: Session, case: Case, owner: Unit) -> dict[str, Any]:
        levels = {"district": "subdistrict", "subdistrict": "village", "village": "grid", "grid": "cell"}
        query = select(Unit).where(Unit.parent_id == owner.id, Unit.level == levels[owner.level]).order_by(Unit.id)
        child = self.chances.choice(list(session.scalars(query)))
        deadline = session.env.clock.now() + timedelta(hours=20)
        del case
        return {
            "outcome": "assign",
            "target": child.code,
            "deadline": deadline.isoformat(),
            "reason": "就近办理",
        }


_SIMPLE: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "verify": [(94, {"result": "accept"}), (6, {"result": "decline", "reason": "不属受理范围，可向法院起诉"})],
    "accept": [
        (88, {"outcome": "accept"}),
        (6, {"outcome": "refer_up", "reason": "超出本级权限"}),
        (6, {"outcome": "return", "reason": "不属本单位职责"}),
    ],
    "return_reply": [(6, {"agree": True}), (4, {"agree": False, "opinion": "属你单位职责"})],
    "confirm": [(9, {"ok": True}), (1, {"ok": False, "opinion": "材料不全，请补充"})],
    "check": [(88, {"ok": True, "finding": "现场核实，已解决"}), (12, {"ok": False, "finding": "问题仍在"})],
    "rating": [
        (60, {"answer": "satisfied"}),
        (25, {"answer": "basic"}),
        (8, {"answer": "unsatisfied", "words": "还没解决"}),
        (7, {"answer": "unreached"}),
    ],
    "request_decision": [(7, {"granted": True}), (3, {"granted": False, "opinion": "请按时办结"})],
    "sup_reply": [(7, {"done": True}), (3, {"done": False, "reason": "需多部门配合", "plan": "三日内办结"})],
    "sup_judge": [(7, {"verdict": "lift"}), (1, {"verdict": "next"}), (2, {"verdict": "wait"})],
    "resume": [(1, {"reason": "条件已具备"})],
}
