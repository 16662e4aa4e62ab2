"""What is read is set by then: the outputs at every end, and every name that an expression reads.

A process that declares its inputs can be checked as a whole. One that does not gets from its starter what nobody can
see here; of such a process only the outputs are checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.definitions.reading import Finding, fault
from engine.definitions.rules.branches import Uses
from engine.definitions.rules.graph import Scope
from engine.definitions.rules.library import Library, Process


def names_are_set_before_they_are_read(library: Library) -> Iterator[Finding]:
    """An expression that reads a name which is not there fails in the step that comes to it."""
    for process in library.processes:
        if process.ports("dataInput") and library.names(process) is not None:
            uses = Uses(library, process)
            yield from _unset(library, process, process.scopes[0], process.ports("dataInput"), uses)


def _unset(library: Library, process: Process, scope: Scope, entering: frozenset[str], uses: Uses) -> Iterator[Finding]:
    set_by_then = assigned(library, process, scope, entering)
    known = library.known.names
    for node_id in (each for each in scope.nodes if each not in scope.beside):
        for name in sorted(uses.reads(scope, node_id) - set_by_then[node_id] - known):
            reason = f"reads {name}, which is not set on every way to it"
            instead = f"a form or an operation that sets {name} on each way, or {name} as a data input"
            yield fault(
                node_id, reason, instead, f"读取 {name}，但某条路径上尚未写入；请在各路径上先写入，或声明为输入"
            )
        if scope.kind(node_id) == "subProcess":
            inner = next(each for each in process.scopes if each.node is scope.nodes[node_id])
            yield from _unset(library, process, inner, set_by_then[node_id], uses)


def outputs_are_set_on_every_way(library: Library) -> Iterator[Finding]:
    """An output that is missing on one way to an end fails in the step that comes there."""
    for process in library.processes:
        wanted = process.ports("dataOutput")
        scope = process.scopes[0]
        if wanted and library.names(process) is not None:
            entering = assigned(library, process, scope, process.ports("dataInput"))
            for end in (each for each in scope.of("endEvent") if each not in scope.beside):
                for name in sorted(wanted - entering[end]):
                    reason = f"the output {name} is not set on every way to this end"
                    instead = f"a form or an operation that sets {name} on each way"
                    yield fault(end, reason, instead, f"到达该结束事件的某条路径未设置输出 {name}；请在每条路径上写入")


def assigned(
    library: Library, process: Process, scope: Scope, entering: frozenset[str]
) -> Mapping[str, frozenset[str]]:
    """Node id → the process data that is set for certain when a token comes to it."""
    universe = (library.names(process) or frozenset()) | entering
    found = dict.fromkeys(scope.nodes, universe)
    found |= dict.fromkeys(scope.of("startEvent"), entering)
    waiting = list(scope.nodes)
    while waiting:
        node = waiting.pop()
        if scope.kind(node) == "startEvent" or not scope.previous[node]:
            ways = []
        else:
            ways = [_leaving(library, process, scope, each, node, found[each]) for each in scope.previous[node]]
        joins = frozenset.union if scope.kind(node) == "parallelGateway" else frozenset.intersection
        now = joins(*ways) if ways else found[node]
        if now != found[node]:
            found[node] = now
            waiting += scope.next[node]
    return found


def _leaving(
    library: Library, process: Process, scope: Scope, node: str, target: str, entering: frozenset[str]
) -> frozenset[str]:
    """What is set after `node` on the way to `target`; an event on an activity leaves before the activity is done."""
    if target in scope.boundaries[node]:
        return entering
    if scope.kind(node) == "subProcess":
        inner = next(each for each in process.scopes if each.node is scope.nodes[node])
        ends = [each for each in inner.of("endEvent") if each not in inner.beside]
        at_ends = assigned(library, process, inner, entering)
        return frozenset.intersection(*(at_ends[each] for each in ends)) if ends else entering
    return entering | library.writes(scope.nodes[node])
