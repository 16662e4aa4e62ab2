"""Timers that read the injected clock, fire when told to, and never remember a due time of their own.

Whether a timer may fire in this step is for the engine to say (`Host.may_fire`): a timer row is swept by itself, so
completing a form can never be overtaken by a deadline that ran out in the same moment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
    TimerEventDefinition,
)


class _Clocked:
    """What both kinds share: fire exactly when the engine allows this task to."""

    def has_fired(self, task: Any) -> bool:
        host = task.workflow.script_engine.host
        if host.may_fire(task.id):
            task._set_internal_data(event_fired=True)
        return bool(task._get_internal_data("event_fired"))

    def due(self, task: Any) -> datetime | None:
        """When this timer is due; None while it is not armed."""
        raise NotImplementedError

    def update_task(self, task: Any) -> None:
        """The stock definition would re-arm cycles here; there are none."""


class DateTimer(_Clocked, TimeDateEventDefinition):
    """Due at the moment that its expression reads from a row; None means not armed."""

    def due(self, task: Any) -> datetime | None:
        return cast("datetime | None", task.workflow.script_engine.evaluate(task, self.expression))


class DurationTimer(_Clocked, DurationTimerEventDefinition):
    """Due a fixed ISO 8601 duration after the token arrived; the start is kept with the token."""

    def due(self, task: Any) -> datetime | None:
        started = task._get_internal_data("armed_at")
        if started is None:
            started = task.workflow.script_engine.host.now.isoformat()
            task._set_internal_data(armed_at=started)
        duration = TimerEventDefinition.parse_iso_duration(self.expression.strip("\"'"))
        start = datetime.fromisoformat(started)
        return cast("datetime", start + TimerEventDefinition.get_timedelta_from_start(duration, start))
