"""The agenda of a simulated district: reports, people and timers in the order of time, days of outage."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select, update

from engine import calendar, outbox, runtime, timers
from engine.calendar import ZONE
from engine.errors import UserError
from engine.instances import ProcessInstance
from engine.network.units import get
from engine.notices import InboxChannel, Notice
from engine.timers import ARMED, Timer
from engine.worklist import OPEN, WorkItem
from processes.attachments import attach
from processes.cases.changing import feedback
from processes.cases.models import Case
from processes.cases.reporting import report
from processes.codes import Light, Rung
from processes.requests.operations import ask
from processes.simulation import beside, centre, words
from processes.simulation.matters import PHOTO_SHARE, matter, moments_of
from processes.simulation.photos import photo
from processes.simulation.staff import Crew
from processes.supervisions.operations import supervise

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.clock import SimulatedClock
    from engine.db import Session, Store

WEEKEND_SHARE = 0.4
OUTAGE_EVERY_DAYS = 11
OUTAGE = (time(13), time(22))
"""Every eleventh day the system is down from one to ten in the evening."""
INSPECTION = time(15, 30)
INSPECTED = 3
FEEDBACK_SHARE = 0.2
READ_AFTER = timedelta(hours=30)
_AGAIN = timedelta(hours=3)
_PAGE = 20


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


class TheirsNow(UserError):
    """This case belongs to real people now; made-up staff leave it alone."""

    code = "theirs_now"
    zh = "该事件已由真实用户办理，模拟人员不再处理。"


class Onlookers(Protocol):
    """What a town asks of whoever lets it live."""

    def is_theirs(self, session: Session, subject_no: str) -> bool:
        """Whether a case is none of the made-up staff's business."""
        ...

    def has_happened(self, cases: int) -> None:
        """Something has happened; `cases`: how many were reported in all."""
        ...


class Nobody:
    """A town all to itself."""

    def is_theirs(self, session: Session, subject_no: str) -> bool:  # of the protocol
        return False

    def has_happened(self, cases: int) -> None:
        pass


