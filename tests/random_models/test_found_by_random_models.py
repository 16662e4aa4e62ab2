"""What random models found, each as the smallest model that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.rules import validate
from engine.spiff.compiler import Compiled, compile_bundle
from engine.spiff.instance import Instance
from tests.random_models.host import Host
from tests.unit.engine.definitions.drawing import AID, KNOWN, files, flow, person, ports, service, timer, way

TERMINATE = "<terminateEventDefinition />"


def compiled(body: str, aid: str = AID) -> Compiled:
    given = files(body, aid)
    validate(given, KNOWN)
    return compile_bundle(next(bundle for bundle in bundles_of(given) if bundle.key == "small"))


def started(model: Compiled) -> Instance:
    instance = Instance.start(model, Host(), {})
    instance.run()
    return instance


def complete(instance: Instance, element: str, **data: Any) -> None:
    task = next(task for task in instance.ready() if task.element == element)
    instance.complete(task.task_id, data)
    instance.run()
    assert instance.thrown() == []


def ready(instance: Instance) -> list[str]:
    return sorted(task.element for task in instance.ready())


FORK = (
    '<startEvent id="start" />'
    + service("before", result="x")
    + '<parallelGateway id="fork" />'
    + person("a")
    + person("b")
    + person("c")
    + '<parallelGateway id="join" />'
    + person("after")
    + '<endEvent id="end" />'
    + way("start", "before", "fork", "a", "join", "after", "end")
    + way("fork", "b", "join")
    + way("fork", "c", "join")
)


@pytest.mark.parametrize("cold", [False, True])
@pytest.mark.parametrize("order", ["abc", "cba", "bac"])
def test_what_a_branch_writes_over_an_old_value_survives_the_join(order: str, cold: bool) -> None:
    """The copy of the branch that came last, with its old value, won."""
    model = compiled(FORK)
    instance = started(model)
    assert instance.ready()[0].data == {"x": "before"}
    for element in order:
        complete(instance, element, **({"x": "new"} if element == "b" else {element: 1}))
        if cold:
            instance = Instance.load(compiled(FORK), Host(), instance.dump())
    assert ready(instance) == ["after"]
    assert instance.ready()[0].data == {"x": "new", "a": 1, "c": 1}


INCLUSIVE = (
    '<startEvent id="start" /><inclusiveGateway id="fork" default="fork-other" />'
    + person("a")
    + service("other")
    + '<inclusiveGateway id="join" />'
    + person("after")
    + '<endEvent id="end" />'
    + way("start", "fork")
    + flow("fork", "a", "1")
    + flow("fork", "slow", "1")
    + flow("fork", "other")
    + way("a", "join", "after", "end")
    + way("other", "join")
)
CALL = '<callActivity id="slow" calledElement="aid" />' + way("slow", "join")
CHOICE = (
    '<exclusiveGateway id="slow" default="slow-q" />'
    + person("p")
    + person("q")
    + '<exclusiveGateway id="merge" />'
    + flow("slow", "p", "0")
    + way("slow", "q", "merge", "join")
    + way("p", "merge")
)


@pytest.mark.parametrize(("slow", "element"), [(CALL, "advise"), (CHOICE, "q")])
def test_an_inclusive_join_waits_for_calls_and_for_every_way_back(slow: str, element: str) -> None:
    """It fired while `slow` was going on, and fired again when that was done."""
    model = compiled(INCLUSIVE + slow)
    instance = started(model)
    complete(instance, "a")
    assert ready(instance) == [element]
    instance = Instance.load(model, Host(), instance.dump())
    complete(instance, element, outcome="settled")
    assert ready(instance) == ["after"]


def _terminated(start: str, person_id: str, other: str) -> str:
    """Two people at once; who is done first ends it all."""
    return (
        f'<startEvent id="{start}" /><parallelGateway id="{start}_fork" />'
        + person(person_id)
        + person(other)
        + f'<endEvent id="{start}_stop">{TERMINATE}</endEvent><endEvent id="{start}_end">{TERMINATE}</endEvent>'
        + way(start, f"{start}_fork", person_id, f"{start}_stop")
        + way(f"{start}_fork", other, f"{start}_end")
    )


def test_a_terminating_end_is_no_uncaught_event() -> None:
    """Each step that came to one failed: the library throws it like a message that nobody waits for."""
    instance = started(compiled(_terminated("start", "a", "b")))
    complete(instance, "a")
    assert instance.ended
    assert instance.end_elements() == ["start_stop"]
    assert (instance.ready(), instance.timers()) == ([], [])


def test_a_terminating_end_ends_its_own_process_only() -> None:
    body = (
        '<startEvent id="start" /><callActivity id="help" calledElement="aid" />'
        + person("after")
        + '<endEvent id="end" />'
        + way("start", "help", "after", "end")
    )
    instance = started(compiled(body, ports() + _terminated("aid_start", "p", "q")))
    complete(instance, "p", outcome="settled")
    assert ready(instance) == ["after"]
    assert instance.ready()[0].data["outcome"] == "settled"


GO = '<boundaryEvent id="stop" attachedToRef="help"><messageEventDefinition messageRef="go" /></boundaryEvent>'
INTERRUPTED = (
    '<startEvent id="start" />{help}' + GO + '<exclusiveGateway id="met" />' + person("after") + '<endEvent id="end" />'
)
INTERRUPTED += way("start", "help", "met", "after", "end") + way("stop", "met")
WAITING = person("advise") + timer("advise_grace", "advise", "grace_at()") + '<endEvent id="late" />'
AIDED = (
    ports()
    + '<startEvent id="aid_start" />'
    + service("answer", result="outcome")
    + WAITING
    + '<endEvent id="aid_end" />'
    + way("aid_start", "answer", "advise", "aid_end")
    + way("advise_grace", "late")
)
NESTED = (
    '<subProcess id="help"><startEvent id="in_start" /><callActivity id="inner" calledElement="aid" />'
    '<endEvent id="in_end" />' + way("in_start", "inner", "in_end") + "</subProcess>"
)
TWICE = (
    '<callActivity id="help" calledElement="aid"><multiInstanceLoopCharacteristics isSequential="{0}">'
    "<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></callActivity>"
)


@pytest.mark.parametrize("helping", [NESTED, TWICE.format("false"), TWICE.format("true")])
def test_interrupting_takes_everything_away_that_was_going_on_inside(helping: str) -> None:
    """A call in a part made the step fail; the instances of a multi-instance went on, with their timers."""
    given = files(INTERRUPTED.format(help=helping), AIDED, '<message id="go" name="go" />')
    validate(given, KNOWN)
    instance = started(compile_bundle(next(bundle for bundle in bundles_of(given) if bundle.key == "small")))
    assert [timer.element for timer in instance.timers()][:1] == ["advise_grace"]
    assert instance.deliver("go", {})
    instance.run()
    assert (ready(instance), instance.timers(), instance.messages()) == (["after"], [], set())
    assert Instance.load(instance._compiled, Host(), instance.dump()).task_count() == instance.task_count()


def test_a_loop_beside_another_branch_does_not_grow() -> None:
    """Only the trunk was pruned: each turn stayed in the state until the branches met."""
    body = (
        '<startEvent id="start" /><parallelGateway id="fork" /><intermediateCatchEvent id="slow">'
        "<timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition></intermediateCatchEvent>"
        '<exclusiveGateway id="again" />'
        + person("act")
        + '<exclusiveGateway id="gate" default="gate-join" /><parallelGateway id="join" /><endEvent id="end" />'
        + way("start", "fork", "slow", "join", "end")
        + way("fork", "again", "act", "gate", "join")
        + flow("gate", "again", 'outcome == "again"')
    )
    instance = started(compiled(body))
    complete(instance, "act", outcome="again")
    size = instance.task_count()
    for _ in range(10):
        complete(instance, "act", outcome="again")
    assert instance.task_count() == size


def test_a_terminating_end_stops_what_was_about_to_run_in_the_same_step() -> None:
    """The other branch was already on the list of what to run next: it armed a timer after the end."""
    body = (
        '<startEvent id="start" /><parallelGateway id="fork" />'
        f'<endEvent id="stop">{TERMINATE}</endEvent><parallelGateway id="second" />'
        + person("act")
        + timer("act_grace", "act", "grace_at()")
        + service("closed")
        + '<parallelGateway id="join" /><endEvent id="end" /><exclusiveGateway id="met" />'
        + way("start", "fork", "stop")
        + way("fork", "second", "act", "met", "join", "end")
        + way("second", "closed", "join")
        + way("act_grace", "met")
    )
    instance = started(compiled(body))
    assert instance.ended
    assert (instance.ready(), instance.timers()) == ([], [])
