"""Bulletins over HTTP: figures, editions, files of all three formats with the same numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from tests.cast import CENTRE, Cast, D, S, V
from tests.story.server import Client, Town, serving

YEAR = {"period": "year", "begin": "2026-11-24"}


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    for _ in range(7):
        number = sqlite_cast.report().case.number
        sqlite_cast.do(number, "verify", result="accept")
        sqlite_cast.do(number, "act", outcome="self_handle", measures="已调解")
        sqlite_cast.do(number, "check", ok=True, finding="属实")
    sqlite_cast.report(restricted=True, type="labour")
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def content(client: Client, path: str, **params: Any) -> bytes:
    answer = client.get(path, **params)
    assert answer.ok, answer.text
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    return answer.content


def test_figures_are_those_of_the_units_that_one_leads(town: Town) -> None:
    leader = town.client("B-" + CENTRE)
    found = leader.get("/bulletins/figures", unit=CENTRE, **YEAR).json()
    assert (found["disputes_settled"], found["acts"]["self_handle"]["total"]) == (7, 7)
    assert found["restricted"] == "<5"
    assert leader.get("/bulletins/figures", unit=D, **YEAR).status_code == 404
    assert leader.get("/bulletins/figures", unit=CENTRE, period="week").status_code == 422
    refused = leader.get("/bulletins/figures", unit=CENTRE, period="range", begin="2026-11-24", end="2026-11-01")
    assert refused.status_code == 422
    assert town.client("VA-" + V).get("/bulletins/figures").status_code == 404
    assert town.nobody.get("/bulletins/figures").status_code == 401


def test_an_edition_is_issued_once_for_each_key_and_stays_as_it_is(town: Town, sqlite_cast: Cast) -> None:
    leader = town.client("SE-" + S)
    first = leader.post("/bulletins", {"unit": S, **YEAR}, key="a").json()
    assert leader.post("/bulletins", {"unit": S, **YEAR}, key="a").json() == first
    sqlite_cast.report()
    assert leader.done("/bulletins", {"unit": S, **YEAR})["edition"] == 2
    kept = leader.get(f"/bulletins/{first['id']}").json()
    assert sum(each["received"] for each in kept["figures"]["kinds"] if each["received"] != "<5") == 8
    assert [each["edition"] for each in leader.get("/bulletins", unit=S).json()["bulletins"]] == [2, 1]
    assert town.client("VC-" + V).post("/bulletins", {"unit": S, **YEAR}).status_code == 404


def test_word_pdf_and_excel_say_the_same_and_bear_the_root_of_the_trail(town: Town) -> None:
    leader = town.client("B-" + CENTRE)
    made = leader.done("/bulletins", {"unit": CENTRE, **YEAR})
    path = f"/bulletins/{made['id']}/file"
    word = Document(io.BytesIO(content(leader, path, format="docx")))
    texts = [paragraph.text for paragraph in word.paragraphs]
    assert any(made["root"] in text for text in texts)
    cells = [[cell.text for cell in row.cells] for table in word.tables for row in table.rows]
    assert ["化解矛盾纠纷", "7", "件", "按办结时间"] in cells
    labour = next(row for row in cells if row[0] == "劳资纠纷")
    assert (labour[1], labour[3]) == ("<5", "…")
    book = load_workbook(io.BytesIO(content(leader, path, format="xlsx")))
    main = {row[0]: row[1] for row in book["主要数字"].iter_rows(values_only=True)}
    assert (main["化解矛盾纠纷"], main["自办"]) == (7, 7)
    assert content(leader, path, format="pdf").startswith(b"%PDF-")


def test_a_draft_says_that_it_is_not_issued(town: Town) -> None:
    leader = town.client("QE-" + D)
    word = Document(io.BytesIO(content(leader, "/bulletins/file", format="docx", unit=D, period="month")))
    assert any("未发布" in paragraph.text for paragraph in word.paragraphs)
    assert content(leader, "/bulletins/file", format="xlsx", unit=D, period="quarter")[:2] == b"PK"
