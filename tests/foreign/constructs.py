"""Every construct that somebody may draw: what runs, and what is refused with which advice.

The second half of the measurements in the research on SpiffWorkflow, one line for each, and what random models found
since. `docs/constructs.md` is made from this table and from what the validation really answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.foreign import snippets as draw
from tests.unit.engine.definitions.drawing import AID, SMALL, flow, person, ports, service, timer, way

GO = '<message id="go" name="go" />'
MESSAGE = '<messageEventDefinition messageRef="go" />'
DURATION = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
CYCLE = "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>"
LISTED = "<loopDataInputRef>items</loopDataInputRef>"
ITEM = '<inputDataItem id="item" />'
RESULTS = '<loopDataOutputRef>results</loopDataOutputRef><outputDataItem id="outcome" />'
ASK = (
    '<startEvent id="ask_start" />'
    + service("answer", result="outcome")
    + person("advise")
    + '<endEvent id="ask_end" />'
)


@dataclass(frozen=True)
class Construct:
    """`element` and `rule`: where and by which rule it is refused; empty for what runs."""

    en: str
    zh: str
    body: str
    element: str = ""
    rule: str = ""
    aid: str = AID
    messages: str = GO


def _event(node: str, host: str, definition: str, cancels: str = "true") -> str:
    return f'<boundaryEvent id="{node}" attachedToRef="{host}" cancelActivity="{cancels}">{definition}</boundaryEvent>'


def _met(event: str) -> str:
    """An event that leads to an end of its own."""
    return f'<endEvent id="{event}_end" />' + way(event, f"{event}_end")


def _items(body: str) -> str:
    """The list for a multi-instance, set by the operation before it."""
    return body.replace(service("closed"), service("closed", result="items"))


RUNS: tuple[Construct, ...] = (
    Construct("user task with unit, role, form and deadline", "用户任务（单位、角色、表单、时限）", SMALL),
    Construct("service task with a registered operation", "服务任务（登记操作）", SMALL),
    Construct("exclusive gateway with a default flow", "排他网关（带默认流）", SMALL),
    Construct("loop through an exclusive merge", "经排他合并网关的回路", SMALL),
    Construct("call activity with inputs and outputs", "调用活动（声明输入输出）", SMALL),
    Construct("boundary timer with a date, interrupting or not", "边界定时器（日期，中断或非中断）", SMALL),
    Construct("boundary timer with a duration", "边界定时器（时长）", draw.on_the_boundary(DURATION)),
    Construct("boundary message on a person", "用户任务上的边界消息", draw.on_the_boundary(MESSAGE)),
    Construct(
        "three timers on one task: warning, deadline, grace",
        "同一任务三个定时器：预警、超期、宽限",
        SMALL + timer("late", "act", "due_at()", cancels="false") + _met("late"),
    ),
    Construct(
        "boundary timer or message on a call",
        "调用活动上的边界定时器或消息",
        SMALL + _event("stop", "help", MESSAGE) + _met("stop") + _event("slow", "help", DURATION) + _met("slow"),
    ),
    Construct(
        "parallel fork and join",
        "并行分支与汇合",
        draw.between("parallelGateway", "parallelGateway", service("one"), service("two")),
    ),
    Construct(
        "inclusive fork and join with a default flow",
        "包容分支与汇合（带默认流）",
        draw.between("inclusiveGateway", "inclusiveGateway", service("one"), service("two"), ("level", None)),
    ),
    Construct("embedded sub-process", "嵌入子流程", draw.part(way("in_start", "in_end"))),
    Construct(
        "embedded sub-process with boundary events",
        "带边界事件的嵌入子流程",
        draw.part(person("inner") + way("in_start", "inner", "in_end"))
        + _event("stop", "closed", MESSAGE)
        + _met("stop"),
    ),
    Construct(
        "parallel block inside a sub-process on a loop",
        "回路上的子流程内含并行分支",
        draw.changed(
            person("act"),
            '<subProcess id="act"><startEvent id="in_start" /><parallelGateway id="fork" />'
            + person("left")
            + service("right")
            + '<parallelGateway id="join" /><endEvent id="in_end" />'
            + way("in_start", "fork", "left", "join", "in_end")
            + way("fork", "right", "join")
            + "</subProcess>",
        )
        .replace("<timeDate>warning_at()</timeDate>", "<timeDuration>P3D</timeDuration>")
        .replace("<timeDate>grace_at()</timeDate>", "<timeDuration>P5D</timeDuration>"),
    ),
    Construct(
        "multi-instance call, a fixed number, at once",
        "多实例调用（固定次数，并行）",
        draw.multiple("<loopCardinality>2</loopCardinality>"),
    ),
    Construct(
        "multi-instance call for a list, one after the other, with results",
        "多实例调用（列表，顺序，收集结果）",
        _items(
            draw.multiple(
                f'{LISTED}<loopDataOutputRef>results</loopDataOutputRef>{ITEM}<outputDataItem id="verdict" />', "true"
            )
        ),
        aid=ports(("item",), ("verdict",))
        + ASK.replace('resultVariable="outcome"', 'resultVariable="verdict"')
        + way("ask_start", "answer", "advise", "ask_end"),
    ),
    Construct(
        "multi-instance with a completion condition",
        "多实例完成条件",
        draw.multiple(
            '<loopCardinality>3</loopCardinality><completionCondition>outcome == "settled"</completionCondition>'
        ),
    ),
    Construct("intermediate timer", "中间定时器", draw.catching(DURATION)),
    Construct("intermediate message, waited for", "中间消息（接收）", draw.catching(MESSAGE)),
    Construct("terminating end", "终止结束事件", draw.ending("<terminateEventDefinition />")),
    Construct(
        "lanes",
        "泳道",
        '<laneSet id="lanes"><lane id="lane"><flowNodeRef>act</flowNodeRef></lane></laneSet>' + SMALL,
    ),
    Construct(
        "text annotation, association, group",
        "文字注释、关联、分组",
        SMALL
        + '<textAnnotation id="note"><text>…</text></textAnnotation>'
        + '<association id="tie" sourceRef="act" targetRef="note" /><group id="box" />',
    ),
    Construct("documentation", "说明文字", draw.inside_the_operation("<documentation>…</documentation>")),
)

_GATEWAYS: tuple[Construct, ...] = (
    Construct(
        "exclusive or inclusive gateway without a default flow",
        "无默认流的排他或包容网关",
        draw.changed(' default="result_gate-closed"', ""),
        "result_gate",
        "choices_have_defaults",
    ),
    Construct(
        "branch without a condition",
        "分支缺少条件",
        draw.changed(flow("result_gate", "m_act", 'outcome == "again"'), flow("result_gate", "m_act")),
        "result_gate-m_act",
        "choices_have_defaults",
    ),
    Construct(
        "condition on a flow out of a task",
        "任务输出流上带条件",
        draw.changed(flow("closed", "help"), flow("closed", "help", "level")),
        "closed-help",
        "only_choices_have_conditions",
    ),
    Construct(
        "several flows out of a task",
        "任务有多条输出流",
        SMALL + '<endEvent id="other" />' + flow("closed", "other"),
        "closed",
        "only_gateways_branch",
    ),
    Construct(
        "several flows into a task",
        "任务有多条输入流",
        draw.changed(flow("escalated", "m_act"), flow("escalated", "help")),
        "help",
        "only_gateways_join",
    ),
    Construct(
        "parallel or inclusive gateway on a loop",
        "回路上的并行或包容网关",
        draw.changed('<exclusiveGateway id="result_gate"', '<inclusiveGateway id="result_gate"'),
        "result_gate",
        "cycles_hold_no_parallel",
    ),
    Construct(
        "parallel gateway as the merge of a loop",
        "用并行网关合并回路",
        draw.changed('<exclusiveGateway id="m_act" />', '<parallelGateway id="m_act" />'),
        "m_act",
        "cycles_hold_no_parallel",
    ),
    Construct(
        "parallel branches merged by an exclusive gateway",
        "并行分支用排他网关合并",
        draw.between("parallelGateway", "exclusiveGateway", service("one"), service("two")),
        "join",
        "tokens_meet_as_they_parted",
    ),
    Construct(
        "a choice joined by a parallel gateway",
        "排他分支用并行网关汇合",
        draw.between("exclusiveGateway", "parallelGateway", service("one"), service("two"), ("level", None)),
        "join",
        "tokens_meet_as_they_parted",
    ),
    Construct(
        "branches that write the same name before their join",
        "并行分支在汇合前写入同一名称",
        draw.between("parallelGateway", "parallelGateway", person("one"), service("two", result="outcome")),
        "one",
        "branches_share_no_data",
    ),
    Construct(
        "a called process whose branches end apart",
        "被调用流程的分支各自结束",
        SMALL,
        "two_end",
        "branches_of_a_part_are_joined",
        aid=ports()
        + '<startEvent id="aid_start" />'
        + service("answer", result="outcome")
        + '<parallelGateway id="fork" />'
        + service("one")
        + service("two")
        + '<endEvent id="one_end" /><endEvent id="two_end" />'
        + way("aid_start", "answer", "fork", "one", "one_end")
        + way("fork", "two", "two_end"),
    ),
    Construct(
        "loop without a person, time or message",
        "回路上没有人员、时间或消息",
        draw.changed(person("act"), service("act", result="outcome"))
        .replace(
            timer("act_warn", "act", "warning_at()", cancels="false"), _event("act_warn", "help", DURATION, "false")
        )
        .replace(timer("act_grace", "act", "grace_at()"), _event("act_grace", "help", DURATION)),
        "m_act",
        "loops_wait",
    ),
    Construct(
        "event-based gateway",
        "基于事件的网关",
        draw.instead_of_the_operation('<eventBasedGateway id="closed" />'),
        "closed",
        "elements_are_allowed",
    ),
    Construct(
        "complex gateway",
        "复杂网关",
        draw.instead_of_the_operation('<complexGateway id="closed" />'),
        "closed",
        "elements_are_allowed",
    ),
)

_EVENTS: tuple[Construct, ...] = (
    Construct(
        "interrupting event whose flow leads straight back to its activity",
        "中断边界事件直接返回所附活动",
        draw.changed(
            service("escalated", "op.escalate"),
            "",
            draw.changed(way("act_grace", "escalated", "m_act"), flow("act_grace", "act")),
        ),
        "act_grace",
        "no_boundary_leads_back",
    ),
    Construct(
        "person on the branch of a non-interrupting event",
        "非中断边界事件分支上的人员任务",
        draw.changed(service("warned", "op.warn"), person("warned")),
        "warned",
        "side_branches_hold_services",
    ),
    Construct(
        "result of a non-interrupting branch that is read elsewhere",
        "非中断分支的结果被主路径读取",
        draw.changed(service("warned", "op.warn"), service("warned", "op.warn", result="outcome")),
        "warned",
        "side_branches_set_nothing_that_is_read",
    ),
    Construct(
        "timer cycle on a boundary", "边界循环定时器", draw.on_the_boundary(CYCLE), "act_grace", "elements_are_allowed"
    ),
    Construct("timer cycle between", "中间循环定时器", draw.catching(CYCLE), "closed", "elements_are_allowed"),
    Construct(
        "timer with a fixed date",
        "固定日期的定时器",
        draw.on_the_boundary(
            "<timerEventDefinition><timeDate>'2027-01-01T09:00:00+08:00'</timeDate></timerEventDefinition>"
        ),
        "act_grace",
        "dates_are_read_from_clocks",
    ),
    Construct(
        "timer with the deadline of a task where no task is",
        "不在用户任务上却读取任务时限的定时器",
        draw.catching("<timerEventDefinition><timeDate>due_at()</timeDate></timerEventDefinition>"),
        "closed",
        "clocks_of_tasks_stand_on_tasks",
    ),
    Construct(
        "duration in months or years",
        "以月或年计的时长",
        draw.on_the_boundary("<timerEventDefinition><timeDuration>P1M</timeDuration></timerEventDefinition>"),
        "act_grace",
        "durations_are_iso",
    ),
    Construct(
        "boundary event without a definition",
        "未定义类型的边界事件",
        draw.on_the_boundary(""),
        "act_grace",
        "events_are_allowed",
    ),
    Construct("start by a timer", "定时开始事件", draw.starting(DURATION), "start", "events_are_allowed"),
    Construct("start by a message", "消息开始事件", draw.starting(MESSAGE), "start", "events_are_allowed"),
    Construct(
        "several start events",
        "多个开始事件",
        draw.changed(draw.START, draw.START + '<startEvent id="second" /><exclusiveGateway id="after" />')
        + '<endEvent id="second_end" />'
        + way("second", "after", "second_end"),
        "small",
        "one_start_and_an_end",
    ),
    Construct("end with a message", "消息结束事件", draw.ending(MESSAGE), "finished", "events_are_allowed"),
    Construct("message thrown on the way", "中间抛出消息", draw.throwing(MESSAGE), "closed", "events_are_allowed"),
    Construct(
        "throwing event that only marks a place",
        "仅作标记的中间事件",
        draw.throwing(""),
        "closed",
        "events_are_allowed",
    ),
    Construct(
        "two things waiting for one message at once",
        "两处同时等待同一消息",
        draw.between(
            "parallelGateway",
            "parallelGateway",
            f'<intermediateCatchEvent id="one">{MESSAGE}</intermediateCatchEvent>',
            f'<intermediateCatchEvent id="two">{MESSAGE}</intermediateCatchEvent>',
        ),
        "one",
        "messages_have_one_receiver",
    ),
    Construct(
        "message on a call, and inside what it calls",
        "调用活动及其内部等待同一消息",
        SMALL + _event("stop", "help", MESSAGE) + _met("stop"),
        "help",
        "messages_have_one_receiver",
        aid=AID
        + _event("inner_stop", "advise", MESSAGE)
        + service("stopped", result="outcome")
        + '<endEvent id="inner_end" />'
        + way("inner_stop", "stopped", "inner_end"),
    ),
    Construct(
        "error on a boundary",
        "边界错误事件",
        draw.on_the_boundary("<errorEventDefinition />"),
        "act_grace",
        "elements_are_allowed",
    ),
    Construct("error end", "错误结束事件", draw.ending("<errorEventDefinition />"), "finished", "elements_are_allowed"),
    Construct(
        "escalation on a boundary",
        "边界升级事件",
        draw.on_the_boundary("<escalationEventDefinition />"),
        "act_grace",
        "elements_are_allowed",
    ),
    Construct(
        "escalation thrown",
        "抛出升级事件",
        draw.throwing("<escalationEventDefinition />"),
        "closed",
        "elements_are_allowed",
    ),
    Construct("signal", "信号事件", draw.catching("<signalEventDefinition />"), "closed", "elements_are_allowed"),
    Construct(
        "compensation",
        "补偿事件",
        draw.on_the_boundary("<compensateEventDefinition />"),
        "act_grace",
        "elements_are_allowed",
    ),
    Construct(
        "compensating activity",
        "补偿活动",
        draw.changed('<serviceTask id="closed"', '<serviceTask id="closed" isForCompensation="true"'),
        "closed",
        "attributes_are_allowed",
    ),
    Construct("cancel event", "取消事件", draw.ending("<cancelEventDefinition />"), "finished", "elements_are_allowed"),
    Construct(
        "conditional event",
        "条件事件",
        draw.catching("<conditionalEventDefinition />"),
        "closed",
        "elements_are_allowed",
    ),
    Construct("link event", "链接事件", draw.throwing("<linkEventDefinition />"), "closed", "elements_are_allowed"),
    Construct(
        "several definitions in one event",
        "一个事件含多种定义",
        draw.catching(MESSAGE + DURATION),
        "closed",
        "events_are_allowed",
    ),
    *(
        Construct(
            f"event sub-process started by {by}",
            f"由{zh}启动的事件子流程",
            draw.part(way("in_start", "in_end"), ' triggeredByEvent="true"').replace(
                '<startEvent id="in_start" />', f'<startEvent id="in_start">{definition}</startEvent>'
            ),
            "closed",
            "attributes_are_allowed",
        )
        for by, zh, definition in (
            ("a timer", "定时器", DURATION),
            ("a message", "消息", MESSAGE),
            ("an escalation", "升级", "<escalationEventDefinition />"),
        )
    ),
)

_ACTIVITIES: tuple[Construct, ...] = (
    Construct(
        "user task that lacks unit, role, form or deadline",
        "缺少单位、角色、表单或时限的用户任务",
        draw.instead_of_the_person('<userTask id="act" />').replace(
            flow("result_gate", "m_act", 'outcome == "again"'), flow("result_gate", "m_act", "level")
        ),
        "act",
        "people_know_what_to_do",
    ),
    Construct(
        "role that does not exist",
        "不存在的岗位角色",
        draw.instead_of_the_person(person("act", role="king")),
        "act",
        "people_know_what_to_do",
    ),
    Construct(
        "form that does not exist",
        "不存在的表单",
        draw.instead_of_the_person(person("act", form="gone")),
        "act",
        "forms_exist",
    ),
    Construct(
        "deadline that is no stage of the table",
        "时限表中没有的环节",
        draw.instead_of_the_person(person("act", deadline="never")),
        "act",
        "deadlines_have_stages",
    ),
    Construct(
        "service task without an operation",
        "没有操作的服务任务",
        draw.instead_of_the_operation('<serviceTask id="closed" />'),
        "closed",
        "operations_are_known",
    ),
    Construct(
        "operation that is not registered",
        "未登记的操作",
        draw.changed("op.close", "op.gone"),
        "closed",
        "operations_are_known",
    ),
    Construct(
        "element with the id of an operation",
        "元素标识与操作同名",
        draw.changed('id="closed-help"', 'id="op.close"'),
        "closed",
        "operations_are_known",
    ),
    *(
        Construct(en, zh, draw.instead_of_the_operation(f'<{tag} id="closed" />'), "closed", "elements_are_allowed")
        for tag, en, zh in (
            ("task", "task without a type", "未定类型的任务"),
            ("manualTask", "manual task", "手工任务"),
            ("scriptTask", "script task", "脚本任务"),
            ("businessRuleTask", "business rule task", "业务规则任务"),
            ("sendTask", "send task", "发送任务"),
            ("receiveTask", "receive task", "接收任务"),
            ("transaction", "transaction", "事务子流程"),
            ("adHocSubProcess", "ad-hoc sub-process", "特设子流程"),
            ("callChoreography", "choreography", "编排活动"),
        )
    ),
    Construct(
        "script before or after a task",
        "任务前后脚本",
        draw.changed(
            draw.CLOSED,
            draw.CLOSED.replace(
                "<extensionElements>",
                "<extensionElements><spiffworkflow:preScript>x = 1</spiffworkflow:preScript>",
            ),
        ),
        "closed",
        "elements_are_allowed",
    ),
    Construct(
        "standard loop",
        "标准循环",
        draw.inside_the_operation('<standardLoopCharacteristics loopMaximum="3" />'),
        "closed",
        "elements_are_allowed",
    ),
    *(
        Construct(
            f"multi-instance {en}",
            f"多实例{zh}",
            body,
            element,
            "loops_are_on_calls",
        )
        for en, zh, body, element in (
            (
                "user task",
                "用户任务",
                draw.instead_of_the_person(
                    person(
                        "act",
                        more="<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
                        "</multiInstanceLoopCharacteristics>",
                    )
                ),
                "act",
            ),
            (
                "service task",
                "服务任务",
                draw.inside_the_operation(
                    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
                    "</multiInstanceLoopCharacteristics>"
                ),
                "closed",
            ),
        )
    ),
    Construct(
        "multi-instance without a number or list",
        "未指定次数或列表的多实例",
        draw.multiple(""),
        "help",
        "instances_have_a_number",
    ),
    Construct(
        "multi-instance whose item the called process does not take",
        "多实例的项不是被调用流程的输入",
        _items(draw.multiple(LISTED + ITEM)),
        "help",
        "items_are_ports_of_the_call",
    ),
    Construct(
        "multi-instance result with the name of other data",
        "多实例结果与其他数据重名",
        _items(draw.multiple("<loopCardinality>2</loopCardinality>" + RESULTS)),
        "help",
        "items_have_names_of_their_own",
    ),
    Construct(
        "several tokens at once (startQuantity, completionQuantity)",
        "一次多个令牌（startQuantity、completionQuantity）",
        draw.changed('<serviceTask id="closed"', '<serviceTask id="closed" completionQuantity="2"'),
        "closed",
        "attributes_are_allowed",
    ),
)

_CALLS_AND_DATA: tuple[Construct, ...] = (
    Construct(
        "call of a process that does not exist",
        "被调用的流程不存在",
        draw.changed('"aid"', '"gone"'),
        "help",
        "called_processes_exist",
    ),
    Construct(
        "call of a process without inputs and outputs",
        "被调用流程未声明输入输出",
        SMALL,
        "aid",
        "called_processes_exist",
        aid=AID.removeprefix(ports()),
    ),
    Construct(
        "output that is in no output set",
        "输出未列入 outputSet",
        SMALL,
        "aid",
        "ports_are_in_their_sets",
        aid=AID.replace("<dataOutputRefs>outcome</dataOutputRefs>", ""),
    ),
    Construct(
        "output that is not set on every way",
        "某条路径未设置输出",
        SMALL,
        "silent",
        "outputs_are_set_on_every_way",
        aid=AID
        + timer("advise_grace", "advise", "grace_at()")
        + '<endEvent id="silent" />'
        + way("advise_grace", "silent"),
    ),
    Construct(
        "process that calls itself",
        "流程调用自身",
        ports() + draw.changed('"aid"', '"small"'),
        "help",
        "no_process_calls_itself",
    ),
    Construct(
        "expression that reads what is not set by then",
        "表达式读取尚未写入的名称",
        SMALL,
        "gate",
        "names_are_set_before_they_are_read",
        aid=ports(("item",))
        + '<startEvent id="aid_start" /><exclusiveGateway id="gate" default="gate-advise" />'
        + service("answer", result="outcome")
        + person("advise")
        + '<exclusiveGateway id="met" /><endEvent id="aid_end" />'
        + way("aid_start", "gate", "advise", "met", "aid_end")
        + flow("gate", "answer", 'outcome == "again"')
        + way("answer", "met"),
    ),
    Construct(
        "condition in Python",
        "Python 条件表达式",
        draw.changed('outcome == "again"', "outcome.startswith('a')"),
        "result_gate-m_act",
        "expressions_are_allowed",
    ),
    Construct(
        "condition on a value that no form gives",
        "表单不会给出的取值",
        draw.changed('"again"', '"agian"'),
        "result_gate-m_act",
        "compared_values_exist",
    ),
    *(
        Construct(en, zh, SMALL + f'<{tag} id="extra" />', "extra", "elements_are_allowed")
        for tag, en, zh in (
            ("dataObject", "data object", "数据对象"),
            ("dataObjectReference", "data object reference", "数据对象引用"),
            ("dataStoreReference", "data store", "数据存储"),
            ("property", "process variable", "流程变量"),
            ("correlationSubscription", "correlation", "消息关联"),
        )
    ),
    Construct(
        "data association",
        "数据关联",
        draw.inside_the_operation('<dataInputAssociation id="given" />'),
        "closed",
        "elements_are_allowed",
    ),
    Construct(
        "inputs and outputs of a task",
        "任务上的输入输出",
        draw.inside_the_operation("<ioSpecification><inputSet /><outputSet /></ioSpecification>"),
        "closed",
        "ports_are_in_their_sets",
    ),
    *(
        Construct(en, zh, SMALL, "extra", "elements_are_allowed", messages=f'{GO}<{tag} id="extra" />')
        for tag, en, zh in (
            ("error", "error of the file", "错误定义"),
            ("escalation", "escalation of the file", "升级定义"),
            ("signal", "signal of the file", "信号定义"),
            ("correlationProperty", "correlation property", "关联属性"),
            ("interface", "interface of a service", "服务接口"),
        )
    ),
    Construct(
        "flow between pools",
        "泳池间的消息流",
        SMALL,
        "extra",
        "elements_are_allowed",
        messages=f'{GO}<collaboration id="pools"><messageFlow id="extra" sourceRef="act" targetRef="closed" />'
        "</collaboration>",
    ),
    Construct(
        "id that is no code",
        "标识不是英文代码",
        draw.changed('"finished"', '"办结"', draw.changed("help-finished", "help-f")),
        "办结",
        "ids_are_codes_and_unique",
    ),
    Construct(
        "element that cannot be reached, or leads nowhere",
        "无法到达或没有出口的元素",
        SMALL + service("island"),
        "island",
        "everything_is_reached_and_ends",
    ),
)

REFUSED: dict[tuple[str, str], tuple[Construct, ...]] = {
    ("Gateways and branches", "网关与分支"): _GATEWAYS,
    ("Events", "事件"): _EVENTS,
    ("Activities", "活动"): _ACTIVITIES,
    ("Calls, data and the rest", "调用、数据及其他"): _CALLS_AND_DATA,
}
