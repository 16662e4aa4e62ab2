"""Runs a plan: reports and people on an agenda, timers in between, days of outage, the same again for the same seed."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine import calendar, outbox, runtime, timers
from engine.actors import system
from engine.calendar import ZONE
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.definitions.deploy import deploy, known_to, read_directory
from engine.environment import Environment, SeededEntropy
from engine.errors import OperatorError, UserError
from engine.instances import ProcessInstance
from engine.network.units import Unit
from engine.notices import InboxChannel
from engine.trail.verify import verify
from engine.worklist import OPEN, WorkItem
from processes import migrations, models_folder
from processes.cases.models import Stay
from processes.cases.reporting import report
from processes.demo.loading import load_demo
from processes.registry import build
from processes.simulation.matters import matter, moments_of
from processes.simulation.staff import Crew

if TYPE_CHECKING:
    from engine.keys import KeyRing

WEEKEND_SHARE = 0.4
OUTAGE_EVERY_DAYS = 11
OUTAGE = (time(13), time(22))
"""Every eleventh day the system is down from one to ten in the evening."""
_AGAIN = timedelta(hours=3)


class NotNew(OperatorError):
    """A simulation needs a new database; this one holds a district already."""

    code = "simulation_needs_new_database"
    zh = "模拟需要全新的数据库；此库已有数据。"


@dataclass(frozen=True)
class Plan:
    """`days` up to and including `until`; nothing happens after now."""

    days: int
    cases_per_day: int
    seed: int
    until: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.until - timedelta(days=self.days - 1), time(0), ZONE)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.until, time(23, 59), ZONE)


@dataclass(frozen=True)
class Result:
    """What came of it."""

    cases: int
    steps: int
    escalated: int
    refused: int
    root_hex: str


def simulate(
    url: str, keys: KeyRing, plan: Plan, progress: Callable[[int], object], now: datetime | None = None
) -> Result:
    """Fill a new database. `progress(1)` after each day; `now`: nothing happens later. Raises NotNew."""
    clock = SimulatedClock(plan.start)
    env = Environment(clock=clock, keys=keys, catalogue=Catalogue(), registry=build(), entropy=SeededEntropy(plan.seed))
    store = Store(url, env)
    try:
        district_id = _prepare(store)
        town = Town(store, clock, plan, min(plan.end, now or datetime.now(UTC)))
        town.live(progress)
        return town.result(district_id)
    finally:
        store.dispose()


def _prepare(store: Store) -> int:
    migrations.upgrade(store.engine)
    with store.write() as session:
        if session.scalar(select(func.count()).select_from(Unit)):
            raise NotNew
        calendar.seed(session)
        district = load_demo(session)
        deploy(session, system(district.id, "demo"), read_directory(models_folder()), known_to(session.env.registry))
    return district.id


@dataclass
class Town:
    """The agenda of a simulated district."""

    store: Store
    clock: SimulatedClock
    plan: Plan
    end: datetime
    refused: int = 0
    _seen: int = 0
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.chances = random.Random(f"town:{self.plan.seed}")
        self.crew = Crew(self.chances)
        with self.store.read() as session:
            self.crew.hire(session)
            self._calendar = calendar.load(session)
        self._reporters = self.crew.reporters()

    def live(self, progress: Callable[[int], object]) -> None:
        """Day after day: plan the reports, let things happen in the order of time, deliver notices."""
        for number in range(self.plan.days):
            day = self.plan.start.date() + timedelta(days=number)
            self._plan_day(day)
            down = number % OUTAGE_EVERY_DAYS == OUTAGE_EVERY_DAYS - 1
            end = min(datetime.combine(day + timedelta(days=1), time(0), ZONE), self.end)
            if down:
                self._until(min(datetime.combine(day, OUTAGE[0], ZONE), end))
                self.clock.set(min(datetime.combine(day, OUTAGE[1], ZONE), end))
            self._until(end)
            while outbox.deliver(self.store, [InboxChannel()]):
                pass
            progress(1)

    def _plan_day(self, day: date) -> None:
        count = self.plan.cases_per_day
        if not self._calendar.is_working(day):
            count = round(count * WEEKEND_SHARE)
        for moment in moments_of(self.chances, day, count):
            self._at(moment, self._report)

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment.astimezone(UTC), next(self._numbers), act))

    def _until(self, end: datetime) -> None:
        """Everything up to `end`, people and timers in the order of time; what is late happens now."""
        while True:
            with self.store.read() as session:
                wake = timers.next_wake(session)
            planned = self._agenda[0][0] if self._agenda else None
            moment = min((m for m in (wake, planned) if m is not None), default=None)
            if moment is None or moment > end:
                break
            self.clock.set(max(moment, self.clock.now()))
            if wake is not None and wake <= self.clock.now():
                timers.sweep(self.store)
            else:
                heapq.heappop(self._agenda)[2]()
            self._notice_work()
        self.clock.set(max(end, self.clock.now()))

    def _report(self) -> None:
        reporter = self.chances.choice(self._reporters)
        with self.store.write() as session:
            report(session, reporter, matter(session, self.chances, reporter))

    def _notice_work(self) -> None:
        """Put every new work item on somebody's agenda."""
        with self.store.read() as session:
            query = select(WorkItem).where(WorkItem.id > self._seen, WorkItem.state.in_(OPEN)).order_by(WorkItem.id)
            for item in session.scalars(query):
                self._seen = item.id
                moment = self.crew.when(session, item, self.clock.now())
                if moment is not None:
                    self._at(moment, self._working(item.id))

    def _working(self, item_id: int) -> Callable[[], None]:
        def work() -> None:
            try:
                with self.store.write() as session:
                    item = session.get_one(WorkItem, item_id)
                    actor = self.crew.actor_for(session, item)
                    if item.is_open and actor is not None:
                        runtime.claim(session, actor, item_id)
                        runtime.complete(session, actor, item_id, self.crew.fill_in(session, actor, item))
            except UserError:
                self.refused += 1  # a wish that the rules do not allow; the post thinks again
                self._at(self.clock.now() + _AGAIN, work)

        return work

    def result(self, district_id: int) -> Result:
        with self.store.read() as session:
            moved = select(func.count()).select_from(Stay)
            return Result(
                cases=session.scalar(moved.where(Stay.arrived_by == "report")) or 0,
                steps=session.scalar(select(func.sum(ProcessInstance.steps))) or 0,
                escalated=session.scalar(moved.where(Stay.arrived_by.in_(("escalate", "move_up")))) or 0,
                refused=self.refused,
                root_hex=verify(session, district_id).root_hex,
            )
