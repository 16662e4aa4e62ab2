"""Time is injected: nothing in gridgov reads the machine's clock except `SystemClock`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that moves only when it is told to; drives months of deadlines in seconds."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a simulated clock starts at an aware datetime")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move forward by `step` and return the new time."""
        return self.set(self._now + step)

    def set(self, moment: datetime) -> datetime:
        """Jump to `moment`, which may also lie in the past (a test of a clock set back)."""
        self._now = moment.astimezone(UTC)
        return self._now
