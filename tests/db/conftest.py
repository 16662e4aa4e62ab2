"""Fixtures of the tests that need a database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.clock import SimulatedClock
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from processes.registry import build
from tests.lived_in import settled


@pytest.fixture(scope="session")
def lived_in_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite that has been worked in, with the key of `env`; to be copied, not changed."""
    path = tmp_path_factory.mktemp("lived-in") / "gridgov.db"
    clock = SimulatedClock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), entropy=SeededEntropy(1))
    for _ in settled(f"sqlite:///{path}", env, clock):
        pass
    return path
