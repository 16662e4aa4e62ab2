"""The token game: every way through a scope is played at deployment, so that nothing hangs or happens twice.

A marking is the set of sequence flows that hold a token. Elements with one way in and one way out are passed at once,
which keeps the number of markings small; every gateway, every end and every interrupting event is a move. What can
happen is what BPMN 2.0 says (sections 10.6 and 13.3); an inclusive join waits for each token that can still come to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations

from engine.definitions.reading import BPMN
from engine.definitions.rules.graph import GATEWAYS, Flow, Scope, reachable

LIMIT = 20_000
"""Markings of one scope; eleven branches at once, each with a choice, are about as many."""

Marking = frozenset[str]


@dataclass
class Played:
    """What was found: elements where tokens crowd, joins that wait for ever, ends that come before the others."""

    crowded: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    early_ends: set[str] = field(default_factory=set)
    together: set[frozenset[str]] = field(default_factory=set)
    """Pairs of elements in which tokens can be at the same time."""
    complete: bool = True
    """False when there were more than LIMIT markings."""


def play(scope: Scope) -> Played:
    """Every marking that can be reached from the start; empty findings for a scope that is not well drawn."""
    return _Game(scope).played() if _is_well_drawn(scope) else Played()


def _is_well_drawn(scope: Scope) -> bool:
    """Other rules name what is wrong; without these the game has no meaning."""
    joined = all(flow.source in scope.nodes and flow.target in scope.nodes for flow in scope.flows)
    hosted = all(scope.nodes[each].get("attachedToRef") in scope.nodes for each in scope.of("boundaryEvent"))
    turning = any(each in scope.on_cycle for each in scope.of("parallelGateway", "inclusiveGateway"))
    return joined and hosted and not turning and len(scope.of("startEvent")) == 1


class _Game:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._flows: Mapping[str, Flow] = {flow.id: flow for flow in scope.flows}
        self._found = Played()

    def played(self) -> Played:
        start = frozenset(self._landings(self._scope.outgoing[self._scope.of("startEvent")[0]]))
        seen, waiting = {start}, [start]
        while waiting:
            marking = waiting.pop()
            self._note_neighbours(marking)
            following = list(self._moves(marking))
            if marking and not following:
                self._found.stuck |= {self._flows[each].target for each in marking}
            for each in following:
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
            if len(seen) > LIMIT:
                self._found.complete = False
                break
        return self._found

    def _landings(self, flows: list[Flow]) -> list[str]:
        return [self._landing[flow.id] for flow in flows]

    @cached_property
    def _landing(self) -> Mapping[str, str]:
        """Flow → the flow on which a token on it waits for the next move."""
        return {flow.id: self._passing(flow)[-1].id for flow in self._scope.flows}

    def _passing(self, flow: Flow) -> list[Flow]:
        """The flow, and those behind the plain elements that follow."""
        passed = [flow]
        while self._is_plain(passed[-1].target) and len(passed) <= len(self._scope.flows):
            passed.append(self._scope.outgoing[passed[-1].target][0])
        return passed

    def _is_plain(self, node: str) -> bool:
        scope = self._scope
        one_way = len(scope.incoming[node]) == 1 and len(scope.outgoing[node]) == 1
        return one_way and not self._interrupting(node)

    def _interrupting(self, node: str) -> list[str]:
        return [e for e in self._scope.boundaries[node] if self._scope.nodes[e].get("cancelActivity") != "false"]

    # -- moves

    def _moves(self, marking: Marking) -> Iterator[Marking]:
        for node in {self._flows[each].target for each in marking}:
            for taken in self._takes(node, marking):
                for given in self._gives(node):
                    yield from self._moved(node, marking - taken, given)

    def _takes(self, node: str, marking: Marking) -> list[Marking]:
        """The sets of tokens that the element can go on with."""
        incoming = frozenset(flow.id for flow in self._scope.incoming[node])
        here = self._waiting_at(node, marking)
        if len(incoming) > 1 and self._scope.kind(node) == "parallelGateway":
            return [here] if len(here) == len(incoming) else []
        if len(incoming) > 1 and self._scope.kind(node) == "inclusiveGateway":
            awaited = self._awaited(node, incoming - here)
            return [] if any(self._flows[each].target in awaited for each in marking - here) else [here]
        return [frozenset({each}) for each in here]

    def _waiting_at(self, node: str, marking: Marking) -> Marking:
        return frozenset(each for each in marking if self._flows[each].target == node)

    def _awaited(self, join: str, empty: Marking) -> frozenset[str]:
        """The elements from which a token can come to the join along one of its empty flows."""
        steps = {node: [e for e in before if e != join] for node, before in self._scope.previous.items()}
        return reachable(steps, {self._flows[each].source for each in empty})

    def _gives(self, node: str) -> Iterator[list[Flow]]:
        """The sets of flows on which the element can put a token."""
        scope, outgoing = self._scope, self._scope.outgoing[node]
        if scope.kind(node) == "inclusiveGateway":
            sizes = range(1, len(outgoing) + 1)
            yield from map(list, chain.from_iterable(combinations(outgoing, size) for size in sizes))
        elif scope.kind(node) == "exclusiveGateway":
            yield from ([flow] for flow in outgoing)
        else:
            yield outgoing
            yield from (scope.outgoing[event] for event in self._interrupting(node))

    def _moved(self, node: str, rest: Marking, given: list[Flow]) -> Iterator[Marking]:
        if self._scope.kind(node) == "endEvent" and rest:
            if self._terminates(node):
                rest = frozenset()
            else:
                self._found.early_ends.add(node)
        landed = self._landings(given)
        crowded = [each for each in landed if each in rest or landed.count(each) > 1]
        if crowded:
            self._found.crowded |= {self._crowd_at(node, each) for each in crowded}
        else:
            yield rest | frozenset(landed)

    def _terminates(self, node: str) -> bool:
        return self._scope.nodes[node].find(f"./{{{BPMN}}}terminateEventDefinition") is not None

    def _crowd_at(self, node: str, landed: str) -> str:
        return node if self._scope.kind(node) in GATEWAYS else self._flows[landed].target

    # -- what is going on at the same time

    def _note_neighbours(self, marking: Marking) -> None:
        for one, other in combinations(marking, 2):
            for left in self._elements_of[one]:
                self._found.together |= {frozenset({left, right}) for right in self._elements_of[other]}

    @cached_property
    def _elements_of(self) -> Mapping[str, set[str]]:
        """Flow on which tokens wait → the elements in which such a token can be meanwhile."""
        found: dict[str, set[str]] = {landed: {self._flows[landed].target} for landed in self._landing.values()}
        for flow in self._scope.flows:
            found[self._landing[flow.id]] |= {each.target for each in self._passing(flow)}
        return found
