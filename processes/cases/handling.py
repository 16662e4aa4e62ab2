"""承办: what a unit does during its stay, and the limits on it (processes.md, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from engine import vault
from engine.deadlines.arithmetic import Limit, reckon
from engine.deadlines.book import OVERALL, TASK, Place
from engine.errors import Conflict, Invalid, NotFound
from engine.network.units import Level, Unit, by_code, is_within
from engine.worklist import WorkItem
from processes.cases.facts import CaseFacts, facts_of
from processes.cases.models import Assignment, Case, Progress
from processes.cases.numbers import LOCAL
from processes.codes import Disposition, Kind

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

RETURN_WITHIN = Limit(1, "wd")
"""A wrong unit returns a case within one working day (衡阳; 信访工作条例 art. 23 allows five)."""
LAST_MINUTE = time(23, 59, 59)
JUSTICE = frozenset({"police", "procuratorate", "court"})
"""Between these a criminal lead may be transferred, nowhere else."""


class TravelRefused(Conflict):
    """This way is not open from here: {why}."""

    code = "travel_refused"
    zh = "当前不能这样流转：{why}。"


def write_accept(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `accept`: take it on, or say why not."""
    facts = facts_of(step)
    stay = facts.stay
    outcome = data["outcome"]
    if stay is not None and outcome == "accept":
        stay.accepted_at = step.now
    _check_way(step, facts, outcome, data)
    _keep_words(step, "accept", outcome, data)


