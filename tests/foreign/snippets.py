"""Pieces of XML from which the constructs are made: the small valid model with one thing in it changed."""

from __future__ import annotations

from tests.unit.engine.definitions.drawing import SMALL, flow, person, service, way

CLOSED = service("closed")
GRACE = "<timerEventDefinition><timeDate>grace_at()</timeDate></timerEventDefinition>"
HELP = '<callActivity id="help" calledElement="aid" />'
START, END = '<startEvent id="start" />', '<endEvent id="finished" />'


def changed(old: str, new: str, body: str = SMALL) -> str:
    """Raises AssertionError when there is nothing to change."""
    assert old in body, old
    return body.replace(old, new)


def instead_of_the_operation(xml: str) -> str:
    """An element with the id `closed`."""
    return changed(CLOSED, xml)


def inside_the_operation(xml: str) -> str:
    return changed(CLOSED, CLOSED.replace("</serviceTask>", f"{xml}</serviceTask>"))


def instead_of_the_person(xml: str) -> str:
    """An element with the id `act`."""
    return changed(person("act"), xml)


def instead_of_the_call(xml: str) -> str:
    """An element with the id `help`."""
    return changed(HELP, xml)


def on_the_boundary(definition: str) -> str:
    """In place of the interrupting timer `act_grace` on the person."""
    return changed(GRACE, definition)


def catching(definition: str) -> str:
    return instead_of_the_operation(f'<intermediateCatchEvent id="closed">{definition}</intermediateCatchEvent>')


def throwing(definition: str) -> str:
    return instead_of_the_operation(f'<intermediateThrowEvent id="closed">{definition}</intermediateThrowEvent>')


def starting(definition: str) -> str:
    return changed(START, f'<startEvent id="start">{definition}</startEvent>')


def ending(definition: str) -> str:
    return changed(END, f'<endEvent id="finished">{definition}</endEvent>')


def multiple(inner: str, sequential: str = "false") -> str:
    loop = f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{inner}</multiInstanceLoopCharacteristics>'
    return instead_of_the_call(f'<callActivity id="help" calledElement="aid">{loop}</callActivity>')


def part(inner: str, attributes: str = "") -> str:
    """A sub-process in place of the operation."""
    return instead_of_the_operation(
        f'<subProcess id="closed"{attributes}><startEvent id="in_start" />{inner}<endEvent id="in_end" /></subProcess>'
    )


def between(
    kind: str, join: str, one: str, other: str, conditions: tuple[str | None, str | None] = (None, None)
) -> str:
    """Two branches between `fork` and `join`, after the operation."""
    default = "" if kind == "parallelGateway" else ' default="fork-two"'
    return changed(
        flow("closed", "help"),
        f'<{kind} id="fork"{default} /><{join} id="join" />{one}{other}'
        + way("closed", "fork")
        + flow("fork", "one", conditions[0])
        + flow("fork", "two", conditions[1])
        + way("one", "join", "help")
        + way("two", "join"),
    )


def properties(**values: str) -> str:
    rows = "".join(f'<spiffworkflow:property name="{name}" value="{value}" />' for name, value in values.items())
    return f"<extensionElements><spiffworkflow:properties>{rows}</spiffworkflow:properties></extensionElements>"
