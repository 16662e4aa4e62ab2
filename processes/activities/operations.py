"""The activity log (活动台账): record, strike out, link a case, open a case from a meeting.

An entry is never changed: a wrong one is struck out with its reason and entered anew. Titles and texts name no
persons: they are read by everybody in the district and printed in bulletins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.calendar import ZONE
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.network.units import Beside, Level, Unit, by_code, get, is_within
from engine.trail.entries import Draft
from processes import access
from processes.activities.codes import LASTING, OPENING, ActivityKind, Tag
from processes.activities.models import Activity, ActivityCase
from processes.cases.reporting import Reported, report

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

RECORDERS = frozenset(
    {
        "grid_worker",
        "desk",
        "handler",
        "dispatcher",
        "checker",
        "leader",
        "liaison",
        "mediator",
        "supervisor",
        "commander",
    }
)
"""Who enters what their unit held."""
STRIKERS = ("leader", "supervisor", "dispatcher")
MAX_AMOUNT, MAX_PEOPLE = 9_999, 999_999
OLDEST = timedelta(days=400)
"""An entry may be made up to so long after the day (default): the year's report still gets it."""


class ActivityStruck(Conflict):
    """This entry was struck out; enter the activity anew."""

    code = "activity_struck"
    zh = "该记录已作废，请重新登记后再操作。"


class OpensNoCase(Conflict):
    """A case is opened from a meeting, a coordination meeting or a campaign; link the case to this one instead."""

    code = "activity_opens_no_case"
    zh = "只有恳谈、协调会和专项行动可以直接立事件；其他活动请关联已有事件。"


@dataclass(frozen=True)
class Entry:
    """What is entered. `unit`, `place`: codes; `amount`: how many it counts for, `until`: last day of a campaign."""

    kind: ActivityKind
    title: str
    held_on: date
    unit: str
    text: str = ""
    until: date | None = None
    place: str | None = None
    people: int = 0
    amount: int = 1
    tags: Sequence[Tag] = ()


def record(session: Session, actor: Actor, entry: Entry) -> Activity:
    """Enter an activity of a unit at which the actor has a post.

    Raises Forbidden (no such post), NotFound (the place is unknown) and Invalid.
    """
    now = session.env.clock.now()
    _check(entry, now.astimezone(ZONE).date())
    unit = _own_unit(session, actor, entry.unit)
    place = _place(session, actor, entry.place) if entry.place else None
    row = Activity(
        district_id=actor.district_id,
        unit_id=unit.id,
        kind=entry.kind.value,
        title=entry.title.strip(),
        text=entry.text.strip(),
        held_on=entry.held_on,
        until=entry.until,
        place_unit_id=place.id if place else None,
        people=entry.people,
        amount=entry.amount,
        tags=[tag.value for tag in dict.fromkeys(entry.tags)],
        recorded_at=now,
        recorded_by=actor.ref,
    )
    session.add(row)
    session.flush()
    codes = {"kind": row.kind, "unit": unit.code, "held_on": row.held_on.isoformat(), "amount": row.amount}
    _note(session, actor, "activity:entry:record", subject_of(row), codes)
    return row


def strike(session: Session, actor: Actor, row: Activity, reason: str) -> None:
    """作废: who entered it, or who leads its unit or one above. Raises Forbidden, ActivityStruck and Invalid."""
    if not may_strike(session, actor, row):
        raise Forbidden
    _require_standing(row)
    if not reason.strip():
        raise Invalid([_finding("reason", "say why", "请写明作废原因")])
    row.struck_at, row.struck_by, row.struck_why = session.env.clock.now(), actor.ref, reason.strip()
    _note(session, actor, "activity:entry:strike", subject_of(row), {"kind": row.kind})


def link(session: Session, actor: Actor, row: Activity, number: str) -> ActivityCase:
    """Link a case that the actor may read. Linked once already: as it is.

    Raises Forbidden, ActivityStruck and NotFound (no such case, or not yours to read).
    """
    _require_own(actor, row)
    _require_standing(row)
    return _join(session, actor, row, access.read_case(session, actor, number), opened=False)


