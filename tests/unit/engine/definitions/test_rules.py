"""Every construct that does not hold is refused by its element, with what to draw instead."""

from __future__ import annotations

import json
import re

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.deploy import read_directory
from engine.definitions.rules import Known, validate
from engine.errors import DefinitionRefused
from processes import models_folder
from processes.registry import build, known

KNOWN = Known(frozenset({"op.do"}), frozenset({"due_at", "parent"}), frozenset({"owner"}), frozenset({"handler"}))
NS = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t"'
)
DMN = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="x"><decisionTable id="t">
<rule id="r"><inputEntry id="a"><text>"handle"</text></inputEntry><inputEntry id="b"><text/></inputEntry>
<inputEntry id="c"><text/></inputEntry><inputEntry id="e"><text/></inputEntry>
<outputEntry id="f"><text>5</text></outputEntry><outputEntry id="g"><text>"wd"</text></outputEntry>
<outputEntry id="h"><text>"-"</text></outputEntry><outputEntry id="i"><text>"-"</text></outputEntry>
<outputEntry id="j"><text>"default"</text></outputEntry></rule></decisionTable></decision></definitions>"""
FORM = json.dumps(
    {"type": "object", "properties": {"outcome": {"type": "string", "enum": ["a", "b"], "x-process": True}}}
).encode()
USER = (
    '<userTask id="act"><extensionElements><s:properties><s:property name="unit" value="owner"/>'
    '<s:property name="role" value="handler"/><s:property name="form" value="f"/>'
    '<s:property name="deadline" value="handle"/></s:properties></extensionElements></userTask>'
)
FLOWS = (
    '<sequenceFlow id="f1" sourceRef="start" targetRef="act"/><sequenceFlow id="f2" sourceRef="act" targetRef="gw"/>'
    '<sequenceFlow id="f3" sourceRef="gw" targetRef="end"/>'
    '<sequenceFlow id="f4" sourceRef="gw" targetRef="work"><conditionExpression>outcome == "a"</conditionExpression>'
    '</sequenceFlow><sequenceFlow id="f5" sourceRef="work" targetRef="end2"/>'
)
SERVICE = (
    '<serviceTask id="work"><extensionElements><s:serviceTaskOperator id="op.do" resultVariable="done"><s:parameters/>'
    "</s:serviceTaskOperator></extensionElements></serviceTask>"
)
BODY = (
    '<startEvent id="start"/>' + USER + '<exclusiveGateway id="gw" default="f3"/>' + SERVICE
    + '<endEvent id="end"/><endEvent id="end2"/>' + FLOWS
)  # fmt: skip


def files(body: str = BODY) -> dict[str, bytes]:
    """A small valid model, or one with its body changed, drawn as far as its elements go."""
    ids = re.findall(r'<(?!s:|conditionExpression)[a-zA-Z]+[^>]*? ?\bid="([^"]+)"', body)
    shapes = "".join(f'<bpmndi:BPMNShape bpmnElement="{each}"/>' for each in ids)
    xml = (
        f'<definitions {NS}><process id="p" isExecutable="true">{body}</process>'
        f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane>{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"
    )
    return {"p.bpmn": xml.encode(), "deadlines.dmn": DMN, "forms/f.json": FORM}


def refused(model: dict[str, bytes]) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionRefused) as error:
        validate(model, KNOWN)
    assert all(each["instead"] for each in error.value.findings)
    return [(each["element"], each["reason"]) for each in error.value.findings]


def boundary(kind: str = "timer", cancel: str = "true", target: str = "work") -> str:
    inner = "<timerEventDefinition><timeDate>due_at()</timeDate></timerEventDefinition>"
    inner = inner if kind == "timer" else f"<{kind}EventDefinition/>"
    return (
        f'<boundaryEvent id="late" attachedToRef="act" cancelActivity="{cancel}">{inner}</boundaryEvent>'
        f'<sequenceFlow id="f9" sourceRef="late" targetRef="{target}"/>'
    )


def test_a_sound_model_and_the_shipped_ones_pass() -> None:
    validate(files(), KNOWN)
    validate(read_directory(models_folder()), known(build()))


@pytest.mark.parametrize(
    ("was", "becomes", "element", "reason"),
    [
        (' default="f3"', "", "gw", "no default flow"),
        ("op.do", "op.other", "work", "unknown"),
        ('id="op.do"', 'id="do"', "work", "not named op."),
        ('value="handler"', 'value="king"', "act", "role king"),
        ('value="f"', 'value="g"', "act", "form g does not exist"),
        ('value="handle"', 'value="never"', "act", "stage never"),
        ('<s:property name="unit" value="owner"/>', "", "act", "no unit"),
        ('value="owner"', 'value="owner.parent"', "act", "not part of the language"),
        ('outcome == "a"', 'outcome == "c"', "f4", "never 'c'"),
        ('outcome == "a"', "ghost == 1", "f4", "unknown name ghost"),
        ('outcome == "a"', 'open("x")', "f4", "unknown function open"),
        ('<endEvent id="end2"/>', '<endEvent id="end"/>', "end", "stands twice"),
        ('sourceRef="work" targetRef="end2"', 'sourceRef="work" targetRef="act"', "act", "several flows meet"),
        ("<conditionExpression>", "<documentation>", "definitions", "not XML"),
        (SERVICE, '<scriptTask id="work"><script>1</script></scriptTask>', "work", "scriptTask is not supported"),
    ],
)
def test_each_fault_is_named_by_its_element(was: str, becomes: str, element: str, reason: str) -> None:
    assert was in BODY
    found = refused(files(BODY.replace(was, becomes)))
    assert any(each == element and reason in why for each, why in found), found


@pytest.mark.parametrize(
    ("extra", "element", "reason"),
    [
        (boundary(target="act"), "late", "straight back"),
        (boundary(cancel="false", target="gw"), "gw", "joins the main flow"),
        (boundary("error"), "late", "errorEventDefinition is not supported"),
        (boundary("signal"), "late", "signalEventDefinition is not supported"),
        (boundary("escalation"), "late", "escalationEventDefinition is not supported"),
        (boundary().replace("timeDate", "timeCycle"), "late", "timeCycle is not supported"),
        ('<endEvent id="alone"/>', "alone", "cannot be reached"),
        ('<eventBasedGateway id="wait"/>', "wait", "eventBasedGateway is not supported"),
        ('<callActivity id="call" calledElement="other"/>', "call", "not there"),
        ('<subProcess id="sub" triggeredByEvent="true"/>', "sub", "event sub-processes"),
        ('<dataObject id="data"/>', "data", "dataObject is not supported"),
    ],
)
def test_each_construct_that_does_not_hold_is_refused(extra: str, element: str, reason: str) -> None:
    found = refused(files(BODY + extra))
    assert any(each == element and reason in why for each, why in found), found


def test_people_never_hang_on_a_non_interrupting_event() -> None:
    other = USER.replace('id="act"', 'id="also"')
    body = BODY + boundary(cancel="false", target="also") + other
    body += '<sequenceFlow id="f10" sourceRef="also" targetRef="end3"/><endEvent id="end3"/>'
    assert any(each == "also" and "hangs on" in why for each, why in refused(files(body)))


def test_a_join_on_a_loop_is_refused() -> None:
    body = BODY.replace('<sequenceFlow id="f5" sourceRef="work" targetRef="end2"/>', "").replace(
        '<endEvent id="end2"/>', ""
    )
    body = body.replace('targetRef="act"/>', 'targetRef="merge"/>')
    body += '<exclusiveGateway id="merge"/><parallelGateway id="join"/>'
    body += '<sequenceFlow id="a" sourceRef="merge" targetRef="act"/>'
    body += '<sequenceFlow id="b" sourceRef="work" targetRef="join"/>'
    body += '<sequenceFlow id="c" sourceRef="join" targetRef="merge"/>'
    assert any(each == "join" and "loop" in why for each, why in refused(files(body)))


def test_a_doctype_an_entity_and_a_giant_are_refused() -> None:
    for content in (b'<!DOCTYPE x [<!ENTITY a "b">]><definitions/>', b"<a>" + b" " * (1024 * 1024 + 1) + b"</a>"):
        assert refused({**files(), "p.bpmn": content})[0][0] == "definitions"


def test_what_is_not_drawn_is_refused() -> None:
    model = files()
    model["p.bpmn"] = model["p.bpmn"].replace(b'<bpmndi:BPMNShape bpmnElement="f4"/>', b"")
    assert ("f4", "is not drawn") in refused(model)


def test_a_bundle_holds_what_its_process_needs_and_changes_its_id_with_any_byte() -> None:
    shipped = read_directory(models_folder())
    bundles = {bundle.key: bundle for bundle in bundles_of(shipped)}
    assert set(bundles) == {"case", "handling", "request", "supervision"}
    assert {"case.bpmn", "handling.bpmn", "deadlines.dmn", "forms/report.json", "forms/codes.json"} <= set(
        bundles["case"].files
    )
    assert "forms/sup_reply.json" not in bundles["case"].files
    changed = {**shipped, "forms/check.json": shipped["forms/check.json"] + b" "}
    again = {bundle.key: bundle.id for bundle in bundles_of(changed)}
    assert again["case"] != bundles["case"].id
    assert again["request"] == bundles["request"].id
