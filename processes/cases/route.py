"""The way of a case through its models, for drawing: what was passed, where it stands, what is late there.

Read from the trail, not from the state: finished tokens are pruned, the trail remembers. Between two steps that left
an entry the shortest way through gateways and events is taken; other tasks are never passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from engine.definitions.reading import elements, local, operator_of, read_model
from engine.errors import NotFound
from engine.instances import ProcessInstance
from processes.codes import Disposition

if TYPE_CHECKING:
    from engine.db import Session
    from engine.deadlines.book import Deadline
    from engine.worklist import WorkItem
    from processes.cases.models import Case
    from processes.cases.reading import Moment

CASE, HANDLING = "case", "handling"
MODELS = (CASE, HANDLING)
_HOPS = (
    Disposition.REFER_UP,
    Disposition.ASSIGN,
    Disposition.TRANSFER,
    Disposition.RETURN,
    Disposition.ESCALATE,
)
OPERATION_OF: Mapping[str, str] = {
    "case:case:accept": "op.route",
    "case:case:close": "op.close",
    "case:case:archive": "op.archive",
    "case:case:decline": "op.decline",
    "case:case:merge": "op.merge",
    "case:case:withdraw": "op.withdraw",
    "case:case:rate": "op.take_rating",
    "case:case:unrated": "op.unrated",
    "case:stay:on_spot": "op.settle_on_spot",
    "case:stay:redo": "op.redo",
    "case:stay:failed_check": "op.count_failed",
    "case:stay:reopen": "op.reopen",
    "case:stay:rule": "op.rule",
    "case:stay:move_up": "op.move_up_verify",
    "case:assignment:end": "op.pop_assigner",
    "case:return:ask": "op.count_return",
    "case:return:silent": "op.return_silent",
    "case:check:move_up": "op.move_up_check",
    "case:ruling:move_up": "op.move_up_rule",
    "case:clock:suspend": "op.suspend",
    "case:clock:resume": "op.resume",
    **{f"case:stay:{how.value}": "op.hop" for how in _HOPS},
}
"""Entries of the trail → the operation that wrote them; the model says at which element it stands."""
_MOVES = frozenset(f"case:stay:{how.value}" for how in Disposition) - {"case:stay:on_spot"}


@dataclass(frozen=True)
class Stop:
    """A human step on the way, or an end. `until` None: the case stands there now."""

    element: str
    since: datetime
    until: datetime | None
    is_late: bool
    times: int = 1


@dataclass(frozen=True)
class Route:
    """One model: the ids of all passed elements and flows, and the human steps in order."""

    model: str
    passed: frozenset[str]
    stops: Sequence[Stop]


@dataclass(frozen=True)
class Drawing:
    """What of a model's XML decides the way: nodes, flows, and which boundary event sits on which task."""

    kinds: Mapping[str, str]
    operations: Mapping[str, str]
    flows: Mapping[str, Sequence[tuple[str, str]]]
    """Node → (flow, next node)."""
    called: Mapping[str, str]
    """Call activity → the model that it calls."""
    attached: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def start(self) -> str:
        return next(node for node, kind in self.kinds.items() if kind == "startEvent")

    def next_of(self, node: str) -> Iterator[tuple[str | None, str]]:
        yield from self.flows.get(node, ())
        yield from ((None, event) for event in self.attached.get(node, ()))

    def is_passable(self, node: str) -> bool:
        """Whether a way may lead through it without an entry: gateways, events, and tasks that leave none."""
        kind = self.kinds[node]
        return kind not in {"userTask", "callActivity"} and self.operations.get(node) not in _TELLING

    def way(self, origin: str, target: str) -> list[str]:
        """Nodes and flows between two elements, the target among them; only the target when none is found."""
        seen: dict[str, tuple[str, str | None]] = {}
        waiting = deque([origin])
        while waiting:
            node = waiting.popleft()
            for flow, follower in self.next_of(node):
                if follower in seen:
                    continue
                seen[follower] = (node, flow)
                if follower == target:
                    return list(_back(seen, origin, target))
                if self.is_passable(follower):
                    waiting.append(follower)
        return [target]


_TELLING = frozenset(OPERATION_OF.values()) | {"op.incident"}


def _back(seen: Mapping[str, tuple[str, str | None]], origin: str, target: str) -> Iterator[str]:
    node = target
    while True:
        yield node
        node, flow = seen[node]
        if flow is not None:
            yield flow
        if node == origin:
            return


def xml_of(session: Session, case: Case, model: str) -> bytes:
    """The BPMN of `model` in the version on which the case runs. Raises NotFound."""
    instance = session.get(ProcessInstance, case.instance_id) if case.instance_id is not None else None
    if instance is None or model not in MODELS:
        raise NotFound
    return session.env.catalogue.get(session, instance.definition_id).drawings[model]


@lru_cache(maxsize=32)
def drawing_of(xml: bytes) -> Drawing:
    """Read once for each version of a model."""
    root = read_model(xml)
    process = next(elements(root, "process"))
    nodes = [node for node in process if node.get("id") and local(node) != "sequenceFlow"]
    flows: dict[str, list[tuple[str, str]]] = {}
    for flow in elements(process, "sequenceFlow"):
        flows.setdefault(flow.get("sourceRef"), []).append((flow.get("id"), flow.get("targetRef")))
    attached: dict[str, list[str]] = {}
    for event in elements(process, "boundaryEvent"):
        attached.setdefault(event.get("attachedToRef"), []).append(event.get("id"))
    operators = ((node.get("id"), operator_of(node)) for node in nodes)
    return Drawing(
        kinds={node.get("id"): local(node) for node in nodes},
        operations={node_id: found.get("id") for node_id, found in operators if found is not None},
        flows=flows,
        called={node.get("id"): node.get("calledElement") for node in nodes if local(node) == "callActivity"},
        attached=attached,
    )


