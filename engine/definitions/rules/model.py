"""One process as the rules look at it: nodes, flows, what hangs on what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.definitions.reading import BPMN, local


@dataclass(frozen=True)
class Known:
    """What models may refer to."""

    operations: frozenset[str]
    functions: frozenset[str]
    names: frozenset[str]
    roles: frozenset[str]


FLOW_NODES = frozenset(
    {
        "startEvent",
        "endEvent",
        "userTask",
        "serviceTask",
        "businessRuleTask",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "callActivity",
        "subProcess",
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
    }
)


@dataclass(frozen=True)
class Model:
    """A process with everything that its validity depends on."""

    root: Any
    process: Any
    files: Mapping[str, bytes]
    known: Known
    stages: frozenset[str]
    called: Mapping[str, Any]

    @cached_property
    def nodes(self) -> dict[str, Any]:
        return {node.get("id"): node for node in self.process.iter() if local(node) in FLOW_NODES}

    @cached_property
    def flows(self) -> list[Any]:
        return list(self.process.iter(f"{{{BPMN}}}sequenceFlow"))

    @cached_property
    def attached(self) -> dict[str, str]:
        """Boundary event → the activity that it stands on."""
        return {node.get("id"): node.get("attachedToRef") for node in self.nodes.values() if node.get("attachedToRef")}

    @cached_property
    def after(self) -> dict[str, list[str]]:
        """Node → the nodes its flows lead to."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
        return found

    @cached_property
    def before(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, targets in self.after.items():
            for target in targets:
                found.setdefault(target, []).append(source)
        return found

    def moves(self, name: str) -> list[str]:
        """Where a token can go from a node: along its flows, and to the events on its border."""
        return self.after.get(name, []) + [event for event, host in self.attached.items() if host == name]

    def reach(self, start: str) -> set[str]:
        """Everything a token can come to from `start`, itself only when there is a way back."""
        seen: set[str] = set()
        waiting = list(self.moves(start))
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += self.moves(name)
        return seen

    def of(self, *tags: str) -> Iterator[tuple[str, Any]]:
        """(id, node) of the nodes of these kinds."""
        return ((name, node) for name, node in self.nodes.items() if local(node) in tags)

    def condition(self, flow: Any) -> str | None:
        node = flow.find(f"{{{BPMN}}}conditionExpression")
        return (node.text or "").strip() if node is not None else None


def processes_of(root: Any) -> list[Any]:
    return list(root.iter(f"{{{BPMN}}}process"))
