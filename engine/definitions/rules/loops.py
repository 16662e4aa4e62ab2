"""What is done several times: for each item of a list, or again and again on a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.definitions.reading import BPMN, Finding, fault
from engine.definitions.rules.graph import Scope, components
from engine.definitions.rules.library import Library, Process

_MULTI = f"./{{{BPMN}}}multiInstanceLoopCharacteristics"


def loops_are_on_calls(library: Library) -> Iterator[Finding]:
    """Multi-instance is for call activities.

    The instances of a multi-instance user task are other elements ("act [child]") than the one that its boundary
    events stand on, so their deadlines and timers would never meet.
    """
    for scope in library.scopes:
        for node_id, node in scope.nodes.items():
            if node.find(_MULTI) is not None and scope.kind(node_id) != "callActivity":
                reason = f"multi-instance on a {scope.kind(node_id)}"
                yield fault(
                    node_id, reason, "multi-instance on a call activity", "多实例只可用于调用活动；请改用调用活动"
                )


def instances_have_a_number(library: Library) -> Iterator[Finding]:
    """A number of instances or a list of items, one of the two."""
    for _, node_id, loop in _multi_calls(library):
        given = [_text(loop, tag) for tag in ("loopCardinality", "loopDataInputRef")]
        if sum(1 for each in given if each) != 1:
            instead = "either loopCardinality or loopDataInputRef"
            yield fault(node_id, "has no number of instances, or two", instead, "多实例请指定次数或列表，且只指定其一")
        elif given[1] and not _item(loop, "inputDataItem"):
            instead = "an inputDataItem named like a data input of the called process"
            yield fault(node_id, "gives its items no name", instead, "多实例列表缺少 inputDataItem；请为每一项命名")
        if bool(_text(loop, "loopDataOutputRef")) != bool(_item(loop, "outputDataItem")):
            instead = "loopDataOutputRef with outputDataItem, or neither"
            zh = "收集多实例结果时请同时指定 loopDataOutputRef 与 outputDataItem"
            yield fault(node_id, "collects results without both of their names", instead, zh)


def items_are_ports_of_the_call(library: Library) -> Iterator[Finding]:
    """The item goes in by a data input, its result comes out by a data output."""
    for process, node_id, loop in _multi_calls(library):
        call = next(scope.nodes[node_id] for scope in process.scopes if node_id in scope.nodes)
        called = library.by_id.get(call.get("calledElement"))
        for tag, port, zh in (("inputDataItem", "dataInput", "输入"), ("outputDataItem", "dataOutput", "输出")):
            name = _item(loop, tag)
            if called is not None and name and name not in called.ports(port):
                reason = f"{name} is no {port} of {called.id}"
                instead = f"one of: {', '.join(sorted(called.ports(port))) or 'none declared'}"
                yield fault(node_id, reason, instead, f"{name} 不是被调用流程的{zh}；请在其 ioSpecification 中声明")


def items_have_names_of_their_own(library: Library) -> Iterator[Finding]:
    """The library refuses, in the step, to make an item or a result whose name the process data already has."""
    for process, node_id, loop in _multi_calls(library):
        used = process.ports("dataInput").union(
            *(library.writes(n) for s in process.scopes for each, n in s.nodes.items() if each != node_id)
        )
        results = _text(loop, "loopDataOutputRef")
        for name in filter(None, (_item(loop, "inputDataItem"), _item(loop, "outputDataItem"), results)):
            if name in used or (name == results and name == _text(loop, "loopDataInputRef")):
                reason = f"{name} is also process data outside the multi-instance"
                yield fault(node_id, reason, "a name that nothing else sets", f"{name} 与其他流程数据重名；请改名")


def _multi_calls(library: Library) -> Iterator[tuple[Process, str, Any]]:
    for process in library.processes:
        for scope in process.scopes:
            for node_id in scope.of("callActivity"):
                loop = scope.nodes[node_id].find(_MULTI)
                if loop is not None:
                    yield process, node_id, loop


def _text(loop: Any, tag: str) -> str:
    return (loop.findtext(f"./{{{BPMN}}}{tag}") or "").strip()


def _item(loop: Any, tag: str) -> str:
    item = loop.find(f"./{{{BPMN}}}{tag}")
    return "" if item is None else item.get("id", "")


def loops_wait(library: Library) -> Iterator[Finding]:
    """A loop without a person, a time or a message on it turns for ever inside one step when it never leaves."""
    for process in library.processes:
        for scope in process.scopes:
            passing = {
                node: [each for each in scope.next[node] if not _waits(library, process, scope, each)]
                for node in scope.nodes
                if not _waits(library, process, scope, node)
            }
            for group in components(passing):
                if len(group) > 1 or any(each in passing[each] for each in group):
                    reason = "turns round without waiting for a person, a time or a message"
                    instead = "a user task, an intermediate timer or a message on the loop"
                    zh = "回路上没有等待人员、时间或消息的步骤；请加用户任务或中间定时器"
                    yield fault(next(each for each in scope.nodes if each in group), reason, instead, zh)


def _waits(library: Library, process: Process, scope: Scope, node_id: str) -> bool:
    """Whether a token always stops there."""
    kind = scope.kind(node_id)
    if kind in {"userTask", "intermediateCatchEvent", "boundaryEvent"}:
        return True
    if kind == "subProcess":
        inner = next(each for each in process.scopes if each.node is scope.nodes[node_id])
        return _always_waits(library, process, inner)
    if kind == "callActivity":
        called = library.by_id.get(scope.nodes[node_id].get("calledElement"))
        calls_itself = called is not None and process in library.closure(called)
        return called is not None and not calls_itself and _always_waits(library, called, called.scopes[0])
    return False


def _always_waits(library: Library, process: Process, scope: Scope) -> bool:
    """Whether no token comes from the start to an end without stopping; a parallel join is passed by all or none."""
    passed = set(scope.of("startEvent"))
    coming = [node for start in passed for node in scope.next[start]]
    while coming:
        node = coming.pop()
        behind = scope.previous[node]
        whole = scope.kind(node) != "parallelGateway" or passed.issuperset(behind)
        if node not in passed and whole and not _waits(library, process, scope, node):
            passed.add(node)
            coming += scope.next[node]
    return passed.isdisjoint(scope.of("endEvent"))
