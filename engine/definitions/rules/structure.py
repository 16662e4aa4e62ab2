"""Which elements may be drawn at all, and that each has its own id.

Everything refused here was tried in SpiffWorkflow 3.2 and found not to hold, or was not tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.definitions.reading import BPMN, SPIFF, fault, local
from engine.definitions.rules.model import FLOW_NODES, Model

_PLAIN = frozenset(
    {
        "definitions",
        "process",
        "message",
        "sequenceFlow",
        "incoming",
        "outgoing",
        "documentation",
        "extensionElements",
        "conditionExpression",
        "timerEventDefinition",
        "timeDate",
        "timeDuration",
        "messageEventDefinition",
        "terminateEventDefinition",
        "multiInstanceLoopCharacteristics",
        "loopCardinality",
        "completionCondition",
        "loopDataInputRef",
        "loopDataOutputRef",
        "inputDataItem",
        "outputDataItem",
        "ioSpecification",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "dataInputRefs",
        "dataOutputRefs",
        "laneSet",
        "lane",
        "flowNodeRef",
        "collaboration",
        "participant",
        "textAnnotation",
        "text",
        "association",
    }
)
INSTEAD = {
    "scriptTask": "a service task that calls a named operation",
    "task": "a user task with a form, or a service task with an operation",
    "manualTask": "a user task with a form",
    "sendTask": "a service task whose operation tells people",
    "receiveTask": "an intermediate message catch event",
    "eventBasedGateway": "boundary events on a user task",
    "complexGateway": "exclusive gateways",
    "transaction": "a called process that answers with an outcome",
    "adHocSubProcess": "a called process",
    "timeCycle": "a loop through an exclusive merge with a date timer",
    "standardLoopCharacteristics": "a loop drawn with an exclusive merge gateway",
    "signalEventDefinition": "a message to the instance that is meant",
    "errorEventDefinition": "an outcome and an exclusive gateway",
    "escalationEventDefinition": "an outcome and an exclusive gateway",
    "cancelEventDefinition": "an outcome and an exclusive gateway",
    "compensateEventDefinition": "a service task that undoes the work",
    "conditionalEventDefinition": "a message, or a timer that reads a row",
    "linkEventDefinition": "a sequence flow",
    "dataObject": "process data, or a table",
    "dataObjectReference": "process data, or a table",
    "dataStoreReference": "a table",
    "preScript": "a service task that calls a named operation",
    "postScript": "a service task that calls a named operation",
}
_SPIFF = frozenset({"properties", "property", "serviceTaskOperator", "parameters", "parameter", "messageVariable"})


def check_document(root: Any) -> Iterator[dict[str, str]]:
    """Elements outside the allow-list; ids that stand twice."""
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        space, name = node.tag[1:].split("}") if node.tag.startswith("{") else ("", node.tag)
        allowed = (space == BPMN and name in _PLAIN | FLOW_NODES) or (space == SPIFF and name in _SPIFF)
        if space in {BPMN, SPIFF} and not allowed:
            yield fault(_nearest_id(node), f"{name} is not supported", INSTEAD.get(name, "another element"))
        if name == "subProcess" and node.get("triggeredByEvent") == "true":
            yield fault(
                node.get("id"), "event sub-processes are not supported", "a boundary event, or a called process"
            )
    counted = Counter(node.get("id") for node in root.iter(f"{{{BPMN}}}*"))
    for name, count in counted.items():
        if name and count > 1:
            yield fault(name, "the id stands twice", "give each element an id of its own")


def _nearest_id(node: Any) -> str:
    while node is not None and not node.get("id"):
        node = node.getparent()
    return str(node.get("id")) if node is not None else "definitions"


def one_start(model: Model) -> Iterator[dict[str, str]]:
    """One plain start event."""
    starts = [name for name, node in model.of("startEvent") if local(node.getparent()) == "process"]
    if len(starts) != 1:
        yield fault(model.process.get("id"), f"has {len(starts)} start events", "draw exactly one start event")
    for name, node in model.of("startEvent"):
        if any(local(child).endswith("EventDefinition") for child in node):
            yield fault(name, "the start waits for an event", "a plain start; the operation starts the instance")


def events_are_known(model: Model) -> Iterator[dict[str, str]]:
    """Boundary events are timers or messages; an intermediate throw carries a message."""
    for name, node in model.of("boundaryEvent", "intermediateCatchEvent"):
        kinds = [local(child) for child in node if local(child).endswith("EventDefinition")]
        if len(kinds) != 1 or kinds[0] not in {"timerEventDefinition", "messageEventDefinition"}:
            yield fault(name, "must wait for one timer or one message", "a timer or a message event")


RULES = (one_start, events_are_known)
