"""Incidents: opened once for a place, closed by themselves when over, retried and passed over by a person's word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from engine import incidents, outbox, retrying, stuck, timers
from engine.db import Store
from engine.deadlines.book import Deadline
from engine.errors import Busy, NotFound
from engine.incidents import Incident, IncidentClosed, OperatorAct
from engine.instances import ProcessInstance
from engine.outbox import DeliveryError, Outbox
from engine.retrying import NothingToRetry, NothingToSkip
from engine.soundness import Unsound
from engine.spiff.expressions import ExpressionFailed
from engine.step import StepFailed
from engine.stuck import Wanted
from engine.timers import Timer
from engine.trail import entries
from tests.cast import Cast, D
from tests.db.engine.test_moving import at_work, move, whole

ADMIN = "QH-" + D
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is about the processes and not about the database."""
PERSONAL = "张三 13800001234"
"""What an exception may quote from a form; no operator is shown it."""


class Broken:
    """An operation of the models that fails until it is mended."""

    def __init__(self, cast: Cast, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._operations = cast.store.env.registry.operations
        self._name, self._works, self._patch = name, self._operations[name], monkeypatch
        monkeypatch.setitem(self._operations, name, self._fail)

    @staticmethod
    def _fail(_step: Any, _data: Any) -> Any:
        raise KeyError(PERSONAL)

    def mend(self) -> None:
        self._patch.setitem(self._operations, self._name, self._works)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What fails here fails on purpose: its tracebacks are drawn for nobody."""
    with capture_logs():
        yield


@pytest.fixture
def warning(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Broken]:
    """A case whose warning timer has failed once."""
    number, broken = at_work(cast), Broken(cast, "op.warn", monkeypatch)
    with cast.store.read() as session:
        due = session.scalars(select(Timer.due_at).where(Timer.element == "act_warn")).one()
    cast.clock.set(due)
    timers.sweep(cast.store)
    return number, broken


def all_incidents(cast: Cast) -> list[Incident]:
    with cast.store.read() as session:
        return list(session.scalars(select(Incident).order_by(Incident.id)))


def acts(cast: Cast) -> list[str]:
    with cast.store.read() as session:
        return list(session.scalars(select(OperatorAct.act).order_by(OperatorAct.id)))


def trail_of(cast: Cast, number: str) -> list[str]:
    with cast.store.read() as session:
        found = entries.entries_of(session, cast.district_id, number)
        return [entry.action for entry in found if entry.action.startswith("incident:")]


def seen(cast: Cast, wanted: Wanted | None = None) -> list[stuck.Stuck]:
    with cast.store.read() as session:
        return stuck.incidents(session, cast(ADMIN), wanted or Wanted())


@SQLITE
def test_it_says_what_is_stuck_and_when_it_is_tried_again_and_nothing_of_forms(
    cast: Cast, warning: tuple[str, Broken]
) -> None:
    number, _ = warning
    one = seen(cast)[0]
    assert (one.kind, one.element, one.model, one.subject_no) == ("timer", "act_warn", "case", number)
    assert (one.reason, one.attempts, one.waiting) == ("KeyError", 1, 1)
    assert one.next_try_at == cast.clock.now() + timers.BACK_OFF[0]
    assert "test_incidents.py" in one.stack
    assert "138" not in one.stack + one.reason


@SQLITE
def test_one_that_succeeds_at_the_next_try_closes_by_itself(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, broken = warning
    broken.mend()
    cast.pass_time(timedelta(minutes=1))
    row = all_incidents(cast)[0]
    assert (row.state, row.resolved_how, row.resolved_by) == ("resolved", "succeeded", "system:engine")
    assert trail_of(cast, number) == ["incident:timer:open", "incident:timer:succeeded"]
    assert acts(cast) == ["succeeded"]
    with cast.store.read() as session:
        assert not session.scalars(select(ProcessInstance.troubled)).one()
    whole(cast, number)


@SQLITE
def test_one_whose_task_is_done_meanwhile_is_not_needed_any_more(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, _ = warning
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    assert all_incidents(cast)[0].resolved_how == "overtaken"
    whole(cast, number)


@SQLITE
def test_one_that_comes_back_is_opened_again_and_not_doubled(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, _ = warning
    with cast.store.write() as session:
        incidents.resolve(session, cast(ADMIN), all_incidents(cast)[0].id, "以为好了")
    cast.pass_time(timedelta(minutes=3))
    rows = all_incidents(cast)
    assert [(row.state, row.attempts >= 2, row.resolution) for row in rows] == [("open", True, None)]
    assert trail_of(cast, number)[:3] == ["incident:timer:open", "incident:timer:resolve", "incident:timer:reopen"]
    assert acts(cast)[:2] == ["resolve", "reopen"]


@SQLITE
def test_retry_tries_at_once_also_what_was_given_up(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, broken = warning
    cast.pass_time(timedelta(hours=20))
    assert seen(cast)[0].next_try_at is None  # given up
    broken.mend()
    with cast.store.write() as session:
        assert retrying.retry_incident(session, cast(ADMIN), seen(cast)[0].id) == 1
    assert seen(cast)[0].waiting == 0
    timers.sweep(cast.store)
    assert all_incidents(cast)[0].resolved_how == "succeeded"
    assert acts(cast) == ["retry", "succeeded"]
    whole(cast, number)


def test_skipping_lets_the_mark_pass_without_its_effect(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, _ = warning
    with cast.store.write() as session:
        retrying.skip_incident(session, cast(ADMIN), seen(cast)[0].id, "预警短信通道停用，已电话告知")
    row = all_incidents(cast)[0]
    assert (row.state, row.resolved_how, row.resolution) == ("resolved", "skipped", "预警短信通道停用，已电话告知")
    with cast.store.read() as session:
        clock = session.scalars(select(Deadline).where(Deadline.element == "act")).one()
        assert clock.warned_at == cast.clock.now()
        assert session.scalar(select(Timer.id).where(Timer.element == "act_warn", Timer.state == "armed")) is None
        line = session.scalars(select(OperatorAct)).one()
        entry = [e for e in entries.entries_of(session, cast.district_id, number) if e.action == "incident:timer:skip"]
    assert line.commitment[0].encode() in entry[0].body
    assert "电话" not in entry[0].body.decode()
    assert trail_of(cast, number) == ["incident:timer:open", "incident:timer:skip"]
    cast.tell()
    assert "warned" not in {mark for mark, _ in cast.notices(number)}
    whole(cast, number)
    cast.pass_time(timedelta(days=4))
    assert "overdue" in {mark for mark, _ in cast.notices(number)}  # what comes after it still comes


@SQLITE
def test_the_last_clock_of_a_case_is_never_passed_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    number = cast.report().case.number
    broken = Broken(cast, "op.move_up_verify", monkeypatch)
    monkeypatch.setitem(cast.store.env.registry.operations, "op.overdue", lambda step, _data: _only_mark(step))
    cast.pass_time(timedelta(days=4))
    one = seen(cast)[0]
    assert one.element == "verify_grace"
    with pytest.raises(Unsound, match="no clock would press it") as refused, cast.store.write() as session:
        retrying.skip_incident(session, cast(ADMIN), one.id, "升级失败")
    assert "先督办" in refused.value.text("zh")
    assert all_incidents(cast)[0].state == "open"
    broken.mend()
    with cast.store.write() as session:
        retrying.retry_incident(session, cast(ADMIN), one.id)
    timers.sweep(cast.store)
    assert all_incidents(cast)[0].resolved_how == "succeeded"
    whole(cast, number)


def _only_mark(step: Any) -> bool:
    """Overdue without the supervision that would press the case as well."""
    step.deadline.overdue_at = step.now
    return True


@SQLITE
def test_a_moved_token_takes_its_failing_timer_along(cast: Cast, warning: tuple[str, Broken]) -> None:
    number, _ = warning
    move(cast, number, "stay", "rule")
    assert all_incidents(cast)[0].resolved_how == "overtaken"
    with cast.store.read() as session:
        told = [line.act for line in incidents.history(session, session.get_one(Incident, 1))]
    assert sorted(told) == ["move", "overtaken"]
    whole(cast, number)


@SQLITE
def test_a_failed_step_waits_for_its_person_and_closes_when_they_repeat_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = cast.report().case.number
    broken = Broken(cast, "op.route", monkeypatch)
    with pytest.raises(StepFailed) as failed:
        cast.do(number, "verify", result="accept")
    incidents.open_for_failed_step(cast.store, failed.value)
    one = seen(cast)[0]
    assert (one.kind, one.element, one.reason, one.next_try_at) == ("step", "routed", "KeyError", None)
    for refuses, error in ((retrying.retry_incident, NothingToRetry), (_skip, NothingToSkip)):
        with pytest.raises(error), cast.store.write() as session:
            refuses(session, cast(ADMIN), one.id)
    broken.mend()
    cast.do(number, "verify", result="accept")
    assert all_incidents(cast)[0].resolved_how == "succeeded"
    whole(cast, number)


def _skip(session: Any, actor: Any, incident_id: int) -> None:
    retrying.skip_incident(session, actor, incident_id, "跳过")


@SQLITE
def test_a_gateway_that_cannot_be_evaluated_is_a_failed_step_of_its_instance(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = at_work(cast)
    monkeypatch.setitem(cast.store.env.registry.names, "assigner", lambda _step: {}["x"])
    with pytest.raises(StepFailed) as failed:
        cast.do(number, "act", outcome="self_handle", measures="已调解")
    assert failed.value.element == "assigner_gate"
    incidents.open_for_failed_step(cast.store, failed.value)
    assert seen(cast)[0].reason in {"KeyError", ExpressionFailed.__name__}
    assert cast.items(number, "act")  # everything is as before


@SQLITE
def test_the_end_of_a_case_closes_what_is_left(cast: Cast) -> None:
    number = at_work(cast)
    with cast.store.write() as session:
        instance = session.scalars(select(ProcessInstance)).one()
        incidents.open_incident(session, instance, "gateway", "outcome_gate", "unknown outcome x")
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    cast.do(number, "check", ok=True, finding="属实")
    assert all_incidents(cast)[0].state == "open"
    cast.do(number, "callback", answer="satisfied")
    assert all_incidents(cast)[0].resolved_how == "ended"


def test_who_comes_second_is_told(cast: Cast, warning: tuple[str, Broken]) -> None:
    one = seen(cast)[0]
    with cast.store.write() as session:
        incidents.resolve(session, cast(ADMIN), one.id, "好了")
    for act in (retrying.retry_incident, _skip):
        with pytest.raises(IncidentClosed), cast.store.write() as session:
            act(session, cast(ADMIN), one.id)
    with pytest.raises(IncidentClosed), cast.store.write() as session:
        incidents.resolve(session, cast(ADMIN), one.id, "又好了")


def test_lists_are_filtered_and_counted_by_place_and_reason(cast: Cast, warning: tuple[str, Broken]) -> None:
    for _ in range(3):
        with cast.store.write() as session:
            instance = session.scalars(select(ProcessInstance)).one()
            incidents.open_incident(session, instance, "step", f"e{_}", "ValueError")
    with cast.store.read() as session:
        found = {(g.kind, g.model, g.element, g.reason): g.count for g in stuck.groups(session, cast(ADMIN))}
        counted = stuck.counts(session, cast(ADMIN))
    assert found[("timer", "case", "act_warn", "KeyError")] == 1
    assert (counted["timer"], counted["step"], counted["effect"]) == (1, 3, 0)
    assert len(seen(cast, Wanted(kind="step"))) == 3
    assert len(seen(cast, Wanted(model="supervision"))) == 0
    assert len(seen(cast, Wanted(element="e1"))) == 1
    assert len(seen(cast, Wanted(older_than=timedelta(hours=1)))) == 0
    cast.clock.advance(timedelta(hours=2))
    assert len(seen(cast, Wanted(older_than=timedelta(hours=1), kind="step"))) == 3
    first = seen(cast, Wanted(kind="step"))[0].id
    assert [one.element for one in seen(cast, Wanted(kind="step", after=first))] == ["e1", "e2"]


class Down:
    """A receiver that does not answer, by failing in our own code."""

    topic = "test"

    def send(self, _store: Store, _parcels: Any) -> dict[str, DeliveryError]:
        raise ConnectionError(PERSONAL)


def effect_of(cast: Cast) -> stuck.Stuck:
    with cast.store.read() as session:
        return stuck.effects(session, cast(ADMIN), Wanted())[0]


@pytest.fixture
def undelivered(cast: Cast) -> int:
    with cast.store.write() as session:
        outbox.enqueue(session, cast.district_id, "test", [("a", {"subject_no": "N1"})])
    outbox.deliver(cast.store, [Down()])
    return effect_of(cast).id


@SQLITE
def test_an_effect_in_trouble_has_its_reason_its_stack_and_its_next_try(cast: Cast, undelivered: int) -> None:
    one = effect_of(cast)
    assert (one.kind, one.element, one.reason, one.attempts, one.subject_no) == (
        "effect",
        "test",
        "ConnectionError",
        1,
        "N1",
    )
    assert "in send" in one.stack
    assert "138" not in one.stack
    assert one.next_try_at == cast.clock.now() + outbox.BACK_OFF[0]
    assert undelivered == one.id


@SQLITE
def test_an_effect_is_sent_at_once_when_a_person_says_so(cast: Cast, undelivered: int) -> None:
    with cast.store.write() as session:
        retrying.retry_effect(session, cast(ADMIN), undelivered)
    assert effect_of(cast).next_try_at == cast.clock.now()
    outbox.deliver(cast.store, [Down()])
    assert effect_of(cast).attempts == 2  # its back-off goes on


def test_an_effect_given_up_for_good_is_never_sent_and_stays_readable(cast: Cast, undelivered: int) -> None:
    with cast.store.write() as session:
        retrying.skip_effect(session, cast(ADMIN), undelivered, "对方系统已下线")
    cast.clock.advance(timedelta(days=2))
    sent = outbox.deliver(cast.store, [Down()])
    with cast.store.read() as session:
        assert stuck.effects(session, cast(ADMIN), Wanted()) == []
        gone = stuck.effects(session, cast(ADMIN), Wanted(state="resolved"))[0]
        told = [(line.act, line.words) for line in stuck.history(session, undelivered)]
        assert "effect:delivery:skip" in [
            e.action for e in entries.entries_of(session, cast.district_id, f"effect:{undelivered}")
        ]
    assert (sent, gone.id, gone.attempts) == (0, undelivered, 1)
    assert told == [("skip", "对方系统已下线")]
    with pytest.raises(NothingToRetry), cast.store.write() as session:
        retrying.skip_effect(session, cast(ADMIN), undelivered, "再放弃")
    with cast.store.write() as session:
        retrying.retry_effect(session, cast(ADMIN), undelivered)  # a second thought
    assert effect_of(cast).next_try_at == cast.clock.now()


@SQLITE
def test_an_effect_that_is_being_sent_is_left_to_its_worker(cast: Cast, undelivered: int) -> None:
    with cast.store.write() as session:
        session.execute(update(Outbox).values(lease_until=cast.clock.now() + timedelta(minutes=1)))
    for act in (lambda s: retrying.retry_effect(s, cast(ADMIN), undelivered), lambda s: _give_up(s, cast, undelivered)):
        with pytest.raises(Busy), cast.store.write() as session:
            act(session)


def _give_up(session: Any, cast: Cast, effect_id: int) -> None:
    retrying.skip_effect(session, cast(ADMIN), effect_id, "放弃")


def test_what_is_well_or_elsewhere_is_no_trouble(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    at_work(cast)
    cast.pass_time(timedelta(days=4))
    with cast.store.read() as session:
        fine = session.scalars(select(Outbox.id).where(Outbox.state == outbox.DELIVERED)).first()
    assert fine is not None
    with pytest.raises(NothingToRetry), cast.store.write() as session:
        retrying.retry_effect(session, cast(ADMIN), fine)
    for look in (lambda s: stuck.effect(s, cast(ADMIN), fine), lambda s: stuck.incident(s, cast(ADMIN), 99)):
        with pytest.raises(NotFound), cast.store.read() as session:
            look(session)
