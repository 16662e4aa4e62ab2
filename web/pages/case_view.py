"""Everything that a page needs of one case, loaded in a bounded number of statements however long its story is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from engine import vault
from engine.calendar import CalendarDay
from engine.deadlines.book import OVERALL, TASK, Deadline
from engine.network.units import Level, Unit, lineage
from engine.worklist import WorkItem, may_take
from processes import attachments
from processes.cases import reading
from processes.cases.actions import Action, allowed
from processes.cases.models import Case, Progress, Stay
from processes.cases.revealing import may_reveal
from processes.codes import STATE_AT, Disposition, Kind, Light, Rung, Source, State, Urgency
from processes.requests.models import Request
from processes.supervisions.models import Supervision
from web.translation import t
from web.words import clocks, codes, deadlines, happenings, names, parties, people, sayings
from web.words.clocks import Chip
from web.words.people import Person

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

UnitPath = tuple[Unit, ...]
"""From the subdistrict down to the unit itself; the district, alone, is its own path."""


@dataclass(frozen=True)
class ItemView:
    """One open human task: where it lies, who holds it and since when."""

    id: int
    element: str
    label: str
    version: int
    unit: Unit | None
    role: str
    holder: Person | None
    since: datetime
    is_mine: bool
    may_take: bool

    @property
    def is_claimed(self) -> bool:
        return self.holder is not None


@dataclass(frozen=True)
class ClockView:
    """One running clock: whose, which, its chip, how it was reckoned, what comes next, which rule says so."""

    clock: str
    element: str
    label: str
    unit: Unit | None
    chip: Chip
    due_at: datetime
    arithmetic: str
    next: str
    source: str
    is_overdue: bool
    issuer: Unit | None
    """Of the clock of a supervision: who supervises."""


@dataclass(frozen=True)
class FileView:
    """One attachment. `taken_at` and position: what the picture itself said, before it was drawn anew."""

    id: int
    href: str
    media_type: str
    size: int
    by: str
    at: datetime
    taken_at: datetime | None
    lng: float | None
    lat: float | None

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def image(self) -> str:
        return f"{self.href}/image"

    @property
    def thumbnail(self) -> str:
        return f"{self.href}/image?size=small"

    @property
    def kind(self) -> str:
        return {"application/pdf": "PDF"}.get(
            self.media_type, t("图片", "image") if self.is_image else t("文档", "document")
        )


@dataclass(frozen=True)
class StayView:
    """One stay at one unit."""

    unit: Unit | None
    arrived: str
    opened_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    left: str


@dataclass(frozen=True)
class SupervisionView:
    """One open supervision of the case. `subject`: who answers, where it is not whoever owns the case."""

    id: int
    rung: Rung
    issuer: Unit | None
    subject: Unit | None
    opened_at: datetime

    @property
    def label(self) -> str:
        return sayings.rung(self.rung)

    @property
    def tone(self) -> str:
        """Cards and what is above them weigh more than being urged."""
        return "warn" if self.rung in {Rung.URGE, Rung.SUPERVISE} else "late"


@dataclass(frozen=True)
class RequestView:
    """The request that waits for the superior."""

    kind: str
    label: str
    days: int | None
    review_on: Any
    reason: str
    asked_at: datetime


@dataclass(frozen=True)
class CaseView:
    """One case as a page shows it; names of parties masked. `light`, `due_at`, `provisional` serve `ui.clock`."""

    id: int
    number: str
    version: int
    title: str
    text: str
    address: str
    erased: bool
    state: State
    kind: Kind
    urgency: Urgency
    source: Source
    type: str
    domain: str
    head_count: str
    light: str
    due_at: datetime | None
    provisional: bool
    restricted: bool
    on_spot: bool
    level: str
    hops: int
    returns: int
    rating: str
    occurred_at: datetime | None
    reported_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None
    main_case: str | None
    owner: UnitPath
    place: UnitPath
    position: tuple[float, float] | None
    items: Sequence[ItemView]
    clocks: Sequence[ClockView]
    parties: Sequence[parties.PartyView]
    files: Sequence[FileView]
    stays: Sequence[StayView]
    timeline: Sequence[happenings.Happening]
    actions: Sequence[Action]
    supervisions: Sequence[SupervisionView]
    request: RequestView | None
    may_reveal: bool
    """Whether the reader may see the parties in clear, which is recorded."""

    @property
    def item(self) -> ItemView | None:
        """Where the case itself waits (a request, a supervision or a procedure waits beside it)."""
        return next((item for item in self.items if item.element in STATE_AT), None)

    @property
    def blocks(self) -> list[happenings.Happening | happenings.Fold]:
        """The timeline with runs of machine entries folded when it is long."""
        return happenings.folded(self.timeline)


@dataclass(frozen=True)
class _Rows:
    """What the database knows of the case."""

    case: Case
    moments: Sequence[reading.Moment]
    stays: Sequence[Stay]
    progress: Sequence[Progress]
    clocks: Sequence[Deadline]
    items: Sequence[WorkItem]
    files: Sequence[attachments.Attachment]
    requests: Sequence[Request]
    supervisions: Sequence[Supervision]


@dataclass(frozen=True)
class _Texts:
    """All sealed texts of a case by id (None: erased), and what the trail holds of each."""

    by_id: Mapping[int, Any]
    commitments: Mapping[int, str]


def load(session: Session, actor: Actor, case: Case) -> CaseView:
    """The case as `actor` may see it; reading it was permitted by `access.read_case`."""
    rows = _rows(session, case)
    texts = _texts(session, case)
    units = _units(session, rows)
    refs = [moment.actor for moment in rows.moments] + [line.actor for line in rows.progress]
    holders = [item.holder_id for item in rows.items if item.holder_id is not None]
    persons = people.load(session, refs, holders)
    hidden = case.reporter_ref if reading.hides_reporter(actor, case) else None
    files = [_file(case, row, hidden) for row in rows.files]
    now = session.env.clock.now()
    summary = texts.by_id.get(case.summary_id or 0) or {}
    material = happenings.Material(
        moments=rows.moments,
        units=units,
        persons=persons,
        items=rows.items,
        clocks=rows.clocks,
        words={texts.commitments[sealed_id]: value for sealed_id, value in texts.by_id.items()},
        acted_at={texts.commitments[line.words_id]: line.unit_id for line in rows.progress if line.words_id},
        files={file.id: file for file in files},
        merged_in=_merged_in(rows.progress),
        hidden_ref=hidden,
    )
    by_staff_id = {person.staff_id: person for person in persons.values()}
    return CaseView(
        **_facts(session, case, summary, units),
        items=[_item(actor, item, units, by_staff_id) for item in rows.items if item.is_open],
        clocks=_clock_views(session, case, rows, units, now),
        parties=[parties.shown(party) for party in summary.get("parties", [])],
        files=files,
        stays=[_stay(stay, units) for stay in rows.stays],
        timeline=happenings.tell(material),
        actions=allowed(session, actor, case),
        supervisions=[_supervision(row, units) for row in rows.supervisions if row.ended_at is None],
        request=next((_request(row, texts.by_id) for row in rows.requests if row.state == "open"), None),
        may_reveal=may_reveal(actor, case, rows.items),
    )


def _rows(session: Session, case: Case) -> _Rows:
    def of(table: Any, column: Any) -> list[Any]:
        return list(session.scalars(select(table).where(column == case.id).order_by(table.id)))

    return _Rows(
        case=case,
        moments=reading.timeline(session, case),
        stays=reading.stays_of(session, case),
        progress=reading.progress_of(session, case),
        clocks=of(Deadline, Deadline.subject_id),
        items=of(WorkItem, WorkItem.subject_id),
        files=attachments.of_case(session, case),
        requests=of(Request, Request.case_id),
        supervisions=of(Supervision, Supervision.case_id),
    )


def _texts(session: Session, case: Case) -> _Texts:
    sealed = list(session.scalars(select(vault.SealedText).where(vault.SealedText.subject_id == case.id)))
    by_id = {row.id: vault.open_text(session, row) for row in sealed}
    return _Texts(by_id, {row.id: row.commitment for row in sealed})


def _merged_in(lines: Iterable[Progress]) -> list[happenings.MergedIn]:
    return [happenings.MergedIn(line.at, line.actor, line.outcome or "") for line in lines if line.kind == "merged_in"]


def _units(session: Session, rows: _Rows) -> dict[int, Unit]:
    """Every unit that the page names, with the units above them."""
    case = rows.case
    ids: set[Any] = {case.owner_id, case.last_owner_id, case.place_unit_id, case.checker_id}
    ids |= {stay.unit_id for stay in rows.stays} | {item.unit_id for item in rows.items}
    ids |= {row.unit_id for row in rows.clocks} | {row.issuer_id for row in rows.supervisions}
    ids |= {row.subject_id for row in rows.supervisions}
    ids |= {line.unit_id for line in rows.progress}
    unit_codes = set()
    for moment in rows.moments:
        ids |= {moment.data.get(name) for name in ("unit", "sender", "assigner", "checker", "ruler")}
        unit_codes |= {moment.data.get(name) for name in ("to", "from", "owner")}
    wanted_ids = {each for each in ids if isinstance(each, int)}
    wanted_codes = {each for each in unit_codes if isinstance(each, str)}
    named = session.scalars(select(Unit).where(or_(Unit.id.in_(wanted_ids), Unit.code.in_(wanted_codes)))).all()
    above = {unit_id for unit in named for unit_id in lineage(unit)} - {unit.id for unit in named}
    return {unit.id: unit for unit in [*named, *session.scalars(select(Unit).where(Unit.id.in_(above)))]}


def path_of(unit: Unit | None, units: Mapping[int, Unit]) -> UnitPath:
    """The line of a unit from the subdistrict down."""
    if unit is None:
        return ()
    line = [units[unit_id] for unit_id in lineage(unit) if unit_id in units]
    return tuple(each for each in line if each.level != Level.DISTRICT) or (unit,)


def _facts(session: Session, case: Case, summary: Mapping[str, Any], units: Mapping[int, Unit]) -> dict[str, Any]:
    main = session.get(Case, case.main_case_id) if case.main_case_id else None
    return {
        "id": case.id,
        "number": case.number,
        "version": case.version,
        "title": summary.get("title", "") or t("（内容已删除）", "(erased)"),
        "text": summary.get("text", ""),
        "address": summary.get("address", ""),
        "erased": not summary,
        "state": State(case.state),
        "kind": Kind(case.kind),
        "urgency": Urgency(case.urgency),
        "source": Source(case.source),
        "type": codes.of_list("type", case.type),
        "domain": codes.of_list("domain", case.domain),
        "head_count": codes.of_list("head_count", case.head_count),
        "light": case.light,
        "due_at": case.due_at,
        "provisional": case.provisional,
        "restricted": case.restricted,
        "on_spot": case.on_spot,
        "level": case.level,
        "hops": case.hops,
        "returns": case.returns,
        "rating": codes.rating(case.rating),
        "occurred_at": case.occurred_at,
        "reported_at": case.reported_at,
        "closed_at": case.closed_at,
        "ended_at": case.ended_at,
        "main_case": main.number if main else None,
        "owner": path_of(units.get(case.owner_id or case.last_owner_id), units),
        "place": path_of(units.get(case.place_unit_id), units),
        "position": (case.lng, case.lat) if case.lng is not None and case.lat is not None else None,
    }


def _item(actor: Actor, item: WorkItem, units: Mapping[int, Unit], persons: Mapping[int, Person]) -> ItemView:
    return ItemView(
        id=item.id,
        element=item.element,
        label=sayings.element(item.element),
        version=item.version,
        unit=units.get(item.unit_id),
        role=names.role(item.role),
        holder=persons.get(item.holder_id or 0),
        since=item.claimed_at or item.created_at,
        is_mine=item.holder_id is not None and item.holder_id == actor.staff_id,
        may_take=may_take(actor, item),
    )


def _clock_views(
    session: Session, case: Case, rows: _Rows, units: Mapping[int, Unit], now: datetime
) -> list[ClockView]:
    """The open clocks, the case's own task first, the overall one after it, what runs beside it last."""
    running = [row for row in rows.clocks if row.closed_at is None]
    days = _days(session, running)
    order = {TASK: 0, OVERALL: 1}
    running.sort(key=lambda row: (row.instance_id != case.instance_id, order.get(row.clock, 2), row.due_at))
    issuers = {row.instance_id: units.get(row.issuer_id) for row in rows.supervisions}
    return [_clock(case, row, units, days, now, issuers.get(row.instance_id)) for row in running]


