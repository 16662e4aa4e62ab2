"""The pages of the front desk, as each kind of person gets them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from engine.network.people import issue_token
from processes.cases.reporting import tracking_code
from tests.cast import CENTRE, Cast, D, S
from tests.db.processes.visiting import DESK, LEADER, come, finish, furnish, steps
from tests.story.server import Town, serving

LAWYER = f"A-{D}-law_firm"


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    furnish(sqlite_cast)
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def page(town: Town, staff: str, path: str) -> tuple[int, str]:
    with town._store.write() as session:  # the pages take a token as the API does
        headers = {"Authorization": f"Bearer {issue_token(session, staff)}"}
    answer = requests.get(town.base + path, headers=headers, timeout=10)
    return answer.status_code, answer.text


def test_the_desk_has_a_form_and_the_board(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast, "01", "03").number
    status, text = page(town, DESK, "/desk")
    assert status == 200
    assert number in text
    assert 'data-act="/api/v1/centres/' in text
    assert "13900005678" not in text
    assert 'data-suggests="06"' in text


def test_leaders_and_the_district_read_without_receiving(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast).number
    for staff in (LEADER, f"QE-{D}", f"A-{D}-command"):
        status, text = page(town, staff, f"/desk?centre={CENTRE}")
        assert (status, number in text, "data-receive" in text) == (200, True, False)
    assert page(town, f"SA-{S}", "/desk")[0] == 403


def test_a_window_sees_who_waits_there_and_gets_the_form(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast, "01", "02").number
    status, text = page(town, LAWYER, "/desk")
    assert (status, number in text) == (200, True)
    status, text = page(town, LAWYER, f"/visits/{number}")
    assert (status, text.count("/complete"), text.count("/claim")) == (200, 1, 1)
    assert "打印回执" not in text
    assert page(town, f"A-{D}-police", f"/visits/{number}")[0] == 404


def test_what_a_window_wrote_is_not_for_another_window(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast, "01", "02").number
    sqlite_cast.do(number, "means_test", income="每月一千八", household=3, eligible=True)
    for staff, reads in ((DESK, True), (f"A-{D}-justice", True), (LAWYER, False), (f"QE-{D}", False)):
        status, text = page(town, staff, f"/visits/{number}")
        assert (status, "每月一千八" in text) == (200, reads)


def test_every_state_of_a_visit_has_its_page(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast, "06", "05", matter="petition").number
    assert page(town, DESK, f"/visits/{number}?received")[0] == 200
    sqlite_cast.do(number, "petition_register", summary="反映问题", representatives=2)
    sqlite_cast.do(number, "petition_accept", accepted=True, told=True)
    assert steps(sqlite_cast, number) == ["finish_visit"]
    assert page(town, DESK, f"/visits/{number}")[0] == 200
    finish(sqlite_cast, number)
    status, text = page(town, DESK, f"/visits/{number}")
    assert status == 200
    assert f"/cases/{number}" in text
    assert page(town, DESK, f"/cases/{number}")[0] == 200


def test_a_visit_is_found_by_a_part_of_its_number_by_who_may_read_it(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast).number
    for staff, finds in ((DESK, True), (LAWYER, True), (f"A-{D}-police", False)):
        status, text = page(town, staff, "/search?q=-00001")
        assert (status, f"/visits/{number}" in text) == (200, finds)


def track(town: Town, number: str, code: str) -> tuple[int, str]:
    answer = requests.post(f"{town.base}/track", {"number": number, "code": code}, timeout=10)
    return answer.status_code, answer.text


def test_the_visitor_follows_the_visit_with_number_and_code(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast, "01", "05").number
    with sqlite_cast.store.read() as session:
        code = tracking_code(session, number)
    status, text = track(town, number, code.lower())
    assert (status, "王" in text, "办理中" in text, "已转为事件" in text) == (200, False, True, True)
    alone = come(sqlite_cast, "02", matter="legal_aid").number
    with sqlite_cast.store.read() as session:
        code_alone = tracking_code(session, alone)
    assert track(town, alone, code)[0] == 404
    status, text = track(town, alone, code_alone)
    assert (status, "legal_aid" in text, "窗口办理中" in text) == (200, True, True)
    for _ in range(15):
        assert track(town, alone, code_alone)[0] == 200  # a right code gives back what it was counted for


def test_a_notice_of_a_visit_leads_to_it(town: Town, sqlite_cast: Cast) -> None:
    number = come(sqlite_cast).number
    sqlite_cast.tell()
    status, text = page(town, LAWYER, "/notices")
    assert (status, f"/visits/{number}" in text) == (200, True)
