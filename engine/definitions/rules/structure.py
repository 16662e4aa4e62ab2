"""What may be drawn at all (docs: modelling; research on SpiffWorkflow, section 6, points 1 and 5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.definitions.reading import BPMN, BPMNDI, SPIFF, Finding, elements, fault, id_of, local, namespace
from engine.definitions.rules.foreign import is_foreign
from engine.definitions.rules.graph import ACTIVITIES, EVENTS, FLOW_NODES, GATEWAYS, Scope
from engine.definitions.rules.library import Library

ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Fits the columns `element` and `key`, and reads as a code in the trail."""

_DEFINITIONS: dict[str, set[tuple[str, ...]]] = {
    "startEvent": {()},
    "endEvent": {(), ("terminateEventDefinition",)},
    "boundaryEvent": {("timerEventDefinition",), ("messageEventDefinition",)},
    "intermediateCatchEvent": {("timerEventDefinition",), ("messageEventDefinition",)},
    "intermediateThrowEvent": set(),
}
_BPMN = FLOW_NODES | frozenset(
    (
        "definitions",
        "process",
        "documentation",
        "extensionElements",
        "incoming",
        "outgoing",
        "sequenceFlow",
        "conditionExpression",
        "timerEventDefinition",
        "timeDate",
        "timeDuration",
        "messageEventDefinition",
        "terminateEventDefinition",
        "message",
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
        "childLaneSet",
        "collaboration",
        "participant",
        "textAnnotation",
        "text",
        "association",
        "group",
        "category",
        "categoryValue",
        "itemDefinition",
        "auditing",
        "monitoring",
    )
)
"""Allowed, or passed over because it only describes (the last six)."""
_SPIFF = frozenset(
    (
        "properties",
        "property",
        "serviceTaskOperator",
        "parameters",
        "parameter",
        "messageVariable",
        "messagePayload",
    )
)

_NAMES_OF_DATA = frozenset(("dataInput", "dataOutput", "inputDataItem", "outputDataItem"))

_LOOP = ("a loop through an exclusive merge gateway with a date timer", "改用经排他合并网关的回路，配日期定时器")
_OUTCOME = ("an `outcome` that an exclusive gateway reads", "改用 outcome 变量加排他网关")
_OPERATION = ("a service task with a registered operation", "改用登记操作的服务任务")
_BOUNDARY = ("boundary events on a user task", "在用户任务上使用边界事件")
_INSTANCE = ("an instance of its own that speaks by messages", "改用独立实例并以消息联系")
_FACTS = ("facts in tables, read by functions", "把事实存入数据表，由函数读取")
_MESSAGE = ("a message event", "使用消息事件")
_CALL = ("a call activity", "使用调用活动")
_WHO = ("the properties unit and role", "使用属性 unit 和 role")
_SIMPLE = ("one of the allowed elements", "使用允许的元素")

