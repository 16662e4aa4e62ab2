"""Random walks of allowed actions: the invariants hold at every step, and every walk ends."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from engine import runtime, timers
from engine.db import Store
from engine.deadlines.book import Deadline
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.errors import UserError
from engine.instances import ProcessInstance
from engine.network.units import Unit
from engine.timers import Timer
from engine.trail.verify import verify
from engine.worklist import OPEN, WorkItem
from processes.cases.models import Case, Stay
from processes.codes import ENDED, State
from processes.reconcile import reconcile
from processes.simulation.staff import Crew
from tests.cast import Cast

STEPS = 60


def check_invariants(cast: Cast, number: str) -> None:
    """Processes.md, section 16: 1, 2, 3, 4, 5 and 7's bound."""
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        stays = session.scalars(select(Stay).where(Stay.case_id == case.id).order_by(Stay.id)).all()
        open_stays = [stay for stay in stays if stay.closed_at is None]
        state = State(case.state)
        own = select(WorkItem).where(WorkItem.subject_id == case.id, WorkItem.state.in_(OPEN))
        tokens = [i for i in session.scalars(own) if i.element not in {"reply", "judge", "decide"}]
        if state in ENDED:
            assert (case.owner_id, open_stays, tokens) == (None, [], [])
        elif state is State.RATING:
            assert (case.owner_id, open_stays, len(tokens)) == (None, [], 1)
            assert armed(session, case, "rating_closes") == 1
        else:
            assert (len(open_stays), len(tokens)) == (1, 1)
            assert open_stays[0].unit_id == case.owner_id
            assert armed(session, case) >= 1
        for before, after in pairwise(stays):
            assert before.closed_at is not None
            reopened = after.arrived_by == "reopen"
            assert before.closed_at <= after.opened_at if reopened else before.closed_at == after.opened_at
        assert case.returns <= 2
        assert case.reopened <= 1
        for row in session.scalars(select(ProcessInstance).where(ProcessInstance.subject_id == case.id)):
            if row.status == "running":
                assert runtime.inspect(session, row.id).tasks <= 70
                assert len(row.state) <= 4096
        assert timers.drift(session) == []


def armed(session: object, case: Case, element: str | None = None) -> int:
    """Armed timers of the case and of the supervisions on it."""
    query = (
        select(func.count(Timer.id))
        .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        .where(ProcessInstance.subject_id == case.id, Timer.state == "armed")
    )
    if element is not None:
        query = query.where(Timer.element == element)
    return int(session.scalar(query) or 0)  # type: ignore[attr-defined]


def cold(cast: Cast) -> Cast:
    """The same database seen by another process: freshly parsed models, no cache."""
    env = cast.store.env
    fresh = Environment(env.clock, env.keys, Catalogue(), env.registry, env.entropy)
    return Cast(Store(str(cast.store.url), fresh), cast.clock, cast.district_id)


@pytest.mark.parametrize("seed", range(6))
def test_any_walk_keeps_the_invariants_and_ends(sqlite_cast: Cast, seed: int) -> None:
    """Loaded cold before every step, as another process would; printed seed: the parameter."""
    chances = random.Random(seed)
    crew = Crew(chances)
    number = sqlite_cast.report(kind=chances.choice(["dispute", "hazard", "criminal"])).case.number
    for _ in range(STEPS):
        cast = cold(sqlite_cast)
        items = cast.items(number)
        if not items or chances.random() < 0.3:
            cast.pass_time(timedelta(hours=chances.choice([3, 20, 60, 200])))
        else:
            _work(cast, crew, chances.choice(items))
        check_invariants(cast, number)
        ended = State(cast.case(number).state) in ENDED
        cast.store.dispose()
        if ended:
            break
    bring_to_an_end(sqlite_cast, number)
    with sqlite_cast.store.read() as session:
        assert verify(session, sqlite_cast.district_id).findings == []
        assert reconcile(session, sqlite_cast.district_id) == []
        given = select(Deadline).where(Deadline.escalated_at.is_not(None), Deadline.overdue_at.is_(None))
        assert [row.stage for row in session.scalars(given) if row.stage not in {"callback"}] == []


WILLING = {
    "verify": {"result": "accept"},
    "accept": {"outcome": "accept"},
    "act": {"outcome": "self_handle", "measures": "已解决"},
    "suspended": {"reason": "已具备条件"},
    "consider_return": {"agree": True},
    "confirm": {"ok": True},
    "check": {"ok": True, "finding": "已解决"},
    "callback": {"answer": "satisfied"},
    "reply": {"done": True},
    "judge": {"verdict": "lift"},
    "decide": {"granted": False, "opinion": "请按时办结"},
}


def bring_to_an_end(cast: Cast, number: str) -> None:
    """From wherever a walk has got to, people of good will end it in a few steps."""
    for _ in range(25):
        items = [item for item in cast.items(number) if item.element not in {"reply", "judge", "decide"}]
        if not items:
            break
        form = WILLING.get(items[0].element) or {"target": _code_of(cast, items[0].unit_id), "reason": "职责所在"}
        actor = cast.holder(items[0])
        if (
            items[0].element == "act"
            and cast.case(number).kind == "criminal"
            and not _is_justice(cast, items[0].unit_id)
        ):
            form = {"outcome": "transfer", "target": "511302-police", "reason": "刑事线索"}
        with cast.store.write() as session:
            runtime.complete(session, actor, items[0].id, form)
    assert State(cast.case(number).state) in ENDED


def _code_of(cast: Cast, unit_id: int) -> str:
    with cast.store.read() as session:
        return session.get_one(Unit, unit_id).code


def _is_justice(cast: Cast, unit_id: int) -> bool:
    return _code_of(cast, unit_id).partition("-")[2] in {"police", "procuratorate", "court"}


def _work(cast: Cast, crew: Crew, item: WorkItem) -> None:
    actor = cast.holder(item)
    try:
        with cast.store.write() as session:
            fresh = session.get_one(WorkItem, item.id)
            runtime.complete(session, actor, item.id, crew.fill_in(session, actor, fresh))
    except UserError:
        pass  # the rules forbid this wish; the state is as before
