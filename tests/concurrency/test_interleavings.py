"""Two transactions step by step: what was read before the lock must not decide after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text

from engine import runtime, timers
from engine.db import Session
from engine.errors import Busy, Forbidden, Invalid, NotAllowedNow
from engine.incidents import Incident
from engine.instances import ProcessInstance
from engine.timers import Timer
from engine.worklist import ItemClosed, WorkItem
from processes import access
from processes.cases import changing
from processes.cases.models import Case
from processes.cases.worklist import complete
from processes.codes import Rung
from processes.requests.operations import Asking, ask
from processes.supervisions.operations import supervise
from tests.cast import Cast, G, S, V

UP = {"outcome": "refer_up", "reason": "本级难以解决"}


def in_hand(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


@contextmanager
def looking(cast: Cast, number: str) -> Iterator[tuple[Session, Case, WorkItem]]:
    """A unit of work that has read the case and its item, as the API does before it acts."""
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        item = session.scalars(select(WorkItem).where(WorkItem.subject_no == number).order_by(WorkItem.id.desc()))
        yield session, case, item.first()


def test_who_completes_second_is_told_who_was_first(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with looking(cast, number) as (session, _, item):
        cast.do(number, "act", cast.grid, **UP)
        with pytest.raises(ItemClosed) as refused:
            runtime.complete(session, cast.grid, item.id, UP)
    assert refused.value.fields["state"] == "completed"
    assert refused.value.fields["by"] == "G-" + G


def test_who_claims_second_is_told_who_was_first(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with looking(cast, number) as (session, _, item):
        cast.do(number, "act", cast.grid, **UP)
        with pytest.raises(ItemClosed):
            runtime.claim(session, cast.grid, item.id)


def test_what_was_completed_meanwhile_is_not_released(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with cast.store.write() as session:
        runtime.claim(session, cast.grid, cast.items(number)[0].id)
    with looking(cast, number) as (session, _, item):
        cast.do(number, "act", cast.grid, **UP)
        with pytest.raises(ItemClosed):
            runtime.release(session, cast.grid, item.id)


def test_what_a_clock_stopped_for_is_not_asked_for_once_the_case_has_moved(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with looking(cast, number) as (session, case, _):
        cast.do(number, "act", cast.grid, **UP)
        with pytest.raises(NotAllowedNow):
            ask(session, cast.grid, case, Asking("extension", "等鉴定", days=1))


def test_a_case_that_ended_meanwhile_is_not_supervised(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, postgres_cast.report().case.number
    with looking(cast, number) as (session, case, _):
        cast.do(number, "verify", result="decline", reason="已由法院受理")
        with pytest.raises(NotAllowedNow):
            supervise(session, cast("SF-" + S), case, Rung.URGE)


def test_progress_is_noted_by_who_holds_the_case_now(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with looking(cast, number) as (session, case, _):
        cast.do(number, "act", cast.grid, **UP)
        with pytest.raises(Forbidden):
            changing.feedback(session, cast.grid, case, "已上门", measure=True)


def test_two_cases_are_never_merged_into_each_other(postgres_cast: Cast) -> None:
    cast = postgres_cast
    first, second = cast.report().case.number, cast.report().case.number
    with looking(cast, first) as (session, _, item):
        cast.do(second, "verify", cast.grid, result="merge", main_case=first)
        with pytest.raises(Invalid):
            complete(session, cast.grid, item, {"result": "merge", "main_case": second})
    assert (cast.case(first).state, cast.case(second).state) == ("reported", "merged")


def test_a_merge_locks_both_cases(postgres_cast: Cast) -> None:
    """The older first, whichever is merged into which, so that two merges never wait for each other."""
    cast = postgres_cast
    first, second = cast.report().case.number, cast.report().case.number
    for number, other in ((first, second), (second, first)):
        with looking(cast, number) as (session, _, item):
            with pytest.raises(Invalid):
                complete(session, cast.grid, item, {"result": "merge", "main_case": other, "urgency": "none such"})
            assert is_locked(cast, instance_of(cast, number))
            assert is_locked(cast, instance_of(cast, other))


def is_locked(cast: Cast, instance_id: int) -> bool:
    with cast.store.read() as session:
        free = select(ProcessInstance.id).where(ProcessInstance.id == instance_id).with_for_update(skip_locked=True)
        return session.scalar(free) is None


def instance_of(cast: Cast, number: str) -> int:
    found = cast.case(number).instance_id
    assert found is not None
    return found


def test_a_timer_of_a_linked_procedure_waits_for_the_case_as_well(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with cast.store.write() as session:
        supervision = supervise(session, cast("VC-" + V), access.read_case(session, cast("VC-" + V), number), Rung.URGE)
        linked = supervision.instance_id
    assert linked is not None
    with cast.store.read() as session:
        timer = session.scalars(select(Timer).where(Timer.instance_id == linked).order_by(Timer.due_at)).first()
    assert timer is not None
    cast.clock.set(timer.due_at)
    with cast.store.write() as holder:
        holder.get_one(ProcessInstance, instance_of(cast, number), with_for_update=True)
        with pytest.raises(Busy), cast.store.write() as session:
            runtime.fire(session, timer.id)


def test_a_timer_that_met_a_busy_case_is_tried_again_soon_and_counts_no_failure(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with cast.store.read() as session:
        wake = timers.next_wake(session)
    assert wake is not None
    cast.clock.set(wake)
    with cast.store.write() as holder:
        holder.get_one(ProcessInstance, instance_of(cast, number), with_for_update=True)
        for _ in range(timers.MAX_ATTEMPTS + 2):
            timers.sweep(cast.store)
            cast.clock.advance(timers.BUSY_PAUSE)
    with cast.store.read() as session:
        assert session.scalars(select(Incident)).all() == []
        assert {timer.attempts for timer in session.scalars(select(Timer))} == {0}
    timers.sweep(cast.store)
    assert [mark for mark, _ in fired(cast)] == ["warned"]


def fired(cast: Cast) -> list[tuple[str, int]]:
    with cast.store.read() as session:
        return [(timer.mark, timer.attempts) for timer in session.scalars(select(Timer).where(Timer.state == "fired"))]


def test_a_lock_that_does_not_come_is_told_in_words(postgres_cast: Cast) -> None:
    cast, number = postgres_cast, in_hand(postgres_cast)
    with cast.store.write() as holder:
        holder.get_one(ProcessInstance, instance_of(cast, number), with_for_update=True)
        with pytest.raises(Busy):
            wait_a_moment_for(cast, instance_of(cast, number))


def wait_a_moment_for(cast: Cast, instance_id: int) -> None:
    with cast.store.write() as session:
        session.execute(text("set local lock_timeout = 50"))
        runtime.lock(session, instance_id)