_INSTEAD = {
    "timeCycle": _LOOP,
    "standardLoopCharacteristics": _LOOP,
    "errorEventDefinition": _OUTCOME,
    "escalationEventDefinition": _OUTCOME,
    "error": _OUTCOME,
    "escalation": _OUTCOME,
    "cancelEventDefinition": _OUTCOME,
    "scriptTask": _OPERATION,
    "script": _OPERATION,
    "preScript": _OPERATION,
    "postScript": _OPERATION,
    "businessRuleTask": _OPERATION,
    "task": ("a user task or a service task", "使用用户任务或服务任务"),
    "manualTask": ("a user task", "使用用户任务"),
    "sendTask": _MESSAGE,
    "receiveTask": _MESSAGE,
    "signalEventDefinition": _MESSAGE,
    "signal": _MESSAGE,
    "eventBasedGateway": _BOUNDARY,
    "complexGateway": ("an exclusive or inclusive gateway", "使用排他或包容网关"),
    "conditionalEventDefinition": ("a message that the operation sends", "由操作发送消息"),
    "compensateEventDefinition": ("a drawn path back", "画出回退路径"),
    "linkEventDefinition": ("a sequence flow", "使用顺序流"),
    "transaction": _CALL,
    "adHocSubProcess": _INSTANCE,
    "dataObject": _FACTS,
    "dataObjectReference": _FACTS,
    "dataStore": _FACTS,
    "dataStoreReference": _FACTS,
    "dataInputAssociation": _FACTS,
    "dataOutputAssociation": _FACTS,
    "property": ("nothing: forms and operations set process data", "删除：流程数据由表单和操作写入"),
    "dataState": _FACTS,
    "correlationProperty": _INSTANCE,
    "correlationSubscription": _INSTANCE,
    "messageFlow": _INSTANCE,
    "callChoreography": _INSTANCE,
    "conversation": _INSTANCE,
    "choreography": _INSTANCE,
    "globalUserTask": _CALL,
    "globalTask": _CALL,
    "globalScriptTask": _OPERATION,
    "globalBusinessRuleTask": _OPERATION,
    "interface": _OPERATION,
    "operationRef": _OPERATION,
    "eventDefinitionRef": ("the event definition inside the event", "在事件内部定义事件类型"),
    "multipleEventDefinition": ("one event for each", "每种情况使用一个事件"),
    "potentialOwner": _WHO,
    "humanPerformer": _WHO,
    "performer": _WHO,
    "resourceRole": _WHO,
    "resource": _WHO,
    "rendering": ("the property form", "使用属性 form"),
    "import": ("all models in one folder", "把全部模型放在同一文件夹"),
    "instructionsForEndUser": ("the documentation of the task", "写入任务的说明文字"),
    "unitTests": ("nothing; remove it", "删除"),
    "calledDecisionId": _OPERATION,
    "allowGuest": _WHO,
    "guestConfirmation": _WHO,
    "extension": ("nothing; remove it", "删除"),
    "relationship": ("nothing; remove it", "删除"),
}
_EVENTS = {
    "startEvent": (
        "a plain start event: the engine starts instances, when a case, a request or a clock asks for one",
        "使用空开始事件；流程由引擎按事件、申请或时钟启动",
    ),
    "endEvent": (
        "a plain or terminating end; to tell somebody, a service task before it",
        "使用空结束或终止结束；需要通知时在其前加服务任务",
    ),
    "boundaryEvent": ("a timer with a date or duration, or a message", "使用日期或时长定时器，或消息"),
    "intermediateCatchEvent": ("a timer with a date or duration, or a message", "使用日期或时长定时器，或消息"),
    "intermediateThrowEvent": (
        "a service task whose operation sends the message; nothing where it only marks a place",
        "由服务任务的操作发送消息；仅作标记时请删除",
    ),
}
"""Kind of event → what to draw when its definition is not allowed."""


def elements_are_allowed(library: Library) -> Iterator[Finding]:
    """Everything that is not on the list is refused by name."""
    for file, root in library.models.items():
        if local(root) != "definitions" or namespace(root) != BPMN:
            yield fault(
                root.get("id") or file,
                "is not BPMN 2.0",
                "save it as BPMN 2.0 XML",
                "不是 BPMN 2.0 文件；请另存为 BPMN 2.0",
            )
        else:
            yield from _refused(root)


def _refused(node: Any) -> Iterator[Finding]:
    """Findings about `node`; what lies inside a refused element is not looked at."""
    space, name = namespace(node), local(node)
    if not name or space == BPMNDI or is_foreign(node):
        return
    if (space == BPMN and name in _BPMN) or (space == SPIFF and name in _SPIFF):
        for child in node:
            yield from _refused(child)
    else:
        instead, instead_zh = _INSTEAD.get(name, _SIMPLE)
        yield fault(id_of(node), f"{name} is not allowed", instead, f"不允许使用 {name}；请{instead_zh}")


def attributes_are_allowed(library: Library) -> Iterator[Finding]:
    """Attributes that turn an allowed element into a refused one."""
    for scope in library.scopes:
        for node_id, node in scope.nodes.items():
            if node.get("triggeredByEvent") == "true":
                instead, zh = _BOUNDARY
                yield fault(node_id, "event sub-processes are not allowed", instead, f"不允许事件子流程；请{zh}")
            if node.get("isForCompensation") == "true":
                reason = "compensation is not allowed"
                yield fault(node_id, reason, "draw the path back", "不允许补偿；请画出回退路径")
            if {node.get("startQuantity", "1"), node.get("completionQuantity", "1")} != {"1"}:
                reason = "takes or gives more than one token at once"
                yield fault(node_id, reason, "a multi-instance call", "一次处理多个令牌；请使用多实例调用活动")


def events_are_allowed(library: Library) -> Iterator[Finding]:
    """Start: none; end: none or terminate; boundary and catch: timer or message; no throwing."""
    for scope in library.scopes:
        for node_id in scope.of(*EVENTS):
            kind, drawn = scope.kind(node_id), _definitions_of(scope.nodes[node_id])
            if drawn not in _DEFINITIONS[kind] and set(drawn) <= _BPMN:
                instead, zh = _EVENTS[kind]
                reason = f"{kind} with {'+'.join(drawn) or 'no event definition'}"
                yield fault(node_id, reason, instead, f"不允许该事件类型（{'+'.join(drawn) or '空'}）；请{zh}")
            yield from _timer_faults(node_id, scope.nodes[node_id])
            yield from _message_faults(node_id, scope.nodes[node_id])


