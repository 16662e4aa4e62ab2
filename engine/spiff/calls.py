"""Call activities whose called process may also end with a terminating end."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowDataException
from SpiffWorkflow.spiff.specs.defaults import CallActivity


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
