"""How tokens may travel: merges before loops, no way straight back, short branches, an end that can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.reading import BPMN, fault, local
from engine.definitions.rules.model import Model

_MANY = f"{{{BPMN}}}multiInstanceLoopCharacteristics"


def gateways_have_defaults(model: Model) -> Iterator[dict[str, str]]:
    """A gateway that decides has a default; each other way has a condition."""
    for name, node in model.of("exclusiveGateway", "inclusiveGateway"):
        ways = [flow for flow in model.flows if flow.get("sourceRef") == name]
        if len(ways) < 2:
            continue
        default = node.get("default")
        if default not in {way.get("id") for way in ways}:
            yield fault(name, "has no default flow", "mark one way as default, so that no token is ever stuck")
        for way in ways:
            if way.get("id") != default and not model.condition(way):
                yield fault(way.get("id"), "has no condition", "a condition, or make it the default")


def loops_enter_through_merges(model: Model) -> Iterator[dict[str, str]]:
    """Where several ways meet there is an exclusive gateway; a join counts, a task would run twice."""
    for name, sources in model.before.items():
        node = model.nodes.get(name)
        if node is None or len(sources) < 2 or local(node) == "exclusiveGateway":
            continue
        if local(node) in {"parallelGateway", "inclusiveGateway"} and name not in model.reach(name):
            continue
        yield fault(name, "several flows meet here", "merge them in an exclusive gateway first")


def no_joins_in_loops(model: Model) -> Iterator[dict[str, str]]:
    """A join on a cycle counts the tokens of the turn before; several instances cannot be run twice."""
    for name, node in model.nodes.items():
        counts = local(node) in {"parallelGateway", "inclusiveGateway"} or node.find(_MANY) is not None
        if counts and name in model.reach(name):
            yield fault(name, "stands on a loop", "put it into a called process, which is new at each turn")


def no_way_straight_back(model: Model) -> Iterator[dict[str, str]]:
    """An interrupting event that leads straight to its own activity leaves two tokens."""
    for event, host in model.attached.items():
        if host in model.after.get(event, []):
            yield fault(event, "leads straight back to its own activity", "an exclusive merge gateway in between")


def side_branches_only_serve(model: Model) -> Iterator[dict[str, str]]:
    """What a non-interrupting event starts ends by itself: people would hold the whole instance."""
    for event in model.attached:
        if model.nodes[event].get("cancelActivity") != "false":
            continue
        branch = model.reach(event)
        for name in sorted(branch):
            if local(model.nodes[name]) not in {"serviceTask", "endEvent", "exclusiveGateway"}:
                instead = "service tasks and an end; who must act gets an instance of their own"
                yield fault(name, f"hangs on the non-interrupting {event}", instead)
            elif set(model.before.get(name, [])) - branch - {event}:
                yield fault(name, f"the branch of {event} joins the main flow here", "an end event of its own")


def ends_can_be_reached(model: Model) -> Iterator[dict[str, str]]:
    """From the start to every node, from every node to an end."""
    starts = [name for name, _ in model.of("startEvent")]
    reached = set(starts).union(*(model.reach(start) for start in starts)) if starts else set()
    ends = {name for name, _ in model.of("endEvent")}
    for name in model.nodes:
        if name not in reached:
            yield fault(name, "cannot be reached from the start", "draw a flow to it, or remove it")
        if name not in ends and not model.reach(name) & ends:
            yield fault(name, "never comes to an end", "draw a way to an end event")


RULES = (
    gateways_have_defaults,
    loops_enter_through_merges,
    no_joins_in_loops,
    no_way_straight_back,
    side_branches_only_serve,
    ends_can_be_reached,
)
