"""What goes on at the same time must meet again, and must not get into each other's way (see `tokens`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.definitions.reading import Finding, elements, fault, id_of, local
from engine.definitions.rules.expressions import expressions_of
from engine.definitions.rules.graph import Scope, reachable
from engine.definitions.rules.library import Library, Process
from engine.definitions.rules.tokens import LIMIT
from engine.spiff import expressions
from engine.spiff.expressions import ExpressionRefused


def tokens_meet_as_they_parted(library: Library) -> Iterator[Finding]:
    """Branches that began together are joined by the gateway that fits, and never by chance."""
    for scope, played in library.played.items():
        for node in sorted(played.crowded):
            instead = "join the branches with a parallel or inclusive gateway before it"
            zh = "两个并行的分支会先后到达这里，后续步骤将执行两次；请先用并行或包容网关汇合"
            yield fault(node, "two branches come here one after the other: what follows is done twice", instead, zh)
        for node in sorted(played.stuck - played.crowded):
            instead = "an exclusive gateway where one of several ways comes; a parallel one where all of them come"
            zh = "这里会永远等待一个不会到达的分支；一条路径用排他网关合并，全部路径用并行网关汇合"
            yield fault(node, "waits for ever for a branch that does not come", instead, zh)
        if not played.complete:
            reason = f"has more than {LIMIT} ways through its branches"
            yield fault(id_of(scope.node), reason, "fewer branches at once", "并行分支的组合过多；请减少同时的分支")


def branches_of_a_part_are_joined(library: Library) -> Iterator[Finding]:
    """A sub-process or called process answers when its last branch ends; what the others wrote would be lost."""
    called = {call.get("calledElement") for process in library.processes for call in process.all("callActivity")}
    for process in library.processes:
        for scope in process.scopes:
            if scope is not process.scopes[0] or process.id in called:
                for node in sorted(library.played[scope].early_ends):
                    reason = "ends while another branch of this part is still going on, and its data is lost"
                    instead = "join the branches with a parallel or inclusive gateway before one end"
                    zh = "被调用的流程或子流程中，该分支可能先于其他分支结束，其数据会丢失；请先汇合再结束"
                    yield fault(node, reason, instead, zh)


@dataclass(frozen=True)
class _Use:
    """The process data that an element reads in expressions and sets, and the messages that it waits for."""

    reads: frozenset[str]
    writes: frozenset[str]
    messages: frozenset[str]


def branches_share_no_data(library: Library) -> Iterator[Finding]:
    """A branch has its own copy of the data until the join: what two branches write and somebody reads is luck."""
    for process in library.processes:
        for scope in process.scopes:
            pairs = _together(library, scope)
            uses = {each: _use(library, process, scope, each) for pair in pairs for each in pair}
            read = _read_anywhere(process) if pairs else frozenset()
            for one, other in pairs:
                merged = read if _meet(scope, one, other) else frozenset()
                for writer, beside in ((one, other), (other, one)):
                    yield from _races(writer, beside, uses[writer].writes & uses[beside].reads, "reads", "正在读取")
                    yield from _races(
                        writer, beside, uses[writer].writes & uses[beside].writes & merged, "sets", "也在写入"
                    )


def _together(library: Library, scope: Scope) -> list[tuple[str, str]]:
    return sorted(tuple(sorted(pair)) for pair in library.played[scope].together if len(pair) == 2)  # type: ignore[misc] # two


def _meet(scope: Scope, one: str, other: str) -> bool:
    """Whether the branches of two elements come to the same join, where their data are brought together."""
    behind = reachable(scope.next, [one]) & reachable(scope.next, [other])
    return any(scope.kind(each) in {"parallelGateway", "inclusiveGateway"} for each in behind)


def _races(writer: str, other: str, names: frozenset[str], does: str, zh: str) -> Iterator[Finding]:
    for name in sorted(names):
        reason = f"sets {name} while {other} in another branch {does} it"
        instead = "a name of its own in each branch, or one step after the other"
        yield fault(writer, reason, instead, f"写入 {name} 时，另一分支的 {other} {zh}；请在各分支使用不同的名称")


def messages_have_one_receiver(library: Library) -> Iterator[Finding]:
    """A message wakes whatever waits for it in its instance; two at once would both go on."""
    for process in library.processes:
        for scope in process.scopes:
            for one, other in _together(library, scope):
                both = (_use(library, process, scope, each).messages for each in (one, other))
                yield from _twice(one, other, frozenset.intersection(*both))
            for host in (each for each in scope.of("callActivity", "subProcess") if scope.boundaries[each]):
                outside = _awaited(scope, host, scope.boundaries[host])
                inside = _inside(library, process, scope.nodes[host]).messages if outside else outside
                yield from _twice(host, "an element inside it", inside & outside)


def _twice(one: str, other: str, messages: frozenset[str]) -> Iterator[Finding]:
    for message in sorted(messages):
        reason = f"waits for {message} at the same time as {other}"
        zh = f"与 {other} 同时等待消息 {message}，两者都会被唤醒；请使用不同的消息"
        yield fault(one, reason, "a message of its own for each", zh)


def _use(library: Library, process: Process, scope: Scope, node_id: str) -> _Use:
    node = scope.nodes[node_id]
    inside = _inside(library, process, node)
    conditions = [flow.condition or "" for flow in scope.outgoing[node_id]]
    texts = [text for owner, text in expressions_of(process) if owner == node_id or owner in scope.boundaries[node_id]]
    reads = frozenset(name for text in (*conditions, *texts) for name in names_in(text))
    return _Use(
        reads | inside.reads | _given(library, node) | _list_of(node),
        library.writes(node) | inside.writes | _results_of(node),
        _awaited(scope, node_id, scope.boundaries[node_id]) | inside.messages,
    )


def _inside(library: Library, process: Process, node: Any) -> _Use:
    """What happens inside a sub-process; of a call only the messages, since its data is its own."""
    nothing: frozenset[str] = frozenset()
    if local(node) == "callActivity":
        called = library.by_id.get(node.get("calledElement"))
        parts = library.closure(called) if called is not None else []
        return _Use(nothing, nothing, nothing.union(*(_awaited_in(scope) for part in parts for scope in part.scopes)))
    inner = next((each for each in process.scopes if each.node is node), None)
    if inner is None:
        return _Use(nothing, nothing, nothing)
    uses = [_use(library, process, inner, each) for each in inner.nodes]
    return _Use(
        nothing.union(*(each.reads for each in uses)),
        nothing.union(*(each.writes for each in uses)),
        nothing.union(*(each.messages for each in uses)),
    )


def _awaited(scope: Scope, node_id: str, events: list[str]) -> frozenset[str]:
    """Names of the messages that a catching event waits for, or the events on an activity."""
    waiting = [*events, *([node_id] if scope.kind(node_id) == "intermediateCatchEvent" else [])]
    return frozenset(name for each in waiting for name in _message_names(scope.nodes[each]))


def _awaited_in(scope: Scope) -> frozenset[str]:
    return frozenset().union(*(_message_names(node) for node in scope.nodes.values()))


def _message_names(node: Any) -> frozenset[str]:
    names: Mapping[str, str] = {
        each.get("id"): each.get("name") or "" for each in elements(node.getroottree().getroot(), "message")
    }
    own = (child for child in node if local(child) == "messageEventDefinition")
    return frozenset(names[each.get("messageRef")] for each in own if each.get("messageRef") in names)


def _given(library: Library, node: Any) -> frozenset[str]:
    """The names that go into a call."""
    called = library.by_id.get(node.get("calledElement")) if local(node) == "callActivity" else None
    return called.ports("dataInput") if called is not None else frozenset()


def _list_of(node: Any) -> frozenset[str]:
    return frozenset((each.text or "").strip() for each in elements(node, "loopDataInputRef"))


def _results_of(node: Any) -> frozenset[str]:
    return frozenset((each.text or "").strip() for each in elements(node, "loopDataOutputRef"))


def _read_anywhere(process: Process) -> frozenset[str]:
    """The names that decide something: read by an expression, or part of the answer."""
    conditions = [flow.condition or "" for scope in process.scopes for flow in scope.flows]
    texts = [*conditions, *(text for _, text in expressions_of(process))]
    lists = frozenset(name for node in process.all("callActivity") for name in _list_of(node))
    return frozenset(name for text in texts for name in names_in(text)) | process.ports("dataOutput") | lists


def names_in(expression: str) -> frozenset[str]:
    """The names that an expression reads; none when it cannot be read."""
    try:
        tree = expressions.parse(expression)
    except ExpressionRefused:
        return frozenset()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called)
