"""跟进: a second person who saw the same matter joins the case instead of reporting it again.

Following gives no right to read. Who may not read a case is not offered it as a duplicate either, and if a number were
enough to follow and following enough to read, guessing numbers would open every case. So a follower is always somebody
who reads the case already, and stops being told when that ends: for a case that becomes restricted, unless named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine import runtime, vault
from engine.db import Base, BigId
from engine.errors import NotAllowedNow
from engine.trail.entries import Draft
from engine.vault import SealedText
from processes.access import read_case
from processes.cases.facts import facts_of
from processes.cases.reporting import reporting_post
from processes.codes import ENDED, State

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.step import Step
    from processes.cases.models import Case


class CaseFollower(Base):
    """One person who follows a case, and the post by which they are told."""

    __tablename__ = "case_follower"
    __table_args__ = (Index("ix_case_follower_staff", "staff_id", "since"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId)
    role: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("sealed_text.id"))
    note: Mapped[SealedText | None] = relationship()
    """Sealed: what this person saw of it."""


def follow(session: Session, actor: Actor, number: str, words: str | None) -> CaseFollower:
    """Follow a case; following it already changes nothing. `words`: what the person saw, sealed.

    Raises NotFound (unknown or out of sight), Forbidden (no post that reports) and NotAllowedNow (it is settled).
    """
    case = read_case(session, actor, number)
    post = reporting_post(actor)
    if post is None or actor.staff_id is None or State(case.state) in ENDED or case.instance_id is None:
        raise NotAllowedNow(state=State(case.state).value, allowed="read")
    runtime.lock(session, case.instance_id)
    known = session.get(CaseFollower, (case.id, actor.staff_id), populate_existing=True)
    if known is not None:
        return known
    session.refresh(case)  # counted under the lock
    sealed = vault.seal(session, case.district_id, case.id, "follow", {"words": words}) if words else None
    row = CaseFollower(
        case_id=case.id,
        staff_id=actor.staff_id,
        district_id=case.district_id,
        unit_id=post.unit_id,
        role=post.role,
        since=session.env.clock.now(),
        note=sealed,
    )
    session.add(row)
    case.followers += 1
    draft = Draft(
        "case:case:follow",
        actor.ref,
        case.number,
        {"followers": case.followers},
        (sealed.commitment,) if sealed else (),
    )
    session.drafts.append((case.district_id, draft))
    return row


def followers_of(session: Session, case: Case) -> Sequence[CaseFollower]:
    """The first first."""
    query = select(CaseFollower).where(CaseFollower.case_id == case.id)
    return session.scalars(query.order_by(CaseFollower.since, CaseFollower.staff_id)).all()


def tell_followers(step: Step, mark: str) -> None:
    """Tell those who follow the case, by post; no query while nobody does.

    Of a restricted case nobody is told this way: a post's notice would reach people who are not named. Followers who
    are named find it, with its state, in their own list.
    """
    case = facts_of(step).case
    if not case.followers or case.restricted:
        return
    posts = {(row.unit_id, row.role) for row in followers_of(step.session, case)}
    for unit_id, role in sorted(posts):
        step.tell(f"followed_{mark}", unit_id, role, mark + str(case.reopened))
