"""After an agreement: confirmation within thirty days, the court, performance, and a broken agreement."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine import runtime, timers, vault
from engine.deadlines.book import Deadline
from engine.doctor.checks import Patient, State
from engine.errors import AlreadyTaken, Forbidden, Invalid, NotAllowedNow
from engine.instances import ENDED, ProcessInstance
from engine.spiff.moving import Place
from engine.step import Step
from engine.trail.verify import verify
from engine.worklist import ItemClosed
from processes.cases.actions import allowed
from processes.cases.erasing import erase
from processes.cases.models import Case, NamedReader, Progress
from processes.cases.moving import may_move
from processes.cases.tasks import tasks
from processes.doctor import CHECKS
from processes.mediations import follow_up
from processes.mediations.agreements import confirm_by
from processes.mediations.models import Agreement, Guidance
from processes.procedures.models import Procedure
from processes.supervisions.models import Supervision
from tests.cast import Cast, D, S, V
from tests.db.processes import test_mediations as mediating

ELEMENTS = {"confirmation", "court_decision", "performance", "follow_guidance"}
ZONE = ZoneInfo("Asia/Shanghai")
MEDIATOR = "VD-" + V
JUDGE_NO = "（2026）川1302民特18号"


def signed(cast: Cast, *, settle: bool = True, perform_by: date | None = None, **changes: Any) -> str:
    """A case with an agreement of the village's committee; by default the case is archived at once."""
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        now = cast.clock.now()
        mediation = Procedure(
            district_id=case.district_id,
            case_id=case.id,
            kind="mediation",
            unit_id=cast.unit(V).id,
            opened_by="staff:1",
            opened_at=now,
            ended_at=now,
            outcome="signed",
        )
        session.add(mediation)
        session.flush()
        agreement = Agreement(
            district_id=case.district_id,
            procedure_id=mediation.id,
            case_id=case.id,
            number=f"冯家寺调字{number}",
            oral=False,
            signatures=2,
            sealed=True,
            signed_at=now,
            perform_by=perform_by or now.astimezone(ZONE).date() + timedelta(days=40),
            confirm_by=confirm_by(now),
        )
        session.add(agreement)
        session.flush()
        instance = session.get_one(ProcessInstance, case.instance_id)
        follow_up.begin(Step(session, cast(MEDIATOR), instance), agreement)
    if settle:
        close(cast, number)
    return number


def close(cast: Cast, number: str) -> None:
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    cast.do(number, "check", ok=True, finding="好")
    cast.do(number, "callback", answer="satisfied")


def agreement_of(cast: Cast, number: str) -> Agreement:
    with cast.store.read() as session:
        query = select(Agreement).join(Case, Case.id == Agreement.case_id).where(Case.number == number)
        return session.scalars(query).one()


def procedure_of(cast: Cast, number: str) -> Procedure:
    with cast.store.read() as session:
        query = select(Procedure).join(Case, Case.id == Procedure.case_id)
        return session.scalars(query.where(Case.number == number, Procedure.kind == follow_up.KIND)).one()


def open_clock(cast: Cast, element: str) -> Deadline:
    with cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))
        return session.scalars(query).one()


def marks(cast: Cast, number: str, *wanted: str) -> list[str]:
    return [mark for mark, _ in cast.notices(number) if mark in wanted]


def all_is_well(cast: Cast, number: str) -> None:
    """No drift, no orphan, a whole trail, no link left open."""
    with cast.store.read() as session:
        assert timers.drift(session) == []
        assert verify(session, cast.district_id).findings == []
        orphans = next(check for check in CHECKS if check.name == "orphans")
        found = orphans.run(Patient(session, full=True))
        assert found.state is State.OK, found
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        linked = session.scalars(
            select(ProcessInstance.id).where(
                ProcessInstance.parent_id == case.instance_id, ProcessInstance.status != ENDED
            )
        ).all()
        assert case.links == len(linked)


