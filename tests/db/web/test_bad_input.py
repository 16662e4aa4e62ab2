"""What must not get in, and how it is told: on both databases, over real HTTP."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from openapi_spec_validator import validate
from PIL import Image

from tests.cast import QUARREL, C, Cast
from tests.story.server import Client, Town, serving

HUGE = 2**63
CELL = "C-" + C
MAX_BODY = 100_000


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store, MAX_BODY) as open_town:
        yield open_town


@pytest.fixture
def cell(town: Town) -> Client:
    return town.client(CELL)


def raw(town: Town, client: Client, body: Any, **headers: str) -> requests.Response:
    sent = {**client._headers, "Content-Type": "application/json", **headers}
    return requests.post(f"{town.base}/api/v1/cases", data=body, headers=sent, timeout=10)


def problem_of(answer: requests.Response) -> Any:
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"] == f"urn:gridgov:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b"nonsense",
        b'{"title": NaN}',
        b'{"title": "\xff"}',
        b'{"title": "a\\u0000b"}',
        b'{"title": "a\\ud800b"}',
        b"[" * 50_000,
        b'{"a":' * 10_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
    ids=["cut", "array", "word", "nan", "latin1", "nul", "surrogate", "deep array", "deep object", "huge number"],
)
def test_malformed_json_is_a_400(town: Town, cell: Client, body: bytes):
    assert problem_of(raw(town, cell, body))["code"] == "malformed_json"


def test_an_escaped_backslash_before_u0000_is_no_nul(town: Town, cell: Client):
    body = json.dumps({**QUARREL, "text": "a\\u0000b"}).encode()
    assert raw(town, cell, body).status_code == 201


def test_a_body_over_the_limit_is_a_413_also_when_it_comes_in_chunks(town: Town, cell: Client):
    assert problem_of(raw(town, cell, b" " * (MAX_BODY + 1)))["status"] == 413
    assert problem_of(raw(town, cell, iter([b" " * 50_000] * 3)))["status"] == 413


def test_a_body_that_is_neither_json_nor_a_form_is_a_415(town: Town, cell: Client):
    body = json.dumps(QUARREL).encode()
    assert problem_of(raw(town, cell, body, **{"Content-Type": "text/plain"}))["status"] == 415


@pytest.mark.parametrize("path", ["/work-items/{huge}", "/work-items?after={huge}", "/notices?after={huge}"])
def test_a_number_that_no_database_holds_is_a_422(cell: Client, path: str):
    assert problem_of(cell.get(path.format(huge=HUGE)))["code"] == "invalid"


@pytest.mark.parametrize("path", ["/units?q=%00", "/units/%00", "/cases?text=%00%00", "/units?under=%00"])
def test_a_nul_in_the_address_is_a_400(cell: Client, path: str):
    assert problem_of(cell.get(path))["code"] == "unreadable"


def test_every_wrong_field_is_named_in_the_callers_language(cell: Client):
    chinese = problem_of(cell.get("/units?limit=0&level=moon&colour=red"))
    assert {each["loc"] for each in chinese["errors"]} == {"limit", "level", "colour"}
    assert {each["msg"] for each in chinese["errors"]} == {"低于最小值", "不在可选范围内", "没有这个字段"}


def test_a_method_that_is_not_taken_names_those_that_are(town: Town):
    answer = requests.put(f"{town.base}/api/v1/cases", headers={"Accept-Language": "en"}, timeout=10)
    assert problem_of(answer)["title"] == "This address does not take that method."
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_who_has_no_token_is_asked_for_one(town: Town):
    answer = town.nobody.get("/units")
    assert problem_of(answer)["status"] == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_unknown_unit_and_a_foreign_one_look_alike(cell: Client):
    assert problem_of(cell.get("/units/999999"))["code"] == "not_found"
    assert problem_of(cell.get("/units?under=999999"))["code"] == "not_found"


def test_a_key_that_is_too_long_is_refused_not_cut(cell: Client):
    answer = cell.post("/cases", QUARREL, key="k" * 129)
    assert problem_of(answer)["code"] == "bad_key"


def png(colour: str) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "PNG")
    out.seek(0)
    return out


def test_the_same_photo_sent_again_is_one_and_another_under_its_key_is_refused(cell: Client):
    number = cell.done("/cases", QUARREL)["number"]
    path = f"/cases/{number}/attachments"
    first = cell.post(path, key="p1", files={"file": ("a.png", png("red"))})
    again = cell.post(path, key="p1", files={"file": ("a.png", png("red"))})
    other = cell.post(path, key="p1", files={"file": ("a.png", png("blue"))})
    assert first.status_code == 201, first.text
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert problem_of(other)["code"] == "key_reused"


def test_the_openapi_document_is_valid_and_tells_of_problems(town: Town):
    document = requests.get(f"{town.base}/openapi.json", timeout=10).json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/api/v1/units"]["get"]
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert operation["security"] == [{"bearer": []}]


@pytest.mark.parametrize("path", ["/", "/healthz", "/openapi.json", "/static/icon.svg", "/nowhere"])
def test_every_answer_carries_the_strict_headers(town: Town, path: str):
    headers = requests.get(town.base + path, timeout=10).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-Id"]


def test_readiness_names_what_is_missing(town: Town):
    answer = requests.get(f"{town.base}/readyz", timeout=10)
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "migrations": False, "serving": True, "worker": False}


def test_the_metrics_tell_what_stands_in_the_database(town: Town, cell: Client):
    cell.done("/cases", {**QUARREL, "place_unit": C})
    text = requests.get(f"{town.base}/metrics", timeout=10).text
    armed = next(line for line in text.splitlines() if line.startswith("gridgov_timers_armed"))
    assert float(armed.split()[1]) > 0


def test_the_page_speaks_both_languages_and_has_nothing_inline(town: Town):
    chinese = requests.get(town.base, timeout=10).text
    english = requests.get(town.base, cookies={"lang": "en"}, timeout=10).text
    assert '<html lang="zh-CN"' in chinese
    assert '<html lang="en"' in english
    for page in (chinese, english):
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
        assert "style=" not in page
        assert "<style" not in page


def test_without_a_token_nothing_is_looked_at(town: Town) -> None:
    for path in ("/cases", "/cases?limit=nonsense", "/work-items"):
        answer = requests.get(f"{town.base}/api/v1{path}", timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert problem_of(answer)["code"] == "unauthenticated"
    assert requests.post(f"{town.base}/api/v1/cases", data=b"{", timeout=10).status_code == 401


def test_pages_and_assets_travel_compressed(town: Town) -> None:
    page = requests.get(f"{town.base}/sign-in", headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert page.headers["Content-Encoding"] == "gzip"
    script = requests.get(town.base + asset_path(page.text), headers={"Accept-Encoding": "br"}, timeout=10)
    assert script.headers["Content-Encoding"] == "br"
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    plain = requests.get(town.base + asset_path(page.text), headers={"Accept-Encoding": "identity"}, timeout=10)
    assert "Content-Encoding" not in plain.headers
    assert requests.get(f"{town.base}/static/built/manifest.json", timeout=10).status_code == 404


def asset_path(page: str) -> str:
    found = re.search(r'src="(/static/built/main-[^"]+\.js)"', page)
    assert found is not None
    return found.group(1)