def _definitions_of(node: Any) -> tuple[str, ...]:
    return tuple(local(child) for child in node if local(child).endswith("EventDefinition"))


def _timer_faults(node_id: str, node: Any) -> Iterator[Finding]:
    for timer in elements(node, "timerEventDefinition"):
        kinds = [local(child) for child in timer if local(child).startswith("time")]
        if len(kinds) != 1 and "timeCycle" not in kinds:
            yield fault(
                node_id, "the timer has no time", "one timeDate or timeDuration", "定时器没有时间；请填写日期或时长"
            )


def _message_faults(node_id: str, node: Any) -> Iterator[Finding]:
    names = {each.get("id"): each.get("name") for each in elements(node.getroottree().getroot(), "message")}
    for definition in elements(node, "messageEventDefinition"):
        if not names.get(definition.get("messageRef")):
            instead = "a message with a name in the same file"
            yield fault(
                node_id,
                "the message does not exist or has no name",
                instead,
                "消息不存在或没有名称；请在同一文件中定义有名称的消息",
            )


def _has_id_of_its_own(node: Any) -> bool:
    """The ids of ports and items are names of process data, which other processes of the file may use too."""
    return bool(node.get("id")) and namespace(node) != SPIFF and local(node) not in _NAMES_OF_DATA


def ids_are_codes_and_unique(library: Library) -> Iterator[Finding]:
    """Ids are ASCII codes of at most 64 characters, unique in their file; process ids in all files."""
    for root in library.models.values():
        counted = Counter(each.get("id") for each in root.iter() if _has_id_of_its_own(each))
        for repeated in (each for each, count in counted.items() if count > 1):
            yield fault(repeated, "the id is used twice", "an id of its own", "标识重复；请使用唯一标识")
    for twice, count in Counter(process.id for process in library.processes).items():
        if count > 1:
            reason = "two processes have this id"
            yield fault(twice, reason, "an id of its own for each", "流程标识重复；请使用唯一标识")
    for scope in library.scopes:
        for each in (scope.node, *scope.nodes.values()):
            if not ID.fullmatch(each.get("id", "")):
                instead = "at most 64 Latin letters, digits, _ and -, a letter first; put Chinese into the name"
                yield fault(
                    id_of(each),
                    f"the id {each.get('id', '')!r} is not a code",
                    instead,
                    "标识应为 64 位以内的英文代码；中文请写在名称里",
                )


def nodes_of_a_closure_are_unique(library: Library) -> Iterator[Finding]:
    """A process and what it calls share one table of user tasks and events, so their ids must differ."""
    for process in library.processes:
        inside = [
            node.get("id") for each in library.closure(process) for node in each.all(*ACTIVITIES, "boundaryEvent")
        ]
        own = {node.get("id") for node in process.all(*ACTIVITIES, "boundaryEvent")}
        for repeated, count in Counter(inside).items():
            if count > 1 and repeated in own:
                reason = f"an element of a process that {process.id} calls has the same id"
                yield fault(str(repeated), reason, "an id of its own", "与被调用流程中的元素标识相同；请改名")


def one_start_and_an_end(library: Library) -> Iterator[Finding]:
    for scope in library.scopes:
        place = id_of(scope.node)
        if len(scope.of("startEvent")) != 1:
            reason = f"{len(scope.of('startEvent'))} start events"
            yield fault(place, reason, "exactly one start event", "开始事件须恰好一个；请只保留一个")
        if not scope.of("endEvent"):
            yield fault(place, "no end event", "at least one end event", "缺少结束事件；请至少画一个")


def boundary_events_have_hosts(library: Library) -> Iterator[Finding]:
    """A boundary event stands on an activity of its own scope, and waits for a message that no neighbour waits for."""
    for scope in library.scopes:
        for event in scope.of("boundaryEvent"):
            host = scope.nodes[event].get("attachedToRef")
            if host not in scope.nodes or scope.kind(host) in GATEWAYS | EVENTS:
                instead = "attach it to a task, a call or a sub-process"
                yield fault(event, "stands on nothing", instead, "边界事件没有附着在活动上；请附着到任务、调用或子流程")
        for host, events in scope.boundaries.items():
            yield from _twice_awaited(scope, host, events)


def _twice_awaited(scope: Scope, host: str, events: list[str]) -> Iterator[Finding]:
    awaited = Counter(
        d.get("messageRef") for each in events for d in elements(scope.nodes[each], "messageEventDefinition")
    )
    for message in (each for each, count in awaited.items() if count > 1):
        reason = f"two of its events wait for {message}"
        yield fault(host, reason, "one event for each message", "同一活动上有两个事件等待同一消息；请保留一个")
