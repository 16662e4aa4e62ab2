"""A database on disk with the demo district and people at work, for benchmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import calendar, commands, runtime
from engine.actors import Actor, system
from engine.clock import SimulatedClock
from engine.db import Session, Store
from engine.definitions.catalogue import Catalogue
from engine.definitions.deploy import deploy, known_to, read_directory
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from engine.network.people import actor_of, by_staff_no, holders
from engine.worklist import OPEN, WorkItem
from processes import migrations, models_folder
from processes.cases.reporting import report
from processes.demo.loading import load_demo
from processes.registry import build

CELL, GRID, VILLAGE, CENTRE = "C009009001001", "G009009001", "VA009009", "SB009"
MATTER = {
    "kind": "dispute",
    "domain": "dispute_easing",
    "type": "family_neighbour",
    "urgency": "ordinary",
    "head_count": "up_to_50",
    "place_unit": "511302009009001001",
    "title": "围墙纠纷",
    "text": "两家为围墙争吵",
}


class Bench:
    """One store, a clock, and the people that the benchmarks need."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """`url`: an empty database; None for an SQLite file in `folder`, which holds the other files too."""
        self.path = folder / "bench.db"
        self.clock = SimulatedClock(datetime.fromisoformat("2026-11-24T09:00:00+08:00"))
        env = Environment(self.clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), SeededEntropy(1))
        self.store = Store(url or f"sqlite:///{self.path}", env)
        migrations.upgrade(self.store.engine)
        with self.store.write() as session:
            calendar.seed(session)
            self.district_id = load_demo(session).id
            deploy(session, system(self.district_id), read_directory(models_folder()), known_to(session.env.registry))
        with self.store.read() as session:
            self.people = {no: actor_of(session, by_staff_no(session, no)) for no in (CELL, GRID, VILLAGE, CENTRE)}

    def report(self) -> str:
        with self.store.write() as session:
            return report(session, self.people[CELL], MATTER).case.number

    def open_item(self, number: str) -> WorkItem:
        with self.store.read() as session:
            query = select(WorkItem).where(WorkItem.subject_no == number, WorkItem.state.in_(OPEN))
            return session.scalars(query).one()

    def complete(self, staff_no: str, item_id: int, **data: Any) -> None:
        """The public operation with its idempotency key, committed."""
        actor = self.people[staff_no]
        with self.store.write() as session:
            commands.once(session, _call(actor, item_id, data), lambda: _act(session, actor, item_id, data))

    def next(self, staff_no: str, number: str, **data: Any) -> None:
        self.complete(staff_no, self.open_item(number).id, **data)

    def by_whom_it_waits_for(self, number: str, **data: Any) -> None:
        """The same by somebody who holds the role that the open item asks for."""
        item = self.open_item(number)
        with self.store.read() as session:
            person = holders(session, [(item.unit_id, item.role)])[(item.unit_id, item.role)][0]
            self.people[person.staff_no] = actor_of(session, person)
        self.complete(person.staff_no, item.id, **data)


def _call(actor: Actor, item_id: int, data: Mapping[str, Any]) -> commands.Call:
    body = hashlib.sha256(repr(sorted(data.items())).encode()).digest()
    return commands.Call(actor.ref, f"POST /work-items/{item_id}/complete", f"key-{item_id}", body)


def _act(session: Session, actor: Actor, item_id: int, data: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    step = runtime.complete(session, actor, item_id, data)
    return 200, {"state": step.facts.case.state}
