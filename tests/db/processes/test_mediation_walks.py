"""Random walks through mediations: whatever people do or leave undone, each ends, and by the rules (invariant 12)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import timers
from engine.db import Session
from engine.deadlines.book import Deadline
from engine.errors import UserError
from engine.incidents import Incident
from processes.cases.models import Case
from processes.mediations.models import Agreement, Guidance
from processes.procedures.models import Procedure
from processes.supervisions.models import Supervision
from tests.cast import Cast, S, V
from tests.db.processes.test_mediations import (
    appoint,
    consent,
    give,
    guide,
    hold,
    in_hand,
    mediate,
    procedures,
    sign,
)

MEDIATORS = {V: "VD-" + V, S: "SG-" + S}
MOST_STEPS = 60
FAILURES = {"unwilling", "failed", "stopped"}


def _code(cast: Cast, number: str) -> str:
    committee = procedures(cast, number)[-1].unit_id
    return V if committee == cast.unit(V).id else S


def _longer(cast: Cast, number: str, luck: random.Random) -> None:
    until = (cast.clock.now() + timedelta(days=luck.randint(2, 40))).date().isoformat()
    cast.do(number, "ask_longer", both_agree=luck.random() < 0.6, until=until)


def _sign(cast: Cast, number: str, luck: random.Random) -> None:
    if luck.random() < 0.3:
        cast.do(number, "agreement", result="refused")
    else:
        sign(cast, number, oral=luck.random() < 0.3)


Doing = Callable[[Cast, str, random.Random], None]
STEPS: Mapping[str, Doing] = {
    "consent": lambda cast, number, luck: consent(cast, number, willing=luck.random() < 0.8),
    "appoint": lambda cast, number, _luck: appoint(cast, number, MEDIATORS[_code(cast, number)]),
    "mediate_session": lambda cast, number, luck: hold(
        cast, number, luck.choice(["again", "again", "pause", "agreed", "failed"])
    ),
    "expert_pause": lambda cast, number, _luck: cast.do(number, "expert_pause", expert_opinion="已鉴定"),
    "ask_longer": _longer,
    "agreement": _sign,
    "guidance": lambda cast, number, luck: guide(cast, number, luck.choice(["protect", "mediate", "strike"])),
}


def _hand_over(cast: Cast, number: str) -> None:
    if _code(cast, number) == V:
        give(cast, number, S, cast(MEDIATORS[V]))


def _walk(cast: Cast, number: str, luck: random.Random) -> None:
    """Act on what is open, let time pass, hand over; until the last attempt has ended."""
    for _ in range(MOST_STEPS):
        if procedures(cast, number)[-1].ended_at is not None:
            return
        element = next((each.element for each in cast.items(number) if each.element in STEPS), None)
        what = luck.random()
        if what < 0.35:
            cast.pass_time(timedelta(days=luck.choice([1, 3, 8, 20, 35])))
        elif what < 0.4:
            _hand_over(cast, number)
        elif element is not None:
            try:
                STEPS[element](cast, number, luck)
            except UserError:  # a day that the rules do not allow, or a case that has moved on; then another thing
                continue
    pytest.fail("a mediation did not end")


def _was_held(session: Session, number: str) -> bool:
    """Whether somebody kept silent so long that the unit was supervised: that is no lawful time."""
    query = select(Supervision.id).join(Case, Case.id == Supervision.case_id).where(Case.number == number)
    return session.scalar(query.where(Supervision.origin == "silence").limit(1)) is not None


@pytest.mark.parametrize("seed", range(10))
def test_every_walk_ends_by_the_rules(sqlite_cast: Cast, seed: int) -> None:
    luck = random.Random(seed)
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    _walk(sqlite_cast, number, luck)
    attempts = procedures(sqlite_cast, number)
    assert attempts[-1].outcome in FAILURES | {"agreed"}
    assert all(each.outcome == "handed_over" for each in attempts[:-1])
    with sqlite_cast.store.read() as session:
        assert timers.drift(session) == []
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
        told = set(session.scalars(select(Guidance.procedure_id)))
        signed = list(session.scalars(select(Agreement)))
        failed = {each.id for each in attempts if each.outcome in FAILURES}
        assert failed <= told
        assert {each.procedure_id for each in signed} == {each.id for each in attempts if each.outcome == "agreed"}
        assert all(each.oral or each.signatures >= 2 for each in signed)
        ended = select(Procedure.instance_id).where(Procedure.kind == "mediation")
        open_clocks = select(Deadline).where(Deadline.instance_id.in_(ended), Deadline.closed_at.is_(None))
        assert session.scalars(open_clocks).all() == []
        late = select(Deadline).where(Deadline.element.in_(["act", "overall"]), Deadline.overdue_at.is_not(None))
        if not _was_held(session, number):
            assert session.scalars(late).all() == []  # lawful time is never overdue (ruling 5)
