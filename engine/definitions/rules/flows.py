"""How elements may be joined (measured: research on SpiffWorkflow, sections 1 and 6, points 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.reading import BPMN, Finding, fault, id_of
from engine.definitions.rules.graph import CHOICES, GATEWAYS, Flow, Scope, reachable
from engine.definitions.rules.library import Library


def flows_join_nodes(library: Library) -> Iterator[Finding]:
    """Both ends of a flow are nodes of its own scope; nothing enters a start or boundary event or leaves an end."""
    for scope in library.scopes:
        for flow in scope.flows:
            if flow.source not in scope.nodes or flow.target not in scope.nodes:
                reason = "the flow begins or ends nowhere, or crosses the border of a sub-process"
                yield fault(
                    flow.id,
                    reason,
                    "join two elements of one process",
                    "顺序流的一端不存在或跨越子流程边界；请连接同一流程内的两个元素",
                )
            elif scope.kind(flow.target) in {"startEvent", "boundaryEvent"} or scope.kind(flow.source) == "endEvent":
                reason = "the flow enters a start or boundary event, or leaves an end event"
                yield fault(
                    flow.id, reason, "turn it round", "顺序流不得进入开始或边界事件，也不得离开结束事件；请调转方向"
                )


def choices_have_defaults(library: Library) -> Iterator[Finding]:
    """A gateway that chooses has a default flow without condition, and a condition on every other flow.

    Without a default a token is stuck when nothing is true. With it every outcome of a form has its flow.
    """
    for scope in library.scopes:
        for gateway in scope.of(*CHOICES):
            outgoing = scope.outgoing[gateway]
            if len(outgoing) > 1:
                default = scope.nodes[gateway].get("default")
                if default in {flow.id for flow in outgoing}:
                    yield from _conditions(outgoing, default)
                else:
                    instead = "mark one outgoing flow as default"
                    yield fault(gateway, "no default flow", instead, "缺少默认流；请指定一条")


def _conditions(outgoing: list[Flow], default: str | None) -> Iterator[Finding]:
    for flow in outgoing:
        if flow.id == default and flow.condition is not None:
            yield fault(
                flow.id, "the default flow has a condition", "remove the condition", "默认流不得带条件；请删除条件"
            )
        if flow.id != default and not (flow.condition or "").strip():
            yield fault(
                flow.id,
                "the flow has no condition",
                "a condition on each flow but the default",
                "分支缺少条件；除默认流外请为每条分支填写条件",
            )


def only_choices_have_conditions(library: Library) -> Iterator[Finding]:
    """Conditions elsewhere are hidden branching, or never read."""
    for scope in library.scopes:
        for flow in scope.flows:
            chooses = flow.source in scope.nodes and scope.kind(flow.source) in CHOICES
            if flow.condition is not None and not (chooses and len(scope.outgoing[flow.source]) > 1):
                reason = "a condition on a flow that no gateway chooses"
                yield fault(
                    flow.id,
                    reason,
                    "an exclusive gateway before it",
                    "该顺序流不在网关分支上，不得带条件；请加排他网关",
                )


def only_gateways_branch(library: Library) -> Iterator[Finding]:
    """Two flows out of anything else would make two tokens without a sign of it."""
    for scope in library.scopes:
        for node in scope.nodes:
            if len(scope.outgoing[node]) > 1 and scope.kind(node) not in GATEWAYS:
                reason = f"{len(scope.outgoing[node])} outgoing flows"
                yield fault(node, reason, "branch with a gateway", "有多条输出流；请用网关分支")


def only_gateways_join(library: Library) -> Iterator[Finding]:
    """Every loop, and whatever two ways lead to, is entered through a merge.

    Otherwise the task runs once for each token, and an interrupting event that leads back to it leaves two tokens.
    """
    for scope in library.scopes:
        for node in scope.nodes:
            if len(scope.incoming[node]) > 1 and scope.kind(node) not in GATEWAYS:
                reason = f"{len(scope.incoming[node])} incoming flows"
                yield fault(node, reason, "merge first with an exclusive gateway", "有多条输入流；请先用排他网关合并")


def no_boundary_leads_back(library: Library) -> Iterator[Finding]:
    """A flow from an event straight to its own activity does not cancel it the second time: the process hangs."""
    for scope in library.scopes:
        for event in scope.of("boundaryEvent"):
            host = scope.nodes[event].get("attachedToRef")
            if any(flow.target == host for flow in scope.outgoing[event]):
                reason = "leads straight back to its own activity"
                yield fault(
                    event,
                    reason,
                    "an exclusive merge gateway before the activity",
                    "边界事件直接返回所附活动；请经排他合并网关返回",
                )


def cycles_hold_no_parallel(library: Library) -> Iterator[Finding]:
    """In its second turn a join would count the tokens of the first."""
    for scope in library.scopes:
        for node in (each for each in scope.of("parallelGateway", "inclusiveGateway") if each in scope.on_cycle):
            reason = "parallel or inclusive gateway on a loop of its process"
            instead = "put the block into a sub-process or a called process"
            yield fault(node, reason, instead, "回路上有并行或包容网关；请将该部分放入子流程或被调用的流程")


def side_branches_hold_services(library: Library) -> Iterator[Finding]:
    """What a non-interrupting event starts is service tasks and an end: a person there would hold the whole trunk."""
    for scope in library.scopes:
        for node in (each for each in scope.nodes if each in scope.beside):
            terminates = scope.nodes[node].find(f"./{{{BPMN}}}terminateEventDefinition") is not None
            if scope.kind(node) not in {"boundaryEvent", "serviceTask", "endEvent"} or terminates:
                reason = "stands on the branch of a non-interrupting event"
                instead = "service tasks and a plain end; an operation may start another instance"
                yield fault(
                    node,
                    reason,
                    instead,
                    "非中断边界事件的分支上只可有服务任务和普通结束；需要人员处理时请由操作启动另一实例",
                )


def everything_is_reached_and_ends(library: Library) -> Iterator[Finding]:
    """Every node can be reached from the start, and can reach an end."""
    for scope in library.scopes:
        reached = reachable(scope.next, scope.of("startEvent"))
        ending = reachable(scope.previous, scope.of("endEvent"))
        yield from _left_out(scope, reached, "cannot be reached from the start", "从开始事件无法到达；请连接或删除")
        yield from _left_out(scope, ending, "leads to no end", "无法到达结束事件；请连接到结束事件")
        for node in ending:
            if not scope.outgoing[node] and scope.kind(node) != "endEvent":
                yield fault(node, "no flow leads on from it", "a flow to what comes next", "没有输出流；请连接后续步骤")


def _left_out(scope: Scope, found: frozenset[str], reason: str, zh: str) -> Iterator[Finding]:
    for node in scope.nodes:
        if node not in found:
            yield fault(node or id_of(scope.node), reason, "join it, or remove it", zh)
