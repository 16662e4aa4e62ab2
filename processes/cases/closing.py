"""From "it is settled" to the archive: report back, check, close, call back, rate, reopen; and the other ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.deadlines.book import RATING, Place
from engine.errors import Forbidden
from engine.network.units import Level, nearest_above
from engine.worklist import WorkItem
from processes.cases import following, hops, sampling
from processes.cases.clocks import hold, supervisor_of
from processes.cases.facts import facts_of
from processes.cases.handling import note, seal_words
from processes.cases.models import Progress
from processes.cases.verifying import find_main, open_overall
from processes.codes import Disposition

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step


AGREEMENT_BROKEN = "agreement_broken"
"""Message to a case that waits to be rated."""


class SelfCheck(Forbidden):
    """You settled this case; somebody else checks it."""

    code = "self_check"
    zh = "本人办结的事件须由他人核查。"


def settle_on_spot(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.settle_on_spot`: 当场办结. Returns whether the sampling rule wants it checked."""
    facts = facts_of(step)
    open_overall(step)
    facts.case.settled_by = step.actor.ref
    if facts.stay is not None:
        facts.stay.measures, facts.stay.accepted_at = 1, step.now
        facts.stay.words = seal_words(step, "act", {"measures": step.form.get("measures")})
    step.record("case:stay:on_spot", {"measures": 1}, tuple(step.commitments))
    return sampling.wanted(step)


