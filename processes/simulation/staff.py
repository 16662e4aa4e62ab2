"""Made-up staff: how soon a post looks at its work, and what it decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.actors import Actor
from engine.calendar import load as load_calendar
from engine.network.people import Appointment, Staff, actor_of
from engine.network.units import Level, Unit, get, lineage
from processes.cases.actions import allowed
from processes.cases.models import Case
from processes.codes import Urgency
from processes.requests.operations import EXTENSION, SUSPENSION, Asking
from processes.simulation import beside, words

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
LAZY_SHARE = 0.025
"""Work that a post lets lie until somebody above takes it."""
SLOW_UNITS = 0.06
"""Units that take five times as long as others: they make the boards red."""
ASKING_SHARE = 0.08
_SLOWER = {"suspended": 20, "mediate_session": 8, "expert_pause": 20, "confirmation": 10, "court_decision": 20}
"""Steps that people take so many times longer for than for others."""
Post = tuple[int, str]


def _always(_post: Post, _now: datetime) -> bool:
    return True


@dataclass
class Crew:
    """Who works where, and how. All chances come from one seeded generator."""

    chances: random.Random
    at_work: Callable[[Post, datetime], bool] = _always
    """Whether the holder of a post looks at new work at all; visitors of a demonstration have desks of their own."""
    actors: dict[Post, list[Actor]] = field(default_factory=dict)
    pace: dict[int, float] = field(default_factory=dict)

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

    def supervisor_over(self, unit: Unit) -> Actor | None:
        """Who supervises the unit from the nearest place above it."""
        for unit_id in reversed(lineage(unit)[:-1]):
            found = self.actors.get((unit_id, "supervisor"))
            if found:
                return found[0]
        return None

    def actor_for(self, session: Session, item: WorkItem) -> Actor | None:
        """Somebody at the item's post; a check goes to a colleague of the one who settled it."""
        found = self.actors.get((item.unit_id, item.role), [])
        if item.element == "check":
            settled_by = session.get_one(Case, item.subject_id).settled_by
            found = [actor for actor in found if actor.ref != settled_by]
        return found[0] if found else None

    def when(self, session: Session, item: WorkItem, now: datetime) -> datetime | None:
        """When the post will see to the item; None when it never will."""
        lazy = self.chances.random() < LAZY_SHARE
        if not self.at_work((item.unit_id, item.role), now) or lazy:
            return None
        if item.unit_id not in self.pace:
            slow = self.chances.random() < SLOW_UNITS
            self.pace[item.unit_id] = self.chances.lognormvariate(0, 0.5) * (5 if slow else 1)
        hours = self.pace[item.unit_id] * self.chances.uniform(0.2, 4)
        hours *= _SLOWER.get(item.element, 1)
        case = session.get(Case, item.subject_id)
        if case is not None and case.urgency != Urgency.ORDINARY:
            return now + timedelta(hours=min(hours / 4, 20))
        return load_calendar(session).add_working_time(now, timedelta(hours=hours)).at

    def asks_first(self, item: WorkItem) -> Asking | None:
        """What the holder of an item wants of the superior before acting."""
        if item.element != "act" or self.chances.random() >= ASKING_SHARE:
            return None
        if self.chances.random() < 0.6:
            return Asking(EXTENSION, self.chances.choice(words.MORE_TIME), days=self.chances.randrange(1, 4))
        today = item.created_at.date()
        review = today + timedelta(days=self.chances.randrange(10, 40))
        return Asking(SUSPENSION, self.chances.choice(words.STANDSTILL), review_on=review)

    def fill_in(self, session: Session, actor: Actor, item: WorkItem) -> dict[str, Any]:
        """A form that the post might send."""
        simple = words.SIMPLE.get(item.form)
        if simple is not None:
            return dict(self.chances.choices([data for _, data in simple], [weight for weight, _ in simple])[0])
        beside_form = beside.FORMS.get(item.form)
        if beside_form is not None:
            return beside_form(self, session, actor, item)
        case = session.get_one(Case, item.subject_id)
        if item.form == "ruling":
            ruler, owner = get(session, item.unit_id), get(session, case.owner_id or case.last_owner_id)
            target = owner if owner.path.startswith(ruler.path) else ruler
            return {"target": target.code, "reason": self.chances.choice(words.RULINGS)}
        return self._act(session, actor, case)

    def _act(self, session: Session, actor: Actor, case: Case) -> dict[str, Any]:
        owner = get(session, case.owner_id or case.last_owner_id)
        possible = {action.code for action in allowed(session, actor, case) if action.element == "act"}
        weights = {code: weight for code, weight in WEIGHTS.get(owner.level, {}).items() if code in possible}
        code = self.chances.choices(list(weights), list(weights.values()))[0] if weights else "self_handle"
        if code == "assign":
            return self._assign(session, owner)
        if code == "transfer":
            slug = "police" if case.kind == "criminal" else self.chances.choice(DEPARTMENTS)
            district = get(session, owner.district_id)
            reason = self.chances.choice(words.REASONS["transfer"])
            return {"outcome": "transfer", "target": f"{district.code}-{slug}", "reason": reason}
        if code == "self_handle":
            measures = words.MEASURES.get(case.kind, words.MEASURES["dispute"])
            return {"outcome": "self_handle", "measures": self.chances.choice(measures)}
        return {"outcome": code, "reason": self.chances.choice(words.REASONS[code])}

    def _assign(self, session: Session, owner: Unit) -> dict[str, Any]:
        below = Level(list(Level)[Level(owner.level).rank + 1])
        query = select(Unit).where(Unit.parent_id == owner.id, Unit.level == below).order_by(Unit.id)
        return {
            "outcome": "assign",
            "target": self.chances.choice(list(session.scalars(query))).code,
            "deadline": (session.env.clock.now() + timedelta(hours=20)).isoformat(),
            "reason": self.chances.choice(words.REASONS["assign"]),
        }