def test_confirmed_and_performed(cast: Cast) -> None:
    number = signed(cast)
    cast.pass_time(timedelta(days=2))
    cast.do(number, "confirmation", result="applied", court_no="收1")
    cast.pass_time(timedelta(days=5))
    assert cast.items(number, "court_decision")[0].unit_id == cast.unit(f"{D}-court").id
    today = cast.clock.now().astimezone(ZONE).date().isoformat()
    cast.do(number, "court_decision", result="confirmed", court_no=JUDGE_NO, decided_on=today)
    cast.do(number, "performance", performed=True, words="已拆墙")
    row = agreement_of(cast, number)
    assert (row.confirmation, row.court_no, row.performed) == ("confirmed", JUDGE_NO, True)
    assert (procedure_of(cast, number).outcome, cast.items(number)) == ("succeeded", [])
    cast.tell()
    assert marks(cast, number, "confirmation_asked", "confirmation_given") == [
        "confirmation_asked",
        "confirmation_given",
    ]
    all_is_well(cast, number)


def test_signing_ends_the_mediation_and_begins_it_in_one_step(cast: Cast) -> None:
    number = mediating.in_session(cast)
    mediating.hold(cast, number, "agreed")
    mediating.sign(cast, number)
    assert {item.element for item in cast.items(number)} == {"act", "confirmation"}
    ended, begun = mediating.procedures(cast, number)[0], procedure_of(cast, number)
    assert (ended.outcome, begun.previous_id, begun.unit_id, begun.stage) == ("agreed", ended.id, ended.unit_id, None)
    close(cast, number)
    all_is_well(cast, number)


def test_it_goes_on_when_the_case_is_archived(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    assert sqlite_cast.case(number).state == "archived"
    assert [item.element for item in sqlite_cast.items(number)] == ["confirmation"]
    with sqlite_cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        codes = {action.code for action in allowed(session, sqlite_cast(MEDIATOR), case)}
        listed = [(task.case.number, task.item.element) for task in tasks(session, sqlite_cast(MEDIATOR))]
    assert codes == {"ask_confirmation"}
    assert listed == [(number, "confirmation")]
    all_is_well(sqlite_cast, number)


def test_warned_on_day_20_and_called_last_on_day_27_each_once(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=19, hours=23))
    assert marks(sqlite_cast, number, "warned", "confirmation_last_call") == []
    sqlite_cast.pass_time(timedelta(hours=2))
    assert marks(sqlite_cast, number, "warned", "confirmation_last_call") == ["warned"]
    sqlite_cast.pass_time(timedelta(days=6, hours=22))
    assert marks(sqlite_cast, number, "confirmation_last_call") == []
    sqlite_cast.pass_time(timedelta(days=1))
    assert marks(sqlite_cast, number, "warned", "confirmation_last_call") == ["warned", *["confirmation_last_call"] * 2]
    all_is_well(sqlite_cast, number)


def test_after_day_30_it_lapses_by_itself_and_nobody_is_called_late(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=30))
    assert [item.element for item in sqlite_cast.items(number)] == ["confirmation"]
    sqlite_cast.pass_time(timedelta(hours=15))
    assert [item.element for item in sqlite_cast.items(number)] == ["performance"]
    assert agreement_of(sqlite_cast, number).confirmation == "lapsed"
    assert marks(sqlite_cast, number, "confirmation_lapsed", "overdue", "overdue_below") == ["confirmation_lapsed"]
    all_is_well(sqlite_cast, number)


