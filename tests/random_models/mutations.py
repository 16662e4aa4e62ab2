"""Valid models made a little wrong: what the rules then still let pass must hold like any other."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lxml import etree

from engine.definitions.reading import BPMN, BPMNDI, elements, local
from tests.random_models.models import Model

_GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")
_DI = "http://www.omg.org/spec/DD/20100524/DI"


def mutated(model: Model, chances: random.Random, changes: int) -> Model:
    """The same model with some random changes in one of its files."""
    name = chances.choice([each for each in sorted(model.files) if each.endswith(".bpmn")])
    root = etree.fromstring(model.files[name])
    for _ in range(changes):
        chances.choice(CHANGES)(root, chances)
    return replace(model, files={**model.files, name: etree.tostring(root)})


def _some(root: Any, chances: random.Random, *tags: str) -> Any:
    found = [node for tag in tags for node in elements(root, tag)]
    return chances.choice(found) if found else None


def _neighbour(node: Any, chances: random.Random) -> str:
    """Any element of the same scope."""
    scope = [each for each in node.getparent() if each.get("id") and local(each) != "sequenceFlow"]
    return str(chances.choice(scope).get("id"))


def lead_elsewhere(root: Any, chances: random.Random) -> None:
    flow = _some(root, chances, "sequenceFlow")
    flow.set("targetRef", _neighbour(flow, chances))


def lead_to_a_gateway(root: Any, chances: random.Random) -> None:
    """More often right than just anywhere."""
    flow = _some(root, chances, "sequenceFlow")
    gateways = [each.get("id") for each in flow.getparent() if local(each) in _GATEWAYS]
    if gateways:
        flow.set("targetRef", chances.choice(gateways))


def begin_elsewhere(root: Any, chances: random.Random) -> None:
    flow = _some(root, chances, "sequenceFlow")
    flow.set("sourceRef", _neighbour(flow, chances))


def swap_two_targets(root: Any, chances: random.Random) -> None:
    one = _some(root, chances, "sequenceFlow")
    other = chances.choice([each for each in one.getparent() if local(each) == "sequenceFlow"])
    targets = one.get("targetRef"), other.get("targetRef")
    other.set("targetRef", targets[0])
    one.set("targetRef", targets[1])


def change_a_gateway(root: Any, chances: random.Random) -> None:
    gateway = _some(root, chances, *_GATEWAYS)
    if gateway is not None:
        gateway.tag = f"{{{BPMN}}}{chances.choice(_GATEWAYS)}"


def change_a_pair_of_gateways(root: Any, chances: random.Random) -> None:
    """A fork with its join, which the generator names alike."""
    gateway = _some(root, chances, *_GATEWAYS)
    if gateway is not None:
        kind = chances.choice(_GATEWAYS)
        number = gateway.get("id").rpartition("_")[2]
        for each in [g for tag in _GATEWAYS for g in elements(root, tag) if g.get("id").endswith(f"_{number}")]:
            each.tag = f"{{{BPMN}}}{kind}"


def add_a_flow(root: Any, chances: random.Random) -> None:
    gateway = _some(root, chances, *_GATEWAYS)
    if gateway is None:
        return
    name = f"added_{chances.getrandbits(32)}"
    flow = etree.SubElement(gateway.getparent(), f"{{{BPMN}}}sequenceFlow", id=name, sourceRef=gateway.get("id"))
    flow.set("targetRef", _neighbour(gateway, chances))
    edge = etree.SubElement(next(root.iter(f"{{{BPMNDI}}}BPMNPlane")), f"{{{BPMNDI}}}BPMNEdge", bpmnElement=name)
    for x in "09":
        etree.SubElement(edge, f"{{{_DI}}}waypoint", x=x, y="0")


def take_a_flow_away(root: Any, chances: random.Random) -> None:
    flow = _some(root, chances, "sequenceFlow")
    flow.getparent().remove(flow)


def stop_or_start_interrupting(root: Any, chances: random.Random) -> None:
    event = _some(root, chances, "boundaryEvent")
    if event is not None:
        event.set("cancelActivity", "false" if event.get("cancelActivity") == "true" else "true")


def attach_elsewhere(root: Any, chances: random.Random) -> None:
    event = _some(root, chances, "boundaryEvent")
    if event is not None:
        event.set("attachedToRef", _neighbour(event, chances))


def terminate_or_not(root: Any, chances: random.Random) -> None:
    end = _some(root, chances, "endEvent")
    if len(end):
        end.remove(end[0])
    else:
        etree.SubElement(end, f"{{{BPMN}}}terminateEventDefinition")


def wait_for_the_same_message(root: Any, chances: random.Random) -> None:
    events = [event for event in elements(root, "messageEventDefinition") if event.get("messageRef")]
    if events:
        chances.choice(events).set("messageRef", chances.choice(events).get("messageRef"))


def write_the_same(root: Any, chances: random.Random) -> None:
    """Two operations with the same result."""
    operators = [each for each in root.iter() if local(each) == "serviceTaskOperator"]
    if operators:
        chances.choice(operators).set("resultVariable", chances.choice(operators).get("resultVariable"))


CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    lead_elsewhere,
    lead_to_a_gateway,
    begin_elsewhere,
    swap_two_targets,
    change_a_gateway,
    change_a_pair_of_gateways,
    add_a_flow,
    take_a_flow_away,
    stop_or_start_interrupting,
    attach_elsewhere,
    terminate_or_not,
    wait_for_the_same_message,
    write_the_same,
)
