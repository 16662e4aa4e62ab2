"""补充: a citizen adds words and photos to their own case while somebody works on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import runtime, vault
from engine.errors import NotAllowedNow
from engine.trail.entries import Draft
from processes.cases.models import Case, Progress, Stay
from processes.cases.telling import telling
from processes.citizens.reporting import Photo, add_photos, check_photos, citizen_of
from processes.codes import OWNED, State

if TYPE_CHECKING:
    from engine.db import Session

KIND = "supplement"


def supplement(session: Session, case: Case, words: str, photos: Sequence[Photo] = ()) -> Progress:
    """A line of progress that tells the owner's handler. Raises NotAllowedNow when the case is settled, Invalid."""
    check_photos(photos)
    if case.instance_id is not None:
        runtime.lock(session, case.instance_id)
        session.refresh(case)
    if State(case.state) not in OWNED or case.owner_id is None:
        raise NotAllowedNow(state=State(case.state).value, allowed="read")
    stay_id = session.scalar(select(Stay.id).where(Stay.case_id == case.id, Stay.closed_at.is_(None)))
    sealed = vault.seal(session, case.district_id, case.id, KIND, {"words": words})
    line = Progress(
        district_id=case.district_id,
        case_id=case.id,
        stay_id=stay_id,
        unit_id=case.owner_id,
        actor=citizen_of(case).ref,
        at=session.env.clock.now(),
        kind=KIND,
        words=sealed,
    )
    session.add(line)
    case.version += 1
    data = {"photos": len(photos)}
    draft = Draft("case:progress:supplement", line.actor, case.number, data, (sealed.commitment,))
    session.drafts.append((case.district_id, draft))
    add_photos(session, case, photos)
    session.flush()
    session.tellings.append(telling(case, "supplemented", case.owner_id, "handler", f"p{line.id}"))
    return line
