"""A model as the rules see it: scopes of flow nodes, sequence flows and boundary events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.definitions.reading import BPMN, elements, local

TASKS = frozenset({"userTask", "serviceTask"})
ACTIVITIES = TASKS | {"callActivity", "subProcess"}
CHOICES = frozenset({"exclusiveGateway", "inclusiveGateway"})
GATEWAYS = CHOICES | {"parallelGateway"}
EVENTS = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True)
class Flow:
    """A sequence flow as drawn; its ends may be wrong."""

    id: str
    source: str
    target: str
    condition: str | None


@dataclass(frozen=True, eq=False)
class Scope:
    """What lies directly inside one process or embedded sub-process. `nodes`: id → element."""

    node: Any
    nodes: Mapping[str, Any]
    flows: tuple[Flow, ...]

    @cached_property
    def outgoing(self) -> Mapping[str, list[Flow]]:
        return _by(self.nodes, ((flow.source, flow) for flow in self.flows))

    @cached_property
    def incoming(self) -> Mapping[str, list[Flow]]:
        return _by(self.nodes, ((flow.target, flow) for flow in self.flows))

    @cached_property
    def boundaries(self) -> Mapping[str, list[str]]:
        """Activity id → ids of the events on it."""
        return _by(self.nodes, ((self.nodes[each].get("attachedToRef"), each) for each in self.of("boundaryEvent")))

    @cached_property
    def next(self) -> Mapping[str, list[str]]:
        """Node id → the nodes that a token may reach from it in one step, boundary events included."""
        return {
            each: [f.target for f in self.outgoing[each] if f.target in self.nodes] + self.boundaries[each]
            for each in self.nodes
        }

    @cached_property
    def previous(self) -> Mapping[str, list[str]]:
        return _by(self.nodes, ((target, source) for source, targets in self.next.items() for target in targets))

    @cached_property
    def beside(self) -> frozenset[str]:
        """The nodes on branches of non-interrupting boundary events, those events included."""
        starts = [each for each in self.of("boundaryEvent") if self.nodes[each].get("cancelActivity") == "false"]
        return reachable(self.next, starts)

    @cached_property
    def on_cycle(self) -> frozenset[str]:
        """The nodes that a token can come back to."""
        found = {each for group in components(self.next) if len(group) > 1 for each in group}
        return frozenset(found | {each for each in self.nodes if each in self.next[each]})

    def kind(self, node_id: str) -> str:
        return local(self.nodes[node_id])

    def of(self, *kinds: str) -> list[str]:
        """The ids of the nodes of these kinds, in document order."""
        return [each for each in self.nodes if self.kind(each) in kinds]


def read_scope(container: Any) -> Scope:
    """Refused elements that flows lead to are nodes too, so that one fault is not followed by ten others."""
    flows = tuple(_flow(child) for child in container if local(child) == "sequenceFlow")
    joined = {end for flow in flows for end in (flow.source, flow.target)}
    nodes = {c.get("id", ""): c for c in container if local(c) in FLOW_NODES or (local(c) and c.get("id") in joined)}
    return Scope(container, nodes, flows)


def read_scopes(process: Any) -> Iterator[Scope]:
    """The scope of a process, then those of its embedded sub-processes."""
    yield read_scope(process)
    yield from (read_scope(inner) for inner in elements(process, "subProcess"))


def _flow(node: Any) -> Flow:
    condition = node.findtext(f"./{{{BPMN}}}conditionExpression")
    return Flow(node.get("id", ""), node.get("sourceRef", ""), node.get("targetRef", ""), condition)


def _by(keys: Iterable[str], pairs: Iterable[tuple[str | None, Any]]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for key, value in pairs:
        if key in found:
            found[key].append(value)
    return found


def reachable(steps: Mapping[str, list[str]], starts: Iterable[str]) -> frozenset[str]:
    """Every node that can be reached from `starts`, themselves included."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for each in steps[waiting.pop()]:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return frozenset(found)


def components(steps: Mapping[str, list[str]]) -> Iterator[set[str]]:
    """Strongly connected components (Kosaraju: reverse finishing order, then the reversed graph)."""
    back = _by(steps, ((target, source) for source, targets in steps.items() for target in targets))
    done: set[str] = set()
    for root in reversed(_finishing_order(steps)):
        if root in done:
            continue
        group, waiting = {root}, [root]
        done.add(root)
        while waiting:
            fresh = [each for each in back[waiting.pop()] if each not in done]
            done.update(fresh)
            group.update(fresh)
            waiting += fresh
        yield group


def _finishing_order(steps: Mapping[str, list[str]]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()
    for root in steps:
        path = [] if root in seen else [(root, iter(steps[root]))]
        seen.add(root)
        while path:
            node, rest = path[-1]
            fresh = next((each for each in rest if each not in seen), None)
            if fresh is None:
                order.append(node)
                path.pop()
            else:
                seen.add(fresh)
                path.append((fresh, iter(steps[fresh])))
    return order
