"""What a model is told while it runs: answers that depend on the turn and the element only, and a clock."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

MOMENTS = {"warning_at": 30, "due_at": 40, "grace_at": 48}
"""Function of timer expressions → hours after the beginning."""
BEGINNING = datetime(2026, 11, 24, tzinfo=UTC)


class Host:
    """`answers`: element → what its operation may return; the seed, the turn and the element choose."""

    def __init__(self, answers: Mapping[str, Sequence[Any]] | None = None, seed: int = 0) -> None:
        self.now = BEGINNING
        self.turn = 0
        self.firing: str | None = None
        self.leaving = False
        """Whether operations give their last answer, which leads out of every loop."""
        self.called: list[str] = []
        self._answers = answers or {}
        self._seed = seed

    def may_fire(self, task_id: str) -> bool:
        return task_id == self.firing

    def value(self, name: str) -> Any:
        raise KeyError(name)

    def functions(self) -> Mapping[str, Any]:
        return {name: lambda hours=hours: BEGINNING + timedelta(hours=hours) for name, hours in MOMENTS.items()}

    def last_read(self) -> tuple[None, str]:
        return None, ""

    def at(self, scope: str, element: str) -> None:
        """Everywhere is alike."""

    def call(self, operation: str, element: str, _data: Mapping[str, Any]) -> Any:
        self.called.append(element)
        return self.answer(element)

    def answer(self, element: str) -> Any:
        possible = self._answers.get(element, (element,))
        return possible[-1] if self.leaving else random.Random(f"{self._seed}:{self.turn}:{element}").choice(possible)
