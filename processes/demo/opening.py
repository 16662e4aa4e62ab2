"""Open the demonstration in a new database; leave every other network alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.actors import system
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.deploy import deploy, known_to
from engine.definitions.models import Definition
from engine.network.units import Unit
from processes.demo import runs
from processes.demo.accounts import open_accounts
from processes.demo.loading import load_demo

if TYPE_CHECKING:
    from engine.db import Session

DEPLOYER = "demo"
BEFORE = timedelta(days=1)
"""The network and the models are there a day before the month begins."""


def open_demo(store: Store, models: Mapping[str, bytes], *, days: int = runs.DAYS, lived: bool = True) -> Unit:
    """The district of this database; a database without one gets the demo district, its people and models.

    `lived`: a month of cases is to be lived in it (`month.live`). A network of somebody's own gets no made-up people,
    no published passwords and no cases. Models that a person deployed stay: a restart must not undo them.
    """
    with store.read() as session:
        new = _district(session) is None
    if new:
        return _load(store, models, days=days, lived=lived)
    with store.write() as session:
        district = _district(session)
        assert district is not None  # noqa: S101 # looked for above
        if runs.find(session) is not None:
            open_accounts(session)
        if not _has_own_models(session):
            deploy(session, system(district.id, DEPLOYER), models, known_to(session.env.registry))
    return district


def _load(store: Store, models: Mapping[str, bytes], *, days: int, lived: bool) -> Unit:
    """Everything stands in the trail before the month that follows it."""
    horizon = store.env.clock.now()
    begun = horizon - timedelta(days=days) - BEFORE if lived else horizon
    past = replace(store.env, clock=SimulatedClock(begun))
    earlier = Store(store.url.render_as_string(hide_password=False), past)
    try:
        with earlier.write() as session:
            district = load_demo(session)
            runs.begin(session, district.id, horizon, days=days, lived=lived)
            open_accounts(session)
            deploy(session, system(district.id, DEPLOYER), models, known_to(session.env.registry))
        return district
    finally:
        earlier.dispose()


def _district(session: Session) -> Unit | None:
    return session.scalar(select(Unit).where(Unit.level == "district", Unit.valid_to.is_(None)).limit(1))


def _has_own_models(session: Session) -> bool:
    ours = f"system:{DEPLOYER}"
    return session.scalar(select(Definition.id).where(Definition.active, Definition.deployed_by != ours)) is not None
