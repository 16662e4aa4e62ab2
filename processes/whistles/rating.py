"""部门评分: the caller rates every department that it called, 1 to 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import vault
from engine.errors import Invalid
from engine.network.units import get
from engine.worklist import WorkItem
from processes.cases.handling import finding
from processes.procedures.linking import of_step
from processes.whistles.calls import to_rate
from processes.whistles.models import WhistleCall

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


def write_rating(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `whistle_rating`: one score for each department. Raises Invalid when one is missing or named twice."""
    calls = {get(step.session, call.unit_id).code: call for call in to_rate(step.session, of_step(step))}
    given = [rating["unit"] for rating in data["ratings"]]
    if sorted(given) != sorted(calls):
        missing = "、".join(get(step.session, calls[code].unit_id).name for code in calls if code not in given)
        zh = f"请为每个被吹哨单位评分：{missing}" if missing else "每个单位只评一次"
        raise Invalid([finding("ratings", "rate each called department once", zh)])
    for rating in data["ratings"]:
        _rate(step, calls[rating["unit"]], rating)


def _rate(step: Step, call: WhistleCall, rating: Mapping[str, Any]) -> None:
    call.score, call.rated_at = int(rating["score"]), step.now
    if rating.get("words"):
        label = f"whistle_rating_{call.id}"
        call.words = vault.seal(step.session, call.district_id, call.case_id, label, {"words": rating["words"]})
        step.commitments.append(call.words.commitment)
    step.tell("whistle_rated", call.unit_id, "leader", f"w{call.procedure_id}c{call.id}", score=call.score)
    step.record("whistle:department:rate", {"unit": call.unit_id, "score": call.score})


def register(registry: Registry) -> None:
    registry.forms["whistle_rating"] = write_rating
