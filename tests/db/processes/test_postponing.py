"""What was decided can be undone for some seconds; nobody is told before, and it is carried out once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.db import Session
from engine.errors import Invalid, NotFound
from engine.notices import Notice
from engine.outbox import Outbox
from engine.trail.verify import verify
from engine.vault import SealedText
from engine.worklist import WorkItem
from processes.postponing.models import PostponedAct
from processes.postponing.operations import AlreadyPostponed, TooLateToUndo, carry_out_due, postpone, undo
from processes.reconcile import reconcile
from tests.cast import G2, Cast

TEN_SECONDS = timedelta(seconds=10)


def verify_item(session: Session, number: str) -> WorkItem:
    return session.scalars(select(WorkItem).where(WorkItem.subject_no == number, WorkItem.element == "verify")).one()


def decide(cast: Cast, number: str) -> int:
    with cast.store.write() as session:
        row = postpone(session, cast.grid, verify_item(session, number), {"result": "accept"}, TEN_SECONDS)
        return row.id


def told(cast: Cast, number: str) -> int:
    with cast.store.read() as session:
        query = select(func.count()).where(Outbox.key.startswith(number))
        return session.scalar(query) or 0


def test_a_postponed_act_is_carried_out_when_its_time_has_come(cast: Cast) -> None:
    number = cast.report().case.number
    before = told(cast, number)
    decide(cast, number)
    assert carry_out_due(cast.store) == 0
    assert cast.case(number).state == "reported"
    assert told(cast, number) == before
    with cast.store.read() as session:
        assert reconcile(session, cast.district_id) == []  # what nobody has said yet is not missing from the trail
    cast.clock.advance(TEN_SECONDS)
    assert carry_out_due(cast.store) == 1
    assert cast.case(number).state == "handling"
    assert carry_out_due(cast.store) == 0
    with cast.store.read() as session:
        assert session.scalar(select(func.count()).where(SealedText.label == "postponed")) == 0
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []


def test_undoing_gives_the_item_back_and_nothing_happens_later(cast: Cast) -> None:
    number = cast.report().case.number
    act_id = decide(cast, number)
    assert cast.items(number)[0].holder_id == cast.grid.staff_id
    with cast.store.write() as session:
        undo(session, cast.grid, act_id)
    assert cast.items(number)[0].holder_id is None
    cast.clock.advance(TEN_SECONDS)
    assert carry_out_due(cast.store) == 0
    assert cast.case(number).state == "reported"


def test_what_is_done_cannot_be_undone(cast: Cast) -> None:
    number = cast.report().case.number
    act_id = decide(cast, number)
    cast.clock.advance(TEN_SECONDS)
    carry_out_due(cast.store)
    with cast.store.write() as session, pytest.raises(TooLateToUndo):
        undo(session, cast.grid, act_id)


def test_a_wrong_form_is_refused_at_once(cast: Cast) -> None:
    number = cast.report().case.number
    with cast.store.write() as session, pytest.raises(Invalid):
        postpone(session, cast.grid, verify_item(session, number), {"result": "decline"}, TEN_SECONDS)


def test_nobody_decides_twice_and_no_colleague_decides_meanwhile(cast: Cast) -> None:
    number = cast.report().case.number
    decide(cast, number)
    with cast.store.write() as session, pytest.raises(AlreadyPostponed):
        postpone(session, cast.grid, verify_item(session, number), {"result": "accept"}, TEN_SECONDS)
    with cast.store.read() as session:
        item = verify_item(session, number)
        assert item.holder_id == cast.grid.staff_id


def test_an_act_that_has_become_impossible_is_refused_and_its_person_told(cast: Cast) -> None:
    number = cast.report().case.number
    decide(cast, number)
    cast.do(number, "verify", actor=cast.grid, result="accept")
    cast.clock.advance(TEN_SECONDS)
    assert carry_out_due(cast.store) == 1
    with cast.store.read() as session:
        row = session.scalars(select(PostponedAct)).one()
        assert (row.state, row.refused_code) == ("refused", "item_closed")
        notice = session.scalars(select(Notice).where(Notice.mark == "act_refused")).one()
        assert notice.staff_id == cast.grid.staff_id
    assert cast.case(number).state == "handling"


def test_an_act_that_keeps_killing_its_worker_is_given_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    number = cast.report().case.number
    decide(cast, number)

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        cast.clock.advance(timedelta(minutes=1))
        with monkeypatch.context() as patched:
            patched.setattr("processes.postponing.operations._carry_out", die)
            with pytest.raises(KeyboardInterrupt):
                carry_out_due(cast.store)
    cast.clock.advance(timedelta(minutes=1))
    assert carry_out_due(cast.store) == 1
    with cast.store.read() as session:
        assert session.scalars(select(PostponedAct)).one().state == "refused"


def test_another_persons_act_is_not_there(cast: Cast) -> None:
    number = cast.report().case.number
    act_id = decide(cast, number)
    other = cast("G-" + G2)
    with cast.store.write() as session, pytest.raises(NotFound):
        undo(session, other, act_id)
