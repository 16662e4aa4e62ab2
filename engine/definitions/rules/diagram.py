"""The picture: every node has a shape and every flow an edge, or the page of a case could not show its token."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.reading import BPMNDI, Finding, fault
from engine.definitions.rules.library import Library

_INSTEAD = "open the model in a modeler, place the element and save"


def everything_is_drawn(library: Library) -> Iterator[Finding]:
    for process in library.processes:
        shapes = {node.get("bpmnElement") for node in process.root.iter(f"{{{BPMNDI}}}BPMNShape") if len(node)}
        edges = {node.get("bpmnElement") for node in process.root.iter(f"{{{BPMNDI}}}BPMNEdge") if len(node) > 1}
        for scope in process.scopes:
            for node_id in (each for each in scope.nodes if each not in shapes):
                yield fault(node_id, "has no shape in the diagram", _INSTEAD, "图中缺少该元素；请在建模器中放置并保存")
            for flow in (each for each in scope.flows if each.id not in edges):
                yield fault(flow.id, "has no edge in the diagram", _INSTEAD, "图中缺少该连线；请在建模器中绘制并保存")
