"""公共法律服务: one desk, one number; every window's path to its end, silence, and the petition's statutory clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine import runtime, vault
from engine.actors import Actor, system
from engine.deadlines.book import Deadline
from engine.doctor.checks import Patient
from engine.doctor.checks import State as Health
from engine.errors import AlreadyTaken, Forbidden, Invalid, NotFound
from engine.instances import ProcessInstance
from engine.spiff.moving import Place
from engine.step import Step
from engine.worklist import ItemClosed
from processes.cases import erasing
from processes.cases.moving import may_move
from processes.cases.recounting import import_calendar
from processes.doctor import find_orphans
from processes.procedures.models import Procedure
from processes.reconcile import reconcile
from processes.requests.operations import Asking, ask
from processes.supervisions.models import Supervision
from processes.visits import access
from processes.visits.becoming import AlreadyACase, VisitClosed, become_case
from processes.visits.operations import receive
from processes.visits.reading import case_of, seen_of
from tests.cast import CENTRE, S2, Cast, D, S
from tests.db.processes.test_recounting import official_2027
from tests.db.processes.visiting import DESK, LEADER, VISITOR, come, finish, furnish, parts, petition, steps, visit_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def centre(sqlite_cast: Cast) -> Cast:
    furnish(sqlite_cast)
    return sqlite_cast


def become(cast: Cast, number: str, actor: Actor | None = None, **data: Any) -> None:
    with cast.store.write() as session:
        become_case(session, actor or cast(DESK), session.merge(visit_of(cast, number)), data)


def clock_of(cast: Cast, number: str, element: str) -> Deadline:
    with cast.store.read() as session:
        instances = select(ProcessInstance.id).where(ProcessInstance.subject_no == number)
        query = select(Deadline).where(
            Deadline.instance_id.in_(instances), Deadline.element == element, Deadline.closed_at.is_(None)
        )
        return session.scalars(query).one()


def due_on(cast: Cast, number: str, element: str) -> date:
    return clock_of(cast, number, element).due_at.astimezone(SHANGHAI).date()


def at(cast: Cast, local: str) -> None:
    """Set the clock, in Shanghai time."""
    cast.clock.set(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).astimezone(UTC))


def is_sound(cast: Cast) -> None:
    """Tables, trail and the doctor agree."""
    with cast.store.read() as session:
        assert reconcile(session, cast.district_id) == []
        assert find_orphans(Patient(session, full=True)).state is Health.OK


# -- each service to its end


def test_advice_is_given_the_visitor_told_and_the_visit_closed(cast: Cast) -> None:
    furnish(cast)
    number = come(cast, "01", heads=3).number
    assert steps(cast, number) == ["serve"]
    cast.do(number, "serve", result="告知劳动监察和仲裁途径")
    assert parts(cast, number)["advice"].outcome == "served"
    cast.tell()
    assert [mark for mark, _ in cast.notices(number)] == ["window_opened", "visit_served"]
    finish(cast, number)
    visit = visit_of(cast, number)
    assert (visit.heads, visit.told, visit.rating) == (3, True, "satisfied")
    assert visit.closed_at is not None
    is_sound(cast)


def test_a_visit_is_closed_only_when_every_window_has_ended(centre: Cast) -> None:
    number = come(centre, "01", "03", "02").number
    centre.do(number, "serve", result="已答复")
    centre.do(number, "means_test", income="1800", household=3, eligible=False, reason="超过标准")
    assert steps(centre, number) == ["serve"]
    centre.do(number, "serve", result="已办理公证")
    assert steps(centre, number) == ["finish_visit"]
    with pytest.raises(Invalid):
        centre.do(number, "finish_visit", told=False, rating="satisfied")
    centre.do(number, "finish_visit", told=False, rating="unreached")
    assert steps(centre, number) == []
    with pytest.raises(IndexError):
        finish(centre, number)


def test_legal_aid_is_tested_granted_and_a_lawyer_assigned(centre: Cast) -> None:
    number = come(centre, "02", matter="legal_aid").number
    centre.do(number, "means_test", income="1800", household=3, property="无", eligible=True)
    with pytest.raises(Forbidden):
        centre.do(number, "aid_decision", actor=centre(f"A-{D}-justice"), granted=True)
    centre.do(number, "aid_decision", granted=True)
    centre.do(number, "aid_assign", lawyer="李律师")
    part = parts(centre, number)["legal_aid"]
    assert (part.eligible, part.granted, part.outcome) == (True, True, "assigned")
    centre.do(number, "finish_visit", told=True, rating="basic", words="律师很耐心")
    with centre.store.read() as session:
        assert vault.open_text(session, session.merge(visit_of(centre, number)).words)["said"] == "律师很耐心"
    with centre.store.read() as session:
        words = vault.open_text(session, session.merge(part).words)
    assert words == {
        "means_test": {"income": "1800", "household": 3, "property": "无"},
        "aid_assign": {"lawyer": "李律师"},
    }
    is_sound(centre)


def test_who_is_not_within_the_means_gets_no_decision(centre: Cast) -> None:
    number = come(centre, "02", matter="legal_aid").number
    with pytest.raises(Invalid):
        centre.do(number, "means_test", income="9000", household=1, eligible=False)
    centre.do(number, "means_test", income="9000", household=1, eligible=False, reason="高于当地标准")
    assert parts(centre, number)["legal_aid"].outcome == "not_eligible"
    assert steps(centre, number) == ["finish_visit"]


def test_legal_aid_is_refused_only_with_a_reason(centre: Cast) -> None:
    number = come(centre, "02", matter="legal_aid").number
    centre.do(number, "means_test", income="1800", household=3, eligible=True)
    with pytest.raises(Invalid):
        centre.do(number, "aid_decision", granted=False)
    centre.do(number, "aid_decision", granted=False, reason="不属于援助事项")
    assert parts(centre, number)["legal_aid"].outcome == "refused"


def test_a_complaint_is_a_case_of_the_same_number(centre: Cast) -> None:
    number = come(centre, "05", matter="complaint").number
    case = centre.case(number)
    assert (case.owner_id, case.state, case.has_citizen) == (centre.unit(CENTRE).id, "reported", True)
    assert parts(centre, number)["complaint"].outcome == "case"
    centre.do(number, "verify", result="accept")
    centre.do(number, "act", outcome="self_handle", measures="已处理")
    finish(centre, number)
    assert visit_of(centre, number).case_id == case.id
    is_sound(centre)


def test_a_mediation_has_its_dispute_under_the_same_number(centre: Cast) -> None:
    number = come(centre, "04", matter="labour").number
    case = centre.case(number)
    assert (case.kind, case.type) == ("dispute", "labour")
    with centre.store.read() as session:
        kinds = session.scalars(select(Procedure.kind).where(Procedure.case_id == case.id)).all()
    assert kinds == ["mediation"]
    finish(centre, number)
    is_sound(centre)


def test_two_windows_that_need_a_case_share_it(centre: Cast) -> None:
    number = come(centre, "05", "04", matter="housing").number
    case = centre.case(number)
    assert {part.outcome for part in parts(centre, number).values()} == {"case"}
    assert visit_of(centre, number).case_id == case.id


# -- petitions


def register(cast: Cast, number: str, representatives: int = 1) -> None:
    cast.do(number, "petition_register", summary="反映办证延误", representatives=representatives)


def accepted(cast: Cast) -> str:
    number = come(cast, "06", matter="petition").number
    register(cast, number)
    cast.do(number, "petition_accept", accepted=True, told=True)
    return number


def test_an_accepted_petition_is_a_case_to_be_finished_in_sixty_days(centre: Cast) -> None:
    number = accepted(centre)
    row = petition(centre, number)
    assert (row.accepted, row.case_id) == (True, centre.case(number).id)
    assert row.told_at is not None
    centre.pass_time(timedelta(hours=2))
    centre.do(number, "verify", result="accept")
    stay, overall = clock_of(centre, number, "act"), clock_of(centre, number, "overall")
    assert (stay.stage, stay.started_at) == ("handle_petition", row.told_at)
    assert overall.due_at == stay.due_at
    assert due_on(centre, number, "act") == date(2027, 1, 25)  # 23 January is a Saturday
    is_sound(centre)


def test_the_sixty_days_go_with_the_case_and_thirty_are_added_once(centre: Cast) -> None:
    number = accepted(centre)
    centre.do(number, "verify", result="accept")
    due = clock_of(centre, number, "act").due_at
    with centre.store.write() as session:
        case = session.merge(centre.case(number))
        with pytest.raises(Invalid):
            ask(session, centre(DESK), case, Asking("extension", "材料多", days=31))
    with centre.store.write() as session:
        ask(session, centre(DESK), session.merge(centre.case(number)), Asking("extension", "材料多", days=30))
    centre.do(number, "decide", granted=True, days=30)
    extended = clock_of(centre, number, "act").due_at
    assert extended - due == timedelta(days=30)
    centre.pass_time(timedelta(days=3))
    centre.do(number, "act", outcome="transfer", target=f"{D}-housing", reason="属住建职权")
    centre.do(number, "accept", outcome="accept")
    assert clock_of(centre, number, "act").due_at == extended
    assert clock_of(centre, number, "overall").due_at == extended


def test_the_petitions_procedure_ends_with_its_case(centre: Cast) -> None:
    number = accepted(centre)
    centre.do(number, "verify", result="decline", reason="重复信访")
    with centre.store.read() as session:
        row = session.scalars(select(Procedure).where(Procedure.kind == "petition")).one()
    assert row.outcome == "case_ended"
    assert centre.case(number).links == 0
    is_sound(centre)


def test_a_petition_that_is_not_ours_goes_back_when_the_centre_agrees(centre: Cast) -> None:
    number = come(centre, "06", matter="petition").number
    register(centre, number)
    with pytest.raises(Invalid):
        centre.do(number, "petition_accept", accepted=False, told=True)
    with pytest.raises(Invalid):
        centre.do(number, "petition_accept", accepted=True, told=False)
    centre.do(number, "petition_accept", accepted=False, told=True, reason="属人社职权")
    centre.do(number, "petition_objection", upheld=True, reason="转区人社局")
    assert parts(centre, number)["petition"].outcome == "not_ours"
    assert petition(centre, number).accepted is False
    assert visit_of(centre, number).case_id is None
    finish(centre, number)
    is_sound(centre)


def test_an_objection_that_does_not_hold_makes_it_a_case(centre: Cast) -> None:
    number = come(centre, "06", matter="petition").number
    register(centre, number)
    centre.do(number, "petition_accept", accepted=False, told=True, reason="不属本单位")
    centre.do(number, "petition_objection", upheld=False, reason="属住建职权")
    assert petition(centre, number).accepted is True
    assert centre.case(number).state == "reported"
    assert parts(centre, number)["petition"].outcome == "case"


def test_at_most_five_represent_a_group(centre: Cast) -> None:
    number = come(centre, "06", matter="petition", heads=40).number
    with pytest.raises(Invalid):
        register(centre, number, representatives=6)
    register(centre, number, representatives=5)
    assert petition(centre, number).representatives == 5


def test_fifteen_natural_days_that_end_on_a_long_holiday_run_to_the_next_working_day(centre: Cast) -> None:
    at(centre, "2026-09-18 10:00")  # the fifteenth day is 3 October
    number = come(centre, "06", matter="petition").number
    assert due_on(centre, number, "petition_register") == date(2026, 10, 8)
    assert not clock_of(centre, number, "petition_register").provisional


def test_fifteen_days_over_spring_festival_end_on_a_make_up_saturday(centre: Cast) -> None:
    at(centre, "2026-02-13 10:00")
    number = come(centre, "06", matter="petition").number
    assert due_on(centre, number, "petition_register") == date(2026, 2, 28)


def test_fifteen_days_over_the_year_end_are_provisional_until_the_calendar_is_known(centre: Cast) -> None:
    at(centre, "2026-12-17 10:00")  # the fifteenth day is 1 January
    number = come(centre, "06", matter="petition").number
    row = clock_of(centre, number, "petition_register")
    assert row.due_at.astimezone(SHANGHAI).date() >= date(2027, 1, 2)
    assert row.provisional


def test_the_official_calendar_of_a_year_moves_the_clock_of_a_visit(centre: Cast) -> None:
    at(centre, "2026-12-17 10:00")
    number = come(centre, "06", matter="petition").number
    holidays = [date(2027, 1, day) for day in (1, 4)]
    with centre.store.write() as session:
        import_calendar(session, system(centre.district_id), 2027, official_2027(*holidays))
    row = clock_of(centre, number, "petition_register")
    assert (row.due_at.astimezone(SHANGHAI).date(), row.provisional) == (date(2027, 1, 5), False)


def test_the_objection_is_decided_in_five_working_days(centre: Cast) -> None:
    at(centre, "2026-09-28 10:00")
    number = come(centre, "06", matter="petition").number
    register(centre, number)
    centre.do(number, "petition_accept", accepted=False, told=True, reason="不属本单位")
    # 29, 30 September, then the holiday to 7 October with its make-up Saturday
    assert due_on(centre, number, "petition_objection") == date(2026, 10, 10)


# -- silence


def test_the_leader_is_told_at_due_and_the_supervisor_at_grace_and_the_step_stays(centre: Cast) -> None:
    number = come(centre, "01").number
    before = centre.items(number, "serve")[0].id
    centre.pass_time(timedelta(days=7))
    marks = [mark for mark, _ in centre.notices(number)]
    assert marks == ["window_opened", "warned", "overdue", "overdue_below", "visit_silent"]
    leader = centre(LEADER).staff_id
    assert [staff for mark, staff in centre.notices(number) if mark == "overdue_below"] == [leader]
    row = clock_of(centre, number, "serve")
    assert (row.warned_at, row.overdue_at, row.escalated_at) == (None, None, None)
    assert centre.items(number, "serve")[0].id == before
    centre.pass_time(timedelta(days=7))
    assert [mark for mark, _ in centre.notices(number)].count("visit_silent") == 2
    centre.do(number, "serve", result="已答复")
    finish(centre, number)
    is_sound(centre)


def test_no_supervision_is_raised_for_a_visit(centre: Cast) -> None:
    come(centre, "02", "06")
    centre.pass_time(timedelta(days=40))
    with centre.store.read() as session:
        assert session.scalars(select(Supervision)).all() == []


def test_state_stays_bounded_however_often_a_window_lapses(centre: Cast) -> None:
    number = come(centre, "01", "03").number
    sizes = []
    for _ in range(8):
        centre.pass_time(timedelta(days=15))
        with centre.store.read() as session:
            row = session.scalars(select(ProcessInstance).where(ProcessInstance.subject_no == number)).one()
            sizes.append(runtime.inspect(session, row.id).tasks)
    assert max(sizes[4:]) <= max(sizes[:4])
    is_sound(centre)


# -- cards


def card(cast: Cast) -> str:
    data = {"channel": "card", "matter": "enterprise", "name": "某某公司", "wishes": "有人阻工"}
    with cast.store.write() as session:
        return receive(session, system(cast.district_id, "card"), session.merge(cast.unit(CENTRE)), data).number


def test_what_comes_by_card_waits_for_the_desk_half_an_hour(centre: Cast) -> None:
    number = card(centre)
    assert steps(centre, number) == ["receive"]
    assert clock_of(centre, number, "receive").due_at - centre.clock.now() == timedelta(minutes=30)
    centre.pass_time(timedelta(minutes=31))
    assert {mark for mark, _ in centre.notices(number)} == {"warned", "overdue", "overdue_below"}
    centre.do(number, "receive", matter="enterprise", windows=["01"])
    visit = visit_of(centre, number)
    assert visit.received_by == centre(DESK).ref
    with centre.store.read() as session:
        assert vault.open_text(session, session.merge(visit).words)["wishes"] == "有人阻工"
    centre.do(number, "serve", result="民警到场")
    finish(centre, number)
    is_sound(centre)


def test_a_silent_desk_is_told_above_the_centre_too(centre: Cast) -> None:
    number = card(centre)
    centre.pass_time(timedelta(days=2))
    silent = [staff for mark, staff in centre.notices(number) if mark == "visit_silent"]
    assert len(silent) == len(set(silent)) == 2


# -- one number


def test_the_desk_makes_a_case_of_a_visit_once(centre: Cast) -> None:
    number = come(centre, "01").number
    with pytest.raises(Forbidden):
        become(centre, number, centre(f"A-{D}-law_firm"))
    become(centre, number, place_unit=S2, title="拖欠工资")
    assert centre.case(number).place_unit_id == centre.unit(S2).id
    with pytest.raises(AlreadyACase):
        become(centre, number)
    assert steps(centre, number) == ["serve"]
    is_sound(centre)


def test_a_closed_visit_becomes_no_case(centre: Cast) -> None:
    number = come(centre, "01").number
    centre.do(number, "serve", result="已答复")
    finish(centre, number)
    with pytest.raises(VisitClosed):
        become(centre, number)


def test_numbers_of_cases_and_visits_come_from_one_counter(centre: Cast) -> None:
    one, case, other = come(centre).number, centre.report().case.number, come(centre).number
    assert [int(number[-5:]) for number in (one, case, other)] == [1, 2, 3]


def test_erasing_a_case_erases_what_was_said_at_the_desk(centre: Cast) -> None:
    number = come(centre, "05", matter="complaint").number
    centre.do(number, "verify", result="decline", reason="重复")
    with centre.store.write() as session, pytest.raises(erasing.VisitOpen):
        erasing.erase(session, system(centre.district_id), session.merge(centre.case(number)))
    finish(centre, number)
    with centre.store.write() as session:
        assert erasing.erase(session, system(centre.district_id), session.merge(centre.case(number)))
    with centre.store.read() as session:
        assert vault.open_text(session, session.merge(visit_of(centre, number)).words) is None
    is_sound(centre)


def test_a_visit_that_became_no_case_is_erased_by_itself(centre: Cast) -> None:
    number = come(centre).number
    with centre.store.write() as session, pytest.raises(erasing.VisitOpen):
        erasing.erase_visit(session, system(centre.district_id), session.merge(visit_of(centre, number)))
    centre.do(number, "serve", result="已答复")
    finish(centre, number)
    for done in (True, False):
        with centre.store.write() as session:
            visit = session.merge(visit_of(centre, number))
            assert erasing.erase_visit(session, system(centre.district_id), visit) is done
    is_sound(centre)


# -- wrong use


def test_only_the_centres_desk_receives(centre: Cast) -> None:
    for staff in (f"A-{D}-justice", f"SA-{S}", LEADER):
        with pytest.raises(Forbidden):
            come(centre, actor=centre(staff))


@pytest.mark.parametrize(
    "wrong",
    [{"windows": []}, {"windows": ["99"]}, {"matter": "weather"}, {"name": " "}, {"channel": "pigeon"}, {"heads": 0}],
)
def test_a_visit_that_is_wrong_gets_no_number(centre: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid), centre.store.write() as session:
        receive(session, centre(DESK), session.merge(centre.unit(CENTRE)), {**VISITOR, **wrong})
    assert come(centre).number.endswith("00001")


def test_only_a_centre_has_a_front_desk(centre: Cast) -> None:
    with pytest.raises(Invalid), centre.store.write() as session:
        receive(session, centre(f"SA-{S}"), session.merge(centre.unit(S)), VISITOR)


def test_a_window_serves_with_its_own_people_and_once(centre: Cast) -> None:
    number = come(centre, "01").number
    item = centre.items(number, "serve")[0]
    with pytest.raises(Forbidden):
        centre.do(number, "serve", actor=centre(f"A-{D}-justice"), result="不该我答")
    centre.do(number, "serve", result="已答复")
    with centre.store.write() as session, pytest.raises((ItemClosed, AlreadyTaken)):
        runtime.complete(session, centre(f"A-{D}-law_firm"), item.id, {"result": "再答一次"})


def test_who_reads_a_visit(centre: Cast) -> None:
    number = come(centre, "01").number
    readers = (DESK, LEADER, f"C-{CENTRE}", f"A-{D}-law_firm", f"QE-{D}", f"A-{D}-command")
    for staff in readers:
        with centre.store.read() as session:
            assert access.read_visit(session, centre(staff), number).number == number
    for staff in (f"A-{D}-justice", f"SA-{S}", f"QH-{D}", f"QI-{D}"):
        with centre.store.read() as session, pytest.raises(NotFound):
            access.read_visit(session, centre(staff), number)


def test_an_operator_only_makes_the_same_task_of_a_visit_anew(centre: Cast) -> None:
    number = come(centre, "02").number
    with centre.store.read() as session:
        row = session.scalars(select(ProcessInstance).where(ProcessInstance.subject_no == number)).one()
        step = Step(session, system(centre.district_id), row)
        step.load()
        place = Place("", "window", "means_test", ("means_test", "aid_assign"))
        assert may_move(step, place, "means_test") is None
        assert may_move(step, place, "aid_assign") is not None


# -- what looks after all of it


def test_the_doctor_and_the_reconciliation_know_visits(centre: Cast) -> None:
    number = come(centre).number
    is_sound(centre)
    with centre.store.write() as session:
        session.merge(visit_of(centre, number)).closed_at = centre.clock.now()
    with centre.store.read() as session:
        assert reconcile(session, centre.district_id) == [f"{number}: the visit is closed, the trail says open"]
    with centre.store.write() as session:
        visit = session.merge(visit_of(centre, number))
        visit.closed_at, visit.instance_id = None, 999
    with centre.store.read() as session:
        found = find_orphans(Patient(session, full=True))
    assert (found.state, found.figures) == (Health.BAD, {"visit_without_instance": 1})


def test_a_petition_that_nobody_registers_is_told_each_time_and_still_accepted(centre: Cast) -> None:
    number = come(centre, "06", matter="petition").number
    centre.pass_time(timedelta(days=34))
    marks = [mark for mark, _ in centre.notices(number)]
    assert marks.count("overdue") == marks.count("visit_silent") == 2
    register(centre, number)
    centre.do(number, "petition_accept", accepted=True, told=True)
    assert centre.case(number).state == "reported"
    is_sound(centre)


def test_two_windows_of_one_unit_and_service_are_kept_apart(sqlite_cast: Cast) -> None:
    furnish(sqlite_cast, (("01", "notary", f"{D}-justice"), ("02", "notary", f"{D}-justice")))
    number = come(sqlite_cast, "01", "02").number
    first, second = sqlite_cast.items(number, "serve")
    with sqlite_cast.store.write() as session:
        runtime.complete(session, sqlite_cast(f"A-{D}-justice"), second.id, {"result": "第二个窗口先办"})
    with sqlite_cast.store.read() as session:
        seen = seen_of(session, [session.merge(visit_of(sqlite_cast, number))])[0]
    assert [part.row.outcome for part in seen.parts] == [None, "served"]
    assert [part.task.item.id if part.task else None for part in seen.parts] == [first.id, None]


def test_a_restricted_matter_is_a_restricted_case(centre: Cast) -> None:
    number = come(centre, "01").number
    become(centre, number, restricted=True, title="家暴求助")
    assert centre.case(number).restricted
    with centre.store.read() as session:
        visit = session.merge(visit_of(centre, number))
        assert case_of(session, centre(DESK), visit) is not None
        assert case_of(session, centre(f"A-{D}-law_firm"), visit) is None
