"""Call activities that may also end by a termination, and be done for each item of a list more than once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowDataException
from SpiffWorkflow.spiff.parser.task_spec import CallActivityParser
from SpiffWorkflow.spiff.specs.defaults import CallActivity, ParallelMultiInstanceTask, SequentialMultiInstanceTask


class GridCallActivity(CallActivity):
    """Takes its outputs from the end that was reached; the library looks for one that a termination never gets to."""

    def update_data(self, my_task: Any, subworkflow: Any) -> None:
        if not subworkflow.spec.io_specification.data_outputs:
            super().update_data(my_task, subworkflow)  # a version from before the rules asked for outputs
        answer = subworkflow.last_task
        for port in subworkflow.spec.io_specification.data_outputs:
            if not port.exists(answer):
                raise WorkflowDataException("The called process ended without this output.", my_task, data_output=port)
            port.set(my_task, port.get(answer))


class _FreshResults:
    """Results are collected into a new list each time; the library fails when the last turn's list is still there."""

    data_output: Any

    def init_data_output_with_input_data(self, my_task: Any, input_data: Any) -> None:
        self.data_output.set(my_task, {} if isinstance(input_data, Mapping) else [])

    def init_data_output_with_cardinality(self, my_task: Any) -> None:
        self.data_output.set(my_task, [])


class GridParallelCalls(_FreshResults, ParallelMultiInstanceTask):
    """All instances at once."""


class GridSequentialCalls(_FreshResults, SequentialMultiInstanceTask):
    """One instance after the other."""


class GridCallParser(CallActivityParser):
    """Makes calls of the kinds above."""

    PARALLEL_MI_CLASS = GridParallelCalls
    SEQUENTIAL_MI_CLASS = GridSequentialCalls
