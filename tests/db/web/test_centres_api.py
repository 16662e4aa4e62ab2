"""The centre at the API: who may edit what, the catalogue of duties, contact cards from issue to a case."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from engine.commands import Command
from processes.centres import cards, routing
from processes.centres.models import ContactCard
from processes.citizens import admission
from tests.cast import CENTRE, Cast, D, G, S, V
from tests.pictures import jpeg
from tests.story.server import Client, Town, serving

ADMIN, LEADER, DESK = f"QH-{D}", f"B-{CENTRE}", f"A-{CENTRE}"
BASE = f"/centres/{CENTRE}"
CARD = {"enterprise": "顺达建材有限公司", "contact": f"{D}-police", "place": V}


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store, 5_000_000) as open_town:
        open_town.client(ADMIN).done(f"{BASE}/defaults")
        yield open_town


def put(town: Town, staff_no: str, path: str, body: Any) -> requests.Response:
    client = town.client(staff_no)
    return requests.put(f"{town.base}/api/v1{path}", json=body, headers=client._headers, timeout=10)


def told(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.ok, answer.text
    return answer.json()


def test_everybody_signed_in_sees_the_centre(town: Town) -> None:
    worker = town.client("G-" + G)
    assert [unit["code"] for unit in told(worker, "/centres")["centres"]] == [CENTRE]
    centre = told(worker, BASE)
    assert (centre["organisation"], centre["management"], centre["system"]) == ("1+5+11+2", "1+1+2+1", "1+6")
    assert centre["duties"] == 38
    assert not centre["can_edit"]
    assert {unit["code"] for unit in centre["covers"]} >= {S}
    assert len(told(worker, f"{BASE}/duties")["duties"]) == 38
    assert town.nobody.get(BASE).status_code == 401
    assert worker.get(f"/centres/{S}").status_code == 404


def test_the_leader_edits_in_place_and_others_do_not(town: Town) -> None:
    leader, worker = town.client(LEADER), town.client("G-" + G)
    window = {"name": "反诈咨询", "service": "police", "unit": f"{D}-police"}
    assert leader.done(f"{BASE}/windows", window) == {"code": "12"}
    assert leader.done(f"{BASE}/windows/12", {**window, "name": "反诈"}) == {"code": "12"}
    assert leader.done(f"{BASE}/windows/12/closure") == {"code": "12"}
    assert leader.done(f"{BASE}/rooms", {"name": "学习室", "seats": 8}) == {"code": "R6"}
    assert leader.done(f"{BASE}/rooms/R6", {"name": "学习室", "seats": 9}) == {"code": "R6"}
    assert leader.done(f"{BASE}/rooms/R6/closure") == {"code": "R6"}
    resident = {"mode": "key", "staff": 1, "days": "周三"}
    assert leader.done(f"{BASE}/residents", {**resident, "unit": f"{D}-labour"}) == {"unit": f"{D}-labour"}
    assert leader.done(f"{BASE}/residents/{D}-labour", resident) == {"unit": f"{D}-labour"}
    assert leader.done(f"{BASE}/residents/{D}-labour/end")["until"]
    assert leader.post(f"{BASE}/residents/{D}-court/end").json()["code"] == "still_staffs"
    rule = {"title": "管理规章制度", "text": "第二版"}
    assert leader.done(f"{BASE}/rules/rules", rule) == {"code": "rules", "edition": 2}
    assert leader.done(f"{BASE}/rules", {**rule, "code": "roster"}) == {"code": "roster", "edition": 1}
    assert [row["edition"] for row in told(worker, f"{BASE}/rules/rules")["editions"]] == [2, 1]
    for path, body in (
        ("/windows", window),
        ("/windows/01/closure", None),
        ("/rules/rules", rule),
        ("/defaults", None),
    ):
        assert worker.post(BASE + path, body).status_code == 403
    assert leader.post(f"{BASE}/windows", {**window, "service": "massage"}).json()["errors"][0]["loc"] == "service"


def test_duties_are_read_edited_and_replaced(town: Town, sqlite_cast: Cast) -> None:
    admin = town.client(ADMIN)
    duty = {"resident": "court", "sign": "调", "text": "诉前调解劳动争议", "kind": "dispute", "type": "labour"}
    code = admin.done(f"{BASE}/duties", duty)["code"]
    with sqlite_cast.store.read() as session:
        found = routing.unit_for(session, sqlite_cast.district_id, "dispute", "labour")
        assert found is not None
        assert found.code == f"{D}-court"
    assert admin.done(f"{BASE}/duties/{code}", {**duty, "resident": "justice", "sign": "援"}) == {"code": code}
    assert admin.done(f"{BASE}/duties/{code}/closure") == {"code": code}
    kept = [{**each, "resident": each["resident"]["code"]} for each in told(admin, f"{BASE}/duties")["duties"][:3]]
    for each in kept:
        del each["preset"]
    assert put(town, ADMIN, f"{BASE}/duties", {"duties": kept}).json() == {"duties": 3}
    assert len(told(admin, f"{BASE}/duties")["duties"]) == 3
    assert put(town, "G-" + G, f"{BASE}/duties", {"duties": kept}).status_code == 403
    wrong = put(town, ADMIN, f"{BASE}/duties", {"duties": [{**kept[0], "kind": "weather"}]})
    assert wrong.json()["errors"][0]["loc"] == "duties/0/kind"


def test_many_cards_have_a_result_each_once_for_each_key(town: Town, sqlite_cast: Cast) -> None:
    desk, body = town.client(DESK), {"cards": [CARD, {**CARD, "place": D}, {**CARD, "enterprise": "第二家公司"}]}
    first = desk.post(f"{BASE}/cards/bulk", body, key="paste").json()
    assert [row["ok"] for row in first["results"]] == [True, False, True]
    assert first["results"][1]["problem"]["code"] == "invalid"
    assert desk.post(f"{BASE}/cards/bulk", body, key="paste").json() == first
    listed = told(desk, f"{BASE}/cards")["cards"]
    assert [card["enterprise"] for card in listed] == ["第二家公司", CARD["enterprise"]]
    assert len(desk.get(f"{BASE}/cards", q="第二").json()["cards"]) == 1
    assert told(town.client("G-" + G), f"{BASE}/cards")["cards"] == []
    liaison = town.client(f"A-{D}-police")
    assert len(told(liaison, f"{BASE}/cards")["cards"]) == 2
    assert liaison.get(f"{BASE}/cards/{listed[0]['number']}").status_code == 403
    one = told(desk, f"{BASE}/cards/{listed[0]['number']}")
    assert one["qr"].startswith("data:image/svg+xml")
    secret = one["link"].rpartition("/")[2]
    with sqlite_cast.store.read() as session:
        assert secret == cards.secret_of(session, one["number"])
        stored = [row.response for row in session.scalars(select(Command))]
    assert secret not in str(stored)


def send(town: Town, cast: Cast, secret: str, photos: int = 0, **changes: Any) -> requests.Response:
    with cast.store.read() as session:
        token = admission.form_token(session)
    cast.clock.advance(timedelta(minutes=1))
    fields = {"card": secret, "token": token, "text": "施工道路被堵，三天进不了料。", "name": "李经理", **changes}
    files: Any = [(name, (None, str(value))) for name, value in fields.items()]
    files += [("photos", (f"{at}.jpg", jpeg(), "image/jpeg")) for at in range(photos)]
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    return requests.post(f"{town.base}/api/v1/citizen/card-reports", files=files, headers=headers, timeout=20)


def issued(town: Town) -> tuple[str, str]:
    """Number and secret of a new card."""
    desk = town.client(DESK)
    number = desk.done(f"{BASE}/cards", CARD)["number"]
    return number, told(desk, f"{BASE}/cards/{number}")["link"].rpartition("/")[2]


def test_an_enterprise_reports_with_its_card(town: Town, sqlite_cast: Cast) -> None:
    number, secret = issued(town)
    page = requests.get(f"{town.base}/card/{secret}", timeout=10)
    assert page.ok
    assert CARD["enterprise"] in page.text
    answer = send(town, sqlite_cast, secret, photos=1)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    case = sqlite_cast.case(receipt["number"])
    assert (case.kind, case.source) == ("enterprise", "citizen")
    code = receipt["code"].replace(" ", "")
    status = town.nobody.post("/citizen/status", {"number": receipt["number"], "code": code})
    assert status.json()["step"] == "registered"
    with sqlite_cast.store.read() as session:
        assert session.scalars(select(ContactCard.used).where(ContactCard.number == number)).one() == 1


def test_a_revoked_or_made_up_card_opens_nothing_and_says_what_to_do(town: Town, sqlite_cast: Cast) -> None:
    number, secret = issued(town)
    town.client(DESK).done(f"{BASE}/cards/{number}/revocation")
    page = requests.get(f"{town.base}/card/{secret}", timeout=10)
    assert page.status_code == 409
    assert "请联系police，或拨打 12345" in page.text
    assert send(town, sqlite_cast, secret).json()["code"] == "card_revoked"
    assert requests.get(f"{town.base}/card/{'A' * 18}", timeout=10).status_code == 404
    assert send(town, sqlite_cast, "A" * 18).status_code == 404


def test_looks_at_cards_are_counted(town: Town) -> None:
    codes = [requests.get(f"{town.base}/card/{'B' * 18}", timeout=10).status_code for _ in range(61)]
    assert set(codes[:60]) == {404}
    assert codes[60] == 429


def test_one_card_reports_twenty_times_a_day(town: Town, sqlite_cast: Cast) -> None:
    number, _ = issued(town)
    with sqlite_cast.store.write() as session:
        for _ in range(20):
            admission.count_card_report(session, number)
        with pytest.raises(admission.TooManyAtOnce):
            admission.count_card_report(session, number)
        admission.count_card_report(session, "another")


@pytest.mark.parametrize("who", [ADMIN, LEADER, DESK, "G-" + G, f"A-{D}-police"])
@pytest.mark.parametrize("path", ["", "/duties", "/rules/rules", "/cards"])
def test_the_pages_are_there_for_everybody(town: Town, who: str, path: str) -> None:
    issued(town)
    page = requests.get(f"{town.base}{BASE}{path}", headers=town.client(who)._headers, timeout=10)
    assert page.status_code == 200, page.text
    edits = "data-edit=" in page.text
    assert edits == (who in {ADMIN, LEADER} or (who == DESK and path == "/cards"))


def test_cards_are_printed_by_those_who_issue_them(town: Town) -> None:
    issued(town)
    page = requests.get(f"{town.base}{BASE}/cards/print", headers=town.client(DESK)._headers, timeout=10)
    assert page.ok
    assert page.text.count("data:image/svg+xml") == 1
    refused = requests.get(f"{town.base}{BASE}/cards/print", headers=town.client("G-" + G)._headers, timeout=10)
    assert refused.status_code == 403
