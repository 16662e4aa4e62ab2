"""The interpreter, set for a server: what is loaded lives for ever, steps leave little behind, threads take turns."""

from __future__ import annotations

import gc
import os
import sys

SWITCH_SECONDS = 0.001
"""A thread that comes back from the database waits so long for its turn at most. With Python's 5 ms, one that holds the
trail's head holds it for several such waits, and a page of thirty statements waits thirty times."""
WORKER_NICE = 10
"""A worker beside a server on one machine leaves it the processor: deadlines may be seconds late, people wait."""
YOUNG, MIDDLE, OLD = 5_000, 10, 20
"""Much higher costs memory: what steps leave in circles waits for the next look. With 50,000 a server of 32 threads
kept 200 MB of it, and was no faster."""


def calm_collector() -> None:
    """Put what is loaded out of the collector's sight and let it look less often (`docs/performance.md`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def take_short_turns() -> None:
    """For a process of many threads that mostly wait for the database."""
    sys.setswitchinterval(SWITCH_SECONDS)


def give_way() -> None:
    """For a process in which nobody waits for an answer. On a machine of its own this changes nothing."""
    os.nice(WORKER_NICE)