@dataclass
class Town:
    """`reporters`: who may report, each as often as they stand in it; the crew's own when empty."""

    store: Store
    clock: SimulatedClock
    plan: Plan
    end: datetime
    crew: Crew
    onlookers: Onlookers = field(default_factory=Nobody)
    reporters: list[Actor] = field(default_factory=list)
    cases: int = 0
    refused: int = 0
    staged: set[str] = field(default_factory=set)
    """Cases that a story leads by the hand; the crew leaves them alone."""
    _seen: int = 0
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _theirs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chances: random.Random = self.crew.chances
        with self.store.read() as session:
            self.crew.hire(session)
            self._calendar = calendar.load(session)
        self.reporters = self.reporters or self.crew.reporters()

    def live(self, progress: Callable[[int], object]) -> None:
        """Day after day: plan the reports, let things happen in the order of time, deliver notices."""
        self._notice_work()
        first = self.clock.now().astimezone(ZONE).date()
        for number in range((first - self.plan.start.date()).days, self.plan.days):
            day = self.plan.start.date() + timedelta(days=number)
            self._plan_day(day)
            down = number % OUTAGE_EVERY_DAYS == OUTAGE_EVERY_DAYS - 1
            end = min(datetime.combine(day + timedelta(days=1), time(0), ZONE), self.end)
            if down:
                self._until(min(datetime.combine(day, OUTAGE[0], ZONE), end))
                self.clock.set(max(min(datetime.combine(day, OUTAGE[1], ZONE), end), self.clock.now()))
            self._until(end)
            self._deliver()
            progress(1)

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (moment.astimezone(UTC), next(self._numbers), act))

    def report(self, reporter: Actor, *, staged: bool = False, **wishes: str | bool | None) -> str:
        """A made-up matter comes in; the number of its case. `staged`: the crew is to leave it alone."""
        with self.store.write() as session:
            data = matter(session, self.chances, reporter, **wishes)  # type: ignore[arg-type] # its own keywords
            case = report(session, reporter, data).case
            if self.chances.random() < PHOTO_SHARE:
                attach(session, reporter, case, "photo.jpg", photo(self.chances, case.kind))
        self.cases += 1
        if staged:
            self.staged.add(case.number)
        return case.number

    def _report_something(self) -> None:
        self.report(self.chances.choice(self.reporters))

    def _plan_day(self, day: date) -> None:
        count = self.plan.cases_per_day
        if self._calendar.is_working(day):
            self._at_if_ahead(datetime.combine(day, INSPECTION, ZONE), self._inspect)
            with self.store.read() as session:
                for moment, deed in centre.day(self.crew, session, day):
                    self._at_if_ahead(moment, self._doing(deed))
        else:
            count = round(count * WEEKEND_SHARE)
        for moment in moments_of(random.Random(f"{self.plan.seed}:{day}"), day, count):
            self._at_if_ahead(moment, self._report_something)

    def _doing(self, deed: centre.Deed) -> Callable[[], None]:
        def do() -> None:
            try:
                with self.store.write() as session:
                    deed(session)
            except UserError:
                self.refused += 1

        return do

    def _at_if_ahead(self, moment: datetime, act: Callable[[], None]) -> None:
        """A month that goes on after an interruption has had its morning already."""
        if moment >= self.clock.now():
            self.at(moment, act)

    def _until(self, end: datetime) -> None:
        """Everything up to `end`, people and timers in the order of time; what is late happens now."""
        while True:
            timer = self._next_timer(end)
            planned = self._agenda[0][0] if self._agenda else None
            moment = min((m for m in (timer.wake_at if timer else None, planned) if m is not None), default=None)
            if moment is None or moment > end:
                break
            self.clock.set(max(moment, self.clock.now()))
            if timer is not None and timer.wake_at <= self.clock.now():
                timers.fire(self.store, timer.id, timer.attempts)
            else:
                heapq.heappop(self._agenda)[2]()
            self._notice_work()
            self.onlookers.has_happened(self.cases)
        self.clock.set(max(end, self.clock.now()))

    def _next_timer(self, end: datetime) -> Timer | None:
        """The next armed timer up to `end` of a case that is the town's own."""
        query = (
            select(Timer, ProcessInstance.subject_no)
            .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
            .where(Timer.state == ARMED, Timer.wake_at <= end)
            .order_by(Timer.wake_at, Timer.id)
        )
        skipped = 0
        with self.store.read() as session:
            while True:
                page = session.execute(query.offset(skipped).limit(_PAGE)).all()
                for timer, subject_no in page:
                    if not self._is_theirs(session, subject_no):
                        return timer
                if len(page) < _PAGE:
                    return None
                skipped += len(page)

    def _is_theirs(self, session: Session, subject_no: str) -> bool:
        """Once a case has become somebody's it stays theirs, so that is asked only while it has not."""
        if subject_no not in self._theirs and self.onlookers.is_theirs(session, subject_no):
            self._theirs.add(subject_no)
        return subject_no in self._theirs

    def _notice_work(self) -> None:
        """Put every new work item on somebody's agenda."""
        with self.store.read() as session:
            query = select(WorkItem).where(WorkItem.id > self._seen, WorkItem.state.in_(OPEN)).order_by(WorkItem.id)
            for item in session.scalars(query):
                self._seen = item.id
                if item.subject_no in self.staged or self._is_theirs(session, item.subject_no):
                    continue
                moment = self.crew.when(session, item, self.clock.now())
                if moment is not None:
                    self.at(moment, self._working(item.id))

    def _working(self, item_id: int) -> Callable[[], None]:
        def work() -> None:
            try:
                with self.store.write() as session:
                    if self._work(session, item_id):
                        self.at(self.clock.now() + _AGAIN, work)
            except TheirsNow:
                pass
            except UserError:
                self.refused += 1  # a wish that the rules do not allow; the post thinks again
                self.at(self.clock.now() + _AGAIN, work)

        return work

    def _work(self, session: Session, item_id: int) -> bool:
        """Whether the post comes back to the item: it only asked for something or noted progress."""
        item = session.get_one(WorkItem, item_id)
        actor = self.crew.actor_for(session, item)
        if not item.is_open or actor is None:
            return False
        runtime.claim(session, actor, item_id)
        self.refuse_theirs(session, item.subject_no)
        if item.element == "act":
            case = session.get_one(Case, item.subject_id)
            if beside.waits(session, case) or beside.begins(self.crew, session, actor, case):
                return True
            asking = self.crew.asks_first(item)
            if asking is not None:
                ask(session, actor, case, asking)
                return True
            if self.chances.random() < FEEDBACK_SHARE:
                feedback(session, actor, case, self.chances.choice(words.PROGRESS), measure=False)
                return True
        runtime.complete(session, actor, item_id, self.crew.fill_in(session, actor, item))
        return False

    def refuse_theirs(self, session: Session, subject_no: str) -> None:
        """Asked under the lock of the case's instance, so that nobody can come in between. Raises TheirsNow."""
        if self.onlookers.is_theirs(session, subject_no):
            raise TheirsNow

    def _inspect(self) -> None:
        """督办: in the afternoon supervisors urge a few of what has been overdue the longest."""
        with self.store.read() as session:
            late = select(Case).where(Case.light == Light.RED, Case.owner_id.is_not(None)).order_by(Case.due_at)
            found = [(case.id, case.number) for case in session.scalars(late.limit(INSPECTED))]
            found = [each for each in found if not self._is_theirs(session, each[1])]
        for case_id, _ in found:
            self._urge(case_id)

    def _urge(self, case_id: int) -> None:
        try:
            with self.store.write() as session:
                case = session.get_one(Case, case_id)
                actor = self.crew.supervisor_over(get(session, case.owner_id or case.last_owner_id))
                if actor is not None:
                    self.press(session, case, Rung.URGE, actor)
        except UserError:
            self.refused += 1

    def press(self, session: Session, case: Case, rung: Rung, actor: Actor) -> None:
        """Supervise a case by hand. Raises as `supervise`, and TheirsNow."""
        supervise(session, actor, case, rung)
        self.refuse_theirs(session, case.number)

    def _deliver(self) -> None:
        """Everybody is told; what they were told before yesterday they have read."""
        while outbox.deliver(self.store, [InboxChannel()]):
            pass
        with self.store.write() as session:
            now = self.clock.now()
            old = update(Notice).where(Notice.read_at.is_(None), Notice.created_at < now - READ_AFTER)
            session.execute(old.values(read_at=now).execution_options(synchronize_session=False))
