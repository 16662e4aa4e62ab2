"""Builds the registry through which the engine calls the processes."""

from __future__ import annotations

from engine.registry import Registry
from processes.cases import (
    changing,
    clocks,
    closing,
    facts,
    handling,
    hops,
    moving,
    reading,
    recounting,
    rulings,
    state,
    verifying,
)
from processes.consultations import operations as consultations
from processes.mediations import agreements, appointing, follow_up, handing, sessions
from processes.mediations import operations as mediations
from processes.postponing import operations as postponing
from processes.procedures import linking, silence
from processes.requests import operations as requests
from processes.supervisions import meetings
from processes.supervisions import operations as supervisions
from processes.visits import becoming
from processes.visits import facts as visit_facts
from processes.visits import operations as visits
from processes.whistles import operations as whistles
from processes.whistles import rating as whistle_rating

_PARTS = (
    facts,
    changing,
    verifying,
    handling,
    hops,
    moving,
    reading,
    clocks,
    closing,
    rulings,
    state,
    recounting,
    linking,
    silence,
    requests,
    supervisions,
    whistles,
    whistle_rating,
    meetings,
    consultations,
    follow_up,
    mediations,
    appointing,
    sessions,
    agreements,
    handing,
    postponing,
    visit_facts,
    visits,
    becoming,
)


def build() -> Registry:
    """A registry with every operation, name, function and form of the processes."""
    registry = Registry()
    for part in _PARTS:
        part.register(registry)
    return registry