@pytest.mark.parametrize(
    ("signed_at", "last_day"),
    [
        ((2026, 1, 15), (2026, 2, 14)),  # a Saturday on which is worked
        ((2026, 1, 19), (2026, 2, 24)),  # day 30 in the Spring Festival
        ((2026, 1, 29), (2026, 2, 28)),  # the other make-up Saturday
        ((2026, 12, 2), (2027, 1, 4)),  # day 30 is New Year's Day, then a weekend
    ],
)
def test_the_thirtieth_day_runs_to_a_working_day(
    sqlite_cast: Cast, signed_at: tuple[int, int, int], last_day: tuple[int, int, int]
) -> None:
    sqlite_cast.clock.set(datetime(*signed_at, 10, 0, tzinfo=ZONE))
    number = signed(sqlite_cast)
    midnight = datetime(*last_day, tzinfo=ZONE) + timedelta(days=1)
    assert open_clock(sqlite_cast, "confirmation").due_at == midnight - timedelta(seconds=1)
    assert agreement_of(sqlite_cast, number).confirm_by == midnight - timedelta(seconds=1)
    sqlite_cast.pass_time(midnight - timedelta(minutes=2) - sqlite_cast.clock.now())
    assert [item.element for item in sqlite_cast.items(number)] == ["confirmation"]
    sqlite_cast.pass_time(timedelta(minutes=4))
    assert [item.element for item in sqlite_cast.items(number)] == ["performance"]


