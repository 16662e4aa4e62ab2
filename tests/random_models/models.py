"""Random valid models, grown from blocks as Zeebe's random process generator does it; a seed gives one model.

Every block is entered at one element and left at another, so that blocks can be put one after the other, beside each
other between a fork and its join, and inside each other. What the rules refuse is never drawn: forks on loops, people
on side branches, two branches that write the same name.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from engine.definitions.rules import Known
from tests.random_models.host import MOMENTS
from tests.unit.engine.definitions.drawing import DEADLINES, file, flow, person, ports, process

VALUES = ("a", "b", "out")
"""What a form or an operation may say; the last one leads out of every loop."""
LISTS: tuple[list[str], ...] = (["x", "y"], ["x", "y", "z"], ["x"], [])
TOP = "top"
NUMBER = "number"
"""What an instance is started with."""
ASIDE = "aside"
"""What operations on side branches set: it comes back to nobody, but the library may keep it."""
KNOWN = Known(
    operations=frozenset({"op.do"}),
    functions=frozenset(MOMENTS),
    names=frozenset({"owner"}),
    roles=frozenset({"handler"}),
    task_clocks=frozenset(MOMENTS),
)
_DEFAULT = re.compile("default of ([a-z_0-9]+)")
_DURATIONS = ("PT1H", "PT30H", "P2D", '"P1W"')


@dataclass(frozen=True)
class Model:
    """`forms`: user task → the field that its form sets; `answers`: service task → what its operation may return."""

    files: dict[str, bytes]
    forms: dict[str, str]
    answers: dict[str, Sequence[object]]


@dataclass(frozen=True)
class Place:
    """Where a block stands: how deep, what it may read and write, what is forbidden there."""

    depth: int
    names: tuple[str, ...] = ()
    """Names that are set for certain, and that no branch beside this one touches."""
    on_loop: bool = False
    in_fork: bool = False

    def deeper(self, **changes: object) -> Place:
        return replace(self, depth=self.depth + 1, **changes)  # type: ignore[arg-type]

    def knowing(self, *names: str) -> Place:
        return replace(self, names=(*self.names, *(name for name in names if name not in self.names)))


@dataclass(frozen=True)
class Block:
    """`first` and `last`: the ids of the elements at which it is entered and left; `sets`: names set on every way."""

    first: str
    last: str
    sets: tuple[str, ...] = ()


@dataclass
class _Called:
    """A process that calls may use: what it needs and what it answers."""

    key: str
    takes: tuple[str, ...]
    gives: str


@dataclass
class _Sheet:
    """The process that is being drawn."""

    key: str
    body: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


class Grower:
    """Grows one model. `room`: how many blocks it may still draw."""

    DEEPEST = 3

    def __init__(self, seed: int | str, room: int = 24) -> None:
        self._chances = random.Random(seed)
        self._room = room
        self._count = 0
        self._files: dict[str, bytes] = {"deadlines.dmn": DEADLINES.encode()}
        self._forms: dict[str, str] = {}
        self._answers: dict[str, Sequence[object]] = {}
        self._called: list[_Called] = []
        self._sheet = _Sheet(TOP)
        self._direct: set[tuple[str, str]] = set()
        """Pairs of gateways that are joined already: two flows between the same two would have one id."""
        self._defaults: dict[str, str] = {}

    def model(self) -> Model:
        self._process(TOP, Place(0), takes=(NUMBER,))
        return Model(self._files, self._forms, self._answers)

    # -- processes

    def _process(self, key: str, place: Place, takes: tuple[str, ...] = (), gives: str | None = None) -> None:
        outer, self._sheet = self._sheet, _Sheet(key)
        specification = ports(takes, (gives,) if gives else ())
        self._scope(place.knowing(*takes), gives)
        body = _DEFAULT.sub(lambda found: self._defaults[found[1]], specification + "".join(self._sheet.body))
        self._files[f"{key}.bpmn"] = file(process(body, key) + "".join(self._sheet.messages), key)
        self._sheet = outer

    def _scope(self, place: Place, gives: str | None = None, part: bool = False) -> None:
        """From a start event to an end event, in a process or a sub-process."""
        start = self._draw("start", lambda i: f'<startEvent id="{i}" />')
        blocks = [self._service(place, gives)] if gives else []
        place = place.knowing(*(gives,) if gives else ())
        blocks.append(self._sequence(place))
        self._wire(start, blocks)
        last = blocks[-1].last
        apart = not part and gives is None and self._chances.random() < 0.2
        if self._chances.random() < 0.2 and place.depth < self.DEEPEST:
            self._fork_without_join(place, last, terminating=not apart)
        else:
            self._flow(last, self._end(terminating=self._chances.random() < 0.15))

    def _fork_without_join(self, place: Place, last: str, *, terminating: bool) -> None:
        """Branches that end for themselves; in a part the first that ends must end the others."""
        fork = self._draw("fork", lambda i: f'<parallelGateway id="{i}" />')
        self._flow(last, fork)
        for names in self._shares(place.names, 2):
            inner = place.deeper(in_fork=True, names=names)
            blocks = [self._human(inner), self._block(inner)]  # waits first: which branch ends is no matter of luck
            self._wire(fork, blocks)
            self._flow(blocks[-1].last, self._end(terminating=terminating))

    def _end(self, *, terminating: bool = False) -> str:
        inner = "<terminateEventDefinition />" if terminating else ""
        return self._draw("end", lambda i: f'<endEvent id="{i}">{inner}</endEvent>')

    # -- pieces

    def _draw(self, kind: str, text: Callable[[str], str]) -> str:
        self._count += 1
        name = f"{kind}_{self._count}"
        self._sheet.body.append(text(name))
        return name

    def _flow(self, source: str, target: str, condition: str | None = None) -> None:
        if condition is None:
            self._defaults[source] = f"{source}-{target}"
        self._sheet.body.append(flow(source, target, condition))

    def _wire(self, start: str, blocks: list[Block]) -> None:
        for block in blocks:
            self._flow(start, block.first)
            start = block.last

    def _shares(self, names: tuple[str, ...], parts: int) -> list[tuple[str, ...]]:
        """The names dealt out among branches, so that no two touch the same."""
        owners = [self._chances.randrange(parts) for _ in names]
        return [tuple(n for n, owner in zip(names, owners, strict=True) if owner == each) for each in range(parts)]

    def _condition(self, name: str) -> str:
        chosen = self._chances.sample(VALUES[:2], self._chances.choice([1, 1, 2]))
        return f'{name} == "{chosen[0]}"' if len(chosen) == 1 else f'{name} in ["a", "b"]'

    # -- blocks

    def _sequence(self, place: Place) -> Block:
        blocks: list[Block] = []
        for _ in range(self._chances.choice([1, 2, 2, 3])):
            blocks.append(self._block(place))
            place = place.knowing(*blocks[-1].sets)
        for before, after in pairwise(blocks):
            self._flow(before.last, after.first)
        return Block(blocks[0].first, blocks[-1].last, tuple(name for block in blocks for name in block.sets))

    def _block(self, place: Place) -> Block:
        self._room -= 1
        plain = [self._human, self._human, self._service, self._pause, self._listen]
        nested = [self._choice, self._choice, self._loop, self._loop, self._call, self._sub_process, self._multi_call]
        if not place.on_loop:
            nested += [self._parallel, self._inclusive]
        deep = place.depth >= self.DEEPEST or self._room <= 0
        return self._chances.choice(plain if deep else plain + nested)(place)

    def _human(self, place: Place) -> Block:
        name = self._name(place)
        self._count += 1
        host = f"act_{self._count}"
        self._files[f"forms/{host}.json"] = _form(name)
        self._forms[host] = name
        self._sheet.body.append(person(host, form=host))
        return self._guarded(place, Block(host, host, (name,)), name)

    def _name(self, place: Place) -> str:
        """A new name, or one that is written over."""
        if place.names and self._chances.random() < 0.3:
            return self._chances.choice(place.names)
        self._count += 1
        return f"v_{self._count}"

    def _service(self, place: Place, name: str | None = None, answers: Sequence[object] = VALUES) -> Block:
        name = name or self._name(place)
        self._count += 1
        identity = f"do_{self._count}"
        self._answers[identity] = answers
        parameter = f'<spiffworkflow:parameter id="element" type="str" value="\'{identity}\'" />'
        operator = (
            f'<spiffworkflow:serviceTaskOperator id="op.do" resultVariable="{name}"><spiffworkflow:parameters>'
            f"{parameter}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        )
        self._sheet.body.append(
            f'<serviceTask id="{identity}"><extensionElements>{operator}</extensionElements></serviceTask>'
        )
        return Block(identity, identity, (name,))

    def _pause(self, _place: Place) -> Block:
        inner = self._timer_definition()
        event = self._draw("pause", lambda i: f'<intermediateCatchEvent id="{i}">{inner}</intermediateCatchEvent>')
        return Block(event, event)

    def _listen(self, _place: Place) -> Block:
        inner = self._message_definition()
        event = self._draw("listen", lambda i: f'<intermediateCatchEvent id="{i}">{inner}</intermediateCatchEvent>')
        return Block(event, event)

    def _timer_definition(self, *, on_a_person: bool = False) -> str:
        """A date is a mark of the deadline of a user task; everything else waits for a fixed time."""
        if on_a_person and self._chances.random() < 0.6:
            time = f"<timeDate>{self._chances.choice(sorted(MOMENTS))}()</timeDate>"
        else:
            time = f"<timeDuration>{self._chances.choice(_DURATIONS)}</timeDuration>"
        return f"<timerEventDefinition>{time}</timerEventDefinition>"

    def _message_definition(self) -> str:
        self._count += 1
        name = f"word_{self._count}"
        self._sheet.messages.append(f'<message id="message_{name}" name="{name}" />')
        return f'<messageEventDefinition messageRef="message_{name}" />'

    def _choice(self, place: Place) -> Block:
        name, decider = self._decided(place)
        gate, merge = self._gateways("exclusive", "choice")
        if decider is not None:
            self._flow(decider.last, gate)
        branches = self._chances.choice([2, 2, 3])
        for number in range(branches):
            condition = None if number == 0 else self._condition(name)
            self._branch(place.deeper(), gate, merge, condition)
        return Block(gate if decider is None else decider.first, merge, (name,))

    def _branch(self, place: Place, gate: str, merge: str, condition: str | None) -> None:
        """One way between two gateways: empty, a sequence, or one that ends there."""
        ends = self._chances.random() < 0.15 and not place.in_fork and condition is not None
        if self._chances.random() < 0.25 and not ends and (gate, merge) not in self._direct:
            self._direct.add((gate, merge))
            self._flow(gate, merge, condition)
            return
        block = self._sequence(place)
        self._flow(gate, block.first, condition)
        self._flow(block.last, self._end() if ends else merge)

    def _decided(self, place: Place) -> tuple[str, Block | None]:
        """A name to choose by, and the block that sets it; None when it is set already."""
        if place.names and self._chances.random() < 0.3:
            return self._chances.choice(place.names), None
        block = self._chances.choice([self._human, self._service])(place)
        return block.sets[0], block

    def _gateways(self, kind: str, label: str) -> tuple[str, str]:
        """A splitting and a joining gateway; the flow without a condition from a split that chooses is its default."""
        self._count += 1
        split, join = f"{label}_{self._count}", f"{label}_end_{self._count}"
        default = f' default="default of {split}"' if kind != "parallel" else ""
        self._sheet.body.append(f'<{kind}Gateway id="{split}"{default} /><{kind}Gateway id="{join}" />')
        return split, join

    def _parallel(self, place: Place) -> Block:
        fork, join = self._gateways("parallel", "fork")
        sets: list[str] = []
        for names in self._shares(place.names, self._chances.choice([2, 2, 3])):
            block = self._sequence(place.deeper(in_fork=True, names=names))
            self._flow(fork, block.first)
            self._flow(block.last, join)
            sets += block.sets
        return Block(fork, join, tuple(sets))

    def _inclusive(self, place: Place) -> Block:
        name, decider = self._decided(place)
        fork, join = self._gateways("inclusive", "some")
        if decider is not None:
            self._flow(decider.last, fork)
        for number, names in enumerate(self._shares(tuple(n for n in place.names if n != name), 3)):
            block = self._sequence(place.deeper(in_fork=True, names=names))
            self._flow(fork, block.first, None if number == 0 else self._condition(name))
            self._flow(block.last, join)
        return Block(fork if decider is None else decider.first, join, (name,))

    def _loop(self, place: Place) -> Block:
        merge = self._draw("again", lambda i: f'<exclusiveGateway id="{i}" />')
        inner = place.deeper(on_loop=True)
        block = self._sequence(inner)
        check = self._human(inner.knowing(*block.sets))
        name = check.sets[0]
        gate = self._draw("gate", lambda i: f'<exclusiveGateway id="{i}" default="default of {i}" />')
        leave = self._draw("leave", lambda i: f'<exclusiveGateway id="{i}" />')
        self._wire(merge, [block, check])
        self._flow(check.last, gate)
        self._flow(gate, leave)
        self._flow(gate, merge, self._condition(name))
        return Block(merge, leave, (*block.sets, name))

    def _sub_process(self, place: Place) -> Block:
        self._count += 1
        host = f"part_{self._count}"
        outer, self._sheet.body = self._sheet.body, []
        self._scope(place.deeper(on_loop=False, in_fork=False), part=True)
        inner, self._sheet.body = "".join(self._sheet.body), outer
        self._sheet.body.append(f'<subProcess id="{host}">{inner}</subProcess>')
        return self._guarded(place, Block(host, host), None)

    def _call(self, place: Place) -> Block:
        fitting = [each for each in self._called if set(each.takes) <= set(place.names) and not place.in_fork]
        if fitting and self._chances.random() < 0.4:
            called = self._chances.choice(fitting)
        else:
            called = self._new_called(place, self._chances.sample(place.names, min(len(place.names), 2)))
            self._called.append(called)
        host = self._draw("call", lambda i: f'<callActivity id="{i}" calledElement="{called.key}" />')
        return self._guarded(place, Block(host, host, (called.gives,)), called.gives)

    def _new_called(self, place: Place, takes: Sequence[str]) -> _Called:
        self._count += 1
        called = _Called(f"process_{self._count}", tuple(takes), f"o_{self._count}")
        self._process(called.key, Place(place.depth + 1), called.takes, called.gives)
        return called

    def _multi_call(self, place: Place) -> Block:
        """A call for each item of a list or a number of times, together or one after the other, with results."""
        self._count += 1
        number, listed = self._count, self._chances.random() < 0.6
        called = self._new_called(place, [f"i_{number}"] if listed else [])
        blocks = [self._service(place, f"items_{number}", LISTS)] if listed else []
        item = f'<inputDataItem id="i_{number}" />' if listed else ""
        how = (
            f"<loopDataInputRef>items_{number}</loopDataInputRef>" if listed else "<loopCardinality>2</loopCardinality>"
        )
        results = f"<loopDataOutputRef>results_{number}</loopDataOutputRef>"
        until = f'<completionCondition>{called.gives} == "a"</completionCondition>'
        until = until if self._chances.random() < 0.3 else ""
        together = "false" if self._chances.random() < 0.5 else "true"
        loop = (
            f'<multiInstanceLoopCharacteristics isSequential="{together}">{how}{results}{item}'
            f'<outputDataItem id="{called.gives}" />{until}</multiInstanceLoopCharacteristics>'
        )
        host = self._draw(
            "each", lambda i: f'<callActivity id="{i}" calledElement="{called.key}">{loop}</callActivity>'
        )
        guarded = self._guarded(place, Block(host, host), None)
        if not blocks:
            return guarded
        self._flow(blocks[0].last, guarded.first)
        return Block(blocks[0].first, guarded.last)

    # -- boundary events

    def _guarded(self, place: Place, block: Block, name: str | None) -> Block:
        """The activity with boundary events or none; `name` is set on every way out of it."""
        first, last = block.first, block.last
        kinds = [self._chances.random() for _ in range(self._chances.choice([0, 0, 1, 1, 2, 3]))]
        for _ in (each for each in kinds if each < 0.5):
            self._side_branch(place, block.first)
        interrupting = [each for each in kinds if each >= 0.5]
        if interrupting:
            leave = self._draw("met", lambda i: f'<exclusiveGateway id="{i}" />')
            self._flow(last, leave)
            last = leave
        returning = [each > 0.75 for each in interrupting]
        if any(returning):
            first = self._draw("back", lambda i: f'<exclusiveGateway id="{i}" />')
            self._flow(first, block.first)
        for returns in returning:
            event = self._event(block.first, "true")
            answered = self._service(place, name or None) if name or self._chances.random() < 0.5 else None
            if answered is not None:
                self._flow(event, answered.first)
            self._flow(answered.last if answered else event, first if returns else last)
        return Block(first, last, block.sets)

    def _side_branch(self, place: Place, host: str) -> None:
        step = self._event(host, "false")
        for _ in range(self._chances.choice([0, 1, 2])):
            service = self._service(place, ASIDE)
            self._flow(step, service.first)
            step = service.last
        self._flow(step, self._end())

    def _event(self, host: str, cancels: str) -> str:
        timed = self._chances.random() < 0.6
        inner = self._timer_definition(on_a_person=host in self._forms) if timed else self._message_definition()
        text = '<boundaryEvent id="{0}" attachedToRef="{1}" cancelActivity="{2}">{3}</boundaryEvent>'
        return self._draw("event", lambda i: text.format(i, host, cancels, inner))


def _form(name: str) -> bytes:
    field_ = {"type": "string", "enum": list(VALUES), "x-process": True}
    return json.dumps({"type": "object", "properties": {name: field_}, "required": [name]}).encode()
