"""Lists, counts and the story of a case, within the actor's scope."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, case, func, or_, select, union
from sqlalchemy.orm import aliased

from engine import vault
from engine.errors import Invalid, NotFound
from engine.network.units import Unit, by_code
from engine.trail import entries
from engine.worklist import OPEN, WorkItem
from processes.access import reading_units, reads_many, scope, visible_each
from processes.cases import search
from processes.cases.handling import finding
from processes.cases.models import Case, Progress, Stay
from processes.codes import ENDED, Light, State

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry

MAX_PAGE = 200
_OPEN_STATES = [state.value for state in State if state not in ENDED]


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None leaves a criterion open. `under`: a unit's code."""

    state: str | None = None
    kind: str | None = None
    level: str | None = None
    under: str | None = None
    overdue: bool | None = None
    text: str | None = None
    open_only: bool = False


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of the next page (None: this was the last)."""

    rows: Sequence[Row[Any]]
    cursor: str | None


_owner = aliased(Unit)
_place = aliased(Unit)
COLUMNS = (
    Case.id,
    Case.number,
    Case.state,
    Case.kind,
    Case.type,
    Case.urgency,
    Case.level,
    Case.light,
    Case.due_at,
    Case.provisional,
    Case.reported_at,
    Case.restricted,
    Case.on_spot,
    Case.hops,
    Case.summary_id,
    Case.version,
    _owner.code.label("owner_code"),
    _owner.name.label("owner_name"),
    _place.code.label("place_code"),
    _place.name.label("place_name"),
)


def list_cases(session: Session, actor: Actor, filters: Filters, *, cursor: str | None, limit: int) -> Page:
    """The newest first. Raises NotFound for a unit that is not there, Invalid for a broken cursor."""
    size = min(limit, MAX_PAGE)
    rows = session.execute(list_query(session, actor, filters, cursor=cursor).limit(size + 1)).all()
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _encode(rows[-1].reported_at, rows[-1].id) if more else None)


def list_query(session: Session, actor: Actor, filters: Filters, *, cursor: str | None) -> Any:
    """The statement of `list_cases`, without its limit."""
    probing = filters.text and reads_many(session, actor)
    query = rows_query().where(visible_each(actor)) if probing else scope(rows_query(), actor)
    query = narrowed(session, actor, query, filters)
    if cursor is not None:
        at, last = _decode(cursor)
        query = query.where(or_(Case.reported_at < at, and_(Case.reported_at == at, Case.id < last)))
    return query.order_by(Case.reported_at.desc(), Case.id.desc())


def rows_query() -> Any:
    """The columns of a list of cases, not yet narrowed to a scope."""
    joined = select(*COLUMNS).outerjoin(_owner, _owner.id == Case.owner_id)
    return joined.join(_place, _place.id == Case.place_unit_id)


def narrowed(session: Session, actor: Actor, query: Any, filters: Filters) -> Any:
    """The query with its filters."""
    if filters.state is not None:
        query = query.where(Case.state == filters.state)
    if filters.open_only:
        query = query.where(Case.state.in_(_OPEN_STATES))
    if filters.kind is not None:
        query = query.where(Case.kind == filters.kind)
    if filters.level is not None:
        query = query.where(Case.level == filters.level)
    if filters.overdue is not None:
        red = Case.light == Light.RED.value
        query = query.where(red if filters.overdue else ~red)
    if filters.under is not None:
        query = query.where(_lies_under(session, actor, filters.under))
    if filters.text:
        query = query.where(search.condition(session, filters.text))
    return query


def _lies_under(session: Session, actor: Actor, code: str) -> Any:
    root = by_code(session, code)
    if root is None or root.district_id != actor.district_id:
        raise NotFound
    below = select(Unit.id).where(Unit.path.startswith(root.path))
    return or_(Case.owner_id.in_(below), and_(Case.owner_id.is_(None), Case.last_owner_id.in_(below)))


def counts(session: Session, actor: Actor, unit_ids: Sequence[int]) -> Mapping[str, int]:
    """What lies at these units: by state, and how much of it is overdue or warned."""
    found: dict[str, int] = {"overdue": 0, "warned": 0, "open": 0}
    for state, total, overdue, warned in session.execute(counts_query(actor, unit_ids)):
        found[state] = total
        found["open"] += total
        found["overdue"] += overdue
        found["warned"] += warned
    return found


def counts_query(actor: Actor, unit_ids: Sequence[int]) -> Any:
    """The statement of `counts`."""
    red = func.sum(case((Case.light == Light.RED.value, 1), else_=0))
    yellow = func.sum(case((Case.light == Light.YELLOW.value, 1), else_=0))
    query = scope(select(Case.state, func.count(), red, yellow), actor).where(Case.owner_id.in_(unit_ids))
    return query.group_by(Case.state)


def open_work(session: Session, unit_ids: Sequence[int]) -> int:
    """How many cases these units own or have work on; a unit is closed only when there is none."""
    waiting = select(WorkItem.subject_id).where(WorkItem.unit_id.in_(unit_ids), WorkItem.state.in_(OPEN))
    owned = select(Case.id).where(Case.owner_id.in_(unit_ids))
    return session.scalar(select(func.count()).select_from(union(waiting, owned).subquery())) or 0


def register(registry: Registry) -> None:
    registry.open_work_counters.append(open_work)


def titles(session: Session, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """Titles by sealed id; an erased case has none."""
    opened = vault.open_many(session, [row.summary_id for row in rows])
    return {sealed_id: str((value or {}).get("title", "")) for sealed_id, value in opened.items()}


def stays_of(session: Session, case_row: Case) -> list[Stay]:
    return list(session.scalars(select(Stay).where(Stay.case_id == case_row.id).order_by(Stay.id)))


def progress_of(session: Session, case_row: Case) -> list[Progress]:
    return list(session.scalars(select(Progress).where(Progress.case_id == case_row.id).order_by(Progress.id)))


@dataclass(frozen=True)
class Moment:
    """One line of a case's timeline, and the entry of the trail that proves it."""

    at: datetime
    action: str
    actor: str
    seq: int
    data: Mapping[str, Any]
    leaf_hash: str
    """In hex: the leaf of the district's Merkle log."""
    commitments: tuple[str, ...]
    """Of the sealed texts that belong to it; see `engine.vault`."""


def timeline(session: Session, case_row: Case) -> list[Moment]:
    """Everything that happened to a case, oldest first, from the trail itself."""
    return story(session, case_row.district_id, case_row.number)


def story(session: Session, district_id: int, number: str) -> list[Moment]:
    """Everything under one number: of a case, of the visit that it was, or of a visit that became none."""
    return [_moment(entry) for entry in entries.entries_of(session, district_id, number)]


def _moment(entry: entries.TrailEntry) -> Moment:
    body = json.loads(entry.body)
    commitments = tuple(body["commit"])
    return Moment(entry.at, entry.action, entry.actor, entry.seq, body["data"], entry.leaf_hash.hex(), commitments)


def hides_reporter(actor: Actor, case_row: Case) -> bool:
    """Of a restricted case only the place's own units read who reported it, and the reporter."""
    if not case_row.restricted or actor.ref == case_row.reporter_ref:
        return False
    return case_row.place_unit_id not in reading_units(actor)


def _encode(at: datetime, case_id: int) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{case_id}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, _, case_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        return datetime.fromisoformat(at), int(case_id)
    except ValueError:
        raise Invalid([finding("cursor", "is not a cursor of this list", "翻页标记无效")]) from None
