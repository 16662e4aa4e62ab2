"""The administrator's acts: recorded, within the own district, refused to everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from engine import calendar, incidents, timers
from engine.calendar import CalendarDay
from engine.definitions.models import Definition
from engine.incidents import Incident
from engine.instances import ProcessInstance
from engine.network.people import Appointment, Staff, actor_for_token, issue_token
from engine.network.units import Unit
from engine.outbox import Outbox
from engine.sign_in import credentials
from engine.timers import Timer
from engine.trail import entries
from engine.trail.verify import verify
from engine.worklist import WorkItem
from tests.cast import Cast, D, G, S, V
from tests.story.server import Client, Town, serving

ADMIN = "QH-" + D


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as opened:
        yield opened


@pytest.fixture
def admin(town: Town) -> Client:
    return town.client(ADMIN)


def upload(client: Client, path: str, content: str | bytes, **params: str):
    body = content.encode() if isinstance(content, str) else content
    return client.post(path, files={"file": ("list.csv", body)}, params=params)


def actions_of(cast: Cast, subject: str) -> list[str]:
    with cast.store.read() as session:
        return [entry.action for entry in entries.entries_of(session, cast.district_id, subject)]


NEW_GRID = f"code,parent_code,level,name\n{V}003,{V},grid,第三网格\n{V},{S},village,冯家寺新社区\n"


def test_units_are_tried_first_and_kept_when_wanted(cast: Cast, admin: Client) -> None:
    tried = upload(admin, "/admin/imports/units", NEW_GRID, dry="true")
    assert tried.json() == {"created": 1, "updated": 1, "unchanged": 0, "kept": False}
    with cast.store.read() as session:
        assert session.scalar(select(Unit).where(Unit.code == V + "003")) is None
    done = upload(admin, "/admin/imports/units", NEW_GRID)
    assert done.json() == {"created": 1, "updated": 1, "unchanged": 0, "kept": True}
    assert cast.unit(V + "003").name == "第三网格"
    assert actions_of(cast, "units") == ["admin:units:import"]
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (f"code,parent_code,level,name\n{V}003,{V},cell,x\n", "code_length", 2),
        ("code,parent_code,level,name\n999999,,district,别区\n", "other_district", 2),
        (b"code,parent_code,level,name\n\0,,x,y\n", "bad_encoding", 2),
        (f"code,parent_code,level,name\n{V}003,{V},grid,{'长' * 65}\n", "too_long", 2),
        (f'code,parent_code,level,name\n{V}003,{V},grid,"{"x" * 140_000}"\n', "not_a_table", 1),
        ("code,name\n", "missing_column", 1),
    ],
)
def test_a_bad_file_is_told_line_by_line(cast: Cast, admin: Client, content: str, code: str, line: int) -> None:
    answer = upload(admin, "/admin/imports/units", content)
    assert answer.status_code == 422
    assert (answer.json()["findings"][0]["code"], answer.json()["findings"][0]["line"]) == (code, line)


def test_staff_come_with_their_posts(cast: Cast, admin: Client) -> None:
    rows = f"staff_no,name,unit_code,roles,phone\nN-1,赵新,{G},handler checker,\n"
    assert upload(admin, "/admin/imports/staff", rows, dry="true").json()["created"] == 1
    with cast.store.read() as session:
        assert session.scalar(select(Staff).where(Staff.staff_no == "N-1")) is None
    assert upload(admin, "/admin/imports/staff", rows).json()["kept"] is True
    with cast.store.read() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == "N-1")).one()
        posts = select(Appointment.role).where(Appointment.staff_id == staff.id)
        assert sorted(session.scalars(posts)) == ["checker", "handler"]
    answer = upload(admin, "/admin/imports/staff", rows.replace(G, "999999"))
    assert answer.json()["findings"][0]["code"] == "other_district"


def test_a_year_of_the_calendar_can_be_tried_without_anybody_remembering_it(cast: Cast, admin: Client) -> None:
    def year(holiday: date) -> str:
        days = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
        kinds = ["holiday" if day == holiday else "workday" if day.weekday() < 5 else "weekend" for day in days]
        return "day,kind,name,source\n" + "".join(f"{d},{k},,通知\n" for d, k in zip(days, kinds, strict=True))

    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    tried = upload(admin, "/admin/calendar/2027", year(date(2027, 3, 3)), dry="true")
    assert tried.json()["days"] > 0
    assert upload(admin, "/admin/calendar/2027", year(date(2027, 3, 4))).json()["kept"] is True
    with cast.store.read() as session:
        known = calendar.load(session)
        assert known.is_working(date(2027, 3, 3))
        assert not known.is_working(date(2027, 3, 4))
        assert session.get_one(CalendarDay, date(2027, 3, 4)).official
    assert actions_of(cast, "calendar:2027") == ["calendar:year:import"]
    assert upload(admin, "/admin/calendar/2027", b"\xff\xff\xff").status_code == 422


def test_a_new_password_is_shown_once_and_ends_what_was_signed_in(cast: Cast, town: Town, admin: Client) -> None:
    person = town.client("VA-" + V)
    answer = admin.post(f"/admin/staff/VA-{V}/password", key="k" * 20)
    secret = answer.json()["password"]
    assert len(secret) == 12
    with cast.store.read() as session:
        found = credentials.find(session, "VA-" + V, demo_allowed=False)
        assert found is not None
        assert credentials.is_right(found[1], secret)
    again = admin.post(f"/admin/staff/VA-{V}/password", key="k" * 20).json()["password"]
    assert again != secret  # stored nowhere, so it cannot be repeated
    assert person.get("/me").status_code == 200
    admin.done(f"/admin/staff/VA-{V}/sessions/end")
    assert person.get("/me").status_code == 401
    assert actions_of(cast, "VA-" + V) == ["staff:password:set"] * 2 + ["staff:sessions:end"]


def test_what_somebody_who_leaves_held_goes_back_to_the_unit(cast: Cast, town: Town, admin: Client) -> None:
    number = cast.report().case.number
    item = cast.items(number, "verify")[0]
    town.client("G-" + G).done(f"/work-items/{item.id}/claim")
    assert admin.done(f"/admin/staff/G-{G}/deactivation") == {"released": 1}
    with cast.store.write() as session:
        assert session.get_one(WorkItem, item.id).state == "ready"
        assert actor_for_token(session, issue_token(session, "G-" + G)) is None
    admin.done(f"/admin/staff/G-{G}/reactivation")
    assert town.client("G-" + G).get("/me").status_code == 200
    assert admin.post(f"/admin/staff/{ADMIN}/deactivation").json()["code"] == "not_yourself"


def test_a_unit_with_open_work_is_not_closed(cast: Cast, admin: Client) -> None:
    cast.report()
    refused = admin.post(f"/admin/units/{G}/closure")
    assert (refused.status_code, refused.json()["code"]) == (409, "unit_has_open_work")
    admin.done(f"/admin/units/{D}-housing/closure")
    assert cast.unit(f"{D}-housing").valid_to is not None


def test_a_timer_that_was_given_up_is_armed_anew(cast: Cast, admin: Client) -> None:
    number = cast.report().case.number
    with cast.store.write() as session:
        instance = session.scalars(select(ProcessInstance)).one()
        timer = session.scalars(select(Timer).order_by(Timer.id)).first()
        assert timer is not None
        due, element = timer.due_at, timer.element
        timer.attempts, timer.wake_at = timers.MAX_ATTEMPTS + 1, due + timers.NEVER
        incident_id = incidents.open_incident(session, instance, "timer", element, "KeyError").id or 0
        session.flush()
        incident_id = session.scalars(select(Incident.id)).one()
    assert admin.done(f"/admin/incidents/{incident_id}/retry") == {"armed": 1}
    with cast.store.read() as session:
        again = session.scalars(select(Timer).where(Timer.element == element)).first()
        assert again is not None
        assert (again.attempts, again.wake_at) == (0, due)
    assert admin.post(f"/admin/incidents/{incident_id}/retry").json()["code"] == "nothing_to_retry"
    admin.done(f"/admin/incidents/{incident_id}/resolution", {"words": "已更正配置，重试成功"})
    assert admin.post(f"/admin/incidents/{incident_id}/resolution", {"words": "再次"}).status_code == 409
    assert [each for each in actions_of(cast, number) if each.startswith("incident")] == [
        "incident:timer:open",
        "incident:timer:retry",
        "incident:timer:resolve",
    ]


def test_an_effect_that_was_given_up_is_sent_again(cast: Cast, admin: Client) -> None:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    cast.do(number, "act", outcome="refer_up", reason="x")
    with cast.store.write() as session:
        effect = session.scalars(select(Outbox).order_by(Outbox.id)).first()
        assert effect is not None
        effect.state, effect.attempts, effect_id = "failed", 6, effect.id
    admin.done(f"/admin/effects/{effect_id}/retry")
    cast.tell()
    with cast.store.read() as session:
        assert session.get_one(Outbox, effect_id).state == "delivered"
    assert admin.post(f"/admin/effects/{effect_id}/retry").status_code == 409
    assert actions_of(cast, f"effect:{effect_id}") == ["effect:delivery:retry"]


def test_the_drawing_of_a_model_is_given_as_it_was_deployed(cast: Cast, admin: Client) -> None:
    with cast.store.read() as session:
        row = session.scalars(select(Definition).where(Definition.key == "case")).one()
    assert b"<bpmn" in admin.get(f"/admin/models/{row.id}/handling").content
    assert admin.get(f"/admin/models/{row.id}/nothing").status_code == 404
    assert admin.get("/admin/models/nothing/case").status_code == 404


ACTS = (
    ("imports/units", {"files": {"file": ("x.csv", NEW_GRID.encode())}}),
    ("imports/staff", {"files": {"file": ("x.csv", b"staff_no,name,unit_code,roles,phone\n")}}),
    ("calendar/2027", {"files": {"file": ("x.csv", b"day,kind,name,source\n")}}),
    (f"staff/VA-{V}/password", {}),
    (f"staff/VA-{V}/sessions/end", {}),
    (f"staff/VA-{V}/deactivation", {}),
    (f"staff/VA-{V}/reactivation", {}),
    (f"units/{G}/closure", {}),
    ("incidents/1/retry", {}),
    ("incidents/1/resolution", {"body": {"words": "没有"}}),
    ("effects/1/retry", {}),
)


def test_nobody_else_may_do_any_of_it(cast: Cast, town: Town) -> None:
    size = _size(cast)
    for staff_no in ("VA-" + V, "QF-" + D, "QI-" + D, "A-" + D + "-command"):
        client = town.client(staff_no)
        for path, more in ACTS:
            assert client.post("/admin/" + path, **more).status_code == 403, (staff_no, path)
        assert client.get("/admin/models/x/case").status_code == 403
    for path, more in ACTS:
        assert town.nobody.post("/admin/" + path, **more).status_code == 401
    assert _size(cast) == size


def _size(cast: Cast) -> int:
    with cast.store.read() as session:
        return session.scalar(select(func.count()).select_from(entries.TrailEntry)) or 0
