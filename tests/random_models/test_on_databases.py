"""Random models through the whole engine: steps in transactions, timers swept, everything read back from rows.

Each step is taken by another process, so to speak: a new catalogue, nothing cached. What must hold afterwards is what
must hold for real cases: no drift, no orphan, a trail that verifies, and an end.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engine import calendar, runtime, timers
from engine.actors import Actor, Post, system
from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.definitions.catalogue import Catalogue
from engine.definitions.deploy import deploy
from engine.environment import Environment, SeededEntropy
from engine.incidents import Incident
from engine.instances import RUNNING, ProcessInstance
from engine.keys import KeyRing
from engine.network.importing import import_units
from engine.network.units import Unit
from engine.registry import Registry
from engine.runtime import Subject
from engine.trail.verify import verify
from engine.worklist import OPEN, WorkItem
from tests.cast import units_csv
from tests.random_models.host import Host
from tests.random_models.models import KNOWN, TOP, VALUES, Grower, Model
from tests.random_models.walks import STARTED_WITH, WAY_OUT
from tests.soaking import rounds, seed_of_this_run

STEPS, LONGEST = 12, 200
LARGEST_STATE = 8192


class Town:
    """One unit whose people do everything, and the operations that models call."""

    def __init__(self, url: str, clock: SimulatedClock) -> None:
        self.host = Host()
        self.clock = clock
        registry = Registry(names={"owner": lambda _step: self.unit_id, "kind": _always("dispute")})
        registry.names |= {"urgency": _always("ordinary"), "level": _always("village")}
        registry.operation("op.do")(self._operate)
        keys = KeyRing.from_bytes(b"k" * 32)
        self.store = Store(url, Environment(clock, keys, Catalogue(), registry, SeededEntropy(1)))
        Base.metadata.create_all(self.store.engine)
        with self.store.write() as session:
            import_units(session, "system:test", units_csv())
            calendar.seed(session)
            units = session.scalars(select(Unit).order_by(Unit.id)).all()
            self.district_id = next(unit.id for unit in units if unit.level == "district")
            self.unit_id = next(unit.id for unit in units if unit.level == "village")
        self.person = Actor("staff:1", self.district_id, (Post(self.unit_id, "handler"),), 1)
        self._cases = 0

    def _operate(self, step: Any, data: Any) -> Any:
        """The answer depends on how far the instance has come, so that a step that is tried again says the same."""
        self.host.turn = step.instance.steps
        return self.host.answer(data["element"])

    def start(self, model: Model, seed: int) -> int:
        """Deploy the model and start an instance; its id."""
        self.host = Host(model.answers, seed)
        self._cases += 1
        subject = Subject(self.district_id, self._cases, f"R{self._cases}")
        with self.store.write() as session:
            deploy(session, system(self.district_id), model.files, KNOWN)
            return runtime.start(session, self.person, TOP, subject, STARTED_WITH).instance.id

    def forget(self) -> None:
        """As another process sees it: nothing is cached."""
        self.store.env = replace(self.store.env, catalogue=Catalogue())

    def items(self, instance_id: int) -> list[WorkItem]:
        with self.store.read() as session:
            query = select(WorkItem).where(WorkItem.instance_id == instance_id, WorkItem.state.in_(OPEN))
            return list(session.scalars(query.order_by(WorkItem.id)))

    def row(self, instance_id: int) -> ProcessInstance:
        with self.store.read() as session:
            return session.get_one(ProcessInstance, instance_id)


def _always(value: str) -> Any:
    return lambda _step: value


class Journey:
    """One random way of one instance."""

    def __init__(self, town: Town, model: Model, seed: int) -> None:
        self.town = town
        self._model = model
        self._chances = random.Random(f"journey {seed}")
        self.instance_id = town.start(model, seed)
        self.steps = 0
        self.check()

    @property
    def ended(self) -> bool:
        return self.town.row(self.instance_id).status != RUNNING

    def step(self) -> None:
        """A person, a message or the next timers; whatever there is."""
        self.town.forget()
        items = self.town.items(self.instance_id)
        messages, wake = self._waited_for()
        kinds = ["person"] * (6 * bool(items)) + ["message"] * bool(messages) + ["time"] * bool(wake)
        assert kinds, "nothing can move it any more"
        kind = self._chances.choice(kinds)
        if kind == "person":
            self._complete(self._chances.choice(items))
        elif kind == "message":
            with self.town.store.write() as session:
                assert runtime.deliver(session, self.town.person, self.instance_id, self._chances.choice(messages), {})
        else:
            self.town.clock.set(max(self.town.clock.now(), wake))
            assert timers.sweep(self.town.store) > 0
        self.steps += 1
        self.check()

    def _complete(self, item: WorkItem) -> None:
        value = WAY_OUT if self.town.host.leaving else self._chances.choice(VALUES)
        with self.town.store.write() as session:
            runtime.complete(session, self.town.person, item.id, {self._model.forms[item.element]: value})

    def _waited_for(self) -> tuple[list[str], Any]:
        with self.town.store.read() as session:
            seen = runtime.inspect(session, self.instance_id)
            return sorted(seen.messages), timers.next_wake(session)

    def check(self) -> None:
        """Rows say what the tokens say."""
        with self.town.store.read() as session:
            assert timers.drift(session) == []
            assert session.scalars(select(Incident.reason)).all() == []
            row = session.get_one(ProcessInstance, self.instance_id)
            open_items = select(WorkItem.task_id).where(WorkItem.instance_id == row.id, WorkItem.state.in_(OPEN))
            items = sorted(session.scalars(open_items))
            if row.status != RUNNING:
                assert (items, timers.armed_count(session)) == ([], 0)
                return
            seen = runtime.inspect(session, row.id)
            assert items == sorted(task.task_id for task in seen.ready)
            assert seen.ready or seen.timers or seen.messages
            assert len(row.state) <= LARGEST_STATE


def travelled(town: Town, model: Model, seed: int) -> int:
    """Go a random way, then out; how many steps it took."""
    journey = Journey(town, model, seed)
    while not journey.ended:
        assert journey.steps < LONGEST, "it does not end"
        town.host.leaving = journey.steps > STEPS
        journey.step()
    return journey.steps


@pytest.fixture
def town(database_url: str, clock: SimulatedClock) -> Any:
    opened = Town(database_url, clock)
    yield opened
    with opened.store.read() as session:
        assert verify(session, opened.district_id).findings == []
    opened.store.dispose()


def test_random_models_run_in_rows_as_in_memory(town: Town) -> None:
    for seed in range(3):
        assert travelled(town, Grower(seed, 5).model(), seed) > 0


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_random_models_run_in_rows_for_minutes(town: Town) -> None:
    first, steps, models = seed_of_this_run(), 0, 0
    print(f"\nrandom models in {town.store.url.get_backend_name()} from seed {first} on")
    for number in rounds(0.3):
        model = Grower(first + number, random.Random(first + number).choice([5, 10])).model()
        steps += travelled(town, model, first + number)
        models += 1
    print(f"{models} random models, {steps} steps in rows")
