"""The top of the ladder: an interview with a notice (约谈通报), then a report for accountability (问责建议)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.errors import Invalid
from engine.worklist import WorkItem
from processes.cases.facts import facts_of
from processes.cases.handling import finding, seal_words
from processes.cases.numbers import LOCAL
from processes.codes import Rung
from processes.supervisions import operations
from processes.supervisions.models import SupervisionMeeting

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


def write_interview(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `sup_interview`: the day, who was present, minutes, the notice. Raises Invalid for a day to come."""
    held_on = date.fromisoformat(data["held_on"])
    if held_on > step.now.astimezone(LOCAL).date():
        raise Invalid([finding("held_on", "lies in the future", "不得晚于今天")])
    _keep(step, Rung.INTERVIEW, held_on, data)


def write_account(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `sup_account`: findings, advice, whether it was taken and the written feedback on that.

    信访工作条例 art. 40: whoever gets such advice says in writing whether it is taken.
    """
    _keep(step, Rung.ACCOUNT, step.now.astimezone(LOCAL).date(), data)


def _keep(step: Step, kind: Rung, held_on: date, data: Mapping[str, Any]) -> None:
    supervision, case = operations.of_step(step), facts_of(step).case
    sealed = seal_words(step, f"sup_{kind.value}", data)
    meeting = SupervisionMeeting(
        district_id=supervision.district_id,
        supervision_id=supervision.id,
        case_id=case.id,
        unit_id=operations.subject(step),
        kind=kind.value,
        held_on=held_on,
        adopted=data.get("adopted"),
        recorded_at=step.now,
        recorded_by=step.actor.ref,
        words=sealed,
    )
    step.session.add(meeting)
    codes = {"kind": kind.value, "unit": meeting.unit_id, "on": held_on.isoformat(), "adopted": meeting.adopted}
    step.record("supervision:meeting:hold", codes)


def register(registry: Registry) -> None:
    registry.forms |= {"sup_interview": write_interview, "sup_account": write_account}
