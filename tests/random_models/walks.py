"""Random ways through random models, gone at once by the reference and by the engine in four manners.

in memory     never saved
cold          saved and loaded into a newly parsed specification after every step, as by another process
fine          the same after every internal task
unpruned      in memory, with nothing ever dropped

After every step all of them must look alike, and nothing may hang, grow or be there twice.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.definitions.bundle import bundles_of
from engine.definitions.rules import validate
from engine.spiff import codec
from engine.spiff.compiler import Compiled, compile_bundle
from engine.spiff.instance import Instance
from engine.spiff.rebinding import parts
from tests.random_models.host import Host
from tests.random_models.models import ASIDE, KNOWN, NUMBER, TOP, VALUES, Model
from tests.random_models.reference import Path, Reference

WAY_OUT = VALUES[-1]
STARTED_WITH = {NUMBER: "1"}
LONGEST_WAY_OUT = 300
LEFT_AT = FilePath("build/random_models")
"""Where a model is left that failed."""


@dataclass(frozen=True)
class Act:
    """One thing that happens: `kind` is complete (with `value`), fire, or deliver (a message, `place` is empty)."""

    kind: str
    place: Path
    element: str
    value: str = ""
    hours: int = 0


def compiled(model: Model) -> Compiled:
    """Parsed anew, as another process would."""
    return compile_bundle(next(bundle for bundle in bundles_of(model.files) if bundle.key == TOP))


class Walker:
    """One instance in the engine. `saving`: never, after every "step", or after every internal "task"."""

    def __init__(self, model: Model, host: Host, saving: str, *, pruning: bool = True) -> None:
        self.host = host
        self._form_fields = model.forms
        self._versions = (compiled(model), compiled(model))
        self._saves = 0
        self._saving = saving
        self._pruning = pruning
        self.instance = Instance.start(self._versions[0], host, STARTED_WITH)
        self._run()

    def do(self, act: Act) -> None:
        if act.kind == "complete":
            task_id = next(i for i, where, element, _ in self._ready() if (where, element) == (act.place, act.element))
            self.instance.complete(task_id, {self._form_fields[act.element]: act.value})
        elif act.kind == "fire":
            self.host.firing = next(i for i, *it in self._timers() if it[:2] == [act.place, act.element])
            self.instance.refresh()
        else:
            assert self.instance.deliver(act.element, {})
        self._run()
        self.host.firing = None

    def _run(self) -> None:
        if self._saving == "task":
            while self._one_task():
                codec._drop_finished_calls(self._workflow)
                self._save()
        else:
            self._workflow.advance()
        if self._pruning:
            codec.prune(self._workflow)
            self._check_pruned()
        self.instance.timers()  # a duration runs from here on, as at the end of a step
        if self._saving != "never":
            self._save()

    def _one_task(self) -> bool:
        """Run one task that needs no person, the deepest calls first; False when there is none."""
        for part in reversed([p for p in parts(self._workflow) if not p.completed]):
            for task in part.get_tasks(state=TaskState.READY):
                if not task.task_spec.manual:
                    task.run()
                    return True
        return False

    def _save(self) -> None:
        """Into bytes and back, the specification of the one load never that of the other."""
        self._saves += 1
        state = self.instance.dump()
        self.instance = Instance.load(self._versions[self._saves % 2], self.host, state)
        assert _meaning(self.instance.dump()) == _meaning(state), "what was loaded is not what was dumped"

    @property
    def _workflow(self) -> Any:
        return self.instance._workflow

    # -- looking

    def seen(self) -> dict[str, Any]:
        """What it looks like from outside; ids are of no account."""
        return {
            "ready": sorted((where, element, data) for _, where, element, data in self._ready()),
            "timers": sorted(it[1:] for it in self._timers()),
            "messages": self.instance.messages(),
            "ended": self.instance.ended,
            "called": sorted(self.host.called),
        }

    def _ready(self) -> Iterator[tuple[str, Path, str, Mapping[str, Any]]]:
        for task in self.instance.ready():
            yield task.task_id, self._path(task.task_id), task.element, _read(task.data)

    def _timers(self) -> list[tuple[Any, ...]]:
        return [(each.task_id, self._path(each.task_id), each.element, each.due_at) for each in self.instance.timers()]

    def _path(self, task_id: str) -> Path:
        part = next(each for each in parts(self._workflow) if task_id in each.tasks)
        found: Path = ()
        while part.parent_task_id is not None:
            caller = self._workflow.get_task_from_id(part.parent_task_id)
            number = caller.internal_data.get("key_or_index", caller.internal_data.get("item"))
            found = ((caller.task_spec.name.removesuffix(" [child]"), number), *found)
            part = caller.workflow
        return found

    # -- what must hold by itself

    def _check_pruned(self) -> None:
        before = self.instance.dump()
        codec.prune(self._workflow)
        assert self.instance.dump() == before, "a second prune finds something to do"
        ids = [task_id for part in parts(self._workflow) for task_id in part.tasks]
        assert len(ids) == len(set(ids)), "a task id is there twice"
        for part in parts(self._workflow):
            instances = sum(1 for task in part.tasks.values() if task.task_spec.name.endswith(" [child]"))
            assert len(part.tasks) <= len(part.spec.task_specs) + instances, f"{part.spec.name} has grown"
        assert self.instance.thrown() == []


def _read(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data that something may read."""
    return {name: value for name, value in data.items() if name != ASIDE}


def _meaning(state: bytes) -> Any:
    """What a dumped state says; the order of names in the data of a token is of no account."""
    return json.loads(zlib.decompress(state[1:]))


