"""Run in a process of its own: carry out a migration, and die by SIGKILL at a named point.

Arguments: database URL, point, which time it is reached, ISO time, number of the migration, district.
"""

from __future__ import annotations

import sys
from datetime import datetime

from engine.actors import system
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions import migrating_runs
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.keys import KeyRing
from processes import models
from processes.registry import build
from tests.crash.victim import killer

assert models


def main() -> None:
    url, point, time, now, run, district = sys.argv[1:]
    clock = SimulatedClock(datetime.fromisoformat(now))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), reached=killer(point, int(time)))
    for result in migrating_runs.go_on(Store(url, env), system(int(district), "cli"), int(run)):
        print(result.subject_no, result.state, flush=True)


if __name__ == "__main__":
    main()