def write_act(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `act`: settle, refer up, assign, transfer or return."""
    facts = facts_of(step)
    outcome = data["outcome"]
    _check_way(step, facts, outcome, data)
    if outcome == Disposition.SELF_HANDLE:
        facts.case.settled_by = step.actor.ref
        if facts.stay is not None:
            facts.stay.measures += 1
    if outcome == Disposition.ASSIGN:
        _assign(step, facts, data)
    _keep_words(step, "act", outcome, data)


def _check_way(step: Step, facts: CaseFacts, outcome: str, data: Mapping[str, Any]) -> None:
    """Whether the case may leave this way; `_WAYS` is the table of limits."""
    check = _WAYS.get(outcome)
    if check is not None:
        check(step, facts, data)


def _check_refer_up(step: Step, facts: CaseFacts, data: Mapping[str, Any]) -> None:
    owner = facts.owner
    if owner.level == Level.DISTRICT or owner.parent_id is None:
        raise TravelRefused(why="已在区级 / it is at the district already")
    target = target_unit(step, data, default=owner.parent_id)
    if not is_within(owner, target) or target.id == owner.id:
        raise TravelRefused(why="只能上报给上级 / only to a unit above")
    if target.id != owner.parent_id and not data.get("reason"):
        raise Invalid([finding("reason", "skipping a level needs a reason", "越级上报须说明理由")])


def _check_assign(step: Step, facts: CaseFacts, data: Mapping[str, Any]) -> None:
    owner, target = facts.owner, target_unit(step, data)
    if target.id == owner.id or not is_within(target, owner):
        raise TravelRefused(why="只能交办给下级 / only within the own subtree")
    deadline = _report_by(step, data)
    overall = step.deadlines.overall
    if overall is not None and deadline > overall.due_at:
        raise Invalid([finding("deadline", "lies after the overall deadline", "不得晚于事件总时限")])


def _check_transfer(step: Step, facts: CaseFacts, data: Mapping[str, Any]) -> None:
    owner, target = facts.owner, target_unit(step, data)
    if is_bound(facts.case, owner):
        raise TravelRefused(why="已裁定责任单位 / a ruling has bound the owner")
    peer = target.parent_id == owner.parent_id
    if target.id == owner.id or not (target.level == "department" or peer):
        raise TravelRefused(why="只能转给部门或同级单位 / only to a department or a peer")
    if facts.case.kind == Kind.CRIMINAL and target.slug not in JUSTICE:
        raise TravelRefused(why="刑事线索只在公检法之间流转 / a criminal lead stays with police, procuratorate, court")


def is_bound(case: Case, owner: Unit) -> bool:
    """Whether a ruling has named the owner for good. A criminal lead that it bound elsewhere still goes to justice.

    Nobody else may settle it: without this way on it would stand there for ever.
    """
    return case.binding_unit_id is not None and (case.kind != Kind.CRIMINAL or owner.slug in JUSTICE)


def _check_return(step: Step, facts: CaseFacts, _data: Mapping[str, Any]) -> None:
    stay = facts.stay
    if stay is None or stay.sender_id is None:
        raise TravelRefused(why="没有来件单位 / nobody sent it")
    if facts.case.binding_unit_id is not None:
        raise TravelRefused(why="已裁定责任单位 / a ruling has bound the owner")
    if stay.measures:
        raise TravelRefused(why="已采取措施 / a measure was recorded")
    last = reckon(step.deadlines.calendar, stay.opened_at, RETURN_WITHIN).at
    if step.now > last:
        raise TravelRefused(why="已超过一个工作日 / more than one working day has passed")


def _check_settle(step: Step, facts: CaseFacts, _data: Mapping[str, Any]) -> None:
    from processes.procedures.linking import BLOCKING, open_of  # noqa: PLC0415 # it reads the facts of this package

    if any(each.kind in BLOCKING for each in open_of(step.session, facts.case)):
        raise TravelRefused(why="吹哨或调解还未结束 / a whistle or mediation is still open")
    if facts.case.kind == Kind.CRIMINAL and facts.owner.slug not in JUSTICE:
        raise TravelRefused(why="刑事线索须移送公安 / a criminal lead goes to the police")


_WAYS = {
    "refer_up": _check_refer_up,
    "assign": _check_assign,
    "transfer": _check_transfer,
    "return": _check_return,
    "self_handle": _check_settle,
}


def target_unit(step: Step, data: Mapping[str, Any], default: int | None = None) -> Unit:
    """The unit named by its code in the form; raises NotFound for an unknown one, also of another district."""
    code = data.get("target")
    if not code and default is not None:
        return facts_of(step).unit(default)
    unit = by_code(step.session, str(code)) if code else None
    if unit is None or unit.district_id != step.instance.district_id:
        raise NotFound
    return unit


def _report_by(step: Step, data: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(data["deadline"]))
    except ValueError:
        raise Invalid([finding("deadline", "is not a time", "时间格式不正确")]) from None
    if moment.tzinfo is None or moment <= step.now + timedelta(minutes=1):
        raise Invalid([finding("deadline", "must lie in the future, with its zone", "须为将来的时间（含时区）")])
    return moment


def _assign(step: Step, facts: CaseFacts, data: Mapping[str, Any]) -> None:
    """The assigner waits for a report back by the deadline."""
    owner, target = facts.owner, target_unit(step, data)
    assignment = Assignment(
        district_id=facts.case.district_id,
        case_id=facts.case.id,
        assigner_id=owner.id,
        target_id=target.id,
        report_by=_report_by(step, data),
        assigned_at=step.now,
        state="open",
    )
    step.session.add(assignment)
    facts.assignments.append(assignment)
    facts.case.assignments += 1


def _keep_words(step: Step, kind: str, outcome: str, data: Mapping[str, Any]) -> None:
    """Seal what the person wrote and hang it on the stay that it leaves, or keep it as progress."""
    facts = facts_of(step)
    sealed = seal_words(step, kind, data)
    if sealed is None:
        return
    if facts.stay is not None and outcome not in {"accept"}:
        facts.stay.words = sealed
    else:
        note(step, kind, outcome, sealed)


def seal_words(step: Step, label: str, data: Mapping[str, Any]) -> vault.SealedText | None:
    """Seal the text fields of a completed form; its commitment goes into the trail. None when nothing was written."""
    form = step.compiled.forms[step.item.form] if step.item else None
    texts = form.texts(data) if form else dict(data)
    if not texts:
        return None
    case = facts_of(step).case
    sealed = vault.seal(step.session, case.district_id, case.id, label, texts)
    step.commitments.append(sealed.commitment)
    return sealed


def note(step: Step, kind: str, outcome: str | None, sealed: vault.SealedText | None) -> Progress:
    """A line of progress on the case."""
    facts = facts_of(step)
    line = Progress(
        district_id=facts.case.district_id,
        case_id=facts.case.id,
        stay_id=facts.stay.id if facts.stay else None,
        unit_id=step.item.unit_id if step.item else facts.case.owner_id,
        actor=step.actor.ref,
        at=step.now,
        kind=kind,
        outcome=outcome,
        words=sealed,
    )
    step.session.add(line)
    return line


def finding(loc: str, msg: str, zh: str) -> dict[str, Any]:
    """One wrong field, as `engine.errors.Invalid` wants it."""
    return {"loc": loc, "type": "value", "msg": msg, "zh": zh}


def open_stay(step: Step, _data: Mapping[str, Any]) -> int | None:
    """`op.open_stay`: the stay begins; returns the default target of going up (None at the top)."""
    return facts_of(step).owner.parent_id


def suspend(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.suspend`: the clocks of the stay and of the case stand still until the review day."""
    for row in step.deadlines:
        if row.clock in {TASK, OVERALL} and row.element in {"act", "overall"}:
            step.deadlines.suspend(row)
    review_on = (data.get("message") or {}).get("review_on")
    if review_on is not None:
        place = Place(step.scope, "suspended", facts_of(step).owner.id)
        review = step.deadlines.open(place, TASK, "suspension_review", step.criteria)
        step.deadlines.set_due(review, datetime.combine(date.fromisoformat(review_on), LAST_MINUTE, LOCAL))
    step.record("case:clock:suspend", {"review_on": review_on})
    return True


def review_passed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.review_passed`: the review day has passed; the superior is told and the clocks go on."""
    row = step.deadline
    row.escalated_at = step.now
    step.tell("review_passed", facts_of(step).parent_of(row.unit_id), "leader", row.occurrence)
    return True


def resume(step: Step, data: Mapping[str, Any]) -> bool:
    """`op.resume`: the clocks go on with the time that was left."""
    for row in step.deadlines:
        step.deadlines.resume(row)
    step.record("case:clock:resume", {})
    if step.item is not None:
        note(step, "resume", None, seal_words(step, "resume", data))
    return True


def register(registry: Registry) -> None:
    registry.forms |= {"accept": write_accept, "act": write_act}
    registry.operations |= {
        "op.open_stay": open_stay,
        "op.suspend": suspend,
        "op.resume": resume,
        "op.review_passed": review_passed,
    }
