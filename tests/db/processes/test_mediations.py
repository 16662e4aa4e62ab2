"""Mediation: each path to an end, all five kinds, the clock over all sessions, who has to stand aside."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import moving, runtime, timers
from engine.actors import Actor
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, Invalid, NotAllowedNow
from engine.instances import ProcessInstance
from engine.network.units import by_code
from engine.worklist import ItemClosed
from processes.cases.actions import require
from processes.cases.models import Case
from processes.cases.numbers import LOCAL
from processes.mediations.appointing import MediatorRefused
from processes.mediations.committees import choices
from processes.mediations.court import open_before_suit
from processes.mediations.handing import hand_over
from processes.mediations.models import Agreement, Guidance, Mediation, MediationSession
from processes.mediations.operations import MediationRefused, Wish, open_mediation
from processes.procedures.models import Procedure
from tests.cast import Cast, D, S, V

MEDIATOR = "VD-" + V
AGREED = {
    "result": "signed",
    "facts": "两家为围墙争吵",
    "terms": "张三于月底前拆除围墙",
    "route": "mediate",
    "signers": [{"name": "张三", "side": "applicant"}, {"name": "李四", "side": "respondent"}],
}


def in_hand(cast: Cast, **changes: Any) -> str:
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    return number


def mediate(cast: Cast, number: str, committee: str = V, actor: Actor | None = None, suit: str = "none") -> None:
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        person = actor or cast.grid
        require(session, person, case, "mediate")
        unit = by_code(session, committee)
        assert unit is not None
        open_mediation(session, person, case, Wish(unit, suit=suit))


def today(cast: Cast) -> str:
    return cast.clock.now().astimezone(LOCAL).date().isoformat()


def consent(cast: Cast, number: str, *, willing: bool = True, **more: Any) -> None:
    told = {} if willing else {"unwilling": "respondent"}
    cast.do(number, "consent", all_willing=willing, how="phone", asked_on=today(cast), **told, **more)


def appoint(cast: Cast, number: str, mediator: str = MEDIATOR, *, checked: bool = True) -> None:
    cast.do(number, "appoint", mediator=mediator, conflict_checked=checked)


def hold(cast: Cast, number: str, result: str, **more: Any) -> None:
    cast.do(number, "mediate_session", result=result, held_on=today(cast), record="双方各退一步", **more)


def sign(cast: Cast, number: str, **changes: Any) -> None:
    month_on = (cast.clock.now().astimezone(LOCAL).date() + timedelta(days=30)).isoformat()
    cast.do(number, "agreement", **{"perform_by": month_on, **AGREED, **changes})


def guide(cast: Cast, number: str, route: str = "mediate") -> None:
    cast.do(number, "guidance", way="litigation", told_on=today(cast), route=route)


def in_session(cast: Cast, committee: str = V, mediator: str = MEDIATOR, suit: str = "none", **changes: Any) -> str:
    number = in_hand(cast, **changes)
    mediate(cast, number, committee, suit=suit)
    consent(cast, number)
    appoint(cast, number, mediator)
    return number


def procedures(cast: Cast, number: str, kind: str = "mediation") -> list[Procedure]:
    with cast.store.read() as session:
        query = select(Procedure).join(Case, Case.id == Procedure.case_id).where(Case.number == number)
        return list(session.scalars(query.where(Procedure.kind == kind).order_by(Procedure.id)))


def outcome(cast: Cast, number: str) -> str | None:
    return procedures(cast, number)[-1].outcome


def mediation(cast: Cast, number: str) -> Mediation:
    with cast.store.read() as session:
        return session.get_one(Mediation, procedures(cast, number)[-1].id)


def rows(cast: Cast, what: Any, number: str) -> list[Any]:
    with cast.store.read() as session:
        query = select(what).join(Case, Case.id == what.case_id).where(Case.number == number)
        return list(session.scalars(query.order_by(what.id)))


def clock_of(cast: Cast, element: str) -> Deadline:
    with cast.store.read() as session:
        query = select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))
        return session.scalars(query.order_by(Deadline.id.desc())).first()  # type: ignore[return-value]


def elements(cast: Cast, number: str) -> set[str]:
    return {item.element for item in cast.items(number)}


def marks(cast: Cast, number: str) -> set[str]:
    return {mark for mark, _ in cast.notices(number)}


def no_drift(cast: Cast) -> None:
    with cast.store.read() as session:
        assert timers.drift(session) == []


# -- to each end


def test_an_agreement_that_both_sign_ends_the_mediation_and_begins_its_follow_up(cast: Cast) -> None:
    number = in_session(cast)
    hold(cast, number, "again")
    hold(cast, number, "agreed")
    sign(cast, number)
    assert outcome(cast, number) == "agreed"
    (agreement,) = rows(cast, Agreement, number)
    assert (agreement.number, agreement.signatures, agreement.oral) == (f"{number}-T1", 2, False)
    assert agreement.confirm_by == datetime(2026, 12, 24, 23, 59, 59, tzinfo=LOCAL)
    assert [each.result for each in rows(cast, MediationSession, number)] == ["again", "agreed"]
    assert mediation(cast, number).route == "mediate"
    assert "confirmation" in elements(cast, number)
    assert clock_of(cast, "act").stage == "conclude"
    no_drift(cast)


def test_an_oral_agreement_needs_no_signatures(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "agreed")
    with pytest.raises(Invalid):
        sign(sqlite_cast, number, signers=[{"name": "张三"}, {"name": "张三"}])
    sign(sqlite_cast, number, signers=[], oral=True)
    (agreement,) = rows(sqlite_cast, Agreement, number)
    assert (agreement.oral, agreement.signatures) == (True, 0)


def test_an_agreement_is_to_be_performed_from_today_on(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "agreed")
    with pytest.raises(Invalid):
        sign(sqlite_cast, number, perform_by="2026-11-01")


def test_without_both_parties_consent_they_are_told_other_ways(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    consent(sqlite_cast, number, willing=False)
    assert elements(sqlite_cast, number) == {"act", "guidance"}
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "unwilling"
    (guidance,) = rows(sqlite_cast, Guidance, number)
    assert (guidance.route, guidance.told_on) == ("litigation", date(2026, 11, 24))


def test_either_party_may_stop_at_any_session(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "again")
    hold(sqlite_cast, number, "failed")
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "failed"
    assert len(rows(sqlite_cast, Guidance, number)) == 1
    assert clock_of(sqlite_cast, "act").stage == "conclude"


def test_who_refuses_to_sign_is_told_other_ways(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "agreed")
    sqlite_cast.do(number, "agreement", result="refused", words="反悔")
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "failed"
    assert rows(sqlite_cast, Agreement, number) == []


def test_a_case_cannot_be_settled_while_it_is_mediated(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    with pytest.raises(Exception, match="still open"):
        sqlite_cast.do(number, "act", outcome="self_handle", measures="已调处")
    hold(sqlite_cast, number, "agreed")
    sign(sqlite_cast, number)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已调处")
    assert sqlite_cast.case(number).state == "checking"


def test_a_mediation_ends_with_its_case_also_while_it_waits_for_an_expert(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "pause")
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.instance_id is not None
        runtime.deliver(session, sqlite_cast.cell, case.instance_id, "withdraw", {})
    assert outcome(sqlite_cast, number) == "case_ended"
    with sqlite_cast.store.read() as session:
        assert session.scalars(select(Deadline).where(Deadline.closed_at.is_(None))).all() == []
    no_drift(sqlite_cast)


# -- five kinds


@pytest.mark.parametrize(
    ("committee", "suit", "kind", "stage"),
    [
        (V, "none", "people", "med_total"),
        (S, "none", "people", "med_total"),
        (D, "none", "people", "med_total"),
        (f"{D}-medical_mediation", "none", "industry", "med_total"),
        (f"{D}-law_firm", "none", "professional", "med_total"),
        (f"{D}-labour", "none", "administrative", "med_total_administrative"),
        (f"{D}-court", "none", "judicial", "med_total"),
        (f"{D}-court", "ordinary", "judicial", "med_total_suit"),
        (f"{D}-court", "simple", "judicial", "med_total_suit_simple"),
    ],
)
def test_each_kind_has_its_own_clock(sqlite_cast: Cast, committee: str, suit: str, kind: str, stage: str) -> None:
    prefix = {V: "VD", S: "SG", D: "QJ"}.get(committee, "C")
    number = in_session(sqlite_cast, committee, f"{prefix}-{committee}", suit)
    assert mediation(sqlite_cast, number).kind == kind
    assert clock_of(sqlite_cast, "mediate_session").stage == stage
    hold(sqlite_cast, number, "agreed")
    sign(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "agreed"


def test_only_committees_of_the_cases_line_and_of_the_district_are_offered(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast, type="medical")
    with sqlite_cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        offered = [choice.unit.code for choice in choices(session, case)]
        assert offered[:4] == [V, S, D, f"{D}-medical_mediation"]
        assert f"{D}-procuratorate" not in offered
        assert {choice.unit.code for choice in choices(session, case, "judicial")} == {f"{D}-court"}


def test_a_committee_elsewhere_is_refused(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    for elsewhere in (S[:-3] + "010", f"{D}-command"):
        with pytest.raises(MediationRefused):
            mediate(sqlite_cast, number, elsewhere)
    with pytest.raises(MediationRefused):
        mediate(sqlite_cast, number, V, suit="simple")


def test_only_the_owners_handler_begins_and_only_one_at_a_time(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with pytest.raises(Forbidden):
        mediate(sqlite_cast, number, actor=sqlite_cast.village)
    mediate(sqlite_cast, number)
    with pytest.raises(Forbidden):
        mediate(sqlite_cast, number)


# -- who mediates


@pytest.mark.parametrize("party", [{"name": "冯家寺社区VD", "role": "respondent"}])
def test_a_party_does_not_mediate(sqlite_cast: Cast, party: dict[str, str]) -> None:
    number = in_hand(sqlite_cast, parties=[{"name": "张三", "role": "applicant"}, party])
    mediate(sqlite_cast, number)
    consent(sqlite_cast, number)
    with pytest.raises(MediatorRefused, match="party"):
        appoint(sqlite_cast, number)


def test_who_is_no_mediator_of_the_committee_is_refused(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    consent(sqlite_cast, number)
    with pytest.raises(MediatorRefused):
        appoint(sqlite_cast, number, "SG-" + S)
    with pytest.raises(Invalid):
        appoint(sqlite_cast, number, checked=False)
    item = sqlite_cast.items(number, "appoint")[0]
    with sqlite_cast.store.write() as session, pytest.raises(Forbidden):
        runtime.complete(session, sqlite_cast.grid, item.id, {"mediator": MEDIATOR, "conflict_checked": True})
    appoint(sqlite_cast, number)
    assert mediation(sqlite_cast, number).mediator_id == sqlite_cast(MEDIATOR).staff_id


def test_when_nobody_appoints_the_unit_above_does(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    consent(sqlite_cast, number)
    sqlite_cast.pass_time(timedelta(days=7))
    assert sqlite_cast.items(number, "appoint")[0].unit_id == sqlite_cast.unit(S).id
    assert "mediation_appoint_above" in marks(sqlite_cast, number)
    appoint(sqlite_cast, number)
    assert sqlite_cast.items(number, "mediate_session")[0].unit_id == sqlite_cast.unit(V).id


def test_when_nobody_up_to_the_district_appoints_the_district_is_supervised(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number, D)
    consent(sqlite_cast, number)
    sqlite_cast.pass_time(timedelta(days=8))
    assert "appoint" in elements(sqlite_cast, number)
    assert "reply" in elements(sqlite_cast, number)
    no_drift(sqlite_cast)


# -- the clock


def test_one_clock_runs_over_all_sessions(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    before = clock_of(sqlite_cast, "mediate_session")
    sqlite_cast.pass_time(timedelta(days=10))
    hold(sqlite_cast, number, "again")
    after = clock_of(sqlite_cast, "mediate_session")
    assert (after.id, after.due_at) == (before.id, before.due_at)
    assert before.due_at == datetime(2026, 12, 24, 23, 59, 59, tzinfo=LOCAL)


def test_the_clock_ends_after_the_spring_festival_when_its_last_day_is_a_holiday(sqlite_cast: Cast) -> None:
    sqlite_cast.clock.set(datetime(2027, 1, 8, 9, 0, tzinfo=LOCAL))
    number = in_session(sqlite_cast)
    due = clock_of(sqlite_cast, "mediate_session").due_at.astimezone(LOCAL)
    assert due.date() > date(2027, 2, 7)
    sqlite_cast.pass_time(timedelta(days=31))
    assert "mediate_session" in elements(sqlite_cast, number)
    sqlite_cast.pass_time(due - sqlite_cast.clock.now() + timedelta(minutes=1))
    assert "ask_longer" in elements(sqlite_cast, number)


def test_an_expert_stops_the_clock_and_the_rest_of_it_goes_on(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=10))
    left = clock_of(sqlite_cast, "mediate_session").due_at - sqlite_cast.clock.now()
    hold(sqlite_cast, number, "pause")
    sqlite_cast.pass_time(timedelta(days=25))
    assert "overdue" not in marks(sqlite_cast, number)
    sqlite_cast.do(number, "expert_pause", expert_opinion="围墙越界十厘米")
    row = clock_of(sqlite_cast, "mediate_session")
    assert row.due_at - sqlite_cast.clock.now() == left
    assert sqlite_cast.case(number).light == "green"
    no_drift(sqlite_cast)


def test_when_the_experts_review_day_passes_the_mediation_goes_on(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "pause")
    sqlite_cast.pass_time(timedelta(days=34))
    assert "mediate_session" in elements(sqlite_cast, number)
    assert "review_passed" in marks(sqlite_cast, number)
    no_drift(sqlite_cast)


def test_both_may_agree_once_to_go_on_and_nothing_is_overdue(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=31))
    assert elements(sqlite_cast, number) == {"act", "ask_longer"}
    for wrong in ("2026-12-20", "2027-12-31"):
        with pytest.raises(Invalid):
            sqlite_cast.do(number, "ask_longer", both_agree=True, until=wrong)
    sqlite_cast.do(number, "ask_longer", both_agree=True, until="2027-01-15")
    row = clock_of(sqlite_cast, "mediate_session")
    assert row.due_at == datetime(2027, 1, 15, 23, 59, 59, tzinfo=LOCAL)
    assert mediation(sqlite_cast, number).extended
    assert not marks(sqlite_cast, number) & {"overdue", "escalated", "overall_overdue"}
    sqlite_cast.pass_time(timedelta(days=22))
    assert elements(sqlite_cast, number) == {"act", "guidance"}
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "stopped"
    assert not marks(sqlite_cast, number) & {"overdue", "escalated", "overall_overdue"}
    no_drift(sqlite_cast)


@pytest.mark.parametrize("silent", [True, False])
def test_without_both_the_mediation_stops_when_its_time_is_over(sqlite_cast: Cast, *, silent: bool) -> None:
    number = in_session(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=31))
    if silent:
        sqlite_cast.pass_time(timedelta(days=7))
    else:
        sqlite_cast.do(number, "ask_longer", both_agree=False)
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "stopped"


def test_a_department_can_be_given_ten_working_days_more(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast, f"{D}-labour", f"C-{D}-labour")
    assert clock_of(sqlite_cast, "mediate_session").due_at.astimezone(LOCAL).date() == date(2026, 12, 22)
    sqlite_cast.pass_time(timedelta(days=29))
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "ask_longer", both_agree=True, until="2027-01-08")
    sqlite_cast.do(number, "ask_longer", both_agree=True, until="2027-01-05")
    assert clock_of(sqlite_cast, "mediate_session").due_at.astimezone(LOCAL).date() == date(2027, 1, 5)


def test_a_case_that_is_pressed_is_not_due_before_its_mediation(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.instance_id is not None
        runtime.deliver(session, sqlite_cast.grid, case.instance_id, "reclassified", {"urgency": "urgent"})
    assert clock_of(sqlite_cast, "act").due_at > clock_of(sqlite_cast, "mediate_session").due_at
    sqlite_cast.pass_time(timedelta(days=30))
    assert not marks(sqlite_cast, number) & {"overdue", "escalated", "overall_overdue"}
    no_drift(sqlite_cast)


def test_a_case_that_moves_meanwhile_is_not_due_before_its_mediation(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="refer_up", reason="涉及多方")
    sqlite_cast.do(number, "accept", outcome="accept")
    assert clock_of(sqlite_cast, "act").due_at > clock_of(sqlite_cast, "mediate_session").due_at
    hold(sqlite_cast, number, "agreed")
    sign(sqlite_cast, number)
    assert clock_of(sqlite_cast, "act").stage == "conclude"
    no_drift(sqlite_cast)


def test_working_days_of_a_department_count_make_up_saturdays_and_no_festival(sqlite_cast: Cast) -> None:
    sqlite_cast.clock.set(datetime(2026, 1, 26, 9, 0, tzinfo=LOCAL))
    number = in_session(sqlite_cast, f"{D}-labour", f"C-{D}-labour")
    due = clock_of(sqlite_cast, "mediate_session").due_at.astimezone(LOCAL)
    assert due.date() == date(2026, 2, 28)  # a Saturday that is worked, as is the 14th
    sqlite_cast.clock.set(datetime(2026, 2, 28, 17, 0, tzinfo=LOCAL))
    sqlite_cast.pass_time(timedelta(days=2))  # it is over when offices open again on Monday
    assert elements(sqlite_cast, number) == {"act", "ask_longer"}


def test_many_sessions_leave_a_state_of_one_size(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    sizes = []
    for count in range(1, 21):
        hold(sqlite_cast, number, "again")
        if count in {3, 20}:
            with sqlite_cast.store.read() as session:
                instance = session.get_one(ProcessInstance, procedures(sqlite_cast, number)[-1].instance_id)
                sizes.append(len(instance.state))
    assert max(sizes) <= min(sizes) * 1.05
    assert mediation(sqlite_cast, number).sessions == 20


def test_nobody_is_told_the_same_twice(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=31))
    sqlite_cast.do(number, "ask_longer", both_agree=True, until="2027-01-15")
    sqlite_cast.pass_time(timedelta(days=22))
    guide(sqlite_cast, number)
    sqlite_cast.tell()
    told = [each for each in sqlite_cast.notices(number) if each[0].startswith("mediation_")]
    twice = {each for each in told if told.count(each) > 1}
    assert {mark for mark, _ in twice} <= {"mediation_time_up"}  # once for each time limit
    assert {told.count(each) for each in twice} <= {2}


def test_nobody_acts_after_the_end_or_out_of_their_role(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    item = sqlite_cast.items(number, "mediate_session")[0]
    form = {"result": "agreed", "held_on": today(sqlite_cast), "record": "x"}
    with sqlite_cast.store.write() as session, pytest.raises(Forbidden):
        runtime.complete(session, sqlite_cast("VC-" + V), item.id, form)
    hold(sqlite_cast, number, "failed")
    with sqlite_cast.store.write() as session, pytest.raises(ItemClosed):
        runtime.complete(session, sqlite_cast(MEDIATOR), item.id, form)
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "guidance", way="litigation", told_on="2027-01-01", route="mediate")


# -- silence


def test_silence_about_consent_counts_as_none(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    sqlite_cast.pass_time(timedelta(days=7))
    assert elements(sqlite_cast, number) == {"act", "guidance"}
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "unwilling"


def test_an_agreement_that_nobody_signs_in_time_has_failed(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "agreed")
    sqlite_cast.pass_time(timedelta(days=7))
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "failed"
    told = sqlite_cast.notices(number)
    assert len([each for each in told if each[0] == "mediation_lapsed"]) == 1


def test_guidance_stays_and_its_superior_is_told(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    consent(sqlite_cast, number, willing=False)
    sqlite_cast.pass_time(timedelta(days=7))
    assert "guidance" in elements(sqlite_cast, number)
    assert "step_silent" in marks(sqlite_cast, number)
    guide(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "unwilling"


# -- what the law forbids or protects


def test_a_criminal_lead_is_never_mediated(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.instance_id is not None
        runtime.deliver(session, sqlite_cast.grid, case.instance_id, "reclassified", {"kind": "criminal"})
    assert outcome(sqlite_cast, number) == "turned_criminal"
    sqlite_cast.tell()
    assert "mediation_criminal" in marks(sqlite_cast, number)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        unit = by_code(session, V)
        assert unit is not None
        with pytest.raises(MediationRefused):
            open_mediation(session, sqlite_cast.grid, case, Wish(unit))


def test_of_a_restricted_case_only_protected_readers_mediate_and_protection_is_noted(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast, restricted=True)
    mediate(sqlite_cast, number)
    assert {item.role for item in sqlite_cast.items(number)} == {"leader"}
    with pytest.raises(Invalid):
        consent(sqlite_cast, number)
    consent(sqlite_cast, number, protection=True)
    with pytest.raises(MediatorRefused):
        appoint(sqlite_cast, number)
    appoint(sqlite_cast, number, "VC-" + V)
    hold(sqlite_cast, number, "failed")
    guide(sqlite_cast, number, "protect")
    sqlite_cast.tell()
    police = sqlite_cast("B-" + D + "-police").staff_id
    assert ("mediation_protect", police) in sqlite_cast.notices(number)
    assert ("mediation_protect", sqlite_cast("A-" + D + "-police").staff_id) not in sqlite_cast.notices(number)


def test_strike_is_told_to_the_police_and_offers_the_owner_a_transfer(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "failed")
    guide(sqlite_cast, number, "strike")
    sqlite_cast.tell()
    assert {"mediation_strike", "mediation_strike_owner"} <= marks(sqlite_cast, number)
    assert mediation(sqlite_cast, number).route == "strike"


# -- hand-over, and before a suit


def give(cast: Cast, number: str, committee: str, actor: Actor | None = None) -> None:
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        unit = by_code(session, committee)
        assert unit is not None
        procedure = procedures(cast, number)[-1].id
        hand_over(session, actor or cast(MEDIATOR), case, procedure, unit, "专业性强")


def test_a_mediation_is_handed_over_upwards_or_to_a_trade_with_a_clock_of_its_own(cast: Cast) -> None:
    number = in_session(cast)
    cast.pass_time(timedelta(days=10))
    give(cast, number, S)
    first, second = procedures(cast, number)
    assert (first.outcome, second.previous_id, second.unit_id) == ("handed_over", first.id, cast.unit(S).id)
    assert mediation(cast, number).origin == "hand_over"
    with pytest.raises(Forbidden):
        give(cast, number, D)
    with pytest.raises(MediationRefused):
        give(cast, number, V, cast("SG-" + S))
    give(cast, number, f"{D}-medical_mediation", cast("SG-" + S))
    consent(cast, number)
    appoint(cast, number, f"C-{D}-medical_mediation")
    due = clock_of(cast, "mediate_session").due_at
    assert due > cast.clock.now() + timedelta(days=29)
    assert clock_of(cast, "act").due_at > due
    no_drift(cast)


def test_what_has_ended_is_not_handed_over(sqlite_cast: Cast) -> None:
    number = in_session(sqlite_cast)
    hold(sqlite_cast, number, "failed")
    guide(sqlite_cast, number)
    with pytest.raises(NotAllowedNow):
        give(sqlite_cast, number, S)


def test_the_court_has_a_matter_mediated_before_a_suit_on_a_clock_of_its_own(sqlite_cast: Cast) -> None:
    clerk = sqlite_cast(f"A-{D}-court")
    matter = {"title": "借款纠纷", "text": "欠款五万元", "parties": [{"name": "王五"}, {"name": "赵六"}]}
    with sqlite_cast.store.write() as session, pytest.raises(Forbidden):
        open_before_suit(session, sqlite_cast.grid, matter, None)
    with sqlite_cast.store.write() as session:
        case, _ = open_before_suit(session, clerk, matter, None)
        number = case.number
    assert mediation(sqlite_cast, number).origin == "court"
    consent(sqlite_cast, number)
    appoint(sqlite_cast, number, f"C-{D}-court")
    assert clock_of(sqlite_cast, "mediate_session").stage == "med_total"
    hold(sqlite_cast, number, "agreed")
    sign(sqlite_cast, number)
    assert outcome(sqlite_cast, number) == "agreed"


def test_an_operator_cannot_put_the_token_where_the_parties_decide(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    mediate(sqlite_cast, number)
    instance_id = procedures(sqlite_cast, number)[-1].instance_id
    assert instance_id is not None
    decided = {"appoint", "mediate_session", "expert_pause", "ask_longer", "agreement"}
    with sqlite_cast.store.read() as session:
        admin = sqlite_cast("QH-" + D)
        (choice,) = moving.choices(session, admin, instance_id)
        assert set(choice.possible) == {"consent", "guidance"}
        assert set(choice.refused) >= decided
