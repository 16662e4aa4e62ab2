"""The garbage collector, set for a server: models and mappers live for ever, steps leave little behind."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50


def calm_collector() -> None:
    """Put what is loaded out of the collector's sight and let it look less often (`docs/performance.md`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