def _clock(
    case: Case,
    row: Deadline,
    units: Mapping[int, Unit],
    days: Sequence[deadlines.Day],
    now: datetime,
    issuer: Unit | None,
) -> ClockView:
    light = Light.GREEN
    if row.suspended_at is not None:
        light = Light.GREY
    elif row.overdue_at is not None:
        light = Light.RED
    elif row.warned_at is not None:
        light = Light.YELLOW
    return ClockView(
        clock=row.clock,
        element=row.element,
        label=deadlines.stage(row.stage),
        unit=units.get(row.unit_id or case.owner_id or 0),
        chip=clocks.chip(light, row.due_at, now, provisional=row.provisional),
        due_at=row.due_at,
        arithmetic=t("；", "; ").join(deadlines.arithmetic(row, days)),
        next=deadlines.state_line(row, now),
        source=deadlines.rule(row.source),
        is_overdue=row.overdue_at is not None or row.due_at <= now,
        issuer=issuer,
    )


def _days(session: Session, running: Sequence[Deadline]) -> list[deadlines.Day]:
    """The calendar over the spans of all clocks that count it, in one statement."""
    spans = [deadlines.span_of(row) for row in running if deadlines.counts_calendar(row)]
    if not spans:
        return []
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    found = session.scalars(select(CalendarDay).where(CalendarDay.day.between(first, last)).order_by(CalendarDay.day))
    return [deadlines.Day(each.day, each.kind, each.name, each.official) for each in found]


