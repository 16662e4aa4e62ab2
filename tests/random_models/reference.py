"""A second interpreter of the allowed BPMN, written from the standard and not from SpiffWorkflow, to compare with.

Tokens walk over the drawn elements. A token carries its own copy of the data; a join brings together what its tokens
changed since they parted. Nothing is pruned, saved or optimised here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition

from engine.definitions.reading import BPMN, elements, local, operator_of
from engine.definitions.rules import read_library
from engine.definitions.rules.graph import Scope
from engine.definitions.rules.library import Process
from engine.spiff.expressions import Evaluator
from tests.random_models.host import Host
from tests.random_models.models import KNOWN, TOP, Model

Data = dict[str, Any]
Path = tuple[tuple[str, Any], ...]
"""The calls that lead to a run: (element, number of the instance or None) from the top."""

_numbers = count()


@dataclass(eq=False)
class Token:
    """`forks`: where it parted from others, with the data at that point; `beside`: on a side branch."""

    node: str
    data: Data
    forks: tuple[tuple[int, Data], ...] = ()
    via: str = ""
    beside: bool = False
    settled: bool = False
    armed: dict[str, datetime | None] = field(default_factory=dict)
    """Boundary events and the catching event itself that wait: when a timer is due, None for a message."""
    runs: list[Run] = field(default_factory=list)
    results: Data = field(default_factory=dict)
    """What the instances of a multi-instance have given; becomes data when the last has ended."""
    remaining: list[tuple[Any, Any]] = field(default_factory=list)
    """(number, item) of the instances of a sequential multi-instance that are to come."""


@dataclass(eq=False)
class Run:
    """One process or sub-process that is going on."""

    process: Process
    scope: Scope
    path: Path
    start: Data
    tokens: list[Token] = field(default_factory=list)
    last: Data | None = None
    """The data of the end that was reached last, side branches left out."""
    result: Data | None = None
    """The same when nothing goes on any more."""


class Reference:
    """One instance; the same questions and acts as `engine.spiff.instance.Instance`, by path and element."""

    def __init__(self, model: Model, host: Host, data: Data) -> None:
        self._library = read_library(model.files, KNOWN)
        self._host = host
        self._evaluator = Evaluator(host.functions())
        process = self._library.by_id[TOP]
        self.ends: list[str] = []
        self._top = self._begun(process, process.scopes[0], (), data)
        self.run()

    # -- acts

    def complete(self, path: Path, element: str, data: Mapping[str, Any]) -> None:
        run, token = self._at(path, element)
        token.data.update(data)
        self._leave(run, token)

    def fire(self, path: Path, event: str) -> None:
        run, token = next((run, t) for run, t in self._waiting() if run.path == path and event in t.armed)
        self._happened(run, token, event)

    def deliver(self, message: str) -> None:
        for run, token in list(self._waiting()):
            for event in [e for e, due in token.armed.items() if due is None and self._message(run, e) == message]:
                self._happened(run, token, event)

    def run(self) -> None:
        """Carry on until everything waits."""
        while self._one_step():
            pass

    # -- questions

    def ready(self) -> list[tuple[Path, str, Data]]:
        return [(run.path, t.node, t.data) for run, t in self._waiting() if run.scope.kind(t.node) == "userTask"]

    def timers(self) -> list[tuple[Path, str, datetime]]:
        return [(run.path, event, due) for run, t in self._waiting() for event, due in t.armed.items() if due]

    def messages(self) -> set[str]:
        waiting = [(run, event) for run, t in self._waiting() for event, due in t.armed.items() if due is None]
        return {self._message(run, event) for run, event in waiting}

    def on_the_way(self) -> set[str]:
        """The events and messages that stand on the way of a token; the others may lead back."""
        waiting = [(run, t) for run, t in self._waiting() if t.node in t.armed]
        messages = {self._message(run, t.node) for run, t in waiting if t.armed[t.node] is None}
        return {t.node for _, t in waiting} | messages

    @property
    def ended(self) -> bool:
        return self._top.result is not None

    # -- the game

    def _begun(self, process: Process, scope: Scope, path: Path, data: Data) -> Run:
        run = Run(process, scope, path, deepcopy(data))
        run.tokens.append(Token(scope.of("startEvent")[0], deepcopy(data)))
        return run

    def _all(self, run: Run) -> Iterator[tuple[Run, Token]]:
        for token in run.tokens:
            yield run, token
            for inner in token.runs:
                yield from self._all(inner)

    def _waiting(self) -> Iterator[tuple[Run, Token]]:
        return ((run, token) for run, token in self._all(self._top) if token.settled)

    def _at(self, path: Path, element: str) -> tuple[Run, Token]:
        return next((run, token) for run, token in self._waiting() if run.path == path and token.node == element)

    def _one_step(self) -> bool:
        """Move one token that does not wait; False when there is none."""
        for run, token in self._all(self._top):
            if not token.settled:
                self._arrive(run, token)
                return True
            if token.runs and self._came_back(run, token):
                return True
        joins = [(run, token) for run, token in self._waiting() if run.scope.kind(token.node) == "inclusiveGateway"]
        return any(self._join(run, token) for run, token in joins)

    def _arrive(self, run: Run, token: Token) -> None:
        kind = run.scope.kind(token.node)
        token.settled = True
        if kind in {"startEvent", "exclusiveGateway", "parallelGateway", "inclusiveGateway"}:
            self._through(run, token, kind)
        elif kind == "serviceTask":
            operator = operator_of(run.scope.nodes[token.node])
            token.data[operator.get("resultVariable")] = self._host.call("op.do", token.node, {})
            self._leave(run, token)
        elif kind == "endEvent":
            self._end(run, token)
        else:
            self._arm(run, token, kind)

    def _through(self, run: Run, token: Token, kind: str) -> None:
        if kind == "parallelGateway":
            self._join(run, token)
        elif kind != "inclusiveGateway" or len(run.scope.incoming[token.node]) < 2:
            self._leave(run, token)

    def _leave(self, run: Run, token: Token) -> None:
        """Put tokens on the flows that the element chooses."""
        run.tokens.remove(token)
        chosen = self._chosen(run, token)
        forks = token.forks
        if len(chosen) > 1:
            forks = (*forks, (next(_numbers), deepcopy(token.data)))
        for flow in chosen:
            run.tokens.append(Token(flow.target, deepcopy(token.data), forks, flow.id, token.beside))

    def _chosen(self, run: Run, token: Token) -> list[Any]:
        outgoing, kind = run.scope.outgoing[token.node], run.scope.kind(token.node)
        if len(outgoing) < 2 or kind == "parallelGateway":
            return outgoing
        true = [f for f in outgoing if f.condition and self._evaluator.evaluate(f.condition, token.data)]
        default = [f for f in outgoing if f.id == run.scope.nodes[token.node].get("default")]
        return (true or default)[: 1 if kind == "exclusiveGateway" else None]

    def _join(self, run: Run, token: Token) -> bool:
        node, incoming = token.node, run.scope.incoming[token.node]
        here = [each for each in run.tokens if each.node == node and each.settled]
        empty = {flow.id for flow in incoming} - {each.via for each in here}
        if run.scope.kind(node) == "parallelGateway" and len(incoming) > 1 and empty:
            return False
        if run.scope.kind(node) == "inclusiveGateway" and self._may_come(run, node, empty):
            return False
        order = [flow.id for flow in incoming]
        here.sort(key=lambda each: order.index(each.via) if each.via in order else 0)
        joined = self._brought_together(here) if len(here) > 1 else here[0]
        run.tokens = [each for each in run.tokens if each not in here] + [joined]
        self._leave(run, joined)
        return True

    def _may_come(self, run: Run, join: str, empty: set[str]) -> bool:
        """Whether a token elsewhere can come along an empty flow without passing the join."""
        seen = {flow.source for flow in run.scope.incoming[join] if flow.id in empty}
        waiting = list(seen)
        while waiting:
            fresh = {each for each in run.scope.previous[waiting.pop()] if each != join} - seen
            seen |= fresh
            waiting += fresh
        return any(each.node in seen for each in run.tokens)

    def _brought_together(self, here: list[Token]) -> Token:
        common = [fork for fork in here[0].forks if all(fork[0] in {f[0] for f in t.forks} for t in here)]
        parted = common[-1][1]
        data = deepcopy(parted)
        for token in here:
            data |= {k: v for k, v in token.data.items() if k not in parted or parted[k] != v}
        return Token(here[0].node, data, tuple(common), settled=True)

    # -- waiting

    def _arm(self, run: Run, token: Token, kind: str) -> None:
        waiting = list(run.scope.boundaries[token.node])
        if kind == "intermediateCatchEvent":
            waiting.append(token.node)
        token.armed = {event: self._due(run.scope.nodes[event]) for event in waiting}
        if kind in {"callActivity", "subProcess"}:
            self._call(run, token, kind)

    def _due(self, event: Any) -> datetime | None:
        duration = event.findtext(f".//{{{BPMN}}}timeDuration")
        if duration is not None:
            parsed = TimerEventDefinition.parse_iso_duration(duration.strip("\"'"))
            return self._host.now + TimerEventDefinition.get_timedelta_from_start(parsed, self._host.now)
        moment = event.findtext(f".//{{{BPMN}}}timeDate")
        return None if moment is None else self._host.functions()[moment.strip("()")]()

    def _message(self, run: Run, event: str) -> str:
        wanted = run.scope.nodes[event].find(f"./{{{BPMN}}}messageEventDefinition").get("messageRef")
        return next(m.get("name") for m in elements(run.process.root, "message") if m.get("id") == wanted)

    def _happened(self, run: Run, token: Token, event: str) -> None:
        if token not in run.tokens or event not in token.armed:
            return
        node = run.scope.nodes[event]
        if event == token.node:
            self._leave(run, token)
            return
        beside = node.get("cancelActivity") == "false"
        if beside:
            del token.armed[event]
        else:
            run.tokens.remove(token)
        for flow in run.scope.outgoing[event]:
            run.tokens.append(Token(flow.target, deepcopy(token.data), token.forks, flow.id, token.beside or beside))

    # -- parts

    def _call(self, run: Run, token: Token, kind: str) -> None:
        node = run.scope.nodes[token.node]
        loop = node.find(f"./{{{BPMN}}}multiInstanceLoopCharacteristics")
        if loop is None:
            self._enter(run, token, None, token.data)
            return
        listed = loop.findtext(f"./{{{BPMN}}}loopDataInputRef")
        amount = loop.findtext(f"./{{{BPMN}}}loopCardinality")
        items = token.data[listed] if listed else [None] * int(amount or 0)
        token.remaining = list(enumerate(items))
        token.results = {loop.findtext(f"./{{{BPMN}}}loopDataOutputRef"): []}
        self._next_instances(run, token, loop)
        if not token.runs:
            self._leave_multiple(run, token)

    def _next_instances(self, run: Run, token: Token, loop: Any) -> None:
        sequential = loop.get("isSequential") == "true"
        coming, token.remaining = (token.remaining[:1], token.remaining[1:]) if sequential else (token.remaining, [])
        item = loop.find(f"./{{{BPMN}}}inputDataItem")
        for number, value in coming:
            own = {} if item is None else {item.get("id"): value}
            self._enter(run, token, number, {**token.data, **token.results, **own})

    def _enter(self, run: Run, token: Token, number: Any, data: Data) -> None:
        node = run.scope.nodes[token.node]
        path = (*run.path, (token.node, number))
        if local(node) == "subProcess":
            scope = next(each for each in run.process.scopes if each.node is node)
            token.runs.append(self._begun(run.process, scope, path, data))
            return
        process = self._library.by_id[node.get("calledElement")]
        inputs = process.ports("dataInput")
        given = {k: v for k, v in data.items() if k in inputs} if inputs else data
        token.runs.append(self._begun(process, process.scopes[0], path, given))

    def _came_back(self, run: Run, token: Token) -> bool:
        """Take the answer of one inner run that has ended."""
        ended = next((each for each in token.runs if each.result is not None), None)
        if ended is None:
            return False
        token.runs.remove(ended)
        loop = run.scope.nodes[token.node].find(f"./{{{BPMN}}}multiInstanceLoopCharacteristics")
        if loop is not None:
            self._collect(run, token, ended, loop)
        else:
            token.data.update(self._answer(ended, run.scope.nodes[token.node]))
        if not token.runs:
            self._leave_multiple(run, token)
        return True

    def _leave_multiple(self, run: Run, token: Token) -> None:
        token.data.update(token.results)
        self._leave(run, token)

    def _answer(self, ended: Run, node: Any) -> Data:
        result = ended.result or {}
        outputs = ended.process.ports("dataOutput")
        return {name: result[name] for name in outputs} if local(node) == "callActivity" else result

    def _collect(self, run: Run, token: Token, ended: Run, loop: Any) -> None:
        answer = self._answer(ended, run.scope.nodes[token.node])
        gives = loop.find(f"./{{{BPMN}}}outputDataItem").get("id")
        token.results[loop.findtext(f"./{{{BPMN}}}loopDataOutputRef")].append(answer[gives])
        until = loop.findtext(f"./{{{BPMN}}}completionCondition")
        if until and self._evaluator.evaluate(until, answer):
            token.runs, token.remaining = [], []
        elif token.remaining:
            self._next_instances(run, token, loop)

    def _end(self, run: Run, token: Token) -> None:
        run.tokens.remove(token)
        if run is self._top:
            self.ends.append(token.node)
        if run.scope.nodes[token.node].find(f"./{{{BPMN}}}terminateEventDefinition") is not None:
            run.tokens = []
            run.result = token.data
            return
        if not token.beside:
            run.last = token.data
        if not run.tokens:
            run.result = run.last
