"""The month of the demonstration: how far it has come, and who may move the clocks meanwhile.

The made-up month is lived on a simulated clock that ends at `horizon`, the real moment at which it was begun. Whatever
real people do happens at or after the horizon, so the two never share a moment:

* while the month is alive (`running`, heard of lately) the worker leaves timers and notices alone (`holds`);
* when it is killed and started again it goes on from where it was (`started_anew` keeps the worker waiting);
* when it is not heard of for longer than `SILENCE` the worker takes over for good (`cut_short`), as after an outage:
  what is late fires then. The month can never go on after that, since its clock would lie behind the rows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import OperatorError
from engine.trail.entries import TrailEntry
from processes.cases.models import Case

if TYPE_CHECKING:
    from engine.db import Session, Store

LOADED, RUNNING, FINISHED, CUT_SHORT = "loaded", "running", "finished", "cut_short"
SILENCE = timedelta(seconds=30)
DAYS = 30
SEED = 1


class MonthOver(OperatorError):
    """Another process lives the month of the demonstration, or the worker has taken over."""

    code = "demo_month_over"
    zh = "演示月份已由其他进程接手，或已结束。"


class DemoRun(Base):
    """The one demonstration of this database. Without this row the network is somebody's own, and left alone."""

    __tablename__ = "demo_run"
    __table_args__ = (CheckConstraint("state in ('loaded', 'running', 'finished', 'cut_short')", name="state_known"),)

    district_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12))
    seed: Mapped[int]
    days: Mapped[int]
    horizon: Mapped[datetime]
    """Made-up things happen before it, real ones at or after it."""
    reached: Mapped[datetime]
    """Where the simulated clock stands."""
    seen_at: Mapped[datetime]
    """When the month was last heard of, by the real clock."""
    cases: Mapped[int]
    fence: Mapped[int]
    """Grows whenever a process takes the month up; one that was before it can write no more."""
    ended_at: Mapped[datetime | None]

    @property
    def day(self) -> int:
        """The day of the month that is being lived, from 1."""
        begun = self.horizon - timedelta(days=self.days)
        return min(max((self.reached - begun).days + 1, 1), self.days)

    @property
    def share(self) -> float:
        """How much of the month is done, 0 to 1."""
        begun = self.horizon - timedelta(days=self.days)
        return min(max((self.reached - begun) / timedelta(days=self.days), 0.0), 1.0)


def find(session: Session) -> DemoRun | None:
    """The demonstration, None when the network is not the demo's."""
    return session.scalar(select(DemoRun))


def begin(session: Session, district_id: int, horizon: datetime, *, days: int = DAYS, lived: bool = True) -> DemoRun:
    """Note that the demo is loaded. `horizon`: the real time of now; `lived`: its month is to be lived."""
    row = DemoRun(
        district_id=district_id,
        state=RUNNING if lived else LOADED,
        seed=SEED,
        days=days,
        horizon=horizon,
        reached=horizon - timedelta(days=days),
        seen_at=horizon,
        cases=0,
        fence=0,
        ended_at=None if lived else horizon,
    )
    session.add(row)
    session.flush()
    return row


def started_anew(session: Session) -> bool:
    """Whether the month has to go on; if so, the worker waits for it from now on."""
    row = find(session)
    if row is None or row.state != RUNNING:
        return False
    row.seen_at = session.env.clock.now()
    return True


def holds(store: Store) -> bool:
    """Whether timers and notices must wait for the month; a month that has fallen silent is cut short here."""
    with store.read() as session:
        row = find(session)
    if row is None or row.state != RUNNING:
        return False
    if store.env.clock.now() - row.seen_at <= SILENCE:
        return True
    with store.write() as session:
        unheard = (DemoRun.state == RUNNING) & (DemoRun.seen_at == row.seen_at)
        session.execute(update(DemoRun).where(unheard).values(state=CUT_SHORT, ended_at=store.env.clock.now()))
    return holds(store)


def take_up(session: Session) -> DemoRun | None:
    """The month for a process that is to live it, from where it stands; None when there is none to live."""
    row = session.scalar(select(DemoRun).with_for_update())
    if row is None or row.state != RUNNING:
        return None
    row.fence += 1
    row.seen_at = session.env.clock.now()
    row.reached = max(row.reached, last_made_up(session, row))
    row.cases = session.scalar(select(func.count()).where(Case.reported_at < row.horizon)) or 0
    return row


def refuse_over(session: Session, fence: int) -> None:
    """Within a transaction of the month: may this process still write? Raises MonthOver."""
    standing = session.execute(select(DemoRun.state, DemoRun.fence).with_for_update(read=True)).first()
    if standing is None or tuple(standing) != (RUNNING, fence):
        raise MonthOver


def last_made_up(session: Session, row: DemoRun) -> datetime:
    """The latest moment that the month has written; where its clock must go on."""
    before = (TrailEntry.district_id == row.district_id) & (TrailEntry.at < row.horizon)
    return max(row.reached, session.scalar(select(func.max(TrailEntry.at)).where(before)) or row.reached)


def belongs_to_visitors(session: Session, row: DemoRun, subject_no: str) -> bool:
    """Whether a real person has reported the case or done anything to it: then the made-up staff leave it alone."""
    touched = select(TrailEntry.seq).where(
        TrailEntry.district_id == row.district_id, TrailEntry.subject == subject_no, TrailEntry.at >= row.horizon
    )
    return session.scalar(touched.limit(1)) is not None
