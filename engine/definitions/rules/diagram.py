"""A model without its drawing cannot be shown to the people it is for."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.reading import BPMNDI, fault
from engine.definitions.rules.model import Model


def everything_is_drawn(model: Model) -> Iterator[dict[str, str]]:
    """A shape for every node, an edge for every flow."""
    drawn = {
        node.get("bpmnElement") for tag in ("BPMNShape", "BPMNEdge") for node in model.root.iter(f"{{{BPMNDI}}}{tag}")
    }
    for name in [*model.nodes, *(flow.get("id") for flow in model.flows)]:
        if name not in drawn:
            yield fault(name, "is not drawn", "save the model from a BPMN editor, with its diagram")


RULES = (everything_is_drawn,)