def write_confirm(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    note(step, "confirm", "ok" if data["ok"] else "redo", seal_words(step, "confirm", data))


def pop_assigner(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.pop_assigner`: the latest assigner has confirmed, or said nothing in time."""
    _end_assignment(step, "silent" if step.fired else "confirmed")
    return bool(data.get("ok", True))


def confirm_silent(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.confirm_silent`: the assigner was silent, which counts as agreed; its superior is told."""
    row = step.deadline
    row.escalated_at = step.now
    step.tell("confirm_silent", supervisor_of(step, row.unit_id), "leader", row.occurrence)
    return pop_assigner(step, data)


def _end_assignment(step: Step, state: str) -> None:
    facts = facts_of(step)
    if facts.assignments:
        assignment = facts.assignments.pop()
        assignment.state, assignment.ended_at = state, step.now
        step.record("case:assignment:end", {"assigner": assignment.assigner_id, "state": state})


def redo(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.redo`: the assigner wants it done again, by the same unit."""
    facts = facts_of(step)
    hops.move(step, facts.owner.id, Disposition.REDO)
    return False


def write_check(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `check`. Raises SelfCheck when the person who settled it would check their own work."""
    if facts_of(step).case.settled_by == step.actor.ref:
        raise SelfCheck
    note(step, "check", "pass" if data["ok"] else "fail", seal_words(step, "check", data))


def count_failed(step: Step, _data: Mapping[str, Any]) -> int:
    """`op.count_failed`: a check failed; back to the same owner, one level up after the second time."""
    facts = facts_of(step)
    case = facts.case
    case.failed_checks += 1
    above = facts.owner.parent_id if case.failed_checks > sampling.FAILED_CHECKS else None
    hops.move(step, above or facts.owner.id, Disposition.FAILED_CHECK)
    return case.failed_checks


def check_up(step: Step, _data: Mapping[str, Any]) -> str:
    """`op.move_up_check`: nobody checked; the unit above does. "hold" at the top."""
    row = step.deadline
    row.escalated_at = step.now
    facts = facts_of(step)
    checker = facts.unit(facts.checker)
    if checker.level == Level.DISTRICT or checker.parent_id is None:
        hold(step)
        return "hold"
    facts.case.checker_id = checker.parent_id
    step.record("case:check:move_up", {"checker": checker.parent_id})
    return "moved"


def close(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.close`: the case is settled. Returns whether there is somebody to call back (ruling 2)."""
    facts = facts_of(step)
    case = facts.case
    how = Disposition.ON_SPOT if case.on_spot and not case.hops else Disposition.SELF_HANDLE
    hops.close_stay(step, how)
    if step.deadlines.overall is not None:
        step.deadlines.close(step.deadlines.overall)
    case.owner_id, case.closed_at = None, step.now
    step.record("case:case:close", {"owner": case.last_owner_id, "level": case.level, "how": how.value})
    _tell_reporter(step, "closed")
    to_call = case.has_citizen
    if to_call:
        desk = nearest_above(step.session, facts.unit(case.place_unit_id), Level.SUBDISTRICT)
        step.deadlines.open(Place("", "callback", desk.id), RATING, "rating_closes", step.criteria)
    return to_call


def write_rating(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `rating`, filled in by the desk that called back."""
    facts_of(step).case.rating = data["answer"]
    note(step, "rating", data["answer"], seal_words(step, "rating", data))


def take_rating(step: Step, data: Mapping[str, Any]) -> str:
    """`op.take_rating`: the citizen rated by number and secret code; returns the answer."""
    payload = data.get("message") or {}
    case = facts_of(step).case
    case.rating = str(payload["answer"])
    note(step, "rating", case.rating, seal_words(step, "rating", {"words": payload.get("words")}))
    step.record("case:case:rate", {"answer": case.rating}, tuple(step.commitments))
    return case.rating


def unrated(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.unrated`: nobody rated in time."""
    facts_of(step).case.rating = "unrated"
    step.record("case:case:unrated", {})
    return True


def callback_due(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.callback_due`: nobody called back in time; the desk's leader is told."""
    row = step.deadline
    row.overdue_at = step.now
    step.tell("callback_overdue", row.unit_id, "leader", row.occurrence)
    step.record("deadline:mark:overdue", {"stage": row.stage, "element": row.element, "unit": row.unit_id})
    return True


def reopen(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.reopen`: not satisfied, or an agreement was broken; once. Back to the last owner; its superior is told."""
    facts = facts_of(step)
    case = facts.case
    case.reopened += 1
    case.closed_at = case.rating = None
    case.owner_id = case.last_owner_id
    open_overall(step)
    overall = step.deadlines.overall
    if overall is not None:
        step.deadlines.restart(overall, "overall", step.criteria)
    hops.move(step, case.last_owner_id, Disposition.REOPEN)
    if step.message != AGREEMENT_BROKEN:  # of that the superior has been told already
        step.tell("reopened", supervisor_of(step, case.last_owner_id), "supervisor", f"r{case.reopened}")
    return False


def archive(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.archive`: nothing more will happen to the case."""
    _end(step, None)
    return True


def decline(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.decline`: not taken up; the reporter is told with the reason and other routes."""
    _end(step, Disposition.DECLINE)
    return True


def merge(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.merge`: the same matter as another case, where its reporters and files are seen from now on."""
    main = find_main(step, step.form)
    case = facts_of(step).case
    case.main_case_id = main.id
    main.has_citizen = main.has_citizen or case.has_citizen
    main.version += 1
    step.record("case:case:merge", {"main": main.number})
    step.session.add(
        Progress(
            district_id=case.district_id,
            case_id=main.id,
            unit_id=case.last_owner_id,
            actor=step.actor.ref,
            at=step.now,
            kind="merged_in",
            outcome=case.number,
        )
    )
    _end(step, Disposition.MERGE)
    return True


def withdraw(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.withdraw`: the reporter took it back."""
    _end(step, Disposition.WITHDRAW)
    return True


def _end(step: Step, how: Disposition | None) -> None:
    case = facts_of(step).case
    if how is not None:
        hops.close_stay(step, how)
        step.record(f"case:case:{how.value}", {"owner": case.last_owner_id})
        _tell_reporter(step, how.value)
    else:
        step.record("case:case:archive", {"rating": case.rating})
    case.owner_id, case.ended_at = None, step.now
    for row in step.deadlines:
        step.deadlines.close(row)
    from processes.links import ending_instances  # noqa: PLC0415 # it reads the facts of this package

    for instance_id in ending_instances(step):
        step.send("case_closed", instance_id)


def _tell_reporter(step: Step, mark: str) -> None:
    """A member of staff who reported is told by name's post, and who follows it; a citizen reads the tracking page."""
    case = facts_of(step).case
    if case.reporter_unit_id is not None:
        step.tell(f"reported_{mark}", case.reporter_unit_id, "handler", mark + str(case.reopened))
    following.tell_followers(step, mark)


def register(registry: Registry) -> None:
    registry.forms |= {
        "confirm": write_confirm,
        "check": write_check,
        "rating": write_rating,
    }
    registry.operations |= {
        "op.settle_on_spot": settle_on_spot,
        "op.pop_assigner": pop_assigner,
        "op.confirm_silent": confirm_silent,
        "op.redo": redo,
        "op.count_failed": count_failed,
        "op.move_up_check": check_up,
        "op.close": close,
        "op.take_rating": take_rating,
        "op.unrated": unrated,
        "op.callback_due": callback_due,
        "op.reopen": reopen,
        "op.archive": archive,
        "op.decline": decline,
        "op.merge": merge,
        "op.withdraw": withdraw,
    }
