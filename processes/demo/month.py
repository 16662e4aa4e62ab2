"""Lives the month of the demonstration, while real people may already be at work in the same database."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select, update

from engine.calendar import ZONE
from engine.clock import SimulatedClock
from engine.db import Store
from engine.environment import SystemEntropy
from engine.network.people import Appointment, Staff
from engine.network.units import Unit
from processes.demo import runs, scenes
from processes.demo.accounts import ACCOUNTS
from processes.demo.runs import DemoRun
from processes.simulation.staff import Crew, Post
from processes.simulation.town import Plan, Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.actors import Actor
    from engine.clock import Clock
    from engine.db import Session
    from engine.environment import Environment

CASES_PER_DAY = 10
BEAT = timedelta(seconds=1)
QUIET = timedelta(hours=40)
"""So long before the opening visitors' posts begin to leave work for their visitors."""
LEFT_SHARE = 0.5
HOME, SUBDISTRICT = "511302009009", "511302009"
HOME_SHARE, SUBDISTRICT_SHARE = 0.3, 0.2
"""How much happens in the visitors' own community and subdistrict, so that their boards are full."""


class MonthStore(Store):
    """The same database on the simulated clock; every transaction first looks whether the month may still write.

    Its SQLite connections wait for the disk at checkpoints only (`synchronous=NORMAL`): a power cut may take the last
    made-up steps away, never tear the file. What real people commit on theirs is synced before they are answered.
    """

    def __init__(self, url: str, env: Environment, fence: int) -> None:
        super().__init__(url, env)
        self._fence = fence
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _relax)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Raises MonthOver when the worker has taken over."""
        with super().write() as session:
            runs.refuse_over(session, self._fence)
            yield session


def _relax(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def live(store: Store, *, cases_per_day: int = CASES_PER_DAY) -> DemoRun | None:
    """Live the month to its end, from wherever it stands; None when there is none to live.

    `store` tells the real time. May be killed at any moment and called again. Raises MonthOver when another process
    or the worker has taken over.
    """
    with store.write() as session:
        row = runs.take_up(session)
        if row is None:
            return None
        reporters, visitors = _reporters(session), _visitors_posts(session)
    plan = Plan(row.days, cases_per_day, row.seed, row.horizon.astimezone(ZONE).date())
    clock = SimulatedClock(min(max(row.reached, plan.start), row.horizon))
    env = replace(store.env, clock=clock, entropy=SystemEntropy())
    inner = MonthStore(store.url.render_as_string(hide_password=False), env, row.fence)
    try:
        chances = random.Random(f"month:{row.seed}:{row.fence}")
        crew = Crew(chances, at_work=Desks(visitors, row.horizon - QUIET, chances))
        watch = Watch(inner, row, store.env.clock)
        town = Town(inner, clock, plan, row.horizon, crew, watch, reporters, cases=row.cases)
        scenes.rehearse(town, row.horizon)
        town.live(lambda _days: watch.beat(town.cases))
        watch.finish(town.cases)
    finally:
        inner.dispose()
    with store.read() as session:
        return runs.find(session)


@dataclass
class Watch:
    """Tells how far the month is, and keeps it away from what real people have touched."""

    store: Store
    row: DemoRun
    wall: Clock
    _told: datetime | None = None

    def is_theirs(self, session: Session, subject_no: str) -> bool:
        return runs.belongs_to_visitors(session, self.row, subject_no)

    def has_happened(self, cases: int) -> None:
        if self._told is None or self.wall.now() - self._told >= BEAT:
            self.beat(cases)

    def beat(self, cases: int) -> None:
        self._told = self.wall.now()
        self._write(cases=cases, reached=self.store.env.clock.now(), seen_at=self._told)

    def finish(self, cases: int) -> None:
        now = self.wall.now()
        self._write(cases=cases, reached=self.row.horizon, seen_at=now, ended_at=now, state=runs.FINISHED)

    def _write(self, **values: Any) -> None:
        with self.store.write() as session:
            session.execute(update(DemoRun).values(**values))


@dataclass
class Desks:
    """The visitors' own posts work like all others, until shortly before the opening: then half of it is left."""

    posts: set[Post]
    quiet: datetime
    chances: random.Random = field(repr=False)

    def __call__(self, post: Post, now: datetime) -> bool:
        return post not in self.posts or now < self.quiet or self.chances.random() >= LEFT_SHARE


def _visitors_posts(session: Session) -> set[Post]:
    numbers = [account.staff_no for account in ACCOUNTS]
    query = select(Appointment.unit_id, Appointment.role).join(Staff, Staff.id == Appointment.staff_id)
    return {(unit_id, role) for unit_id, role in session.execute(query.where(Staff.staff_no.in_(numbers)))}


def _reporters(session: Session) -> list[Actor]:
    """Every worker of the district, those of the visitors' community and subdistrict more than once."""
    crew = Crew(random.Random())
    crew.hire(session)
    codes = dict(session.execute(select(Unit.id, Unit.code)).all())
    everybody = crew.reporters()
    home = [actor for actor in everybody if codes[actor.posts[0].unit_id].startswith(HOME)]
    near = [actor for actor in everybody if codes[actor.posts[0].unit_id].startswith(SUBDISTRICT)]
    return [
        *everybody,
        *_repeated(home, HOME_SHARE, len(everybody)),
        *_repeated(near, SUBDISTRICT_SHARE, len(everybody)),
    ]


def _repeated(actors: list[Actor], share: float, others: int) -> Iterator[Actor]:
    """`actors` so often that they are about `share` of all."""
    wanted = round(others * share / (1 - HOME_SHARE - SUBDISTRICT_SHARE))
    for number in range(wanted):
        yield actors[number % len(actors)]
