"""Each model here is the small valid one, broken in exactly one way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.deploy import known_to, read_directory
from engine.definitions.rules import validate
from engine.errors import DefinitionRefused
from engine.spiff.compiler import compile_bundle
from processes.registry import build
from tests.unit.engine.definitions.drawing import (
    ACT_FORM,
    AID,
    KNOWN,
    SMALL,
    file,
    files,
    flow,
    person,
    ports,
    process,
    service,
    timer,
    way,
)

Findings = list[dict[str, str]]


def findings_of(given: dict[str, bytes]) -> Findings:
    with pytest.raises(DefinitionRefused) as refused:
        validate(given, KNOWN)
    for finding in refused.value.findings:
        assert all(finding[part] for part in ("element", "reason", "instead", "zh")), finding
    return refused.value.findings


def replaced(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new)


def assert_only(findings: Findings, element: str, reason: str) -> None:
    assert {finding["element"] for finding in findings} == {element}, findings
    assert any(reason in finding["reason"] for finding in findings), findings


def test_the_small_model_is_allowed_and_compiles() -> None:
    validate(files(), KNOWN)
    compiled = {bundle.key: compile_bundle(bundle) for bundle in bundles_of(files())}
    assert set(compiled["small"].tasks) == {"act", "advise"}
    assert set(compiled["aid"].tasks) == {"advise"}


def test_the_delivered_models_are_allowed() -> None:
    folder = Path(__file__).parents[4] / "bpmn"
    validate(read_directory(folder), known_to(build()))


def test_all_faults_are_found_at_once() -> None:
    broken = replaced('calledElement="aid"', 'calledElement="gone"', replaced("op.close", "op.unknown"))
    found = findings_of(files(broken, undrawn={"start"}))
    assert {finding["element"] for finding in found} == {"closed", "help", "start"}


CLOSED = service("closed")

IN_PLACE_OF_A_TASK = {
    "scriptTask": '<scriptTask id="closed"><script>import os</script></scriptTask>',
    "businessRuleTask": '<businessRuleTask id="closed" />',
    "task": '<task id="closed" />',
    "manualTask": '<manualTask id="closed" />',
    "sendTask": '<sendTask id="closed" />',
    "receiveTask": '<receiveTask id="closed" />',
    "complexGateway": '<complexGateway id="closed" />',
    "eventBasedGateway": '<eventBasedGateway id="closed" />',
    "transaction": '<transaction id="closed" />',
    "adHocSubProcess": '<adHocSubProcess id="closed" />',
    "callChoreography": '<callChoreography id="closed" />',
    "signalEventDefinition": '<intermediateThrowEvent id="closed"><signalEventDefinition /></intermediateThrowEvent>',
    "escalationEventDefinition": (
        '<intermediateThrowEvent id="closed"><escalationEventDefinition /></intermediateThrowEvent>'
    ),
    "compensateEventDefinition": (
        '<intermediateThrowEvent id="closed"><compensateEventDefinition /></intermediateThrowEvent>'
    ),
    "linkEventDefinition": '<intermediateThrowEvent id="closed"><linkEventDefinition /></intermediateThrowEvent>',
    "conditionalEventDefinition": (
        '<intermediateCatchEvent id="closed"><conditionalEventDefinition /></intermediateCatchEvent>'
    ),
    "preScript": replaced(
        "<extensionElements>",
        "<extensionElements><spiffworkflow:preScript>x = 1</spiffworkflow:preScript>",
        CLOSED,
    ),
    "postScript": replaced(
        "<extensionElements>",
        "<extensionElements><spiffworkflow:postScript>x = 1</spiffworkflow:postScript>",
        CLOSED,
    ),
    "standardLoopCharacteristics": replaced(
        "</serviceTask>", "<standardLoopCharacteristics loopMaximum='3' /></serviceTask>", CLOSED
    ),
}


@pytest.mark.parametrize("name", IN_PLACE_OF_A_TASK)
def test_an_element_off_the_list_is_refused_by_name(name: str) -> None:
    found = findings_of(files(replaced(CLOSED, IN_PLACE_OF_A_TASK[name])))
    assert_only(found, "closed", f"{name} is not allowed")


GRACE = "<timerEventDefinition><timeDate>grace_at()</timeDate></timerEventDefinition>"

ON_A_BOUNDARY = {
    "errorEventDefinition": "<errorEventDefinition />",
    "escalationEventDefinition": "<escalationEventDefinition />",
    "signalEventDefinition": "<signalEventDefinition />",
    "cancelEventDefinition": "<cancelEventDefinition />",
    "compensateEventDefinition": "<compensateEventDefinition />",
    "conditionalEventDefinition": "<conditionalEventDefinition />",
    "timeCycle": "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>",
}


@pytest.mark.parametrize("name", ON_A_BOUNDARY)
def test_a_boundary_event_waits_for_a_time_or_a_message(name: str) -> None:
    assert_only(findings_of(files(replaced(GRACE, ON_A_BOUNDARY[name]))), "act_grace", f"{name} is not allowed")


BESIDE = {
    "dataObject": '<dataObject id="extra" />',
    "dataObjectReference": '<dataObjectReference id="extra" dataObjectRef="x" />',
    "dataStoreReference": '<dataStoreReference id="extra" />',
    "property": '<property id="extra" />',
    "correlationSubscription": '<correlationSubscription id="extra" />',
}


@pytest.mark.parametrize("name", BESIDE)
def test_an_element_beside_the_flow_is_refused_by_name(name: str) -> None:
    assert_only(findings_of(files(SMALL + BESIDE[name])), "extra", f"{name} is not allowed")


@pytest.mark.parametrize("name", ["error", "escalation", "signal", "dataStore", "correlationProperty"])
def test_a_definition_of_the_file_is_refused_by_name(name: str) -> None:
    found = findings_of(files(messages=f'<{name} id="extra" />'))
    assert_only(found, "extra", f"{name} is not allowed")


MEETING = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
NESTED = (
    '<subProcess id="closed"><startEvent id="in_start" /><endEvent id="in_end" />'
    + way("in_start", "in_end")
    + "</subProcess>"
)
IO = ports()

ONE_FAULT = {
    # structure
    "two start events": (
        replaced('<startEvent id="start" />', '<startEvent id="start" /><startEvent id="second" />')
        + '<exclusiveGateway id="after" /><endEvent id="second_end" />'
        + way("second", "after", "second_end"),
        "small",
        "2 start events",
    ),
    "a start event with a timer": (
        replaced('<startEvent id="start" />', f'<startEvent id="start">{GRACE}</startEvent>'),
        "start",
        "startEvent with timerEventDefinition",
    ),
    "an end event with a message": (
        replaced(
            '<endEvent id="finished" />',
            '<endEvent id="finished"><messageEventDefinition messageRef="go" /></endEvent>',
        ),
        "finished",
        "endEvent with messageEventDefinition",
    ),
    "a boundary event without a definition": (replaced(GRACE, ""), "act_grace", "no event definition"),
    "a timer without a time": (replaced(GRACE, "<timerEventDefinition />"), "act_grace", "no time"),
    "a message that does not exist": (
        replaced(GRACE, '<messageEventDefinition messageRef="gone" />'),
        "act_grace",
        "does not exist",
    ),
    "an event sub-process": (
        replaced(CLOSED, replaced('id="closed"', 'id="closed" triggeredByEvent="true"', NESTED)),
        "closed",
        "event sub-processes",
    ),
    "compensation": (
        replaced('<serviceTask id="closed"', '<serviceTask id="closed" isForCompensation="true"'),
        "closed",
        "compensation",
    ),
    "a sub-process without an end": (
        replaced(CLOSED, '<subProcess id="closed"><startEvent id="in_start" /></subProcess>'),
        None,
        "no end event",
    ),
    "a Chinese id": (replaced('"finished"', '"办结"', replaced("help-finished", "help-f")), "办结", "is not a code"),
    "a long id": (replaced('"finished"', f'"{"x" * 65}"', replaced("help-finished", "f")), "x" * 65, "is not a code"),
    "an id used twice": (replaced("start-m_act", "act-result_gate"), "act-result_gate", "used twice"),
    "a multi-instance operation": (
        replaced(CLOSED, replaced("</serviceTask>", f"{MEETING}</serviceTask>", CLOSED)),
        "closed",
        "multi-instance on a serviceTask",
    ),
    # flows
    "a flow to nowhere": (
        replaced('sourceRef="help" targetRef="finished"', 'sourceRef="help" targetRef="gone"')
        + '<endEvent id="other" />'
        + flow("help", "other"),
        None,
        "begins or ends nowhere",
    ),
    "a gateway without a default": (replaced(' default="result_gate-closed"', ""), "result_gate", "no default flow"),
    "a default that is no flow of the gateway": (
        replaced('default="result_gate-closed"', 'default="start-m_act"'),
        "result_gate",
        "no default flow",
    ),
    "a default with a condition": (
        replaced(flow("result_gate", "closed"), flow("result_gate", "closed", 'outcome == "settled"')),
        "result_gate-closed",
        "default flow has a condition",
    ),
    "a branch without a condition": (
        replaced(flow("result_gate", "m_act", 'outcome == "again"'), flow("result_gate", "m_act")),
        "result_gate-m_act",
        "no condition",
    ),
    "a condition without a gateway": (
        replaced(flow("closed", "help"), flow("closed", "help", "level")),
        "closed-help",
        "no gateway chooses",
    ),
    "a task with two ways out": (
        SMALL + '<endEvent id="other" />' + flow("closed", "other"),
        "closed",
        "2 outgoing flows",
    ),
    "a task with two ways in": (
        replaced(flow("escalated", "m_act"), flow("escalated", "help")),
        "help",
        "2 incoming flows",
    ),
    "an end with two ways in": (
        replaced(flow("escalated", "m_act"), flow("escalated", "finished")),
        "finished",
        "2 incoming flows",
    ),
    "a parallel merge of a loop": (
        replaced('<exclusiveGateway id="m_act" />', '<parallelGateway id="m_act" />'),
        "m_act",
        "loop of its process",
    ),
    "an inclusive gateway on a loop": (
        replaced('<exclusiveGateway id="result_gate"', '<inclusiveGateway id="result_gate"'),
        "result_gate",
        "loop of its process",
    ),
    "a person whom only an event leads away from": (
        replaced(
            flow("act", "result_gate"), "", replaced(flow("escalated", "m_act"), flow("escalated", "result_gate"))
        ),
        "act",
        "no flow leads on",
    ),
    "a multi-instance person": (replaced(person("act"), person("act", more=MEETING)), "act", "on a userTask"),
    "a person beside": (
        replaced(service("warned", "op.warn"), person("warned")),
        "warned",
        "branch of a non-interrupting event",
    ),
    "a terminating end beside": (
        replaced('<endEvent id="warned_end" />', '<endEvent id="warned_end"><terminateEventDefinition /></endEvent>'),
        "warned_end",
        "branch of a non-interrupting event",
    ),
    "an island": (
        SMALL + service("island") + '<endEvent id="island_end" />' + way("island", "island_end"),
        None,
        "cannot be reached",
    ),
    "a dead end": (replaced(flow("warned", "warned_end"), ""), None, "leads to no end"),
    "a flow into the start": (
        replaced(flow("escalated", "m_act"), flow("escalated", "start")),
        "escalated-start",
        "enters a start",
    ),
    # calls
    "a call of nothing": (replaced('calledElement="aid"', 'calledElement="gone"'), "help", "does not exist"),
    "a call of itself": (IO + replaced('calledElement="aid"', 'calledElement="small"'), "help", "calls itself"),
    # tasks
    "a service without an operation": (
        replaced(CLOSED, '<serviceTask id="closed" />'),
        "closed",
        "does not begin with op.",
    ),
    "an operation with another prefix": (replaced("op.close", "close"), "closed", "does not begin with op."),
    "an operation that is not registered": (replaced("op.close", "op.gone"), "closed", "is not known"),
    "an operation named like an element": (
        replaced('id="closed-help"', 'id="op.close"'),
        "closed",
        "has the id of the operation",
    ),
    "an operation without a result": (
        replaced(CLOSED, replaced(' resultVariable="done"', "", CLOSED)),
        "closed",
        "no result variable",
    ),
    **{
        f"a person without a {name}": (replaced(person("act"), person("act", **{name: ""})), "act", f"no {name}")
        for name in ("unit", "role", "deadline")
    },
    "a role that does not exist": (replaced(person("act"), person("act", role="king")), "act", "role king"),
    "a stage that does not exist": (replaced(person("act"), person("act", deadline="never")), "act", "no stage never"),
    "a computed stage that does not exist": (
        replaced(person("act"), person("act", deadline="'never_' + level")),
        "act",
        "no stage never_…",
    ),
    "a chosen stage that does not exist": (
        replaced(person("act"), person("act", deadline="'handle' if level else 'never'")),
        "act",
        "no stage never",
    ),
    "a lane with a stranger": (
        '<laneSet id="lanes"><lane id="lane"><flowNodeRef>gone</flowNodeRef></lane></laneSet>' + SMALL,
        "lane",
        "names gone",
    ),
    # expressions
    "a condition that is Python": (replaced('outcome == "again"', "().__class__"), "result_gate-m_act", "Attribute"),
    "an empty condition": (
        replaced('outcome == "again"', ""),
        "result_gate-m_act",
        "has no condition",
    ),
    "a condition on an unknown name": (replaced("outcome ==", "outcom =="), "result_gate-m_act", "unknown name outcom"),
    "a timer with an unknown function": (replaced("grace_at()", "gone_at()"), "act_grace", "unknown function gone_at"),
    "a unit with an unknown name": (
        replaced(person("act"), person("act", unit="parent(onwer)")),
        "act",
        "unknown name onwer",
    ),
    "a deadline that is Python": (
        replaced(person("act"), person("act", deadline="[x for x in level]")),
        "act",
        "ListComp",
    ),
    "a parameter that is Python": (
        replaced(
            CLOSED,
            service("closed", parameters='<spiffworkflow:parameter id="a" type="str" value="owner.name" />'),
        ),
        "closed",
        "Attribute",
    ),
    "a cardinality that is Python": (
        replaced(
            '<callActivity id="help" calledElement="aid" />',
            '<callActivity id="help" calledElement="aid">'
            + replaced(">2<", ">len(owner)<", MEETING)
            + "</callActivity>",
        ),
        "help",
        "unknown function len",
    ),
    "a duration that is no duration": (
        replaced(GRACE, "<timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition>"),
        "act_grace",
        "ISO 8601",
    ),
    # outcomes
    "a compared value that the form cannot give": (
        replaced('"again"', '"agian"'),
        "result_gate-m_act",
        "never 'agian'",
    ),
}


@pytest.mark.parametrize("name", ONE_FAULT)
def test_a_model_with_one_fault_is_refused_where_it_stands(name: str) -> None:
    """No element: the fault makes others, which are named as well."""
    body, element, reason = ONE_FAULT[name]
    found = findings_of(files(body, messages='<message id="go" name="go" />'))
    if element is None:
        assert any(reason in finding["reason"] for finding in found), found
    else:
        assert_only(found, element, reason)


def test_a_boundary_event_may_not_lead_straight_back() -> None:
    body = replaced(
        service("escalated", "op.escalate"),
        "",
        replaced(way("act_grace", "escalated", "m_act"), flow("act_grace", "act")),
    )
    found = {(finding["element"], finding["reason"]): finding["instead"] for finding in findings_of(files(body))}
    assert "merge gateway" in found["act_grace", "leads straight back to its own activity"]
    assert found["act", "2 incoming flows"].startswith("merge first")


def test_a_boundary_event_stands_on_an_activity() -> None:
    found = findings_of(files(replaced('id="act_grace" attachedToRef="act"', 'id="act_grace" attachedToRef="m_act"')))
    assert any(finding["element"] == "act_grace" and "stands on nothing" in finding["reason"] for finding in found)


def test_two_events_of_an_activity_may_not_wait_for_the_same_message() -> None:
    event = '<boundaryEvent id="{0}" attachedToRef="act"><messageEventDefinition messageRef="go" /></boundaryEvent>'
    body = SMALL + event.format("go_one") + event.format("go_two") + way("go_one", "m_act") + way("go_two", "m_act")
    assert_only(findings_of(files(body, messages='<message id="go" name="go" />')), "act", "wait for go")


def test_a_called_process_declares_its_outputs() -> None:
    found = findings_of(files(aid=replaced(ports(), "", AID)))
    assert_only(found, "aid", "no I/O specification")


def test_a_called_process_sets_every_output_on_every_way() -> None:
    late = timer("advise_grace", "advise", "grace_at()") + '<endEvent id="silent" />' + way("advise_grace", "silent")
    assert_only(findings_of(files(aid=AID + late)), "silent", "the output outcome is not set")


def test_an_operation_on_the_way_may_set_the_output() -> None:
    late = (
        timer("advise_grace", "advise", "grace_at()")
        + service("answered", "op.escalate", "outcome")
        + '<endEvent id="silent" />'
        + way("advise_grace", "answered", "silent")
    )
    validate(files(aid=AID + late), KNOWN)


def test_elements_of_a_called_process_have_ids_of_their_own() -> None:
    found = findings_of(files(aid=AID.replace("advise", "act")))
    assert_only(found, "act", "has the same id")


def test_process_ids_are_unique_among_all_files() -> None:
    given = files()
    given["copy.bpmn"] = given["aid.bpmn"]
    assert any("two processes" in finding["reason"] for finding in findings_of(given))


def test_what_a_call_returns_may_be_compared_only_with_what_its_forms_say() -> None:
    choice = '<exclusiveGateway id="help_gate" default="help_gate-finished" /><endEvent id="other" />'
    body = replaced(
        flow("help", "finished"),
        choice + way("help", "help_gate", "finished") + flow("help_gate", "other", 'outcome in ["setled"]'),
    )
    assert_only(findings_of(files(body)), "help_gate-other", "never 'setled'")


@pytest.mark.parametrize("element", ["act", "start-m_act", "act_warn"])
def test_everything_is_drawn(element: str) -> None:
    assert_only(findings_of(files(undrawn={element})), element, "in the diagram")


ALLOWED = {
    "a parallel block and a terminating end": replaced(
        flow("closed", "help"),
        '<parallelGateway id="fork" />'
        + service("one")
        + service("two")
        + '<parallelGateway id="join" />'
        + way("closed", "fork", "one", "join", "help")
        + way("fork", "two", "join"),
    ).replace('<endEvent id="finished" />', '<endEvent id="finished"><terminateEventDefinition /></endEvent>'),
    "an embedded sub-process": replaced(CLOSED, NESTED),
    "an inclusive gateway with a default": replaced(
        flow("closed", "help"),
        '<inclusiveGateway id="fork" default="fork-two" />'
        + service("one")
        + service("two")
        + '<inclusiveGateway id="join" />'
        + way("closed", "fork")
        + flow("fork", "one", "level")
        + way("fork", "two", "join", "help")
        + way("one", "join"),
    ),
    "a multi-instance call": replaced(
        '<callActivity id="help" calledElement="aid" />',
        f'<callActivity id="help" calledElement="aid">{MEETING}</callActivity>',
    ),
    "a duration and a message": replaced(
        CLOSED,
        '<intermediateCatchEvent id="closed"><messageEventDefinition messageRef="go" /></intermediateCatchEvent>'
        '<intermediateCatchEvent id="pause"><timerEventDefinition><timeDuration>"P30DT4H"</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>",
    ).replace(flow("closed", "help"), way("closed", "pause", "help")),
    "a computed stage": replaced(person("act"), person("act", deadline="'handle_' + level")),
    "lanes and notes": '<laneSet id="lanes"><lane id="lane"><flowNodeRef>act</flowNodeRef></lane></laneSet>'
    + SMALL
    + "<!-- a comment -->",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_holds_is_allowed_and_compiles(name: str) -> None:
    given = files(ALLOWED[name], messages='<message id="go" name="go" />')
    validate(given, KNOWN)
    for bundle in bundles_of(given):
        compile_bundle(bundle)


def test_a_doctype_is_refused_in_any_encoding() -> None:
    doctype = '<?xml version="1.0" encoding="{0}"?><!DOCTYPE x [<!ENTITY e "e">]><definitions>&e;</definitions>'
    for encoding in ("utf-8", "utf-16"):
        found = findings_of({**files(), "bad.bpmn": doctype.format(encoding).encode(encoding)})
        assert_only(found, "bad.bpmn", "DOCTYPE")


def test_an_entity_is_never_read_from_a_file() -> None:
    evil = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><definitions id="a">&e;</definitions>'
    assert_only(findings_of({**files(), "bad.bpmn": evil}), "bad.bpmn", "DOCTYPE")


def test_a_file_that_is_too_large_or_not_xml_is_refused() -> None:
    given = {**files(), "large.bpmn": b" " * (1024 * 1024 + 1), "text.bpmn": b"hello"}
    assert {(each["element"], each["reason"][:8]) for each in findings_of(given)} == {
        ("large.bpmn", "larger t"),
        ("text.bpmn", "not XML:"),
    }


def test_a_file_that_is_not_bpmn_is_refused() -> None:
    assert_only(findings_of({**files(), "other.bpmn": b'<html id="page" />'}), "page", "is not BPMN 2.0")


def test_a_missing_deadline_table_is_one_fault() -> None:
    given = files()
    del given["deadlines.dmn"]
    found = findings_of(given)
    assert {finding["element"] for finding in found} == {"deadlines.dmn"}


def test_a_bad_deadline_row_is_refused_by_its_id() -> None:
    given = files()
    given["deadlines.dmn"] = given["deadlines.dmn"].replace(b'"wd"', b'"weeks"', 1)
    assert_only(findings_of(given), "handle_1", "weeks")


def test_a_missing_form_is_refused_at_its_task() -> None:
    assert_only(findings_of(files(replaced(person("act"), person("act", form="gone")))), "act", "form gone")


BAD_FORMS = {
    "not JSON": (b"{", "not JSON"),
    "not a schema": (b'{"type": 1, "properties": {}}', "valid"),
    "not an object": (b"true", "not an object"),
    "nested for ever": (b"[" * 100_000, "not JSON"),
    "a dangling reference": (
        json.dumps({**ACT_FORM, "properties": {"outcome": {"$ref": "codes.json#/$defs/gone"}}}).encode(),
        "points nowhere",
    ),
}


@pytest.mark.parametrize("name", BAD_FORMS)
def test_a_form_that_is_no_schema_is_refused(name: str) -> None:
    content, reason = BAD_FORMS[name]
    found = findings_of({**files(), "forms/act.json": content})
    assert any(reason in finding["reason"] and "act" in finding["element"] for finding in found), found
    assert all("unknown name" not in finding["reason"] for finding in found)


def test_an_unused_file_hides_no_process_name() -> None:
    given = files()
    given["third.bpmn"] = file(process('<startEvent id="s" /><endEvent id="e" />' + way("s", "e"), "third"), "third")
    validate(given, KNOWN)
