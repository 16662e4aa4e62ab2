"""What other tools leave in a model: notes of how it is drawn are passed over, settings of other engines are told.

A model that was drawn elsewhere should not fail with an error of a parser but with a list of what to set here instead.
Nothing that would change what happens elsewhere is dropped without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from engine.definitions.reading import BPMN, BPMNDI, SPIFF, Finding, fault, id_of, local, namespace
from engine.definitions.rules.library import Library

_Advice = tuple[str, str]

ENGINES: Mapping[str, str] = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://operaton.org/schema/1.0/bpmn": "Operaton",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://www.jboss.org/drools": "jBPM",
}
"""Namespace → the engine whose settings they are."""
_LOOKS = (
    "http://bpmn.io/schema/bpmn/biocolor",
    "http://www.omg.org/spec/BPMN/non-normative/color",
    "http://www.omg.org/spec/DD/",
    "http://camunda.org/schema/modeler",
    "http://flowable.org/modeler",
    "http://activiti.com/modeler",
    "http://www.signavio.",
    "http://www.bizagi.com/",
    "http://www.trisotech.com/",
    "http://www.bpsim.org/",
    "http://bpmn.sourceforge.net",
    "http://www.yaoqiang.",
)
"""How the namespaces begin in which tools note colours, labels, simulation and their own bookkeeping."""
_STANDARD = ("http://www.w3.org/", BPMN, BPMNDI, SPIFF)
_HARMLESS = frozenset(
    (
        "versionTag",
        "historyTimeToLive",
        "isStartableInTasklist",
        "modelerTemplate",
        "modelerTemplateVersion",
        "modelerTemplateIcon",
        "packageName",
        "version",
        "metaData",
        "taskName",
        "selectable",
        "dtype",
        "adHoc",
    )
)

_WHO: _Advice = ("the properties unit and role", "属性 unit 和 role")
_FORM: _Advice = ("the property form, and a JSON Schema in forms/", "属性 form，并在 forms/ 中提供 JSON Schema")
_WHEN: _Advice = ("the property deadline, and timers with due_at()", "属性 deadline，定时器用 due_at()")
_WORK: _Advice = ("a service task with a registered operation", "用登记操作的服务任务")
_PORTS: _Advice = ("inputs and outputs of the called process", "被调用流程的输入输出")
_LIST: _Advice = ("loopDataInputRef with inputDataItem", "loopDataInputRef 与 inputDataItem")
_RETRY: _Advice = (
    "nothing: every step is one transaction, and the engine tries again",
    "（删除即可：每步为一个事务，由引擎重试）",
)
_CALLED: _Advice = ("calledElement with the id of a process", "calledElement 写流程标识")
_NOTED: _Advice = ("remove it, or note it as documentation", "删除，或写入文档说明")

_INSTEAD: Mapping[str, _Advice] = {
    **dict.fromkeys(("assignee", "candidateUsers", "candidateGroups", "assignmentDefinition", "owner"), _WHO),
    **dict.fromkeys(("formKey", "formRef", "formData", "formProperty", "formDefinition", "userTaskForm"), _FORM),
    **dict.fromkeys(("formFieldValidation", "formHandlerClass", "userTask", "formRefBinding"), _FORM),
    **dict.fromkeys(("dueDate", "followUpDate", "taskSchedule", "priority", "priorityDefinition"), _WHEN),
    **dict.fromkeys(("class", "delegateExpression", "expression", "topic", "type", "taskDefinition"), _WORK),
    **dict.fromkeys(("connector", "field", "resultVariable", "script", "decisionRef", "calledDecision"), _WORK),
    **dict.fromkeys(("executionListener", "executionListeners", "taskListener", "taskListeners"), _WORK),
    **dict.fromkeys(("onEntry-script", "onExit-script", "taskHeaders"), _WORK),
    **dict.fromkeys(("inputOutput", "ioMapping", "in", "out", "variableMappingClass"), _PORTS),
    **dict.fromkeys(("collection", "elementVariable", "loopCharacteristics"), _LIST),
    **dict.fromkeys(("asyncBefore", "asyncAfter", "async", "exclusive", "jobPriority", "retries"), _RETRY),
    **dict.fromkeys(("failedJobRetryTimeCycle", "taskPriority"), _RETRY),
    **dict.fromkeys(("calledElement", "calledElementBinding", "calledElementType"), _CALLED),
}
"""Name of an element or attribute → what to set here instead."""


def is_foreign(node: Any) -> bool:
    """Whether an element belongs to another tool, and not to BPMN, its diagram or SpiffWorkflow's modeler."""
    return not namespace(node).startswith(_STANDARD)


def settings_of_other_engines(library: Library) -> Iterator[Finding]:
    """One finding for each drawn element, with everything that another engine would have read there."""
    for root in library.models.values():
        found: dict[str, dict[str, str]] = {}
        for space, name, element in _foreign_names(root):
            if space in ENGINES and name not in _HARMLESS:
                found.setdefault(element, {})[name] = ENGINES[space]
        for element, names in found.items():
            advice = list(dict.fromkeys(_INSTEAD.get(name, _NOTED) for name in names))
            what, whose = ", ".join(names), " / ".join(dict.fromkeys(names.values()))
            instead, zh = "; ".join(each[0] for each in advice), "；".join(each[1] for each in advice)
            yield fault(element, f"{what}: settings of {whose}", instead, f"{what} 是 {whose} 的设置；请改为：{zh}")


def unknown_extensions(library: Library) -> Iterator[Finding]:
    """Extensions nobody here has heard of, told once for each namespace of a file."""
    for root in library.models.values():
        told: set[str] = set()
        for space, name, element in _foreign_names(root):
            if space not in told and space not in ENGINES and not space.startswith(_LOOKS):
                told.add(space)
                reason = f"{name} and what else is of {space or 'no namespace'} is not known here"
                yield fault(
                    element, reason, _NOTED[0], f"无法识别 {space or '无命名空间'} 的扩展（{name}）；请{_NOTED[1]}"
                )


def _foreign_names(root: Any) -> Iterator[tuple[str, str, str]]:
    """(namespace, local name, drawn element) of the outermost foreign elements and of foreign attributes."""
    for node in _outside_of_extensions(root):
        for attribute in node.attrib:
            name = etree.QName(attribute)
            if name.namespace and not name.namespace.startswith(_STANDARD):
                yield name.namespace, name.localname, id_of(node)
        for child in node:
            if local(child) and is_foreign(child):
                yield namespace(child), local(child), id_of(child)


def _outside_of_extensions(node: Any) -> Iterator[Any]:
    """The elements of the model itself, without the diagram and what lies inside foreign elements."""
    yield node
    for child in node:
        if local(child) and namespace(child) != BPMNDI and not is_foreign(child):
            yield from _outside_of_extensions(child)
