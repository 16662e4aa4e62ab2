"""Run in a process of its own: live the demonstration's month, and die by SIGKILL after so many commits.

Arguments: database URL, ISO time of the wall clock, commits.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.keys import KeyRing
from processes import models
from processes.demo import month
from processes.registry import build

assert models


def main() -> None:
    url, now, commits = sys.argv[1:]
    left = [int(commits)]

    def reached(point: str) -> None:
        left[0] -= point == "before-commit"
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    clock = SimulatedClock(datetime.fromisoformat(now))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), reached=reached)
    month.live(Store(url, env), cases_per_day=5)


if __name__ == "__main__":
    main()
