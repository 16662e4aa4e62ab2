"""The deadlines of a running instance: rows, opened when a task becomes ready, closed when it is over.

A deadline belongs to one element in one call (`scope`), one unit and one clock: the task's own, the rating, or the
overall clock of the subject. Its marks (warned, last called, overdue, escalated) are given once; a timer whose mark
has been given is not armed again, also when its task is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine import calendar
from engine.db import Base, BigId
from engine.deadlines import arithmetic
from engine.deadlines.arithmetic import Limit

if TYPE_CHECKING:
    from engine.calendar import Calendar, Reckoned
    from engine.db import Session
    from engine.deadlines.table import DeadlineRule, DeadlineTable
    from engine.instances import ProcessInstance

TASK, OVERALL, RATING = "task", "overall", "rating"
OVERALL_PLACE = ("", "overall")
_MOMENT_OF = {
    "warned": "warn_at",
    "last_called": "last_call_at",
    "overdue": "due_at",
    "escalated": "grace_at",
    "unsigned": "sign_by_at",
}
_IS_OPEN = text("closed_at is null")
_WAS_LATE = text("overdue_at is not null")

Criteria = Callable[[], tuple[str, str, str]]
"""Gives (kind, urgency, level) when a rule has to be looked up."""


class Deadline(Base):
    """One running clock. `limit_unit` is min, h, wh, wd or d; `source` names the rule's law or "default"."""

    __tablename__ = "deadline"
    __table_args__ = (
        CheckConstraint("warn_at is null or warn_at <= due_at", name="warn_before_due"),
        CheckConstraint("grace_at is null or due_at <= grace_at", name="due_before_grace"),
        CheckConstraint("clock in ('task', 'overall', 'rating')", name="clock_known"),
        CheckConstraint("(suspended_at is null) = (remaining_seconds is null)", name="suspended_keeps_rest"),
        Index(
            "uq_deadline_open",
            "instance_id",
            "scope",
            "element",
            "clock",
            "unit_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("ix_deadline_subject", "subject_id"),
        Index("ix_deadline_open_unit", "unit_id", "due_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_deadline_late", "district_id", "closed_at", sqlite_where=_WAS_LATE, postgresql_where=_WAS_LATE),
        Index("ix_deadline_element", "district_id", "element", "closed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(BigId)
    subject_id: Mapped[int] = mapped_column(BigId)
    scope: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(64))
    clock: Mapped[str] = mapped_column(String(8))
    stage: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int | None] = mapped_column(BigId)
    started_at: Mapped[datetime]
    limit_amount: Mapped[int]
    limit_unit: Mapped[str] = mapped_column(String(3))
    statutory: Mapped[bool]
    source: Mapped[str] = mapped_column(String(128))
    warn_at: Mapped[datetime | None]
    last_call_at: Mapped[datetime | None]
    """A second warning, where the rule has one: the last before a right is lost."""
    due_at: Mapped[datetime]
    grace_at: Mapped[datetime | None]
    grace_amount: Mapped[int | None]
    grace_unit: Mapped[str | None] = mapped_column(String(3))
    provisional: Mapped[bool]
    """Some day that it counts is not yet officially a working day or a holiday."""
    warned_at: Mapped[datetime | None]
    last_called_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    sign_by_at: Mapped[datetime | None]
    """When somebody must have signed off (签收), where the task asks for it; counted from dispatch."""
    unsigned_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    remaining_seconds: Mapped[int | None]
    """What was left when the clock was stopped: seconds of working time for wh and wd, else seconds."""
    resumed_at: Mapped[datetime | None]
    resumed_seconds: Mapped[int | None]
    resumed_days: Mapped[int | None]
    """When it last went on after it had stood still, with what, and how many days of extension that held."""
    extended_days: Mapped[int]
    closed_at: Mapped[datetime | None]

    @property
    def limit(self) -> Limit:
        return Limit(self.limit_amount, self.limit_unit, self.statutory)

    @property
    def grace(self) -> Limit | None:
        if self.grace_amount is None or self.grace_unit is None:
            return None
        return Limit(self.grace_amount, self.grace_unit)

    @property
    def occurrence(self) -> str:
        """Tells one running of this clock from the next, so that a mark given anew is told anew."""
        return f"d{self.id}t{int(self.started_at.timestamp())}"

    def moment(self, mark: str) -> datetime | None:
        """When `mark` falls due; None when it was given, never comes, or the clock stands still."""
        if self.suspended_at or self.closed_at or getattr(self, f"{mark}_at"):
            return None
        if mark == "unsigned" and self.signed_at:
            return None
        moment: datetime | None = getattr(self, _MOMENT_OF[mark])
        return moment


@dataclass(frozen=True)
class Place:
    """Where a clock runs: the call, the element, and the unit that acts (None for the overall clock)."""

    scope: str
    element: str
    unit_id: int | None


OVERALL_AT = Place(*OVERALL_PLACE, None)


class DeadlineBook:
    """The open deadlines of one instance during one step."""

    def __init__(
        self, session: Session, owner: ProcessInstance, table: DeadlineTable, now: datetime, rows: Iterable[Deadline]
    ) -> None:
        """`rows`: the open deadlines of `owner`."""
        self._session = session
        self._owner = owner
        self._table = table
        self._now = now
        self._open = {(row.scope, row.element, row.clock): row for row in rows}

    def __iter__(self) -> Iterator[Deadline]:
        return iter(list(self._open.values()))

    @property
    def calendar(self) -> Calendar:
        return calendar.load(self._session)

    def find(self, scope: str, element: str, clock: str = TASK) -> Deadline | None:
        return self._open.get((scope, element, clock))

    def by_id(self, deadline_id: int) -> Deadline | None:
        return next((row for row in self._open.values() if row.id == deadline_id), None)

    @property
    def overall(self) -> Deadline | None:
        return self.find(*OVERALL_PLACE, OVERALL)

    def open(self, place: Place, clock: str, stage: str, criteria: Criteria, start: datetime | None = None) -> Deadline:
        """The open deadline at `place`; made by the rule of `stage` when there is none. `start`: default now."""
        key = (place.scope, place.element, clock)
        if key in self._open:
            return self._open[key]
        row = Deadline(
            district_id=self._owner.district_id,
            instance_id=self._owner.id,
            subject_id=self._owner.subject_id,
            scope=place.scope,
            element=place.element,
            clock=clock,
            unit_id=place.unit_id,
            started_at=start or self._now,
            extended_days=0,
        )
        self._read_rule(row, stage, criteria)
        self._session.add(row)
        self._open[key] = row
        return row

    def ask_sign_off(self, row: Deadline, stage: str, criteria: Criteria) -> None:
        """The task of a new clock must be signed off within the limit of `stage`, from dispatch."""
        if row.sign_by_at is None:
            rule = self._table.lookup(stage, *criteria())
            row.sign_by_at = arithmetic.reckon(self.calendar, row.started_at, rule.limit).at

    def close(self, row: Deadline) -> None:
        row.closed_at = self._now
        row.suspended_at = row.remaining_seconds = None
        self._open.pop((row.scope, row.element, row.clock), None)

    def close_unless(self, standing: Mapping[tuple[str, str], int]) -> None:
        """Close the clocks of tasks that no longer stand at their unit; stopped clocks and the overall one stay."""
        for row in self:
            if row.clock == OVERALL:
                keep = self._owner.ended_at is None
            else:
                keep = standing.get((row.scope, row.element)) == row.unit_id or row.suspended_at is not None
            if not keep:
                self.close(row)

    def rebase(self, row: Deadline, stage: str, criteria: Criteria) -> None:
        """Read another stage or other criteria into a running clock: start, time used and marks given stay.

        A mark not yet given never falls before now (invariant 6).
        """
        self._read_rule(row, stage, criteria)
        self._not_before_now(row)

    def give_lawful_time(self, row: Deadline, stage: str, criteria: Criteria) -> None:
        """Read the longer time that a procedure lawfully takes, from now: never less than was left.

        Marks that would not have been given by then are taken back, so that lawful time is never overdue (ruling 5).
        """
        before, row.started_at = row.due_at, self._now
        self._read_rule(row, stage, criteria)
        if row.due_at < before:
            self._move(row, before, provisional=row.provisional)
        self.take_back_marks(row)

    def take_back_marks(self, row: Deadline) -> None:
        """Marks whose time lies ahead can be given again."""
        for mark in ("warned", "last_called", "overdue", "escalated"):
            at = getattr(row, _MOMENT_OF[mark])
            if at is not None and at > self._now:
                setattr(row, f"{mark}_at", None)

    def not_sooner_than_fresh(self, row: Deadline, criteria: Criteria) -> None:
        """After pressing: at least the whole limit that the table now names is left (ruling 10)."""
        rule = self._table.lookup(row.stage, *criteria())
        fresh = arithmetic.reckon(self.calendar, self._now, rule.limit)
        if row.due_at < fresh.at:
            self._move(row, fresh.at, provisional=fresh.provisional)

    def restart(self, row: Deadline, stage: str, criteria: Criteria) -> None:
        """Begin anew from now, as after a hold: all marks can be given again."""
        row.started_at = self._now
        row.warned_at = row.last_called_at = row.overdue_at = row.escalated_at = None
        self._read_rule(row, stage, criteria)

    def extend(self, row: Deadline, days: int) -> None:
        """Add `days`: working days when the clock counts working time, else natural days."""
        unit = "wd" if row.limit_unit in {"wd", "wh"} else "d"
        reckoned = arithmetic.reckon(self.calendar, row.due_at, Limit(days, unit))
        self._move(row, reckoned.at, provisional=reckoned.provisional)
        row.extended_days += days

    def regrace(self, row: Deadline) -> None:
        """Count the grace period from now, since overdue was told late (nothing ran when it fell due)."""
        if row.grace is not None:
            row.grace_at = max(row.due_at, arithmetic.reckon(self.calendar, self._now, row.grace).at)

    def set_due(self, row: Deadline, due: datetime) -> None:
        """A due time that a person has chosen; warning and grace keep their distance."""
        self._move(row, due.astimezone(UTC), provisional=row.provisional)

    def suspend(self, row: Deadline) -> None:
        """Stop the clock; what is left is kept."""
        if row.suspended_at is None:
            row.remaining_seconds = arithmetic.remaining(self.calendar, self._now, row.due_at, row.limit_unit)
            row.suspended_at = self._now

    def resume(self, row: Deadline) -> None:
        """Start a stopped clock with what was left."""
        if row.suspended_at is None or row.remaining_seconds is None:
            return
        rest = timedelta(seconds=row.remaining_seconds)
        reckoned = arithmetic.due_from_remaining(self.calendar, self._now, rest, row.limit_unit)
        row.resumed_at, row.resumed_seconds, row.resumed_days = self._now, row.remaining_seconds, row.extended_days
        row.suspended_at = row.remaining_seconds = None
        self._move(row, reckoned.at, provisional=reckoned.provisional)

    def recount(self, row: Deadline) -> bool:
        """Reckon a running clock again with the calendar as it is now; whether the due time moved."""
        before = (row.due_at, row.provisional)
        due, since = self._from_the_last_start(row)
        at, provisional = due.at, due.provisional
        if row.extended_days > since:
            unit = "wd" if row.limit_unit in {"wd", "wh"} else "d"
            further = arithmetic.reckon(self.calendar, at, Limit(row.extended_days - since, unit))
            at, provisional = further.at, provisional or further.provisional
        self._move(row, at, provisional=provisional)
        row.provisional = provisional
        return (row.due_at, row.provisional) != before

    def _from_the_last_start(self, row: Deadline) -> tuple[Reckoned, int]:
        """When it is due by what was left when it last began to run, and the days of extension that count in that."""
        if row.resumed_at is None or row.resumed_seconds is None:
            return arithmetic.reckon(self.calendar, row.started_at, row.limit), 0
        rest = timedelta(seconds=row.resumed_seconds)
        due = arithmetic.due_from_remaining(self.calendar, row.resumed_at, rest, row.limit_unit)
        return due, row.resumed_days or 0

    def _read_rule(self, row: Deadline, stage: str, criteria: Criteria) -> None:
        rule: DeadlineRule = self._table.lookup(stage, *criteria())
        times = arithmetic.times(self.calendar, rule, row.started_at)
        row.resumed_at = row.resumed_seconds = row.resumed_days = None
        row.stage, row.source = stage, rule.source
        row.limit_amount, row.limit_unit, row.statutory = rule.limit.amount, rule.limit.unit, rule.limit.statutory
        row.grace_amount = rule.grace.amount if rule.grace else None
        row.grace_unit = rule.grace.unit if rule.grace else None
        row.warn_at, row.due_at, row.grace_at = times.warn_at, times.due_at, times.grace_at
        row.last_call_at = times.last_call_at
        row.provisional = times.provisional

    def _move(self, row: Deadline, due: datetime, *, provisional: bool) -> None:
        """Set a new due time; warning and grace keep their distance, nothing not yet given falls before now."""
        shift = due - row.due_at
        row.due_at, row.provisional = due, row.provisional or provisional
        if row.warn_at is not None:
            row.warn_at += shift
        if row.last_call_at is not None:
            row.last_call_at += shift
        if row.grace is not None:
            row.grace_at = max(due, arithmetic.reckon(self.calendar, due, row.grace).at)
        self._not_before_now(row)

    def _not_before_now(self, row: Deadline) -> None:
        if row.overdue_at is None:
            row.due_at = max(row.due_at, self._now)
        if row.grace_at is not None:
            row.grace_at = max(row.grace_at, row.due_at)
        if row.warn_at is not None:
            row.warn_at = min(max(row.warn_at, self._now), row.due_at) if row.warned_at is None else row.warn_at
            row.warn_at = min(row.warn_at, row.due_at)
        if row.last_call_at is not None and row.last_called_at is None:
            row.last_call_at = min(max(row.last_call_at, self._now), row.due_at)
