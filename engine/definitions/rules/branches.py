"""What goes on at the same time must meet again, and must not get into each other's way (see `tokens`)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

from engine.definitions.reading import BPMN, Finding, elements, fault, id_of, local
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
            zh = "这里会永远等待一个不会到达的分支；其中一条会到达时请用排他网关合并，全部会到达时请用并行网关汇合"
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


def branches_share_no_data(library: Library) -> Iterator[Finding]:
    """A branch has its own copy of the data until the join: what two branches write and somebody reads is luck."""
    for process in library.processes:
        uses = Uses(library, process)
        for scope in process.scopes:
            for one, other in _together(library, scope):
                merged = uses.read_anywhere if _meet(scope, one, other) else _NOTHING
                for writer, beside in ((one, other), (other, one)):
                    writes, use = uses.of(scope, writer).writes, uses.of(scope, beside)
                    yield from _races(writer, beside, writes & use.reads, "reads", "正在读取")
                    yield from _races(writer, beside, writes & use.writes & merged, "sets", "也在写入")


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


def side_branches_set_nothing_that_is_read(library: Library) -> Iterator[Finding]:
    """What an operation beside the main way sets stays on its branch, which ends there."""
    for process in library.processes:
        uses = Uses(library, process)
        for scope in process.scopes:
            for node in (each for each in scope.of("serviceTask") if each in scope.beside):
                for name in sorted(uses.of(scope, node).writes & uses.read_anywhere):
                    reason = f"sets {name} beside the main way, where nobody else sees it"
                    instead = "a fact that the operation writes and a function reads; `done` as the result variable"
                    zh = f"在非中断分支上写入 {name}，主路径读不到；请由操作写入事实表，结果变量用 done"
                    yield fault(node, reason, instead, zh)


def messages_have_one_receiver(library: Library) -> Iterator[Finding]:
    """A message wakes whatever waits for it in its instance; two at once would both go on."""
    for process in library.processes:
        uses = Uses(library, process)
        for scope in process.scopes:
            for one, other in _together(library, scope):
                yield from _twice(one, other, uses.of(scope, one).messages & uses.of(scope, other).messages)
            for host in (each for each in scope.of("callActivity", "subProcess") if scope.boundaries[each]):
                outside = uses.awaited(scope.boundaries[host], scope)
                inside = uses.inside(scope.nodes[host]).messages if outside else outside
                yield from _twice(host, "an element inside it", inside & outside, "其内部元素")


def _twice(one: str, other: str, messages: frozenset[str], other_zh: str = "") -> Iterator[Finding]:
    for message in sorted(messages):
        reason = f"waits for {message} at the same time as {other}"
        zh = f"与 {other_zh or other} 同时等待消息 {message}，两者都会被唤醒；请使用不同的消息"
        yield fault(one, reason, "a message of its own for each", zh)


_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Use:
    """The process data that an element reads in expressions and sets, and the messages that it waits for."""

    reads: frozenset[str] = _NOTHING
    writes: frozenset[str] = _NOTHING
    messages: frozenset[str] = _NOTHING


class Uses:
    """What the elements of one process use, asked for once each."""

    def __init__(self, library: Library, process: Process) -> None:
        self._library = library
        self._process = process
        self._known: dict[tuple[Scope, str], _Use] = {}

    def of(self, scope: Scope, node_id: str) -> _Use:
        """What an element uses, with its boundary events and what lies inside it."""
        if (scope, node_id) not in self._known:
            self._known[scope, node_id] = self._looked_up(scope, node_id)
        return self._known[scope, node_id]

    def reads(self, scope: Scope, node_id: str) -> frozenset[str]:
        """The names that an element itself reads, or an event on it."""
        node = scope.nodes[node_id]
        texts = [text for each in (node_id, *scope.boundaries[node_id]) for text in self._texts.get(each, ())]
        texts += [flow.condition or "" for flow in scope.outgoing[node_id]]
        return (_names_in_all(texts) - self._answers(node)) | self._given(node) | _references(node, "loopDataInputRef")

    def _looked_up(self, scope: Scope, node_id: str) -> _Use:
        node, inside = scope.nodes[node_id], self.inside(scope.nodes[node_id])
        catching = [node_id] if scope.kind(node_id) == "intermediateCatchEvent" else []
        return _Use(
            self.reads(scope, node_id) | inside.reads,
            self._library.writes(node) | inside.writes,
            self.awaited([*catching, *scope.boundaries[node_id]], scope) | inside.messages,
        )

    def inside(self, node: Any) -> _Use:
        """What happens inside a sub-process; of a call only the messages, since its data is its own."""
        if local(node) == "callActivity":
            called = self._library.by_id.get(node.get("calledElement"))
            parts = self._library.closure(called) if called is not None else []
            scopes = [scope for part in parts for scope in part.scopes]
            return _Use(messages=_NOTHING.union(*(self.awaited(scope.nodes, scope) for scope in scopes)))
        inner = next((each for each in self._process.scopes if each.node is node), None)
        uses = [self.of(inner, each) for each in inner.nodes] if inner is not None else []
        return _Use(*(_NOTHING.union(*part) for part in zip(*map(astuple, uses), strict=True)))

    def awaited(self, nodes: Iterable[str], scope: Scope) -> frozenset[str]:
        """Names of the messages that these events wait for."""
        return _NOTHING.union(*(_message_names(scope.nodes[each]) for each in nodes))

    def _given(self, node: Any) -> frozenset[str]:
        """The names that go into a call, but for the item that a multi-instance makes itself."""
        called = self._called(node)
        return called.ports("dataInput") - _item(node) if called is not None else _NOTHING

    def _answers(self, node: Any) -> frozenset[str]:
        """What the completion condition of a multi-instance may read beside process data."""
        called = self._called(node)
        return called.ports("dataOutput") | _item(node) if called is not None else _NOTHING

    def _called(self, node: Any) -> Process | None:
        return self._library.by_id.get(node.get("calledElement")) if local(node) == "callActivity" else None

    @cached_property
    def _texts(self) -> Mapping[str, list[str]]:
        """Element → its expressions, without the conditions of flows."""
        found: dict[str, list[str]] = {}
        for element, text in expressions_of(self._process):
            found.setdefault(element, []).append(text)
        return found

    @cached_property
    def read_anywhere(self) -> frozenset[str]:
        """The names that decide something: read by an expression, the list of a multi-instance, part of the answer."""
        conditions = [flow.condition or "" for scope in self._process.scopes for flow in scope.flows]
        texts = [*conditions, *(text for each in self._texts.values() for text in each)]
        lists = (_references(node, "loopDataInputRef") for node in self._process.all("callActivity"))
        return _names_in_all(texts).union(self._process.ports("dataOutput"), *lists)


def _message_names(node: Any) -> frozenset[str]:
    wanted = {child.get("messageRef") for child in node if local(child) == "messageEventDefinition"}
    if not wanted:
        return _NOTHING
    messages = elements(node.getroottree().getroot(), "message")
    return frozenset(each.get("name") or "" for each in messages if each.get("id") in wanted)


def _references(node: Any, tag: str) -> frozenset[str]:
    loop = node.find(f"./{{{BPMN}}}multiInstanceLoopCharacteristics")
    text = "" if loop is None else (loop.findtext(f"./{{{BPMN}}}{tag}") or "").strip()
    return frozenset({text} if text else ())


def _item(node: Any) -> frozenset[str]:
    return frozenset(each.get("id", "") for each in elements(node, "inputDataItem"))


def _names_in_all(texts: Iterable[str]) -> frozenset[str]:
    return _NOTHING.union(*(names_in(text) for text in texts))


def names_in(expression: str) -> frozenset[str]:
    """The names that an expression reads; none when it cannot be read."""
    try:
        tree = expressions.parse(expression)
    except ExpressionRefused:
        return frozenset()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called)
