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
from processes.mediations import follow_up
from processes.postponing import operations as postponing
from processes.procedures import linking, silence
from processes.requests import operations as requests
from processes.supervisions import operations as supervisions

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
    follow_up,
    postponing,
)


def build() -> Registry:
    """A registry with every operation, name, function and form of the processes."""
    registry = Registry()
    for part in _PARTS:
        part.register(registry)
    return registry
