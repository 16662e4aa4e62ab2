"""Saved and loaded cold after every step = never left memory: same tokens, data, timers, messages, size."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.deploy import read_directory
from engine.spiff.compiler import Compiled, compile_bundle
from engine.spiff.instance import ArmedTimer, Instance
from engine.step import CLOCK_READERS
from processes import models_folder

STEPS = 40
FORMS: dict[str, list[dict[str, Any]]] = {
    "verify": [{"result": "accept"}],
    "accept": [{"outcome": each, "target": None} for each in ("accept", "refer_up", "return")],
    "act": [{"outcome": each, "target": None} for each in ("self_handle", "refer_up", "return")],
    "suspended": [{}],
    "consider_return": [{"agree": True}, {"agree": False}],
    "rule": [{"target": "511302"}],
    "confirm": [{"ok": True}, {"ok": False}],
    "check": [{"ok": True}, {"ok": False}],
    "callback": [{"answer": "satisfied"}, {"answer": "unsatisfied"}],
}


class Host:
    """Answers by a script that depends on the turn only, so two instances hear the same."""

    def __init__(self, seed: int) -> None:
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self._seed = seed
        self.turn = 0
        self.firing: str | None = None

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self._seed}:{self.turn}:{what}")

    def may_fire(self, task_id: str) -> bool:
        return task_id == self.firing

    def value(self, name: str) -> Any:
        known = {"owner": 4, "assigner": self._chance(name).choice([None, 5]), "returns": 0, "reopened": 0}
        return known.get(name, self._chance(name).choice([True, False]))

    def functions(self) -> Mapping[str, Any]:
        return {name: lambda: self.now + timedelta(days=1) for name in CLOCK_READERS}

    def last_read(self) -> tuple[None, str]:
        return None, ""

    def at(self, scope: str, element: str) -> None:
        """Everywhere is alike."""

    def call(self, operation: str, element: str, _data: Mapping[str, Any]) -> Any:
        answers = {"op.escalate": ["hold", "escalate"], "op.hop": ["go", "rule"], "op.take_rating": ["basic"]}
        return self._chance(element).choice(answers.get(operation, [True, False]))


def compiled() -> Compiled:
    """Parsed anew, as another process would."""
    files = read_directory(models_folder())
    return compile_bundle(next(bundle for bundle in bundles_of(files) if bundle.key == "case"))


def seen(instance: Instance) -> Any:
    """What an instance looks like from outside; ids are of no account."""
    return (
        sorted((task.element, sorted(task.data.items(), key=repr)) for task in instance.ready()),
        sorted((timer.element, timer.due_at) for timer in instance.timers()),
        instance.messages(),
        instance.task_count(),
        instance.ended,
        instance.end_elements() if instance.ended else None,
    )


def act(instance: Instance, host: Host, chances: random.Random) -> None:
    """One random thing, chosen by names so that both instances get the same."""
    timers = sorted({timer.element for timer in instance.timers()})
    messages = sorted(instance.messages())
    kind = chances.choice(["form", "form", "form", "timer", "message"])
    if kind == "timer" and timers:
        wanted = chances.choice(timers)
        chosen: ArmedTimer = next(timer for timer in instance.timers() if timer.element == wanted)
        host.firing = chosen.task_id
        instance.refresh()
    elif kind == "message" and messages:
        instance.deliver(chances.choice(messages), {"answer": "basic"})
    else:
        task = instance.ready()[0]
        instance.complete(task.task_id, chances.choice(FORMS[task.element]))
    instance.run()
    host.firing = None
    assert instance.thrown() == []


@pytest.mark.parametrize("seed", range(25))
def test_a_walk_goes_the_same_way_in_memory_and_through_the_codec(seed: int) -> None:
    warm = compiled()
    host, other = Host(seed), Host(seed)
    data = {"case_no": "1", "settled": seed % 5 == 0, "outcome": None, "target": None}
    memory = Instance.start(warm, host, data)
    stored = Instance.start(warm, other, data)
    memory.run()
    stored.run()
    cold = compiled()
    for turn in range(STEPS):
        stored = Instance.load(cold if turn % 2 else warm, other, stored.dump())
        assert seen(stored) == seen(memory)
        if memory.ended:
            break
        host.turn = other.turn = turn
        act(memory, host, random.Random(f"{seed}:{turn}"))
        act(stored, other, random.Random(f"{seed}:{turn}"))
        assert memory.task_count() <= 60
