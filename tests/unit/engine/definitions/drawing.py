"""Small models for tests: the flow is written as XML, the diagram is drawn by itself."""

from __future__ import annotations

import json
from collections.abc import Container
from itertools import pairwise

from lxml import etree

from engine.definitions.reading import BPMN, local
from engine.definitions.rules import Known

KNOWN = Known(
    operations=frozenset({"op.close", "op.warn", "op.escalate"}),
    functions=frozenset({"parent", "warning_at", "due_at", "grace_at"}),
    names=frozenset({"owner", "level"}),
    roles=frozenset({"handler", "leader"}),
    task_clocks=frozenset({"warning_at", "due_at", "grace_at"}),
)

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="file_{key}" targetNamespace="urn:test">'
)
_UNDRAWN = {"ioSpecification", "message", "documentation", "extensionElements", "laneSet"}


def file(body: str, key: str, undrawn: Container[str] = ()) -> bytes:
    """A file of `body`, with a shape or an edge for each element that needs one, but for `undrawn` ids."""
    root = etree.fromstring(f"{_HEAD.format(key=key)}{body}</definitions>")
    parts = [_drawn(each) for each in root.iter() if _needs_drawing(each) and each.get("id") not in undrawn]
    plane = f'<bpmndi:BPMNPlane bpmnElement="{key}">{"".join(parts)}</bpmndi:BPMNPlane>'
    plane = f"<bpmndi:BPMNDiagram>{plane}</bpmndi:BPMNDiagram>"
    return f"{_HEAD.format(key=key)}{body}{plane}</definitions>".encode()


def _needs_drawing(node: etree._Element) -> bool:
    parent = node.getparent()
    inside = parent is not None and local(parent) in {"process", "subProcess", "transaction", "adHocSubProcess"}
    return inside and bool(node.get("id")) and etree.QName(node).namespace == BPMN and local(node) not in _UNDRAWN


def _drawn(node: etree._Element) -> str:
    if local(node) == "sequenceFlow":
        ends = '<di:waypoint x="0" y="0" /><di:waypoint x="9" y="0" />'
        return f'<bpmndi:BPMNEdge bpmnElement="{node.get("id")}">{ends}</bpmndi:BPMNEdge>'
    bounds = '<dc:Bounds x="0" y="0" width="100" height="80" />'
    return f'<bpmndi:BPMNShape bpmnElement="{node.get("id")}">{bounds}</bpmndi:BPMNShape>'


def process(body: str, key: str = "small") -> str:
    return f'<process id="{key}" isExecutable="true">{body}</process>'


def person(
    node: str, unit: str = "owner", role: str = "handler", form: str = "act", deadline: str = "handle", more: str = ""
) -> str:
    """A user task; a property given as "" is left out."""
    drawn = {"unit": unit, "role": role, "form": form, "deadline": deadline}
    rows = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}" />' for name, value in drawn.items() if value
    )
    properties = f"<spiffworkflow:properties>{rows}</spiffworkflow:properties>"
    return f'<userTask id="{node}"><extensionElements>{properties}</extensionElements>{more}</userTask>'


def service(node: str, operation: str = "op.close", result: str = "done", parameters: str = "") -> str:
    inner = f"<spiffworkflow:parameters>{parameters}</spiffworkflow:parameters>"
    operator = f'<spiffworkflow:serviceTaskOperator id="{operation}" resultVariable="{result}">{inner}'
    return (
        f'<serviceTask id="{node}"><extensionElements>{operator}</spiffworkflow:serviceTaskOperator>'
        "</extensionElements></serviceTask>"
    )


def timer(node: str, host: str, expression: str, cancels: str = "true") -> str:
    inner = f"<timerEventDefinition><timeDate>{expression}</timeDate></timerEventDefinition>"
    return f'<boundaryEvent id="{node}" attachedToRef="{host}" cancelActivity="{cancels}">{inner}</boundaryEvent>'


def flow(source: str, target: str, condition: str | None = None) -> str:
    inner = "" if condition is None else f"<conditionExpression>{condition}</conditionExpression>"
    return f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def way(*nodes: str) -> str:
    """Flows from each node to the next."""
    return "".join(flow(source, target) for source, target in pairwise(nodes))


def ports(inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ("outcome",)) -> str:
    given = "".join(f'<dataInput id="{each}" name="{each}" />' for each in inputs)
    taken = "".join(f'<dataOutput id="{each}" name="{each}" />' for each in outputs)
    sets = "".join(f"<dataInputRefs>{each}</dataInputRefs>" for each in inputs)
    answers = "".join(f"<dataOutputRefs>{each}</dataOutputRefs>" for each in outputs)
    sets = f"<inputSet>{sets}</inputSet><outputSet>{answers}</outputSet>"
    return f"<ioSpecification>{given}{taken}{sets}</ioSpecification>"


SMALL = (
    '<startEvent id="start" /><exclusiveGateway id="m_act" />'
    + person("act")
    + '<exclusiveGateway id="result_gate" default="result_gate-closed" />'
    + service("closed")
    + '<callActivity id="help" calledElement="aid" /><endEvent id="finished" />'
    + timer("act_warn", "act", "warning_at()", cancels="false")
    + service("warned", "op.warn")
    + '<endEvent id="warned_end" />'
    + timer("act_grace", "act", "grace_at()")
    + service("escalated", "op.escalate")
    + way("start", "m_act", "act", "result_gate", "closed", "help", "finished")
    + flow("result_gate", "m_act", 'outcome == "again"')
    + way("act_warn", "warned", "warned_end")
    + way("act_grace", "escalated", "m_act")
)
"""A merge, a person with two timers, a choice, an operation and a call."""

AID = (
    ports()
    + '<startEvent id="aid_start" />'
    + person("advise")
    + '<endEvent id="aid_end" />'
    + way("aid_start", "advise", "aid_end")
)
"""What `SMALL` calls."""

ACT_FORM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "outcome": {"$ref": "codes.json#/$defs/outcome", "x-process": True},
        "reason": {"type": "string", "x-text": True},
    },
}
CODES = {"$defs": {"outcome": {"type": "string", "enum": ["settled", "again"]}}}


def _rule(stage: str) -> str:
    cells = "".join(f"<inputEntry><text>{text}</text></inputEntry>" for text in (f'"{stage}"', "", "", ""))
    values = ("5", '"wd"', '"75 %"', '"1 wd"', '"default"')
    cells += "".join(f"<outputEntry><text>{text}</text></outputEntry>" for text in values)
    return f'<rule id="{stage}_1">{cells}</rule>'


DEADLINES = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision><decisionTable>'
    + "".join(map(_rule, ("handle", "handle_complex", "sign_off")))
    + "</decisionTable></decision></definitions>"
)


def files(
    small: str = SMALL, aid: str = AID, messages: str = "", undrawn: Container[str] = (), aid_messages: str = ""
) -> dict[str, bytes]:
    """All files of a deployment of the two models."""
    return {
        "small.bpmn": file(process(small) + messages, "small", undrawn),
        "aid.bpmn": file(process(aid, "aid") + aid_messages, "aid"),
        "deadlines.dmn": DEADLINES.encode(),
        "forms/act.json": json.dumps(ACT_FORM).encode(),
        "forms/codes.json": json.dumps(CODES).encode(),
        "forms/unused.json": b'{"properties": {}}',
    }
