"""Citizens at the API: counted, answered alike whether number or code is wrong, and told nothing that names anybody."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from engine.commands import Command
from engine.notices import Notice
from processes import attachments
from processes.cases.models import Case, NamedReader, Progress
from processes.cases.reporting import tracking_code
from processes.citizens import admission
from tests.cast import Cast, D, S, V
from tests.pictures import jpeg
from tests.story.server import Town, serving
from web.app import create_app
from web.config import Settings

STORY = {
    "matter": "neighbours",
    "place": V,
    "text": "隔壁张三家的围墙要倒了。已经说过几次。",
    "name": "王小明",
    "phone": "13912345678",
}
INNER = ("王小明", "13912345678", "张三", "李四", "staff:", "-511302", "内部意见", "两家为围墙争吵")
"""What nobody may read on the tracking page: names, staff, words of the network."""


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store, 5_000_000) as open_town:
        yield open_town


class Citizen:
    """Somebody with a telephone and no account."""

    def __init__(self, town: Town, cast: Cast) -> None:
        self.town, self.cast = town, cast

    def send(self, path: str, fields: dict[str, Any], photos: list[bytes] = [], key: str = "") -> requests.Response:  # noqa: B006
        files: Any = [("photos", (f"{at}.jpg", content, "image/jpeg")) for at, content in enumerate(photos)]
        parts = [(name, (None, str(value))) for name, value in fields.items()] + files
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return requests.post(f"{self.town.base}/api/v1/citizen/{path}", files=parts, headers=headers, timeout=20)

    def token(self, waited: timedelta = timedelta(minutes=1)) -> str:
        with self.cast.store.read() as session:
            token = admission.form_token(session)
        self.cast.clock.advance(waited)
        return token

    def report(self, photos: list[bytes] = [], key: str = "", **changes: Any) -> requests.Response:  # noqa: B006
        fields = {**STORY, **({} if "token" in changes else {"token": self.token()}), **changes}
        return self.send("reports", fields, photos, key)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.town.nobody.post(f"/citizen/{path}", body)


@pytest.fixture
def citizen(town: Town, cast: Cast) -> Citizen:
    return Citizen(town, cast)


def followed(cast: Cast) -> dict[str, str]:
    """Number and code of a case that a worker reported for somebody."""
    reported = cast.report()
    assert reported.tracking_code
    return {"number": reported.case.number, "code": reported.tracking_code}


def test_a_report_becomes_a_case_that_number_and_code_open(citizen: Citizen, cast: Cast):
    answer = citizen.report([jpeg(), jpeg("blue")], address="3 栋")
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["track"].endswith(f"/track/{receipt['number']}#{receipt['code'].replace(' ', '')}")
    assert receipt["qr"].startswith("data:image/svg+xml")
    case = cast.case(receipt["number"])
    assert (case.kind, case.source, case.reporter_ref) == ("dispute", "citizen", f"citizen:{case.number}")
    assert case.owner_id == cast.unit(V).id
    with cast.store.read() as session:
        assert [row.media_type for row in attachments.of_case(session, case)] == ["image/jpeg"] * 2
    status = citizen.post("status", number=receipt["number"], code=receipt["code"].lower()).json()
    assert status["title"] == "隔壁张三家的围墙要倒了"
    assert status["step"] == "registered"
    assert status["promise"]["about"] == "accept"
    assert status["can"] == ["supplement", "withdraw"]


def test_the_same_key_opens_one_case_and_no_stored_answer_holds_the_code(citizen: Citizen, cast: Cast):
    key, fields = str(uuid.uuid4()), {**STORY, "token": citizen.token()}
    first, again = (citizen.send("reports", fields, [jpeg()], key) for _ in range(2))
    assert first.json() == again.json()
    with cast.store.read() as session:
        assert len(session.scalars(select(Case)).all()) == 1
        stored = json.dumps([row.response for row in session.scalars(select(Command))])
        code = tracking_code(session, first.json()["number"])
    assert code not in stored


def test_nothing_that_names_anybody_is_told(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    number = asked["number"]
    told = []

    def look() -> None:
        told.append(citizen.post("status", **asked).text)

    look()
    cast.do(number, "verify", result="accept", reason="内部意见")
    look()
    cast.do(number, "act", outcome="transfer", target=f"{D}-housing", reason="内部意见，李四不配合")
    look()
    cast.do(number, "accept", outcome="accept", reason="内部意见")
    cast.do(number, "act", outcome="self_handle", measures="内部意见：张三已拆墙")
    look()
    cast.do(number, "check", ok=True, finding="内部意见")
    look()
    assert citizen.post("ratings", **asked, answer="satisfied", words="好").status_code == 200
    look()
    everything = "\n".join(told)
    assert [word for word in INNER if word in everything] == []
    steps = [json.loads(each)["step"] for each in told]
    assert steps == ["registered", "handling", "handling", "handling", "rate", "rate"]
    last = json.loads(told[-1])
    assert last["rating"] == "satisfied"
    assert all(step["reached"] for step in last["steps"])


def test_a_decline_gives_no_reason_away(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    cast.do(asked["number"], "verify", result="decline", reason="内部意见")
    status = citizen.post("status", **asked)
    assert "内部意见" not in status.text
    assert (status.json()["state"]["code"], status.json()["step"], status.json()["can"]) == ("declined", None, [])


def test_a_merged_case_shows_how_the_main_one_goes_and_nothing_of_it(citizen: Citizen, cast: Cast):
    asked, main = followed(cast), cast.report(title="另一件的标题").case.number
    cast.do(asked["number"], "verify", result="merge", main_case=main, reason="内部意见")
    cast.do(main, "verify", result="accept")
    status = citizen.post("status", **asked)
    assert (status.json()["merged"], status.json()["step"], status.json()["can"]) == (True, "handling", [])
    assert main not in status.text
    assert "另一件" not in status.text


def test_a_merged_case_does_not_show_a_restricted_main_one(citizen: Citizen, cast: Cast):
    asked, main = followed(cast), cast.report(restricted=True).case
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == asked["number"])).one()
        case.state, case.owner_id, case.main_case_id = "merged", None, main.id
    assert citizen.post("status", **asked).json()["state"]["code"] == "merged"


@pytest.mark.parametrize("path", ["status", "withdrawals", "ratings", "supplements"])
def test_a_wrong_number_and_a_wrong_code_are_answered_alike(citizen: Citizen, cast: Cast, path: str):
    asked = followed(cast)
    more: dict[str, Any] = {"ratings": {"answer": "basic"}, "supplements": {"words": "补充"}}.get(path, {})
    answers = []
    for wrong in ({**asked, "code": "A" * 18}, {"number": "511302-20261124-09999", "code": asked["code"]}):
        answer = citizen.send(path, {**wrong, **more}) if path == "supplements" else citizen.post(path, **wrong, **more)
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert answers[0][1]["code"] == "wrong_code"


def test_ten_wrong_codes_lock_a_number_and_right_ones_do_not_count(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    for _ in range(70):
        assert citizen.post("status", **asked).status_code == 200
    wrong = {**asked, "code": "A" * 18}
    assert [citizen.post("status", **wrong).status_code for _ in range(10)] == [404] * 10
    refused = citizen.post("status", **asked)
    assert refused.status_code == 429
    assert "60 分钟后再试" in refused.json()["title"]
    assert "12345" in refused.json()["detail"]
    assert (
        citizen.town.nobody.post(f"/cases/{asked['number']}/rating", {"code": "A", "answer": "basic"}).status_code
        == 429
    )
    cast.clock.advance(timedelta(hours=1))
    assert citizen.post("status", **asked).status_code == 200


def test_an_address_that_tries_many_numbers_is_stopped(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    for number in range(60):
        assert citizen.post("status", number=f"511302-20261124-1{number:04d}", code="A" * 18).status_code == 404
    assert citizen.post("status", **asked).status_code == 429


def test_reports_from_one_address_are_bounded(citizen: Citizen):
    for _ in range(10):
        assert citizen.report().status_code == 201
    assert citizen.report().status_code == 429


def test_machines_are_told_from_people_without_puzzles(citizen: Citizen):
    answers = [
        citizen.report(website="http://x"),
        citizen.report(token="1.00"),
        citizen.report(token=citizen.token(timedelta(seconds=1))),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "looks_like_a_machine")] * 3


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"text": "短"}, "text"),
        ({"matter": "nonsense"}, "matter"),
        ({"lng": 106.1}, "lat"),
        ({"phone": "1" * 30}, "phone"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(citizen: Citizen, changes: dict[str, Any], where: str):
    answer = citizen.report(**changes)
    assert answer.status_code == 422
    assert where in [error["loc"] for error in answer.json()["errors"]]


def test_only_pictures_and_not_more_than_five(citizen: Citizen, cast: Cast):
    assert citizen.report([jpeg()] * 6).json()["errors"][0]["loc"] == "photos"
    assert citizen.report([b"no picture"]).status_code == 415
    with cast.store.read() as session:
        assert session.scalars(select(Case)).all() == []


def test_a_quiet_report_is_seen_by_leaders_only(citizen: Citizen, cast: Cast):
    number = citizen.report(quiet="true").json()["number"]
    case = cast.case(number)
    assert case.restricted
    with cast.store.read() as session:
        readers = session.scalars(select(NamedReader.staff_id).where(NamedReader.case_id == case.id)).all()
    assert readers == [cast("VC-" + V).staff_id]


def test_a_supplement_is_kept_and_told_to_whoever_handles_it(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    number = asked["number"]
    cast.do(number, "verify", result="accept")
    answer = citizen.send("supplements", {**asked, "words": "今天又裂了一道缝"}, [jpeg()])
    assert answer.status_code == 200, answer.text
    cast.tell()
    with cast.store.read() as session:
        line = session.scalars(select(Progress).where(Progress.kind == "supplement")).one()
        told = session.scalars(select(Notice).where(Notice.mark == "supplemented")).one()
        assert (line.actor, told.unit_id) == (f"citizen:{number}", cast.case(number).owner_id)
        assert [row.uploaded_by for row in attachments.of_case(session, cast.case(number))] == [f"citizen:{number}"]
    shown = citizen.post("status", **asked).json()["supplements"]
    assert [each["words"] for each in shown] == ["今天又裂了一道缝"]


def test_nothing_can_be_added_to_what_is_settled(citizen: Citizen, cast: Cast):
    asked = followed(cast)
    cast.do(asked["number"], "verify", result="decline", reason="x")
    assert citizen.send("supplements", {**asked, "words": "还有"}).status_code == 409


def test_a_citizen_withdraws_the_own_report_only(citizen: Citizen, cast: Cast):
    assert citizen.post("withdrawals", **followed(cast)).status_code == 403
    receipt = citizen.report().json()
    asked = {"number": receipt["number"], "code": receipt["code"]}
    assert citizen.post("withdrawals", **asked).json() == {"state": "withdrawn"}
    crime = citizen.report(matter="crime").json()
    assert citizen.post("withdrawals", number=crime["number"], code=crime["code"]).status_code == 403


def test_places_are_open_down_to_the_village_and_counted(citizen: Citizen):
    nobody = citizen.town.nobody
    names = [place["name"] for place in nobody.get("/citizen/places").json()["places"]]
    assert names == ["潆溪街道", "荆溪街道"]
    below = nobody.get("/citizen/places", under=S).json()["places"]
    assert [place["name"] for place in below] == ["冯家寺社区", "另一社区"]
    assert nobody.get("/citizen/place", lng=0, lat=0).json() == {"unit": None, "path": []}
    assert nobody.get("/citizen/places", under=f"{D}-police").status_code == 404
    answers = {nobody.get("/citizen/places").status_code for _ in range(300)}
    assert answers == {200, 429}


def test_behind_a_proxy_limits_count_by_the_address_of_the_person(cast: Cast):
    settings = Settings(str(cast.store.url), Path("unused"), 1_000_000, None, "", proxies=1)
    client = create_app(cast.store, settings).test_client()
    for _ in range(301):
        last = client.get("/api/v1/citizen/places", headers={"X-Forwarded-For": "203.0.113.7"})
    assert last.status_code == 429
    other = client.get("/api/v1/citizen/places", headers={"X-Forwarded-For": "203.0.113.8"})
    assert other.status_code == 200
