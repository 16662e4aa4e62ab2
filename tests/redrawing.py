"""Another version of a model for tests: text replaced, elements added and drawn by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.actors import system
from engine.definitions.deploy import Deployed, deploy, known_to, read_directory
from processes import models_folder
from tests.cast import Cast

_DRAWN = re.compile(r'<bpmn:(\w+) id="(\w+)"[^>]*?(?:sourceRef|/?>|name|attachedToRef|calledElement)')


def redrawn(content: bytes, swaps: Mapping[str, str], added: str = "") -> bytes:
    """`swaps`: text → new text, each must occur; `added`: elements with the prefix `bpmn:`, put at the end."""
    text = content.decode()
    for old, new in swaps.items():
        assert old in text, old
        text = text.replace(old, new)
    text = text.replace("</bpmn:process>", f"{added}</bpmn:process>", 1)
    shapes = "".join(_shape(tag, node) for tag, node in _DRAWN.findall(added))
    return text.replace("</bpmndi:BPMNPlane>", f"{shapes}</bpmndi:BPMNPlane>", 1).encode()


def _shape(tag: str, node: str) -> str:
    if tag == "sequenceFlow":
        ends = '<di:waypoint x="0" y="0" /><di:waypoint x="9" y="0" />'
        return f'<bpmndi:BPMNEdge id="{node}_di" bpmnElement="{node}">{ends}</bpmndi:BPMNEdge>'
    if not tag.endswith(("Event", "Task", "Gateway", "Activity")):
        return ""
    bounds = '<dc:Bounds x="0" y="0" width="100" height="80" />'
    return f'<bpmndi:BPMNShape id="{node}_di" bpmnElement="{node}">{bounds}</bpmndi:BPMNShape>'


def service(node: str, operation: str) -> str:
    operator = f'<spiffworkflow:serviceTaskOperator id="{operation}" resultVariable="done">'
    return (
        f'<bpmn:serviceTask id="{node}"><bpmn:extensionElements>{operator}<spiffworkflow:parameters />'
        "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    )


def person(node: str, **properties: str) -> str:
    rows = "".join(f'<spiffworkflow:property name="{name}" value="{value}" />' for name, value in properties.items())
    return (
        f'<bpmn:userTask id="{node}"><bpmn:extensionElements><spiffworkflow:properties>{rows}'
        "</spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>"
    )


def timer(node: str, host: str, definition: str, *, interrupting: bool = False) -> str:
    inner = f"<bpmn:timerEventDefinition>{definition}</bpmn:timerEventDefinition>"
    cancel = str(interrupting).lower()
    return (
        f'<bpmn:boundaryEvent id="{node}" cancelActivity="{cancel}" attachedToRef="{host}">{inner}</bpmn:boundaryEvent>'
    )


def flow(source: str, target: str) -> str:
    return f'<bpmn:sequenceFlow id="flow_{source}_{target}" sourceRef="{source}" targetRef="{target}" />'


def end(node: str) -> str:
    return f'<bpmn:endEvent id="{node}" />'


REMINDER = (
    timer("act_remind", "act", "<bpmn:timeDuration>PT6H</bpmn:timeDuration>")
    + service("act_reminded", "op.remind")
    + end("act_reminded_end")
    + flow("act_remind", "act_reminded")
    + flow("act_reminded", "act_reminded_end")
)
"""Six hours after acting began, `op.remind` is called; register it first."""


def put(cast: Cast, changed: Mapping[str, bytes]) -> dict[str, Deployed]:
    """Deploy the real models with some files changed; key → what became of it."""
    files = {**read_directory(models_folder()), **changed}
    with cast.store.write() as session:
        done = deploy(session, system(cast.district_id), files, known_to(session.env.registry))
    return {each.key: each for each in done}


def model(name: str) -> bytes:
    return (models_folder() / name).read_bytes()
