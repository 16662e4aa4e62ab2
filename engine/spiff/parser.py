"""Reads BPMN into SpiffWorkflow's specifications, with gridgov's own timers."""

from __future__ import annotations

from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser

from engine.spiff.calls import GridCallActivity, GridCallParser
from engine.spiff.joins import GridInclusiveGateway, GridParallelGateway
from engine.spiff.task import predict_nothing
from engine.spiff.timers import DateTimer, DurationTimer

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_TIMERS: dict[str, type[DateTimer] | type[DurationTimer]] = {"timeDate": DateTimer, "timeDuration": DurationTimer}


def read_xml(content: bytes) -> Any:
    """The root element, parsed without entities, DTD or network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(content, parser)


class _Clocked:
    """Mixed into the parsers of events: timers take their name from the element's id, which never repeats."""

    node: Any

    def parse_timer_event(self, event: Any) -> DateTimer | DurationTimer:
        for tag, timer in _TIMERS.items():
            node = event.find(f"{{{BPMN}}}{tag}")
            if node is not None:
                return timer(self.node.get("id"), (node.text or "").strip())
        return self.raise_validation_exception("only timeDate and timeDuration are allowed")  # type: ignore[attr-defined, no-any-return] # from EventDefinitionParser


class GridParser(SpiffBpmnParser):
    """SpiffWorkflow's parser with clocked events; the stock class is left as it is."""

    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, Any]] = dict(SpiffBpmnParser.OVERRIDE_PARSER_CLASSES)


for _tag in ("startEvent", "intermediateCatchEvent", "boundaryEvent"):
    _parser, _spec = GridParser.OVERRIDE_PARSER_CLASSES[full_tag(_tag)]
    _clocked = type(f"Clocked{_parser.__name__}", (_Clocked, _parser), {})
    GridParser.OVERRIDE_PARSER_CLASSES[full_tag(_tag)] = (_clocked, _spec)
_STOCK = GridParser.PARSER_CLASSES
for _tag, _join in (("parallelGateway", GridParallelGateway), ("inclusiveGateway", GridInclusiveGateway)):
    GridParser.OVERRIDE_PARSER_CLASSES[full_tag(_tag)] = (_STOCK[full_tag(_tag)][0], _join)
GridParser.OVERRIDE_PARSER_CLASSES[full_tag("callActivity")] = (GridCallParser, GridCallActivity)


def parse(process_id: str, models: dict[str, Any]) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """The specification of `process_id` and of everything it calls; `models`: file name → root element."""
    parser = GridParser()
    for name, root in models.items():
        for process in root.iter(f"{{{BPMN}}}process"):
            process.set("isExecutable", "true")  # deploying a model says so; some modelers never do
        parser.add_bpmn_xml(root, filename=name)
    spec = parser.get_spec(process_id)
    called = parser.get_subprocess_specs(process_id)
    for each in (spec, *called.values()):
        connect_loops(each)
        predict_nothing(each)
    return spec, called


def connect_loops(spec: BpmnProcessSpec) -> None:
    """Make multi-instance tasks finish after a load in another process.

    SpiffWorkflow connects the signal when the loop is first predicted, so a freshly parsed specification that
    meets a running instance would wait for its last child for ever.
    """
    for task in spec.task_specs.values():
        if isinstance(task, LoopTask):
            child = spec.task_specs[task.task_spec]
            if not child.completed_event.is_connected(task.merge_child):
                child.completed_event.connect(task.merge_child)
