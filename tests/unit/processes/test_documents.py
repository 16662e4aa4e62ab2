"""Templates filled as Word files and PDF: what people typed stays what it is, in whatever words."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path

import pytest
import segno
from docx import Document

from engine.errors import NotFound
from processes.documents import render
from processes.documents.render import BUILT_IN, BadTemplate, NoChineseFont, Picture


def qr() -> Picture:
    out = io.BytesIO()
    segno.make("511302-T1").save(out, kind="png")
    return Picture(out.getvalue(), 14)


TYPED = '张三与 <b>李四</b> & "王五" {{ 7*7 }} #x *y* $z$ \\n'


def agreement(**changes: object) -> dict[str, object]:
    return {
        "title": "人民调解协议书",
        "draft": False,
        "oral": False,
        "number": "511302-T1",
        "case_number": "511302",
        "committee": "冯家寺社区",
        "mediator": "王敏",
        "parties": [{"name": TYPED, "side": "申请方", "id_no": "511302199001011234", "phone": "13800001234"}],
        "signers": [{"name": "张三", "side": "申请方"}],
        "facts": TYPED,
        "terms": "一、拆墙；\n二、付款。",
        "remarks": "",
        "perform_by": "2026年12月31日",
        "signed_on": "2026年11月24日",
        "confirm_by": "2026年12月24日",
        "copies": "2",
        "commitment": "ab" * 32,
        "trail_size": "7",
        "trail_root": "cd" * 32,
        "made_at": "2026-11-24 10:00",
        "qr": qr(),
        **changes,
    }


def words_of(content: bytes) -> str:
    made = Document(io.BytesIO(content))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in made.paragraphs), *cells])


def characters_of(content: bytes) -> set[str]:
    """Every character that a PDF shows: the tables by which its fonts map glyphs back to text."""
    found: set[str] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            text = zlib.decompress(stream).decode("ascii")
        except (zlib.error, UnicodeDecodeError):
            continue
        if "beginbfchar" in text:
            for code in re.findall(r"<[0-9A-Fa-f]+>\s*<([0-9A-Fa-f]+)>", text):
                found |= set(bytes.fromhex(code).decode("utf-16-be"))
    return found


def test_a_word_file_holds_what_people_typed_and_nothing_of_it_is_carried_out() -> None:
    text = words_of(render.docx("agreement", agreement()))
    assert TYPED in text
    assert "49" not in text
    assert "二、付款。" in text.splitlines()
    assert "{%" not in text


def test_a_pdf_holds_every_character() -> None:
    content = render.pdf("agreement", agreement())
    assert content.startswith(b"%PDF-")
    missing = set(TYPED + "人民调解协议书拆墙付款冯家寺社区王敏") - characters_of(content) - {" ", "\n"}
    assert missing == set()


def test_a_draft_says_so() -> None:
    drafted = render.docx("agreement", agreement(draft=True))
    assert "草稿，未签订" in Document(io.BytesIO(drafted)).sections[0].header.paragraphs[0].text
    assert {"草", "稿"} <= characters_of(render.pdf("agreement", agreement(draft=True)))


def test_an_oral_agreement_is_written_down_as_such() -> None:
    assert "口头同意" in words_of(render.docx("agreement", agreement(oral=True)))


def test_characters_that_no_file_can_hold_are_left_out() -> None:
    dirty = agreement(facts="甲\x00\x0b乙\ufffe")
    assert "甲乙" in words_of(render.docx("agreement", dirty))
    assert render.pdf("agreement", dirty)


def test_the_house_s_own_template_goes_first(tmp_path: Path) -> None:
    own = Document()
    own.add_paragraph("顺庆区专用 {{ number }}")
    own.save(str(tmp_path / "agreement.docx"))
    assert words_of(render.docx("agreement", agreement(), tmp_path)).strip() == "顺庆区专用 511302-T1"
    assert render.pdf("agreement", agreement(), tmp_path).startswith(b"%PDF-")


def test_a_template_that_cannot_be_filled_says_which_and_why(tmp_path: Path) -> None:
    own = Document()
    own.add_paragraph("{% if %}")
    own.save(str(tmp_path / "agreement.docx"))
    with pytest.raises(BadTemplate, match=r"agreement\.docx"):
        render.docx("agreement", agreement(), tmp_path)
    (tmp_path / "agreement.docx").write_bytes(b"no Word file")
    with pytest.raises(BadTemplate, match=r"agreement\.docx"):
        render.docx("agreement", agreement(), tmp_path)
    (tmp_path / "agreement.typ").write_text("#nothing", "utf-8")
    with pytest.raises(BadTemplate, match=r"agreement\.typ"):
        render.pdf("agreement", agreement(), tmp_path)


def test_a_template_of_the_house_reaches_nothing_of_the_program(tmp_path: Path) -> None:
    own = Document()
    own.add_paragraph("{{ number.__class__.__mro__ }}")
    own.save(str(tmp_path / "agreement.docx"))
    with pytest.raises(BadTemplate):
        render.docx("agreement", agreement(), tmp_path)
    (tmp_path / "agreement.typ").write_text('#read("/etc/hostname")', "utf-8")
    with pytest.raises(BadTemplate):
        render.pdf("agreement", agreement(), tmp_path)


@pytest.mark.parametrize("name", ["nothing", "../agreement", "", "Agreement"])
def test_an_unknown_template_is_not_found(name: str) -> None:
    for make in (render.docx, render.pdf):
        with pytest.raises(NotFound):
            make(name, {})


def test_without_a_chinese_font_a_pdf_is_refused_and_the_word_file_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def families(self) -> list[str]:
            return ["DejaVu Sans"]

    monkeypatch.setattr(render, "_fonts", lambda _folder: Bare())
    with pytest.raises(NoChineseFont):
        render.pdf("agreement", agreement())
    assert render.docx("agreement", agreement())


def test_every_built_in_word_template_has_its_twin_for_pdf() -> None:
    assert {path.stem for path in BUILT_IN.glob("*.docx")} <= {path.stem for path in BUILT_IN.glob("*.typ")}
