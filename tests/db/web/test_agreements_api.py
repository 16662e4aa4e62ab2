"""The agreement as a file: for who has to do with it, on record, as it was signed; a draft before that."""

from __future__ import annotations

import io
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from docx import Document
from sqlalchemy import select

from engine.access_log import Access
from processes.cases.erasing import erase
from processes.cases.models import Case
from processes.documents.agreements import FORMATS
from processes.documents.render import NoChineseFont
from processes.mediations.models import Agreement
from tests.cast import Cast, D, G, S, V
from tests.db.processes.test_mediations import AGREED, in_session, procedures, sign
from tests.story.server import Town, serving

MEDIATOR = "VD-" + V


@pytest.fixture
def town(sqlite_cast: Cast) -> Iterator[Town]:
    with serving(sqlite_cast.store) as open_town:
        yield open_town


def agreed(cast: Cast) -> tuple[str, str]:
    """Number of a case with a signed agreement, and the address of its file."""
    number = in_session(cast)
    held_on = cast.clock.now().date().isoformat()
    cast.do(number, "mediate_session", result="agreed", held_on=held_on, record="谈妥")
    sign(cast, number)
    with cast.store.read() as session:
        return number, f"/cases/{number}/agreements/{session.scalars(select(Agreement.id)).one()}/file"


def looks(cast: Cast) -> list[tuple[str, str, str]]:
    with cast.store.read() as session:
        rows = session.scalars(select(Access).order_by(Access.id))
        return [(row.actor, row.action, row.outcome) for row in rows]


def text_of(content: bytes) -> str:
    made = Document(io.BytesIO(content))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in made.paragraphs), *cells])


def test_the_committee_takes_the_file_in_both_kinds_and_each_look_is_recorded(sqlite_cast: Cast, town: Town) -> None:
    number, address = agreed(sqlite_cast)
    mediator = town.client(MEDIATOR)
    word = mediator.get(address, format="docx")
    assert word.status_code == 200, word.text
    text = text_of(word.content)
    for wanted in (str(AGREED["terms"]), "两家为围墙争吵", "张三", "李四", "13800001234", f"{number}-T1", "冯家寺社区"):
        assert wanted in text
    assert "2026年12月24日" in text
    assert unquote(word.headers["Content-Disposition"]).endswith(f"调解协议书 {number}-T1.docx")
    assert mediator.get(address, format="pdf").content.startswith(b"%PDF-")
    who = f"staff:{MEDIATOR}"
    assert looks(sqlite_cast) == [
        (who, "case:agreement:file:docx", "granted"),
        (who, "case:agreement:file:pdf", "granted"),
    ]


def test_who_handles_the_case_takes_it_too_and_who_only_reads_it_does_not(sqlite_cast: Cast, town: Town) -> None:
    _, address = agreed(sqlite_cast)
    assert town.client("G-" + G).get(address).status_code == 200
    assert town.client("SB-" + S).get(address).status_code == 403
    assert looks(sqlite_cast)[-1] == (f"staff:SB-{S}", "GET agreements.get_agreement_file", "refused")
    assert town.client("VD-" + S + "010").get(address).status_code == 404


def test_the_court_takes_it_while_it_has_to_decide(sqlite_cast: Cast, town: Town) -> None:
    number, address = agreed(sqlite_cast)
    court = town.client(f"A-{D}-court")
    assert court.get(address).status_code == 404
    sqlite_cast.do(number, "confirmation", result="applied")
    assert court.get(address).status_code == 200


def test_another_case_s_agreement_and_an_unknown_kind_are_refused(sqlite_cast: Cast, town: Town) -> None:
    number, address = agreed(sqlite_cast)
    mediator = town.client(MEDIATOR)
    assert mediator.get(f"/cases/{number}/agreements/999/file").status_code == 404
    assert mediator.get(address, format="odt").status_code == 422
    assert {outcome for _, _, outcome in looks(sqlite_cast)} == {"refused"}


def test_a_draft_has_blanks_for_what_is_not_known(sqlite_cast: Cast, town: Town) -> None:
    number = in_session(sqlite_cast)
    address = f"/cases/{number}/mediations/{procedures(sqlite_cast, number)[0].id}/draft"
    word = town.client(MEDIATOR).get(address, format="docx")
    assert word.status_code == 200, word.text
    text = text_of(word.content)
    assert "＿＿＿" in text
    assert "冯家寺社区VD" in text
    assert "协议生效之日起三十日" in text
    assert town.client(MEDIATOR).get(address, format="pdf").content.startswith(b"%PDF-")


def test_without_a_chinese_font_it_says_to_take_the_word_file(
    sqlite_cast: Cast, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = agreed(sqlite_cast)

    def refuse(*_args: object) -> bytes:
        raise NoChineseFont

    monkeypatch.setitem(FORMATS, "pdf", refuse)
    answer = town.client(MEDIATOR).get(address, format="pdf")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_chinese_font")
    assert "Word" in answer.json()["title"]


def test_after_erasure_there_is_no_file(sqlite_cast: Cast, town: Town) -> None:
    number, address = agreed(sqlite_cast)
    sqlite_cast.do(number, "confirmation", result="not_wanted")
    sqlite_cast.do(number, "performance", performed=True, words="已拆")
    sqlite_cast.do(number, "act", outcome="self_handle", measures="已调解")
    sqlite_cast.do(number, "check", ok=True, finding="好")
    sqlite_cast.do(number, "callback", answer="satisfied")
    with sqlite_cast.store.write() as session:
        erase(session, sqlite_cast("QH-" + D), session.scalars(select(Case)).one())
    assert town.client(MEDIATOR).get(address).status_code == 404
