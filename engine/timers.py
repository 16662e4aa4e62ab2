"""Timers are rows, derived in the step from the tokens that wait; the sweep costs what is due, never what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import CheckConstraint, Index, String, bindparam, delete, false, func, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from engine import incidents, metrics
from engine.db import Base, BigId, Session
from engine.errors import TryLater
from engine.instances import RUNNING, ProcessInstance

if TYPE_CHECKING:
    from engine.db import Store
    from engine.spiff.instance import ArmedTimer

ARMED, FIRED = "armed", "fired"
PAGE = 100
MAX_ATTEMPTS = 5
NEVER = timedelta(days=36_500)
TURNS = 10
"""Of so many turns, one goes to whatever is due longest, so that pressing timers never starve the others."""
BUSY_PAUSE = timedelta(seconds=1)
"""How long a timer waits that met somebody else at work on its case."""
BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_IS_ARMED = text("state = 'armed'")
_IS_PRESSING = text("state = 'armed' and pressing")

log = structlog.get_logger(__name__)


class Timer(Base):
    """A timer of a waiting token. `attempts` counts firings that were begun, also those that killed their worker."""

    __tablename__ = "timer"
    __table_args__ = (
        CheckConstraint("state in ('armed', 'fired')", name="state_known"),
        CheckConstraint("(state = 'fired') = (fired_at is not null)", name="fired_has_time"),
        Index("uq_timer_token", "instance_id", "task_id", unique=True),
        Index("ix_timer_armed", "wake_at", "id", sqlite_where=_IS_ARMED, postgresql_where=_IS_ARMED),
        Index("ix_timer_pressing", "wake_at", "id", sqlite_where=_IS_PRESSING, postgresql_where=_IS_PRESSING),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(BigId)
    task_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(64))
    deadline_id: Mapped[int | None] = mapped_column(BigId)
    """The clock that it reads; None for a timer of the model's own (a fixed duration)."""
    mark: Mapped[str] = mapped_column(String(12), default="")
    due_at: Mapped[datetime]
    wake_at: Mapped[datetime]
    """When the sweep looks at it: the due time, later after a failure."""
    state: Mapped[str] = mapped_column(String(8), default=ARMED)
    attempts: Mapped[int] = mapped_column(default=0)
    fired_at: Mapped[datetime | None]
    pressing: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Goes before the others when many are due at once (特急)."""


@dataclass(frozen=True)
class Owner:
    """The instance whose timers are written, and whether they are pressing."""

    instance_id: int
    district_id: int
    pressing: bool = False


_DISARM = delete(Timer).where(
    Timer.instance_id == bindparam("owner"), Timer.task_id.in_(bindparam("gone", expanding=True)), _IS_ARMED
)
_ARM = insert(Timer.__table__)  # type: ignore[arg-type] # a Table at run time
_BLIND = {"synchronize_session": False}


def sync(session: Session, owner: Owner, before: Iterable[ArmedTimer], after: Iterable[ArmedTimer]) -> None:
    """Write the difference between the timers armed before a step and after it; deadlines are flushed by then."""
    was = {timer.task_id: timer for timer in before}
    now = {timer.task_id: timer for timer in after}
    gone = [task_id for task_id in was if task_id not in now]
    new = [timer for task_id, timer in now.items() if task_id not in was]
    moved = [timer for task_id, timer in now.items() if task_id in was and was[task_id].due_at != timer.due_at]
    if gone:
        session.execute(_DISARM, {"owner": owner.instance_id, "gone": gone}, execution_options=_BLIND)
    if new:
        session.execute(_ARM, [_row(owner, timer) for timer in new])
    for timer in moved:
        _move(session, owner, timer)


def _row(owner: Owner, timer: ArmedTimer) -> dict[str, object]:
    return {
        "district_id": owner.district_id,
        "instance_id": owner.instance_id,
        "task_id": timer.task_id,
        "element": timer.element,
        "deadline_id": timer.clock.id if timer.clock is not None else None,
        "mark": timer.mark,
        "due_at": timer.due_at,
        "wake_at": timer.due_at,
        "state": ARMED,
        "attempts": 0,
        "pressing": owner.pressing,
    }


def _move(session: Session, owner: Owner, timer: ArmedTimer) -> None:
    session.execute(
        update(Timer)
        .where(Timer.instance_id == owner.instance_id, Timer.task_id == timer.task_id, Timer.state == ARMED)
        .values(due_at=timer.due_at, wake_at=timer.due_at, attempts=0)
    )


def mark_fired(timer: Timer, now: datetime) -> None:
    """The row of a timer that fires in this step; its lateness is what the metric shows."""
    timer.state, timer.fired_at = FIRED, now
    metrics.TIMER_LATENESS.observe(max(0.0, (now - timer.due_at).total_seconds()))


def next_wake(session: Session) -> datetime | None:
    """When the next armed timer wants the sweep."""
    return session.scalar(select(Timer.wake_at).where(_IS_ARMED).order_by(Timer.wake_at).limit(1))


def press(session: Session, instance_ids: Iterable[int], *, pressing: bool) -> None:
    """The armed timers of these instances go before all others from now on, or no longer do."""
    mine = update(Timer).where(Timer.instance_id.in_(list(instance_ids)), _IS_ARMED)
    session.execute(mine.values(pressing=pressing), execution_options=_BLIND)


_NEXT = (
    select(Timer.id, Timer.attempts)
    .where(_IS_ARMED, Timer.wake_at <= bindparam("now"))
    .order_by(Timer.wake_at, Timer.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_NEXT_PRESSING = _NEXT.where(_IS_PRESSING)


def sweep(store: Store, page: int = PAGE, stopping: Callable[[], bool] = lambda: False) -> int:
    """Fire what is due, at most `page` timers; returns how many were taken up, 0 when nothing is left to do now.

    1. Look, without a lock, whether anything is due.
    2. Take the next due timer, pressing ones first, past those that other workers hold. In a commit of its own count
       the attempt and push `wake_at` out by the back-off: no other worker takes it, and a step that kills its worker is
       tried MAX_ATTEMPTS times and then becomes an incident.
    3. In a second transaction lock the instance, look again whether the timer is still armed and due, step, commit.
    4. A timer that finds its instance locked is put back for a moment; the attempt does not count.
    5. A step that fails leaves everything as before; its case gets an incident and the timer stays pushed out.

    `stopping` is asked before each timer, so that a worker with a weekend's timers before it can be stopped at once.
    """
    with store.read() as session:
        wake = next_wake(session)
    if wake is None or wake > store.env.clock.now():
        return 0
    for number in range(page):
        taken = None if stopping() else _take(store, pressing_first=number % TURNS != TURNS - 1)
        if taken is None:
            return number
        if taken.given_up:
            continue
        _step(store, taken)
    return page


@dataclass(frozen=True)
class Taken:
    """A timer that this worker has taken up; `attempts` were begun before."""

    id: int
    attempts: int

    @property
    def given_up(self) -> bool:
        return self.attempts >= MAX_ATTEMPTS


def _take(store: Store, *, pressing_first: bool) -> Taken | None:
    with store.write() as session:
        due = {"now": store.env.clock.now()}
        found = session.execute(_NEXT_PRESSING, due).first() if pressing_first else None
        found = found or session.execute(_NEXT, due).first()
        taken = Taken(*found) if found is not None else None
        if taken is not None:
            _begin(session, taken)
        return taken


def fire(store: Store, timer_id: int, attempts: int) -> bool:
    """Fire one timer that was chosen elsewhere; False when it is not armed any more, somebody took it, or it failed."""
    taken = Taken(timer_id, attempts)
    with store.write() as session:
        mine = _begin(session, taken)
    return mine and not taken.given_up and _step(store, taken)


def _begin(session: Session, taken: Taken) -> bool:
    """Count the attempt by compare-and-swap, and give up when the tries are used up; False when others were first."""
    pause = NEVER if taken.given_up else BACK_OFF[taken.attempts]
    begun = session.execute(
        update(Timer)
        .where(Timer.id == taken.id, Timer.state == ARMED, Timer.attempts == taken.attempts)
        .values(attempts=taken.attempts + 1, wake_at=session.env.clock.now() + pause)
    )
    if begun.rowcount != 1:  # type: ignore[attr-defined] # CursorResult
        return False
    if taken.given_up:
        _record_failure(session, taken.id, None)
    return True


def _step(store: Store, taken: Taken) -> bool:
    """Steps 3 to 5 of `sweep`."""
    from engine import runtime  # noqa: PLC0415 # it imports this module

    try:
        with store.write() as session:
            fired = runtime.fire(session, taken.id)
        log.info("timer fired" if fired else "timer moved or disarmed meanwhile", timer=taken.id)
        return fired
    except TryLater:
        _put_back(store, taken)
    except Exception as error:  # whatever a step raises must not stop the sweep
        log.warning("timer step failed", timer=taken.id, attempt=taken.attempts + 1, exc_info=error)
        with store.write() as session:
            _record_failure(session, taken.id, error)
    finally:
        structlog.contextvars.unbind_contextvars("case", "instance")
    return False


def _put_back(store: Store, taken: Taken) -> None:
    with store.write() as session:
        session.execute(
            update(Timer)
            .where(Timer.id == taken.id, Timer.state == ARMED, Timer.attempts == taken.attempts + 1)
            .values(attempts=taken.attempts, wake_at=store.env.clock.now() + BUSY_PAUSE)
        )


def _record_failure(session: Session, timer_id: int, error: Exception | None) -> None:
    timer = session.get(Timer, timer_id)
    instance = session.get(ProcessInstance, timer.instance_id, with_for_update=True) if timer else None
    if timer is None or instance is None:
        return
    if error is None:
        incidents.give_up(session, instance, "timer", timer.element, timer.attempts - 1)
        return
    cause = error.__cause__ or error
    reason = type(cause).__name__  # its text may hold what people wrote
    incidents.open_incident(session, instance, "timer", timer.element, reason, cause)


def drift(session: Session, limit: int = 1000, instance_ids: Iterable[int] | None = None) -> list[tuple[int, str]]:
    """(instance id, task id) of timers whose row and state disagree, over the running instances; must be empty.

    `instance_ids`: only of these; None: of all.
    """
    from engine import runtime  # noqa: PLC0415 # it imports this module

    found: list[tuple[int, str]] = []
    running = select(ProcessInstance.id).where(ProcessInstance.status == RUNNING)
    if instance_ids is not None:
        running = running.where(ProcessInstance.id.in_(list(instance_ids)))
    for instance_id in session.scalars(running):
        armed = {timer.task_id: timer.due_at for timer in runtime.inspect(session, instance_id).timers}
        query = select(Timer.task_id, Timer.due_at).where(Timer.instance_id == instance_id, _IS_ARMED)
        rows = dict(session.execute(query).all())
        found += [(instance_id, task) for task in armed.keys() | rows.keys() if armed.get(task) != rows.get(task)]
        if len(found) >= limit:
            break
    return found


def due_count(session: Session) -> int:
    """How many are due and not fired; those that wait for their next try are not among them."""
    due = select(func.count()).select_from(Timer).where(_IS_ARMED, Timer.wake_at <= session.env.clock.now())
    return session.scalar(due) or 0


def armed_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Timer).where(_IS_ARMED)) or 0


def disarm(session: Session, deadline_id: int, mark: str) -> None:
    """Take away the timer of a mark that can no longer fall due (signed off outside a step)."""
    session.execute(delete(Timer).where(Timer.deadline_id == deadline_id, Timer.mark == mark, _IS_ARMED))