def open_case(session: Session, actor: Actor, row: Activity, data: Mapping[str, Any]) -> Reported:
    """A matter that came up becomes a case (`report` form). Raises what `report` does, and OpensNoCase."""
    _require_own(actor, row)
    _require_standing(row)
    if ActivityKind(row.kind) not in OPENING:
        raise OpensNoCase
    reported = report(session, actor, data)
    _join(session, actor, row, reported.case, opened=True)
    return reported


def subject_of(row: Activity) -> str:
    """The subject under which the trail knows an activity."""
    return f"activity:{row.id}"


def find(session: Session, actor: Actor, activity_id: int, *, lock: bool = False) -> Activity:
    """An activity of the actor's district. Raises NotFound."""
    query = select(Activity).where(Activity.id == activity_id, Activity.district_id == actor.district_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound
    return row


def may_record(actor: Actor) -> bool:
    return bool(actor.roles & RECORDERS)


def may_strike(session: Session, actor: Actor, row: Activity) -> bool:
    """Whoever entered it; the leader, supervisor or dispatcher of its unit or one above; a commander."""
    if row.recorded_by == actor.ref or access.COMMANDER in actor.roles:
        return True
    unit = get(session, row.unit_id)
    return any(post.role in STRIKERS and is_within(unit, get(session, post.unit_id)) for post in actor.posts)


def recording_units(actor: Actor) -> list[int]:
    """The units whose activities the actor enters, in the order of the posts."""
    return list(dict.fromkeys(post.unit_id for post in actor.posts if post.role in RECORDERS))


def _join(session: Session, actor: Actor, row: Activity, case: Case, *, opened: bool) -> ActivityCase:
    known = session.get(ActivityCase, (row.id, case.id))
    if known is not None:
        return known
    joined = ActivityCase(
        activity_id=row.id,
        case_id=case.id,
        district_id=row.district_id,
        opened=opened,
        linked_at=session.env.clock.now(),
        linked_by=actor.ref,
    )
    session.add(joined)
    session.flush()
    _note(session, actor, "activity:case:link", case.number, {"activity": row.id, "kind": row.kind, "opened": opened})
    return joined


def _require_own(actor: Actor, row: Activity) -> None:
    if row.unit_id not in recording_units(actor) and access.COMMANDER not in actor.roles:
        raise Forbidden


def _require_standing(row: Activity) -> None:
    if row.struck_at is not None:
        raise ActivityStruck


def _own_unit(session: Session, actor: Actor, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.id not in recording_units(actor):
        raise Forbidden
    return unit


def _place(session: Session, actor: Actor, code: str) -> Unit:
    place = by_code(session, code)
    kinds = {*(level.value for level in Level), Beside.CENTRE.value}
    if place is None or place.district_id != actor.district_id or place.level not in kinds:
        raise NotFound
    return place


def _check(entry: Entry, today: date) -> None:
    found = []
    if len(entry.title.strip()) < 2:
        found.append(_finding("title", "at least two characters", "至少两个字"))
    if entry.held_on > today:
        found.append(_finding("held_on", "lies in the future: enter it once it was held", "日期未到，请在举办后登记"))
    if entry.held_on < today - OLDEST:
        found.append(_finding("held_on", f"more than {OLDEST.days} days ago", f"早于 {OLDEST.days} 天，不能补登"))
    if entry.until is not None and entry.kind not in LASTING:
        found.append(_finding("until", "only for a campaign or a study session", "只有专项行动和学习研讨可填结束日期"))
    elif entry.until is not None and entry.until < entry.held_on:
        found.append(_finding("until", "before it began", "结束日期早于开始日期"))
    if not 1 <= entry.amount <= MAX_AMOUNT:
        found.append(_finding("amount", f"between 1 and {MAX_AMOUNT}", f"须为 1 至 {MAX_AMOUNT}"))
    if not 0 <= entry.people <= MAX_PEOPLE:
        found.append(_finding("people", f"between 0 and {MAX_PEOPLE}", f"须为 0 至 {MAX_PEOPLE}"))
    if found:
        raise Invalid(found)


def _finding(loc: str, msg: str, zh: str) -> dict[str, Any]:
    return {"loc": loc, "type": "value", "msg": msg, "zh": zh}


def _note(session: Session, actor: Actor, action: str, subject: str, data: dict[str, Any]) -> None:
    session.drafts.append((actor.district_id, Draft(action, actor.ref, subject, data)))
