"""会商: opinions side by side, absence recorded, minutes with attendance, a decision whose tasks have clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import runtime
from engine.deadlines.book import Deadline
from engine.errors import Forbidden, Invalid, NotFound
from engine.instances import ProcessInstance
from engine.outbox import Outbox
from engine.worklist import ItemClosed
from processes.access import hold_case
from processes.cases.models import Case
from processes.cases.numbers import LOCAL
from processes.consultations.models import Consultation, DecisionTask, Opinion
from processes.consultations.opening import ConsultationRefused, Inviting, consult
from processes.consultations.preparing import prepared
from processes.consultations.tasks import TaskDone, done, mark_overdue
from processes.procedures.models import Procedure
from processes.supervisions.models import Supervision
from tests.cast import CENTRE, Cast, D, G, S, V

POLICE, HOUSING, LABOUR = (f"{D}-{slug}" for slug in ("police", "housing", "labour"))
CONVENER = "SC-" + S


def at_subdistrict(cast: Cast, **changes: Any) -> str:
    """A case that the subdistrict holds and handles."""
    number = cast.report(**changes).case.number
    cast.do(number, "verify", result="accept")
    for _ in range(2):
        cast.do(number, "act", outcome="refer_up", reason="办不了")
        cast.do(number, "accept", outcome="accept")
    return number


def call(cast: Cast, number: str, *codes: str, staff_no: str = CONVENER) -> None:
    invite(cast, number, codes or (POLICE, HOUSING), staff_no)


def invite(cast: Cast, number: str, codes: Sequence[str], staff_no: str = CONVENER) -> None:
    with cast.store.write() as session:
        actor = cast(staff_no)
        consult(session, actor, hold_case(session, actor, number), Inviting(codes, "谁来牵头"))


def consulted(cast: Cast, *codes: str, **changes: Any) -> str:
    number = at_subdistrict(cast, **changes)
    call(cast, number, *codes)
    return number


def give(cast: Cast, number: str, slug: str) -> None:
    unit_id = cast.unit(f"{D}-{slug}").id
    item = next(each for each in cast.items(number, "give_opinion") if each.unit_id == unit_id)
    complete(cast, item.id, f"A-{D}-{slug}")


def complete(cast: Cast, item_id: int, staff_no: str) -> None:
    data = {"opinion": "应由我局处理", "measures": "派人查看", "attend": True}
    with cast.store.write() as session:
        runtime.complete(session, cast(staff_no), item_id, data)


def meet(cast: Cast, number: str, *present: str, **changes: Any) -> None:
    today = cast.clock.now().astimezone(LOCAL).date().isoformat()
    attendance = [{"unit": code, "present": True} for code in present]
    cast.do(number, "hold_meeting", **{"held_on": today, "attendance": attendance, "minutes": "一致同意", **changes})


def decide(cast: Cast, number: str, days: int = 3, lead: str | None = HOUSING, unit: str = POLICE) -> None:
    due = (cast.clock.now().astimezone(LOCAL) + timedelta(days=days)).date().isoformat()
    chosen = {"lead": lead} if lead else {}
    cast.do(
        number, "form_decision", decision="住建牵头", tasks=[{"unit": unit, "task": "查明权属", "due": due}], **chosen
    )


def decided(cast: Cast, **changes: Any) -> str:
    number = consulted(cast)
    give(cast, number, "police")
    give(cast, number, "housing")
    meet(cast, number, POLICE, HOUSING)
    decide(cast, number, **changes)
    return number


def opinions(cast: Cast) -> dict[str, Opinion]:
    with cast.store.read() as session:
        rows = session.scalars(select(Opinion).order_by(Opinion.id)).all()
        return {code: row for code in (POLICE, HOUSING, LABOUR) for row in rows if row.unit_id == cast.unit(code).id}


def procedure(cast: Cast) -> Procedure:
    with cast.store.read() as session:
        return session.scalars(select(Procedure)).one()


def task(cast: Cast) -> DecisionTask:
    with cast.store.read() as session:
        return session.scalars(select(DecisionTask)).one()


def stage(cast: Cast, number: str) -> str:
    with cast.store.read() as session:
        query = select(Deadline.stage).where(
            Deadline.subject_id == cast.case(number).id, Deadline.element == "act", Deadline.closed_at.is_(None)
        )
        return session.scalars(query).one()


def test_opinions_a_meeting_and_a_decision_end_a_consultation(cast: Cast) -> None:
    number = consulted(cast)
    assert len(cast.items(number, "give_opinion")) == 2
    assert stage(cast, number) == "handle_complex"
    give(cast, number, "housing")
    assert cast.items(number, "hold_meeting") == []
    give(cast, number, "police")
    meet(cast, number, POLICE)
    assert {code: row.attended for code, row in opinions(cast).items()} == {POLICE: True, HOUSING: False}
    decide(cast, number)
    assert procedure(cast).outcome == "decided"
    assert stage(cast, number) == "conclude"
    with cast.store.read() as session:
        row = session.scalars(select(Consultation)).one()
        assert row.lead_unit_id == cast.unit(HOUSING).id
        assert None not in (row.subject, row.minutes, row.decision)
    assert task(cast).due_at.astimezone(LOCAL).isoformat() == "2026-11-27T23:59:59+08:00"
    cast.tell()
    told = [mark for mark, _ in cast.notices(number) if mark.startswith("consult_")]
    assert sorted(told) == ["consult_decided", "consult_invited", "consult_invited", "consult_task"]


def test_one_invited_unit_leaves_the_stay_its_time(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast, POLICE)
    assert stage(sqlite_cast, number) == "handle"


def test_a_silent_unit_is_recorded_as_absent_and_the_meeting_is_held_all_the_same(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast)
    give(sqlite_cast, number, "police")
    sqlite_cast.pass_time(timedelta(days=6, hours=1))
    assert {code: row.state for code, row in opinions(sqlite_cast).items()} == {POLICE: "given", HOUSING: "absent"}
    assert sqlite_cast.items(number, "give_opinion") == []
    assert len(sqlite_cast.items(number, "hold_meeting")) == 1
    told = [staff for mark, staff in sqlite_cast.notices(number) if mark == "consult_absent"]
    assert sorted(told) == sorted([sqlite_cast(f"B-{D}-housing").staff_id, sqlite_cast(CONVENER).staff_id])


@pytest.mark.parametrize(
    ("called", "absent_at"),
    [
        (datetime(2026, 2, 12, 10, 0, tzinfo=LOCAL), datetime(2026, 2, 25, 9, 0, tzinfo=LOCAL)),
        (datetime(2026, 2, 26, 10, 0, tzinfo=LOCAL), datetime(2026, 3, 3, 9, 0, tzinfo=LOCAL)),
        (datetime(2026, 12, 30, 10, 0, tzinfo=LOCAL), datetime(2027, 1, 6, 9, 0, tzinfo=LOCAL)),
    ],
    ids=["over the Spring Festival and a make-up Saturday", "over a make-up Saturday", "over the year's end"],
)
def test_opinions_have_three_working_days_and_end_when_offices_open_next(
    sqlite_cast: Cast, called: datetime, absent_at: datetime
) -> None:
    sqlite_cast.clock.set(called)
    number = sqlite_cast.report().case.number
    sqlite_cast.do(number, "verify", result="accept")
    with sqlite_cast.store.write() as session:
        case = session.get_one(Case, sqlite_cast.case(number).id)
        consult(session, sqlite_cast(f"C-{CENTRE}"), case, Inviting((POLICE,), "谁来牵头"))
    sqlite_cast.pass_time(absent_at - called - timedelta(minutes=1))
    assert opinions(sqlite_cast)[POLICE].state == "invited"
    sqlite_cast.pass_time(timedelta(minutes=2))
    assert opinions(sqlite_cast)[POLICE].state == "absent"


def test_an_extra_urgent_case_gives_four_hours_at_night_too(sqlite_cast: Cast) -> None:
    sqlite_cast.clock.set(datetime(2026, 11, 28, 22, 0, tzinfo=LOCAL))
    consulted(sqlite_cast, POLICE, urgency="extra")
    sqlite_cast.pass_time(timedelta(hours=4, minutes=1))
    assert opinions(sqlite_cast)[POLICE].state == "absent"


def test_a_meeting_that_is_not_held_is_told_upward_and_supervised_the_second_time(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast, POLICE)
    give(sqlite_cast, number, "police")
    sqlite_cast.pass_time(timedelta(days=8))
    assert "step_silent" in [mark for mark, _ in sqlite_cast.notices(number)]
    assert len(sqlite_cast.items(number, "hold_meeting")) == 1
    sqlite_cast.pass_time(timedelta(days=8))
    with sqlite_cast.store.read() as session:
        raised = session.scalars(select(Supervision).where(Supervision.origin == "silence")).all()
    assert [row.subject_id for row in raised] == [sqlite_cast.unit(S).id]
    meet(sqlite_cast, number, POLICE)
    assert len(sqlite_cast.items(number, "form_decision")) == 1


def test_a_decision_that_is_not_formed_is_told_upward(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast, POLICE)
    give(sqlite_cast, number, "police")
    meet(sqlite_cast, number, POLICE)
    sqlite_cast.pass_time(timedelta(days=6))
    assert "step_silent" in [mark for mark, _ in sqlite_cast.notices(number)]
    decide(sqlite_cast, number, lead=None)
    assert procedure(sqlite_cast).outcome == "decided"


def test_who_may_not_convene_is_refused(sqlite_cast: Cast) -> None:
    number = at_subdistrict(sqlite_cast)
    for staff_no in ("SB-" + S, "QE-" + D):
        with pytest.raises(Forbidden):
            call(sqlite_cast, number, staff_no=staff_no)
    for codes in ((V,), ("511302-nobody",), ()):
        with pytest.raises(Invalid):
            invite(sqlite_cast, number, codes)
    call(sqlite_cast, number, POLICE)
    with pytest.raises(ConsultationRefused):
        call(sqlite_cast, number, HOUSING)


def test_a_village_convenes_for_what_it_holds(sqlite_cast: Cast) -> None:
    number = sqlite_cast.report().case.number
    sqlite_cast.do(number, "verify", result="accept")
    sqlite_cast.do(number, "act", outcome="refer_up", reason="办不了")
    sqlite_cast.do(number, "accept", outcome="accept")
    call(sqlite_cast, number, POLICE, staff_no="VB-" + V)
    assert procedure(sqlite_cast).unit_id == sqlite_cast.unit(V).id


def test_forms_take_no_strange_units_and_no_wrong_days(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast, POLICE)
    give(sqlite_cast, number, "police")
    tomorrow = (sqlite_cast.clock.now() + timedelta(days=1)).date().isoformat()
    with pytest.raises(Invalid):
        meet(sqlite_cast, number, HOUSING)
    with pytest.raises(Invalid):
        meet(sqlite_cast, number, POLICE, held_on=tomorrow)
    meet(sqlite_cast, number, POLICE)
    with pytest.raises(Invalid):
        decide(sqlite_cast, number, days=-1)
    with pytest.raises(Invalid):
        decide(sqlite_cast, number, unit="999999")


def test_an_opinion_is_given_once_and_by_the_invited_unit(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast)
    item = next(
        each for each in sqlite_cast.items(number, "give_opinion") if each.unit_id == sqlite_cast.unit(POLICE).id
    )
    with pytest.raises((Forbidden, NotFound)):
        complete(sqlite_cast, item.id, f"A-{D}-labour")
    complete(sqlite_cast, item.id, f"A-{D}-police")
    with pytest.raises(ItemClosed):
        complete(sqlite_cast, item.id, f"A-{D}-police")


def test_a_late_task_is_said_once_to_unit_and_convener_when_offices_open(sqlite_cast: Cast) -> None:
    number = decided(sqlite_cast, days=0)
    assert mark_overdue(sqlite_cast.store) == 0
    sqlite_cast.pass_time(timedelta(hours=15, minutes=1))
    assert mark_overdue(sqlite_cast.store) == 1
    assert mark_overdue(sqlite_cast.store) == 0
    sqlite_cast.tell()
    assert "consult_task_overdue" not in [mark for mark, _ in sqlite_cast.notices(number)]
    with sqlite_cast.store.read() as session:
        held = session.scalars(select(Outbox.not_before).where(Outbox.key.contains("consult_task_overdue"))).all()
    assert {moment.astimezone(LOCAL).isoformat() for moment in held if moment} == {"2026-11-25T09:00:00+08:00"}
    sqlite_cast.pass_time(timedelta(hours=9))
    told = [staff for mark, staff in sqlite_cast.notices(number) if mark == "consult_task_overdue"]
    assert sorted(told) == sorted([sqlite_cast(f"B-{D}-police").staff_id, sqlite_cast(CONVENER).staff_id])


def test_a_unit_says_once_that_its_task_is_done(sqlite_cast: Cast) -> None:
    number = decided(sqlite_cast)
    with pytest.raises(Forbidden):
        finish(sqlite_cast, number, f"A-{D}-housing")
    finish(sqlite_cast, number, f"A-{D}-police")
    with pytest.raises(TaskDone):
        finish(sqlite_cast, number, f"A-{D}-police")
    sqlite_cast.pass_time(timedelta(days=10))
    assert mark_overdue(sqlite_cast.store) == 0
    assert "consult_task_done" in [mark for mark, _ in sqlite_cast.notices(number)]


def finish(cast: Cast, number: str, staff_no: str) -> None:
    with cast.store.write() as session:
        actor = cast(staff_no)
        done(session, actor, hold_case(session, actor, number), task(cast).id)


def test_a_decision_prepares_the_way_to_the_lead_unit_until_the_case_has_moved(sqlite_cast: Cast) -> None:
    number = decided(sqlite_cast)
    assert way(sqlite_cast, number) == ("transfer", HOUSING)
    sqlite_cast.do(number, "act", outcome="transfer", target=HOUSING, reason="按会商决定")
    assert way(sqlite_cast, number) is None


def test_a_lead_below_the_holder_is_prepared_as_an_assignment(sqlite_cast: Cast) -> None:
    assert way(sqlite_cast, decided(sqlite_cast, lead=G)) == ("assign", G)


def way(cast: Cast, number: str) -> tuple[str, str] | None:
    with cast.store.read() as session:
        ready = prepared(session, cast.case(number))
        return (ready.action, ready.unit.code) if ready is not None else None


def test_a_consultation_ends_with_the_case(sqlite_cast: Cast) -> None:
    number = consulted(sqlite_cast)
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已劝和")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    sqlite_cast.do(number, "callback", answer="satisfied")
    assert procedure(sqlite_cast).outcome == "case_ended"
    assert sqlite_cast.items(number) == []


def test_of_a_restricted_case_only_protected_readers_consult(sqlite_cast: Cast) -> None:
    number = at_subdistrict(sqlite_cast, restricted=True)
    with pytest.raises((Forbidden, NotFound)):
        call(sqlite_cast, number, POLICE)
    call(sqlite_cast, number, POLICE, staff_no="SE-" + S)
    (item,) = sqlite_cast.items(number, "give_opinion")
    assert item.role == "leader"
    with pytest.raises((Forbidden, NotFound)):
        complete(sqlite_cast, item.id, f"A-{D}-police")
    complete(sqlite_cast, item.id, f"B-{D}-police")
    meet(sqlite_cast, number, POLICE)
    decide(sqlite_cast, number)
    with pytest.raises((Forbidden, NotFound)):
        finish(sqlite_cast, number, f"A-{D}-police")
    finish(sqlite_cast, number, f"B-{D}-police")
    sqlite_cast.tell()
    told = {staff for mark, staff in sqlite_cast.notices(number) if mark.startswith("consult_")}
    assert told == {sqlite_cast(staff_no).staff_id for staff_no in (f"B-{D}-police", "SE-" + S)}


def test_a_finished_consultation_leaves_the_state_small(sqlite_cast: Cast) -> None:
    number = at_subdistrict(sqlite_cast)
    sizes = []
    for _ in range(3):
        call(sqlite_cast, number, POLICE, HOUSING)
        give(sqlite_cast, number, "police")
        give(sqlite_cast, number, "housing")
        meet(sqlite_cast, number, POLICE)
        decide(sqlite_cast, number, lead=None)
        with sqlite_cast.store.read() as session:
            query = select(ProcessInstance.state).where(ProcessInstance.subject_no == number)
            sizes.append(len(session.scalars(query.where(ProcessInstance.key == "case")).one()))
    assert max(sizes) < min(sizes) * 1.05
