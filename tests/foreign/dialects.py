"""What models hold that were drawn elsewhere: each tool's own way of saying who, what, how long and which program.

The pieces are our own; they say what exports of these tools say (Camunda Modeler 5, Flowable 6.7, the jBPM editor,
Signavio 7.8 and Bizagi 2.8 in the interchange suite of the BPMN Model Interchange Working Group).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.foreign import snippets as draw
from tests.unit.engine.definitions.drawing import SMALL, person

CAMUNDA = 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
ZEEBE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
FLOWABLE = 'xmlns:flowable="http://flowable.org/bpmn"'
DROOLS = 'xmlns:drools="http://www.jboss.org/drools"'
SETTINGS, PEOPLE, NAMES = "settings_of_other_engines", "people_know_what_to_do", "elements_are_allowed"


@dataclass(frozen=True)
class Piece:
    """`refused`: (element, rule) of what is told; empty when the piece is passed over."""

    tool: str
    en: str
    zh: str
    body: str
    refused: tuple[tuple[str, str], ...] = ()
    head: str = ""
    """Further attributes of `definitions`."""
    here: tuple[str, str] = ("passed over", "忽略，不影响运行")
    """What happens to what is not refused, English and Chinese."""


def _person(attributes: str, inner: str = "") -> str:
    return draw.instead_of_the_person(f'<userTask id="act" {attributes}>{inner}</userTask>')


def _extended(xml: str, element: str) -> str:
    """The element with more inside its extension elements."""
    return xml.replace("<extensionElements>", f"<extensionElements>{element}", 1)


def _operation(element: str) -> str:
    return draw.changed(draw.CLOSED, _extended(draw.CLOSED, element))


def _condition(text: str) -> str:
    return draw.changed('outcome == "again"', text)


_WHO_IS_MISSING = (("act", SETTINGS), ("act", PEOPLE))
_WORK_IS_MISSING = (("closed", SETTINGS), ("closed", "operations_are_known"))
_IS_REFUSED = (("closed", SETTINGS),)

CAMUNDA_7 = tuple(
    Piece("Camunda 7", en, zh, body, refused)
    for en, zh, body, refused in (
        (
            "camunda:assignee, candidateGroups, formKey, dueDate on a user task",
            "用户任务上的 camunda:assignee、candidateGroups、formKey、dueDate",
            _person(
                f'{CAMUNDA} camunda:assignee="demo" camunda:candidateGroups="clerks" camunda:formKey="f"'
                ' camunda:dueDate="${due}"'
            ),
            _WHO_IS_MISSING,
        ),
        (
            "camunda:formData with fields",
            "camunda:formData 表单字段",
            _person(
                "",
                f'<extensionElements><camunda:formData {CAMUNDA}><camunda:formField id="a" type="long" />'
                "</camunda:formData></extensionElements>",
            ),
            _WHO_IS_MISSING,
        ),
        (
            "camunda:class, delegateExpression or an external topic on a service task",
            "服务任务上的 camunda:class、delegateExpression、外部任务 topic",
            draw.instead_of_the_operation(
                f'<serviceTask id="closed" {CAMUNDA} camunda:type="external" camunda:topic="send" />'
            ),
            _WORK_IS_MISSING,
        ),
        (
            "camunda:executionListener, taskListener",
            "camunda:executionListener、taskListener",
            _operation(f'<camunda:executionListener {CAMUNDA} class="a.B" event="start" />'),
            _IS_REFUSED,
        ),
        (
            "camunda:inputOutput",
            "camunda:inputOutput 参数映射",
            _operation(f'<camunda:inputOutput {CAMUNDA}><camunda:inputParameter name="a" /></camunda:inputOutput>'),
            _IS_REFUSED,
        ),
        (
            "camunda:in and camunda:out of a call",
            "调用活动的 camunda:in、camunda:out",
            draw.instead_of_the_call(
                f'<callActivity id="help" calledElement="aid"><extensionElements><camunda:in {CAMUNDA}'
                ' source="a" target="b" /></extensionElements></callActivity>'
            ),
            (("help", SETTINGS),),
        ),
        (
            "camunda:asyncBefore, retries",
            "camunda:asyncBefore、重试设置",
            draw.changed('<serviceTask id="closed"', f'<serviceTask id="closed" {CAMUNDA} camunda:asyncBefore="true"'),
            _IS_REFUSED,
        ),
        (
            "camunda:collection of a multi-instance",
            "多实例的 camunda:collection",
            draw.instead_of_the_call(
                f'<callActivity id="help" calledElement="aid"><multiInstanceLoopCharacteristics {CAMUNDA}'
                ' camunda:collection="list" camunda:elementVariable="item" /></callActivity>'
            ),
            (("help", SETTINGS), ("help", "instances_have_a_number")),
        ),
        (
            "condition in JUEL: ${…}",
            "JUEL 条件 ${…}",
            _condition("${outcome == 'again'}"),
            (("result_gate-m_act", "expressions_are_allowed"),),
        ),
        (
            "camunda:historyTimeToLive, versionTag",
            "camunda:historyTimeToLive、versionTag",
            draw.changed('<userTask id="act"', f'<userTask id="act" {CAMUNDA} camunda:versionTag="1"'),
            (),
        ),
    )
)

CAMUNDA_8 = tuple(
    Piece("Camunda 8", en, zh, body, refused)
    for en, zh, body, refused in (
        (
            "zeebe:assignmentDefinition, formDefinition, taskSchedule",
            "zeebe:assignmentDefinition、formDefinition、taskSchedule",
            _person(
                "",
                f'<extensionElements><zeebe:assignmentDefinition {ZEEBE} assignee="= who" />'
                f'<zeebe:formDefinition {ZEEBE} formId="f" /><zeebe:taskSchedule {ZEEBE} dueDate="= due" />'
                f"<zeebe:userTask {ZEEBE} />"
                "</extensionElements>",
            ),
            _WHO_IS_MISSING,
        ),
        (
            "zeebe:taskDefinition of a service task",
            "服务任务的 zeebe:taskDefinition",
            draw.instead_of_the_operation(
                f'<serviceTask id="closed"><extensionElements><zeebe:taskDefinition {ZEEBE} type="send" />'
                "</extensionElements></serviceTask>"
            ),
            _WORK_IS_MISSING,
        ),
        (
            "zeebe:ioMapping",
            "zeebe:ioMapping",
            _operation(f'<zeebe:ioMapping {ZEEBE}><zeebe:input source="= a" target="b" /></zeebe:ioMapping>'),
            _IS_REFUSED,
        ),
        (
            "zeebe:calledElement of a call",
            "调用活动的 zeebe:calledElement",
            draw.instead_of_the_call(
                f'<callActivity id="help"><extensionElements><zeebe:calledElement {ZEEBE} processId="aid" />'
                "</extensionElements></callActivity>"
            ),
            (("help", SETTINGS), ("help", "called_processes_exist")),
        ),
        (
            "zeebe:loopCharacteristics of a multi-instance",
            "多实例的 zeebe:loopCharacteristics",
            draw.multiple(
                f'<extensionElements><zeebe:loopCharacteristics {ZEEBE} inputCollection="= list" /></extensionElements>'
            ),
            (("help", SETTINGS), ("help", "instances_have_a_number")),
        ),
        (
            "condition in FEEL: = …",
            "FEEL 条件 = …",
            _condition('= outcome = "again"'),
            (("result_gate-m_act", "expressions_are_allowed"),),
        ),
    )
)

OTHERS = (
    Piece(
        "Flowable, Activiti",
        "flowable:assignee, candidateGroups, formKey, formFieldValidation",
        "flowable:assignee、candidateGroups、formKey、formFieldValidation",
        _person(f'{FLOWABLE} flowable:assignee="$INITIATOR" flowable:formFieldValidation="true"'),
        _WHO_IS_MISSING,
    ),
    Piece(
        "Flowable, Activiti",
        "flowable:taskListener, executionListener",
        "flowable:taskListener、executionListener",
        _operation(f'<flowable:executionListener {FLOWABLE} event="start" class="a.B" />'),
        _IS_REFUSED,
    ),
    Piece(
        "Flowable, Activiti",
        'flowable:type="http" with fields',
        'flowable:type="http" 及字段',
        draw.instead_of_the_operation(
            f'<serviceTask id="closed" {FLOWABLE} flowable:type="http"><extensionElements>'
            '<flowable:field name="requestUrl" /></extensionElements></serviceTask>'
        ),
        _WORK_IS_MISSING,
    ),
    Piece(
        "Flowable, Activiti",
        "the modeler's own notes (modeler:…)",
        "建模器自身的标注（modeler:…）",
        _operation('<modeler:initiator-can-complete xmlns:modeler="http://flowable.org/modeler" />'),
    ),
    Piece(
        "jBPM",
        "drools:metaData, packageName, item definitions",
        "drools:metaData、packageName、itemDefinition",
        _operation(
            f'<drools:metaData {DROOLS} name="elementname"><drools:metaValue>x</drools:metaValue></drools:metaData>'
        ),
    ),
    Piece(
        "jBPM",
        "drools:onEntry-script, onExit-script",
        "drools:onEntry-script、onExit-script",
        _operation(
            f'<drools:onEntry-script {DROOLS} scriptFormat="java"><drools:script>x</drools:script>'
            "</drools:onEntry-script>"
        ),
        _IS_REFUSED,
    ),
    Piece(
        "jBPM",
        "inputs, outputs and data associations of a task",
        "任务的输入输出及数据关联",
        draw.inside_the_operation(
            '<ioSpecification><dataInput id="TaskNameInputX" name="TaskName" /><inputSet /><outputSet />'
            '</ioSpecification><dataInputAssociation id="given" />'
        ),
        (("closed", NAMES), ("closed", "ports_are_in_their_sets")),
    ),
    Piece(
        "jBPM",
        "potentialOwner of a user task",
        "用户任务的 potentialOwner",
        draw.instead_of_the_person(person("act", more='<potentialOwner id="who" />')),
        (("act", NAMES),),
    ),
    Piece(
        "jBPM",
        "process variables (property)",
        "流程变量（property）",
        '<property id="reason" itemSubjectRef="text" />' + SMALL,
        (("reason", NAMES),),
    ),
    Piece(
        "Signavio",
        "signavio:signavioMetaData, signavioLabel",
        "signavio:signavioMetaData、signavioLabel",
        _operation('<signavio:signavioLabel xmlns:signavio="http://www.signavio.com" ref="text_name" />'),
    ),
    Piece(
        "Signavio",
        "tasks without a type, as they are drawn first",
        "默认绘制的未定类型任务",
        draw.instead_of_the_operation('<task id="closed" completionQuantity="1" startQuantity="1" />'),
        (("closed", NAMES),),
    ),
    Piece(
        "Bizagi",
        "bizagi:BizagiExtensions",
        "bizagi:BizagiExtensions",
        _operation(
            '<bizagi:BizagiExtensions xmlns:bizagi="http://www.bizagi.com/bpmn20">'
            "<bizagi:BizagiProperties /></bizagi:BizagiExtensions>"
        ),
    ),
    Piece(
        "Trisotech, simulation",
        "triso:… and bpsim:… notes",
        "triso:… 与 bpsim:… 标注",
        _operation(
            '<triso:Attachments xmlns:triso="http://www.trisotech.com/2015/triso/modeling" />'
            '<bpsim:BPSimData xmlns:bpsim="http://www.bpsim.org/schemas/1.0" />'
        ),
    ),
    Piece(
        "bpmn.io, Camunda Modeler",
        "colours, the exporter's name, modeler:executionPlatform",
        "颜色、导出工具、modeler:executionPlatform",
        SMALL,
        head=' exporter="Camunda Modeler" xmlns:modeler="http://camunda.org/schema/modeler/1.0"'
        ' modeler:executionPlatform="Camunda Cloud"',
    ),
    Piece(
        "bpmn.io, Camunda Modeler",
        "intermediate throw event without a definition",
        "未定义类型的中间抛出事件",
        draw.throwing(""),
        (("closed", "events_are_allowed"),),
    ),
    Piece(
        "SpiffWorkflow's modeler",
        "spiffworkflow:properties, serviceTaskOperator, messageVariable",
        "spiffworkflow:properties、serviceTaskOperator、messageVariable",
        SMALL,
        here=("read", "读取"),
    ),
    Piece(
        "SpiffWorkflow's modeler",
        "spiffworkflow:preScript, postScript",
        "spiffworkflow:preScript、postScript",
        _operation("<spiffworkflow:postScript>x = 1</spiffworkflow:postScript>"),
        (("closed", NAMES),),
    ),
    Piece(
        "SpiffWorkflow's modeler",
        "spiffworkflow:instructionsForEndUser, unitTests",
        "spiffworkflow:instructionsForEndUser、unitTests",
        _operation("<spiffworkflow:instructionsForEndUser>…</spiffworkflow:instructionsForEndUser>"),
        (("closed", NAMES),),
    ),
    Piece(
        "any other tool",
        "extensions that nobody here knows",
        "无法识别的扩展",
        _operation('<acme:owner xmlns:acme="http://acme.example/bpmn">ops</acme:owner>'),
        (("closed", "unknown_extensions"),),
    ),
)

PIECES: tuple[Piece, ...] = (*CAMUNDA_7, *CAMUNDA_8, *OTHERS)
