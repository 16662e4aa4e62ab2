"""Sessions of the browser over real HTTP: who gets in, what a change must carry, when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from engine.sign_in.credentials import set_password
from tests.cast import QUARREL, C, Cast, V
from tests.story.server import Town, serving

CELL, DESK = "C-" + C, "VA-" + V
PASSWORD = "right-password"


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with cast.store.write() as session:
        set_password(session, "system:test", CELL, PASSWORD)
        set_password(session, "system:test", DESK, PASSWORD, demo=True)
    with serving(cast.store) as opened:
        yield opened


def sign_in(town: Town, staff_no: str = CELL, password: str = PASSWORD, **more: str) -> requests.Response:
    fields = {"staff_no": staff_no, "password": password, **more}
    return requests.post(f"{town.base}/sign-in", data=fields, timeout=10, allow_redirects=False)


def report(town: Town, sid: str, **headers: str) -> requests.Response:
    return requests.post(f"{town.base}/api/v1/cases", json=QUARREL, cookies={"sid": sid}, headers=headers, timeout=10)


def me(town: Town, sid: str) -> requests.Response:
    return requests.get(f"{town.base}/api/v1/me", cookies={"sid": sid}, timeout=10)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town) -> None:
    cookie = sign_in(town).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_change_needs_the_token_of_the_session(town: Town) -> None:
    sid = sign_in(town).cookies["sid"]
    refused = report(town, sid)
    assert (refused.status_code, refused.json()["code"]) == (403, "stale_page")
    token = me(town, sid).json()["csrf_token"]
    assert report(town, sid, **{"X-CSRF-Token": token}).status_code == 201
    assert report(town, sid, **{"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    other = me(town, sign_in(town).cookies["sid"]).json()["csrf_token"]
    assert report(town, sid, **{"X-CSRF-Token": other}).status_code == 403


def test_signing_in_from_another_site_is_refused(town: Town) -> None:
    fields = {"staff_no": CELL, "password": PASSWORD}
    answer = requests.post(
        f"{town.base}/sign-in", data=fields, headers={"Origin": "https://elsewhere.example"}, timeout=10
    )
    assert answer.status_code == 401
    assert "sid" not in answer.cookies


def test_a_session_ends_when_idle_and_in_any_case(cast: Cast, town: Town) -> None:
    sid = sign_in(town).cookies["sid"]
    cast.clock.advance(timedelta(minutes=119))
    assert me(town, sid).status_code == 200
    cast.clock.advance(timedelta(minutes=119))
    assert me(town, sid).status_code == 200  # the look before has kept it alive
    cast.clock.advance(timedelta(minutes=121))
    assert me(town, sid).status_code == 401
    sid = sign_in(town).cookies["sid"]
    for _ in range(12):
        cast.clock.advance(timedelta(minutes=61))
        me(town, sid)
    assert me(town, sid).status_code == 401


def test_signing_in_again_gives_a_new_id_and_ends_the_old_one(town: Town) -> None:
    first = sign_in(town).cookies["sid"]
    fields = {"staff_no": CELL, "password": PASSWORD}
    again = requests.post(
        f"{town.base}/sign-in", data=fields, cookies={"sid": first}, timeout=10, allow_redirects=False
    )
    assert again.cookies["sid"] != first
    assert me(town, first).status_code == 401
    assert me(town, again.cookies["sid"]).status_code == 200


def test_nobody_learns_which_numbers_there_are(town: Town) -> None:
    wrong, unknown = sign_in(town, password="wrong-password"), sign_in(town, staff_no="C-nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert (
        wrong.text.replace(CELL, "?").split("request")[0] == unknown.text.replace("C-nobody", "?").split("request")[0]
    )
    for staff_no in (CELL, "C-nobody"):
        answers = [sign_in(town, staff_no=staff_no, password="wrong-password").status_code for _ in range(6)]
        assert answers[-1] == 429
    assert sign_in(town).status_code == 429  # the right password does not open a locked number


def test_the_lock_opens_after_a_quarter_of_an_hour(cast: Cast, town: Town) -> None:
    for _ in range(6):
        sign_in(town, password="wrong-password")
    cast.clock.advance(timedelta(minutes=15))
    assert sign_in(town).status_code == 303


def test_a_published_demo_password_opens_nothing_outside_of_the_demo(cast: Cast, town: Town) -> None:
    assert sign_in(town, staff_no=DESK).status_code == 401
    with serving(cast.store, demo=True) as demo:
        assert sign_in(demo, staff_no=DESK).status_code == 303


@pytest.mark.parametrize("after", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
def test_nobody_is_sent_elsewhere_after_signing_in(town: Town, after: str) -> None:
    assert sign_in(town, next=after).headers["Location"] == "/"
    assert sign_in(town, next="/triage?view=mine").headers["Location"] == "/triage?view=mine"