@dataclass(frozen=True)
class History:
    """What a case left behind: its trail, all its work items, all its clocks."""

    case: Case
    moments: Sequence[Moment]
    items: Sequence[WorkItem]
    clocks: Sequence[Deadline]
    instance: ProcessInstance


def routes(session: Session, history: History) -> list[Route]:
    """The way through `case`, and through `handling` during the latest stay."""
    drawings = {model: drawing_of(xml_of(session, history.case, model)) for model in MODELS}
    return [_route(model, drawings, history) for model in MODELS]


def _route(model: str, drawings: Mapping[str, Drawing], history: History) -> Route:
    drawing = drawings[model]
    visits = _collapsed(_visits(model, drawings, history))
    nodes = [node for node, _ in visits]
    passed = set(nodes[:1])
    for before, after in pairwise(nodes):
        passed.update(drawing.way(before, after))
    here = {item.element for item in history.items if item.is_open and item.instance_id == history.instance.id}
    here |= {call for call, called in drawing.called.items() if here & set(drawings[called].kinds)}
    if nodes and nodes[-1] in here and nodes.count(nodes[-1]) == 1:
        passed.discard(nodes[-1])  # the case stands there, it was not left yet
    return Route(model, frozenset(passed), _stops(drawing, visits, history, here))


def _collapsed(visits: Iterable[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
    """Several entries at one element in a row are one visit, left at the last of them."""
    return [list(group)[-1] for _, group in groupby(visits, key=itemgetter(0))]


def _visits(model: str, drawings: Mapping[str, Drawing], history: History) -> Iterator[tuple[str, datetime]]:
    """Elements that were reached, in order, each with when it was left."""
    drawing = drawings[model]
    moments = list(_of_latest_stay(history.moments)) if model == HANDLING else history.moments
    if not moments:
        return
    yield drawing.start, moments[0].at
    for moment in moments:
        yield from ((node, moment.at) for node in _reached(drawing, drawings, moment))
    now = max(moments[-1].at, moments[0].at)
    for item in history.items:
        if item.is_open and item.instance_id == history.instance.id:
            yield from ((node, now) for node in _nodes_of(drawing, drawings, item.element))
    end = history.instance.end_element
    if end is not None and end in drawing.kinds:
        yield end, history.instance.ended_at or now


def _of_latest_stay(moments: Sequence[Moment]) -> Iterable[Moment]:
    """From the last move on; the entry of the move itself only begins it."""
    begun = max((index for index, each in enumerate(moments) if each.action in _MOVES), default=0)
    return moments[begun:]


def _reached(drawing: Drawing, drawings: Mapping[str, Drawing], moment: Moment) -> Iterator[str]:
    data: Mapping[str, Any] = moment.data
    if moment.action in {"work:item:complete", "deadline:mark:escalated"}:
        yield from _nodes_of(drawing, drawings, str(data.get("element")))
        if moment.action == "deadline:mark:escalated":
            yield from _escalation(drawing, str(data.get("element")))
    wanted = OPERATION_OF.get(moment.action)
    if moment.action == "case:assignment:end" and data.get("state") == "silent":
        wanted = "op.confirm_silent"
    yield from (node for node, operation in drawing.operations.items() if operation == wanted)


def _nodes_of(drawing: Drawing, drawings: Mapping[str, Drawing], element: str) -> Iterator[str]:
    """The element in this model, or the call in which it happened."""
    if element in drawing.kinds:
        yield element
    yield from (call for call, called in drawing.called.items() if element in drawings[called].kinds)


def _escalation(drawing: Drawing, element: str) -> Iterator[str]:
    """The service task behind the boundary event that ended the step."""
    for event in drawing.attached.get(element, ()):
        for _, node in drawing.flows.get(event, ()):
            if drawing.operations.get(node) == "op.escalate":
                yield node


def _stops(drawing: Drawing, visits: Sequence[tuple[str, datetime]], history: History, here: set[str]) -> list[Stop]:
    shown = {"userTask", "callActivity", "endEvent"}
    stops: list[Stop] = []
    since = visits[0][1] if visits else history.case.reported_at
    for index, (node, at) in enumerate(visits):
        stands = index == len(visits) - 1 and node in here
        if drawing.kinds[node] in shown:
            stop = Stop(node, since, None if stands else at, _is_late(drawing, node, since, history))
            again = bool(stops) and stops[-1].element == node
            stops[-1:] = [_joined(stops[-1], stop)] if again else [*stops[-1:], stop]
        since = at
    return stops


def _joined(before: Stop, after: Stop) -> Stop:
    """Several turns of the same step, one after the other."""
    late = before.is_late or after.is_late
    return Stop(before.element, before.since, after.until, late, before.times + 1)


def _is_late(drawing: Drawing, node: str, since: datetime, history: History) -> bool:
    """Whether a clock of the step ran out; of a call, the clock of the whole case."""
    element = "overall" if node in drawing.called else node
    return any(
        clock.overdue_at is not None
        for clock in history.clocks
        if clock.element == element and (clock.started_at >= since or clock.closed_at is None)
    )
