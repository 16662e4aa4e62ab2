"""How long a soak test goes on, and with which seed: both can be given, and both are printed."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator

DEFAULT_MINUTES = 10.0


def seed_of_this_run() -> int:
    """SOAK_SEED, or a new one."""
    return int(os.environ.get("SOAK_SEED") or secrets.randbits(32))


def rounds(share: float = 1.0) -> Iterator[int]:
    """Numbers from 0 on, until this share of SOAK_MINUTES has passed; at least one."""
    end = time.monotonic() + share * 60 * float(os.environ.get("SOAK_MINUTES") or DEFAULT_MINUTES)
    number = 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1