def test_an_application_is_refused_after_the_last_moment_even_before_the_timer_fires(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.clock.set(sqlite_cast.clock.now() + timedelta(days=31))
    with pytest.raises(follow_up.ConfirmationRefused, match="三十日"):
        sqlite_cast.do(number, "confirmation", result="applied")
    sqlite_cast.pass_time(timedelta(minutes=1))
    assert agreement_of(sqlite_cast, number).confirmation == "lapsed"


def test_an_oral_agreement_is_written_down_before_the_court_is_asked(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    with sqlite_cast.store.write() as session:
        session.scalars(select(Agreement)).one().oral = True
    with pytest.raises(follow_up.ConfirmationRefused, match="口头"):
        sqlite_cast.do(number, "confirmation", result="applied")


@pytest.mark.parametrize("result", ["not_wanted", "not_allowed"])
def test_without_confirmation_performance_comes_next(sqlite_cast: Cast, result: str) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result=result)
    assert agreement_of(sqlite_cast, number).confirmation == result
    assert [item.element for item in sqlite_cast.items(number)] == ["performance"]


def test_a_rejection_is_told_and_performance_goes_on(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, settle=False)
    sqlite_cast.do(number, "confirmation", result="applied")
    today = sqlite_cast.clock.now().astimezone(ZONE).date().isoformat()
    sqlite_cast.do(number, "court_decision", result="rejected", court_no="1", decided_on=today, words="内容不明")
    sqlite_cast.tell()
    assert marks(sqlite_cast, number, "confirmation_rejected") == ["confirmation_rejected"] * 2
    assert agreement_of(sqlite_cast, number).confirmation == "rejected"
    assert sqlite_cast.items(number, "performance")


def test_a_decision_has_a_day_between_the_application_and_today(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="applied")
    for day in ("2026-11-23", "2026-11-25"):
        with pytest.raises(Invalid):
            sqlite_cast.do(number, "court_decision", result="confirmed", court_no="1", decided_on=day)


def test_a_silent_court_is_supervised_after_the_case_too_and_the_step_stays(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="applied")
    court = sqlite_cast.unit(f"{D}-court").id
    sqlite_cast.pass_time(timedelta(days=21))  # the eighteenth day is a Saturday
    assert sorted(marks(sqlite_cast, number, "overdue", "overdue_below")) == ["overdue", "overdue_below"]
    sqlite_cast.pass_time(timedelta(days=11))
    with sqlite_cast.store.read() as session:
        held = session.scalars(select(Supervision).where(Supervision.subject_id == court)).one()
    assert (held.origin, held.ended_at) == ("silence", None)
    assert len(sqlite_cast.items(number, "court_decision")) == 1
    sqlite_cast.do(number, "reply", done=True)
    sqlite_cast.do(number, "judge", verdict="lift")
    clock = open_clock(sqlite_cast, "court_decision")
    assert (clock.stage, clock.escalated_at) == ("conclude", None)
    all_is_well(sqlite_cast, number)


def test_the_visit_is_due_a_week_after_the_agreed_day_and_the_reminder_falls_on_it(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, perform_by=date(2026, 12, 31))
    sqlite_cast.do(number, "confirmation", result="not_wanted")
    clock = open_clock(sqlite_cast, "performance")
    assert clock.warn_at == datetime(2026, 12, 31, 23, 59, 59, tzinfo=ZONE)
    assert clock.due_at == datetime(2027, 1, 7, 23, 59, 59, tzinfo=ZONE)
    sqlite_cast.pass_time(timedelta(days=38))
    assert marks(sqlite_cast, number, "warned", "overdue") == ["warned"]
    sqlite_cast.pass_time(timedelta(days=7))
    assert marks(sqlite_cast, number, "overdue") == ["overdue"]
    sqlite_cast.pass_time(timedelta(days=7))
    with sqlite_cast.store.read() as session:
        held = session.scalars(select(Supervision).where(Supervision.subject_id == sqlite_cast.unit(V).id)).one()
    assert (held.origin, held.ended_at) == ("silence", None)
    assert len(sqlite_cast.items(number, "performance")) == 1
    all_is_well(sqlite_cast, number)


def test_an_agreed_day_in_the_past_still_leaves_a_week_for_the_visit(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, perform_by=date(2026, 11, 24))
    sqlite_cast.pass_time(timedelta(days=20))
    sqlite_cast.do(number, "confirmation", result="not_wanted")
    assert open_clock(sqlite_cast, "performance").due_at == sqlite_cast.clock.now() + timedelta(days=7)


def broken(cast: Cast, number: str) -> None:
    cast.do(number, "confirmation", result="not_wanted")
    cast.do(number, "performance", performed=False, words="拒不拆墙")


def test_a_broken_agreement_opens_a_new_case_when_the_old_one_has_ended(cast: Cast) -> None:
    number = signed(cast)
    broken(cast, number)
    with cast.store.read() as session:
        anew = session.scalars(select(Case).where(Case.number != number)).one()
        told = vault.open_text(session, anew.summary)
        line = session.scalars(select(Progress).where(Progress.kind == "taken_up_again")).one()
    old = cast.case(number)
    assert (anew.kind, anew.place_unit_id, anew.owner_id) == (old.kind, old.place_unit_id, old.last_owner_id)
    assert number in told["text"]
    assert told["title"].endswith("围墙纠纷")
    assert [party["name"] for party in told["parties"]] == ["张三", "李四"]
    assert line.outcome == anew.number
    assert anew.state == "reported"
    cast.do(number, "follow_guidance", route="litigation", told_on="2026-11-24", words="可起诉")
    assert (procedure_of(cast, number).outcome, cast.items(number)) == ("not_performed", [])
    with cast.store.read() as session:
        assert session.scalars(select(Guidance)).one().route == "litigation"
    cast.tell()
    assert len(marks(cast, number, "agreement_broken")) == 3
    all_is_well(cast, number)


def test_a_broken_agreement_leaves_an_open_case_where_it_is(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, settle=False)
    broken(sqlite_cast, number)
    with sqlite_cast.store.read() as session:
        assert session.scalars(select(Case.number)).all() == [number]
    assert sqlite_cast.case(number).state == "handling"


def test_a_broken_agreement_reopens_a_case_that_waits_to_be_rated_once(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, settle=False)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已调解")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    assert sqlite_cast.case(number).state == "rating"
    broken(sqlite_cast, number)
    assert (sqlite_cast.case(number).state, sqlite_cast.case(number).reopened) == ("handling", 1)
    sqlite_cast.tell()
    assert marks(sqlite_cast, number, "reopened") == []
    with sqlite_cast.store.read() as session:
        assert session.scalars(select(Case.number)).all() == [number]
    all_is_well(sqlite_cast, number)


def test_only_a_confirmed_agreement_is_enforced(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    broken(sqlite_cast, number)
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "follow_guidance", route="enforcement", told_on="2026-11-24")
    with sqlite_cast.store.write() as session:
        session.scalars(select(Agreement)).one().confirmation = "confirmed"
    sqlite_cast.do(number, "follow_guidance", route="enforcement", told_on="2026-11-24")


def test_guidance_that_is_owed_is_told_upward_then_supervised(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    broken(sqlite_cast, number)
    sqlite_cast.pass_time(timedelta(days=7))
    assert marks(sqlite_cast, number, "step_silent") == ["step_silent"]
    sqlite_cast.pass_time(timedelta(days=8))
    with sqlite_cast.store.read() as session:
        query = select(Supervision).join(Case, Case.id == Supervision.case_id).where(Case.number == number)
        assert session.scalars(query).one().origin == "silence"
    assert len(sqlite_cast.items(number, "follow_guidance")) == 1
    all_is_well(sqlite_cast, number)


def test_others_and_second_answers_are_refused(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    item = sqlite_cast.items(number, "confirmation")[0]
    for staff_no in ("SG-" + S, "VA-" + V, f"A-{D}-court"):
        with pytest.raises(Forbidden):
            sqlite_cast.do(number, "confirmation", sqlite_cast(staff_no), result="applied")
    sqlite_cast.do(number, "confirmation", result="applied")
    with pytest.raises((ItemClosed, AlreadyTaken)), sqlite_cast.store.write() as session:
        runtime.complete(session, sqlite_cast(MEDIATOR), item.id, {"result": "applied"})


def test_an_administrator_puts_no_token_where_the_parties_or_the_court_decide(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="not_wanted")
    admin, instance_id = sqlite_cast("QH-" + D), procedure_of(sqlite_cast, number).instance_id
    assert instance_id is not None
    with sqlite_cast.store.read() as session:
        step = Step(session, admin, session.get_one(ProcessInstance, instance_id))
        place = Place("", follow_up.KIND, "performance", sorted(ELEMENTS))
        refused = {element for element in ELEMENTS if may_move(step, place, element) is not None}
    assert refused == ELEMENTS - {"performance"}


def test_a_case_is_not_erased_while_its_agreement_is_followed(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    with pytest.raises(NotAllowedNow), sqlite_cast.store.write() as session:
        erase(session, sqlite_cast("QH-" + D), session.scalars(select(Case)).one())
    sqlite_cast.do(number, "confirmation", result="not_wanted")
    sqlite_cast.do(number, "performance", performed=True, words="已拆")
    with sqlite_cast.store.write() as session:
        assert erase(session, sqlite_cast("QH-" + D), session.scalars(select(Case)).one())


def test_the_agreement_of_a_restricted_case_stays_among_protected_readers(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast, restricted=True)
    assert [item.role for item in sqlite_cast.items(number)] == ["leader"]
    sqlite_cast.do(number, "confirmation", result="applied")
    sqlite_cast.pass_time(timedelta(days=31))
    sqlite_cast.do(number, "court_decision", result="confirmed", court_no="1", decided_on="2026-12-24")
    sqlite_cast.do(number, "performance", performed=False, words="未履行")
    sqlite_cast.tell()
    with sqlite_cast.store.read() as session:
        anew = session.scalars(select(Case).where(Case.number != number)).one()
        named = set(session.scalars(select(NamedReader.staff_id).where(NamedReader.case_id != anew.id)))
    assert anew.restricted
    told = {staff_id for _, staff_id in sqlite_cast.notices(number)}
    assert told - {None} <= named


def test_the_state_stays_small(sqlite_cast: Cast) -> None:
    number = signed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="applied")
    procedure = procedure_of(sqlite_cast, number)
    sizes = []
    for _ in range(8):
        sqlite_cast.pass_time(timedelta(days=31))
        for item in sqlite_cast.items(number, "reply"):
            sqlite_cast.do(number, item.element, done=True)
        for item in sqlite_cast.items(number, "judge"):
            sqlite_cast.do(number, item.element, verdict="lift")
        with sqlite_cast.store.read() as session:
            sizes.append(len(session.get_one(ProcessInstance, procedure.instance_id).state))
    assert max(sizes[2:]) <= sizes[1] * 1.05
