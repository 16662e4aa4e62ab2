"""Runs a plan on a new database: the same seed and date give the same trail."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine import calendar
from engine.actors import system
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.definitions.deploy import deploy, known_to, read_directory
from engine.environment import Environment, SeededEntropy
from engine.errors import OperatorError
from engine.instances import ProcessInstance
from engine.network.units import Unit
from engine.trail.verify import verify
from processes import migrations, models_folder
from processes.cases.models import Stay
from processes.demo.loading import load_demo
from processes.registry import build
from processes.simulation.staff import Crew
from processes.simulation.town import Plan, Town

if TYPE_CHECKING:
    from engine.keys import KeyRing

__all__ = ["NotNew", "Plan", "Result", "simulate"]


class NotNew(OperatorError):
    """A simulation needs a new database; this one holds a district already."""

    code = "simulation_needs_new_database"
    zh = "模拟需要全新的数据库；此库已有数据。"


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
        crew = Crew(random.Random(f"town:{plan.seed}"))
        town = Town(store, clock, plan, min(plan.end, now or datetime.now(UTC)), crew)
        town.live(progress)
        return _result(town, district_id)
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


def _result(town: Town, district_id: int) -> Result:
    with town.store.read() as session:
        moved = select(func.count()).select_from(Stay)
        return Result(
            cases=session.scalar(moved.where(Stay.arrived_by == "report")) or 0,
            steps=session.scalar(select(func.sum(ProcessInstance.steps))) or 0,
            escalated=session.scalar(moved.where(Stay.arrived_by.in_(("escalate", "move_up")))) or 0,
            refused=town.refused,
            root_hex=verify(session, district_id).root_hex,
        )