def _file(case: Case, row: attachments.Attachment, hidden: str | None) -> FileView:
    return FileView(
        id=row.id,
        href=f"/api/v1/cases/{case.number}/attachments/{row.id}",
        media_type=row.media_type,
        size=row.size,
        by="" if row.uploaded_by == hidden else row.uploaded_by.removeprefix("staff:"),
        at=row.uploaded_at,
        taken_at=row.taken_at,
        lng=row.lng,
        lat=row.lat,
    )


def _stay(stay: Stay, units: Mapping[int, Unit]) -> StayView:
    return StayView(
        unit=units.get(stay.unit_id),
        arrived=codes.label(Disposition(stay.arrived_by)),
        opened_at=stay.opened_at,
        accepted_at=stay.accepted_at,
        closed_at=stay.closed_at,
        left=codes.label(Disposition(stay.outcome)) if stay.outcome else "",
    )


def _supervision(row: Supervision, units: Mapping[int, Unit]) -> SupervisionView:
    subject = units.get(row.subject_id) if row.subject_id is not None else None
    return SupervisionView(row.id, Rung(row.rung), units.get(row.issuer_id), subject, row.opened_at)


def _request(row: Request, words: Mapping[int, Any]) -> RequestView:
    label = t("申请延期", "extension asked for") if row.kind == "extension" else t("申请挂账", "suspension asked for")
    reason = str((words.get(row.words_id or 0) or {}).get("reason", ""))
    return RequestView(row.kind, label, row.asked_days, row.asked_review, reason, row.asked_at)
