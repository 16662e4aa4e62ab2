"""吹哨报到 step by step: answer, ruling on a refusal, arrival, feedback, dismissal; silence never passes unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.errors import Invalid
from engine.worklist import WorkItem
from processes.attachments import Attachment
from processes.cases.clocks import give_mark, supervisor_of
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.codes import WhistleReason
from processes.procedures.linking import finish, of_step
from processes.procedures.silence import hold_step
from processes.supervisions import operations as supervisions
from processes.whistles.calling import Blow, blow, callable_units
from processes.whistles.calls import AGAIN, call_in, calls_of
from processes.whistles.models import Whistle, WhistleCall

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

MUST_COME, RELEASED = "must_come", "released"


def call_departments(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.call_departments`: each department's liaison is told; in an emergency its leader too."""
    procedure, reason = of_step(step), _reason(step)
    for unit_id in data["departments"]:
        step.tell("whistled", unit_id, "liaison", f"w{procedure.id}", reason=reason)
        if reason == WhistleReason.EMERGENCY:
            step.tell("whistled", unit_id, "leader", f"w{procedure.id}", reason=reason)
    step.record("whistle:departments:call", {"units": list(data["departments"]), "reason": reason})
    return True


def write_answer(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `whistle_answer`: it comes, or says why not; the caller is told either way."""
    call = call_in(step, item.unit_id)
    call.answered_late = _is_late(step, item)
    if data["coming"]:
        call.answered_at = step.now
    else:
        call.refused_at = step.now
    outcome = "coming" if data["coming"] else "refused"
    note(step, "whistle_answer", outcome, seal_words(step, "whistle_answer", data))
    step.tell("whistle_coming" if data["coming"] else "whistle_refused", _convener(step), "dispatcher", _of(call))


def report_silence(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.report_silence`: nobody answered; the district is told and supervises, and the department has to come."""
    row, call = step.deadline, call_in(step, data["unit"])
    give_mark(step, row, "escalated")
    call.silent_at, call.answered_late = step.now, True
    issuer = supervisor_of(step, call.unit_id)
    supervisions.raise_silence(step, issuer, call.unit_id)
    step.tell("whistle_silent", issuer, "leader", _of(call))
    step.tell("whistle_silent", _convener(step), "dispatcher", _of(call))
    step.record("whistle:department:silent", {"unit": call.unit_id})
    return True


def write_ruling(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `refusal_ruling`: whether it must come all the same; what follows is up to the next operation."""
    outcome = MUST_COME if data["must_come"] else RELEASED
    note(step, "refusal_ruling", outcome, seal_words(step, "refusal_ruling", data))


def must_come(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.must_come`: by ruling, or because nobody ruled in time."""
    silent = step.fired is not None
    if silent:
        give_mark(step, step.deadline, "escalated")
    call = call_in(step, data["unit"])
    _rule(step, call, MUST_COME, silent=silent)
    return True


def release_department(step: Step, data: Mapping[str, Any]) -> str:
    """`op.release_department`: the refusal was right; it need not come."""
    call = call_in(step, data["unit"])
    call.released_at = step.now
    _rule(step, call, RELEASED, silent=False)
    return RELEASED


def _rule(step: Step, call: WhistleCall, ruling: str, *, silent: bool) -> None:
    call.ruling = ruling
    for unit_id, role in ((call.unit_id, "liaison"), (_convener(step), "dispatcher")):
        step.tell("whistle_must_come" if ruling == MUST_COME else "whistle_released", unit_id, role, _of(call))
    step.record("whistle:refusal:rule", {"unit": call.unit_id, "ruling": ruling, "silent": silent})


def write_arrival(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `arrival`: when (now), where, and a photo of this case; lateness is kept.

    Raises Invalid when there is neither a position nor a word why not, and for files that are not of this case.
    """
    position = data.get("position")
    if position is None and not data.get("no_position"):
        raise Invalid([finding("position", "take the position, or say why not", "请取当前位置，或填写不能定位的原因")])
    _check_photos(step, data["files"])
    call = call_in(step, item.unit_id)
    call.arrived_at = step.now
    call.arrived_late = bool(call.arrived_late) or _is_late(step, item)
    if position is not None:
        call.lng, call.lat = position["lng"], position["lat"]
    note(step, "arrival", "late" if call.arrived_late else "in_time", seal_words(step, "arrival", data))
    step.tell("whistle_arrived", _convener(step), "dispatcher", _of(call))


def _check_photos(step: Step, files: list[str]) -> None:
    wanted = {int(each) for each in files}
    query = select(func.count()).where(
        Attachment.id.in_(wanted),
        Attachment.case_id == step.instance.subject_id,
        Attachment.media_type.startswith("image/"),
    )
    if step.session.scalar(query) != len(wanted):
        raise Invalid([finding("files", "upload a photo to this case", "请上传本事件的照片")])


def hold_arrival(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.hold_arrival`: it has not come; it is supervised, and stays called."""
    call_in(step, data["unit"]).arrived_late = True
    return hold_step(step, data)


def write_feedback(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `feedback`: what was done together."""
    call = call_in(step, item.unit_id)
    call.fed_back_at = step.now
    note(step, "whistle_feedback", None, seal_words(step, "whistle_feedback", data))
    step.tell("whistle_fed_back", _convener(step), "dispatcher", _of(call))


def department_done(_step: Step, _data: Mapping[str, Any]) -> str:
    """`op.department_done`: its part is over; it waits for the caller to dismiss it."""
    return "done"


def write_close(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `whistle_close`: finished, or which departments are still needed. Raises Invalid and WhistleRefused."""
    if not data["finished"]:
        _still_needed(step, data)
    outcome = "finished" if data["finished"] else AGAIN
    note(step, "whistle_close", outcome, seal_words(step, "whistle_close", data))


def _still_needed(step: Step, data: Mapping[str, Any]) -> list[Any]:
    procedure = of_step(step)
    case = facts_of(step).case
    return callable_units(step.session, case, procedure.unit_id, data.get("departments") or (), besides=procedure.id)


def release_departments(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.release_departments`: what was to be done is done; who came may go."""
    _dismiss(step, frozenset())
    return True


def _dismiss(step: Step, needed: frozenset[int]) -> None:
    for call in calls_of(step.session, of_step(step).id):
        if call.released_at is None and call.unit_id not in needed:
            call.released_at = step.now
            step.tell("whistle_dismissed", call.unit_id, "liaison", _of(call))


def whistle_again(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.whistle_again`: this whistle ends, a new one calls the departments still needed (no loop in the model)."""
    procedure, case = of_step(step), facts_of(step).case
    units = _still_needed(step, step.form)
    _dismiss(step, frozenset(unit.id for unit in units))
    row = step.session.get_one(Whistle, procedure.id)
    row.again = True
    finish(step, AGAIN)
    step.session.flush()
    words = str(step.form.get("notes", ""))
    blow(step.session, step.actor, case, Blow(procedure.unit_id, units, row.reason, words, procedure.id))
    return True


def whistle_unclosed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.whistle_unclosed`: the caller did not dismiss anybody; they may go, unrated, and its leader is told."""
    _dismiss(step, frozenset())
    row = step.deadline
    give_mark(step, row, "escalated")
    step.tell("whistle_unclosed", row.unit_id, "leader", row.occurrence)
    finish(step, "unclosed")
    return True


def whistle_unrated(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.whistle_unrated`: nobody rated the departments; the caller's leader is told."""
    row = step.deadline
    give_mark(step, row, "escalated")
    step.tell("whistle_unrated", row.unit_id, "leader", row.occurrence)
    finish(step, "unrated")
    return True


def whistle_done(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.whistle_done`: done and rated; the owner is told that the case can go on."""
    procedure = finish(step, "done")
    step.tell("whistle_over", facts_of(step).case.owner_id, "handler", f"w{procedure.id}")
    return True


def _is_late(step: Step, item: WorkItem) -> bool:
    row = step.deadlines.find(item.scope, item.element)
    return row is not None and step.now > row.due_at


def _reason(step: Step) -> str:
    return step.session.get_one(Whistle, of_step(step).id).reason


def _convener(step: Step) -> int:
    return of_step(step).unit_id


def _of(call: WhistleCall) -> str:
    return f"w{call.procedure_id}c{call.id}"


def register(registry: Registry) -> None:
    registry.forms |= {
        "whistle_answer": write_answer,
        "refusal_ruling": write_ruling,
        "arrival": write_arrival,
        "feedback": write_feedback,
        "whistle_close": write_close,
    }
    registry.operations |= {
        "op.call_departments": call_departments,
        "op.report_silence": report_silence,
        "op.must_come": must_come,
        "op.release_department": release_department,
        "op.hold_arrival": hold_arrival,
        "op.department_done": department_done,
        "op.release_departments": release_departments,
        "op.whistle_again": whistle_again,
        "op.whistle_unclosed": whistle_unclosed,
        "op.whistle_unrated": whistle_unrated,
        "op.whistle_done": whistle_done,
    }
    registry.names |= {"convener": _convener, "whistle_reason": _reason}