class Walk:
    """All manners side by side."""

    def __init__(self, model: Model, seed: int | str) -> None:
        self._model = model
        hosts = [Host(model.answers, seed=hash_of(seed)) for _ in range(5)]
        self.reference = Reference(model, hosts[0], STARTED_WITH)
        self._walkers = {
            "in memory": Walker(model, hosts[1], "never"),
            "cold": Walker(model, hosts[2], "step"),
            "fine": Walker(model, hosts[3], "task"),
            "unpruned": Walker(model, hosts[4], "never", pruning=False),
        }
        self._hosts = hosts
        self.acts: list[Act] = []
        self.compare()

    def do(self, act: Act) -> None:
        self.acts.append(act)
        for host in self._hosts:
            host.turn += 1
            host.now += timedelta(hours=act.hours)
            host.called.clear()
        self._do_in_reference(act)
        for name, walker in self._walkers.items():
            try:
                walker.do(act)
            except Exception as error:
                error.add_note(f"while walking {name}")
                raise
        self.compare()

    def _do_in_reference(self, act: Act) -> None:
        if act.kind == "complete":
            self.reference.complete(act.place, act.element, {self._model.forms[act.element]: act.value})
        elif act.kind == "fire":
            self.reference.fire(act.place, act.element)
        else:
            self.reference.deliver(act.element)
        self.reference.run()

    def compare(self) -> None:
        expected = self.expected()
        for name, walker in self._walkers.items():
            seen = walker.seen()
            differing = {key: (seen[key], expected[key]) for key in seen if seen[key] != expected[key]}
            assert not differing, f"{name} differs from what BPMN says: {differing}"
            if self.reference.ended:
                assert set(walker.instance.end_elements()) <= set(self.reference.ends)
        waiting = expected["ready"] or expected["timers"] or expected["messages"]
        assert bool(waiting) != self.reference.ended, "it hangs, or goes on after its end"

    def expected(self) -> dict[str, Any]:
        return {
            "ready": sorted((where, element, _read(data)) for where, element, data in self.reference.ready()),
            "timers": sorted(self.reference.timers()),
            "messages": self.reference.messages(),
            "ended": self.reference.ended,
            "called": sorted(self._hosts[0].called),
        }

    def leave(self) -> None:
        """From now on every answer is the one that leads out."""
        for host in self._hosts:
            host.leaving = True

    def possible(self) -> list[Act]:
        """Everything that could happen next."""
        found = [Act("complete", where, element) for where, element, _ in self.reference.ready()]
        found += [Act("fire", where, event) for where, event, _ in self.reference.timers()]
        found += [Act("deliver", (), message) for message in self.reference.messages()]
        return sorted(found, key=repr)


def hash_of(seed: int | str) -> int:
    """A number for a seed; Python's own hash of texts differs from run to run."""
    return random.Random(seed).getrandbits(32)


def walk(model: Model, seed: int | str, steps: int, begun: Callable[[Walk], object] = lambda _: None) -> Walk:
    """Go `steps` random steps, then the way out; `begun` hears of it first. Raises AssertionError at what fails."""
    chances = random.Random(f"walk {seed}")
    going = Walk(model, seed)
    begun(going)
    for _ in range(steps):
        if going.reference.ended:
            break
        going.do(_chosen(going, chances))
    _go_out(going)
    return going


def _chosen(going: Walk, chances: random.Random) -> Act:
    possible = going.possible()
    people = [act for act in possible if act.kind == "complete"]
    act = chances.choice(people if people and chances.random() < 0.6 else possible)
    value = chances.choice(VALUES) if act.kind == "complete" else ""
    return Act(act.kind, act.place, act.element, value, chances.choice([0, 1, 5, 40]))


def _go_out(going: Walk) -> None:
    going.leave()
    for _ in range(LONGEST_WAY_OUT):
        if going.reference.ended:
            return
        act = min(going.possible(), key=partial(_urgency, going.reference.on_the_way()))
        going.do(Act(act.kind, act.place, act.element, WAY_OUT if act.kind == "complete" else ""))
    raise AssertionError(f"has not ended after {LONGEST_WAY_OUT} steps on the way out")


def _urgency(on_the_way: set[str], act: Act) -> tuple[int, str]:
    """People first, then what stands on the way, boundary events last: they may lead back."""
    return (0 if act.kind == "complete" else 1 if act.element in on_the_way else 2), repr(act)


def prove(model: Model, seed: int | str, steps: int) -> Walk:
    """Validate and walk. A failure leaves the model on the disk and says the shortest way that leads to it."""
    validate(model.files, KNOWN)
    going: list[Walk] = []
    try:
        return walk(model, seed, steps, going.append)
    except Exception as error:
        acts = _shortened(model, seed, going[0].acts, type(error)) if going else []
        folder = LEFT_AT / str(seed)
        for name, content in model.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        error.add_note(f"seed {seed}; the model is in {folder}; the shortest way:")
        for act in acts:
            error.add_note(f"  {act}")
        raise


def _shortened(model: Model, seed: int | str, acts: list[Act], error: type[Exception]) -> list[Act]:
    """Without the acts that it fails without; the last one is where it fails."""
    position = 0
    while position < len(acts) - 1:
        tried = acts[:position] + acts[position + 1 :]
        if _fails(model, seed, tried, error):
            acts = tried
        else:
            position += 1
    return acts


def _fails(model: Model, seed: int | str, acts: list[Act], error: type[Exception]) -> bool:
    try:
        going = Walk(model, seed)
        for act in acts:
            if not any((p.kind, p.place, p.element) == (act.kind, act.place, act.element) for p in going.possible()):
                return False
            going.do(act)
    except Exception as raised:  # noqa: BLE001 # whatever it was that failed
        return type(raised) is error
    return False
