"""Work items (待办): the human tasks that wait, who may take them, who took them.

State machine, one table:
    ready --claim--> claimed --release--> ready
    ready, claimed --complete--> completed
    ready, claimed --the step that ends their token--> cancelled
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import AlreadyTaken, Conflict, Forbidden, NotFound
from engine.network.people import Staff, masked, name_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

READY, CLAIMED, COMPLETED, CANCELLED = "ready", "claimed", "completed", "cancelled"
OPEN = (READY, CLAIMED)
_IS_OPEN = text("state in ('ready', 'claimed')")
SUPERIOR = "leader"
"""The role that may release what a colleague holds."""


class ItemClosed(Conflict):
    """This item is no longer open (it was {state}); look at the case for what is open now."""

    code = "item_closed"
    zh = "该待办已关闭（{state}）；请查看事件当前的待办。"


class WorkItem(Base):
    """One human task of one subject, owned by a unit and a role, claimable by a person.

    Identity: (instance, scope, element). When a step cancels a token and makes the same element of the same call
    ready again, the row lives on: claim and number stay.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        CheckConstraint("state in ('ready', 'claimed', 'completed', 'cancelled')", name="state_known"),
        CheckConstraint("(state = 'claimed') = (holder_id is not null)", name="claimed_has_holder"),
        CheckConstraint("(state in ('ready', 'claimed')) = (done_at is null)", name="open_until_done"),
        Index("uq_work_item_token", "instance_id", "task_id", unique=True),
        Index("ix_work_item_open_unit", "unit_id", "role", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_work_item_open_instance", "instance_id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_work_item_holder", "holder_id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_work_item_subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(BigId)
    subject_id: Mapped[int] = mapped_column(BigId)
    subject_no: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(64))
    task_id: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int] = mapped_column(BigId)
    role: Mapped[str] = mapped_column(String(32))
    form: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12), default=READY)
    holder_id: Mapped[int | None] = mapped_column(BigId)
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 # SQLAlchemy declares it on the instance

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def may_take(actor: Actor, item: WorkItem) -> bool:
    """Whether the item lies at a post of the actor."""
    return actor.holds(item.unit_id, item.role)


def check_free(session: Session, actor: Actor, item: WorkItem) -> None:
    """Raise unless the actor may act on the open item: ItemClosed or AlreadyTaken (who and when), Forbidden."""
    if not item.is_open:
        raise closed(session, item)
    if not may_take(actor, item):
        raise Forbidden
    if item.holder_id is not None and item.holder_id != actor.staff_id:
        raise taken(session, item)


def taken(session: Session, item: WorkItem) -> AlreadyTaken:
    """The refusal that names who holds the item, by staff number and masked name, and since when."""
    holder = session.get(Staff, item.holder_id)
    since = item.claimed_at.isoformat(timespec="seconds") if item.claimed_at else ""
    name = masked(name_of(session, holder)) if holder else ""
    return AlreadyTaken(by=holder.staff_no if holder else "?", name=name, at=since)


def closed(session: Session, item: WorkItem) -> ItemClosed:
    """The refusal that names who closed the item, as `taken` does, and when."""
    ref = item.done_by or "?"
    number = ref.removeprefix("staff:")
    staff = session.scalar(select(Staff).where(Staff.staff_no == number)) if number != ref else None
    name = masked(name_of(session, staff)) if staff else ""
    at = item.done_at.isoformat(timespec="seconds") if item.done_at else ""
    return ItemClosed(state=item.state, by=number, name=name, at=at)


def claim(session: Session, actor: Actor, item: WorkItem) -> WorkItem:
    """签收: the item becomes the actor's. The caller holds the instance's lock.

    A compare-and-swap on the state decides a race; the loser is told who was first.
    """
    check_free(session, actor, item)
    if item.state == CLAIMED:
        return item
    now = session.env.clock.now()
    swapped = session.execute(
        update(WorkItem)
        .where(WorkItem.id == item.id, WorkItem.state == READY)
        .values(state=CLAIMED, holder_id=actor.staff_id, claimed_at=now, version=WorkItem.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(item)
    if swapped.rowcount != 1:  # type: ignore[attr-defined] # CursorResult
        raise taken(session, item)
    return item


def release(session: Session, actor: Actor, item: WorkItem) -> WorkItem:
    """释放: put a claimed item back; a colleague's only by a leader of the unit."""
    if not item.is_open:
        raise closed(session, item)
    if item.holder_id != actor.staff_id and not actor.holds(item.unit_id, SUPERIOR):
        raise Forbidden
    item.state, item.holder_id, item.claimed_at = READY, None, None
    return item


def finish(item: WorkItem, now: datetime, by: str, state: str, outcome: str | None = None) -> None:
    """Close an item; who held it stays readable in `done_by`."""
    item.state, item.done_at, item.done_by, item.outcome, item.holder_id = state, now, by, outcome, None


def get(session: Session, item_id: int) -> WorkItem:
    """The item by its number; NotFound when there is none."""
    item = session.get(WorkItem, item_id)
    if item is None:
        raise NotFound
    return item
