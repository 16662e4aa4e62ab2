"""The figures that a centre published, fed through the real processes, come out of the bulletin as they were.

Source: 顺庆政法, the report of the legal service centre of 临江新区 (顺庆片区). What it counts as held, agreed or
handed out is held, agreed and handed out here by the operations that people use; no row is written but by them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select

from engine.network.units import by_code
from processes.activities import operations as activities
from processes.activities.codes import ActivityKind
from processes.bulletins import issuing
from processes.bulletins.figures import compute
from processes.bulletins.periods import PeriodKind, period_of
from processes.bulletins.shape import Acts, Figures
from processes.cases.models import Case
from processes.centres import cards
from processes.centres.cards import CardText
from processes.codes import Rung
from processes.supervisions.operations import supervise
from processes.visits.becoming import become_case
from tests.cast import CENTRE, Cast, D, S, V
from tests.db.processes.test_mediations import consent, hold, mediate, sign
from tests.db.processes.visiting import DESK, come, finish, furnish, visit_of
from web.pages.bulletin_cells import shown
from web.pages.bulletin_files import Paper, docx, pdf, xlsx
from web.pages.bulletin_main import main_table

JUSTICE, MEDICAL = f"{D}-justice", f"{D}-medical_mediation"
PUBLISHED: Mapping[str, int] = {
    "自办": 29,
    "交办": 26,
    "督办": 6,
    "化解矛盾纠纷": 51,
    "行业调解": 2,
    "律师参与调解": 5,
    "法律咨询": 215,
    "法律援助": 25,
    "公证": 6,
    "项目保障协调会": 3,
    "法律风险预防": 6,
    "刑事线索": 16,
    "现场庭审": 6,
    "普法宣传": 20,
    "村民自治公约": 16,
    "警企联系卡": 353,
    "法治宣讲": 17,
    "学习研讨": 3,
    "法治合作社": 1,
    "训诫": 7,
    "行政拘留": 1,
}
YEAR = period_of(PeriodKind.YEAR, date(2026, 11, 24))
HELD = {
    ActivityKind.COORDINATION: [1, 1, 1],
    ActivityKind.RISK_NOTICE: [4, 2],
    ActivityKind.TRIAL: [1] * 6,
    ActivityKind.PUBLICITY: [8, 7, 5],
    ActivityKind.COURT_TOUR: [6],
    ActivityKind.ANTI_FRAUD: [4],
    ActivityKind.COVENANT: [10, 6],
    ActivityKind.LECTURE: [17],
    ActivityKind.STUDY: [3],
    ActivityKind.CO_OP: [1],
    ActivityKind.ADMONITION: [7],
    ActivityKind.DETENTION: [1],
}


def test_the_figures_of_a_published_report_come_out_of_the_bulletin(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    furnish(cast)
    _serve(cast)
    _handle_itself(cast)
    _assign_and_supervise(cast)
    _settle_disputes(cast)
    _receive_leads(cast)
    _hold(cast)
    _hand_out_cards(cast)
    with cast.store.write() as session:
        row = issuing.issue(session, cast(f"B-{CENTRE}"), cast.unit(CENTRE), YEAR)
    paper = Paper.of(row)
    figures = paper.figures
    found = {str(line[0]): shown(line[1]) for line in main_table(figures).rows}
    assert {name: found[name] for name in PUBLISHED} == {name: str(number) for name, number in PUBLISHED.items()}
    assert int(found["庭审进万家"]) + int(found["反诈护万家"]) == 10
    _adds_up(figures)
    for name, cells in (("docx", _word(docx(paper))), ("xlsx", _excel(xlsx(paper)))):
        printed = dict(cells)
        assert {each: printed[each] for each in PUBLISHED} == {each: str(n) for each, n in PUBLISHED.items()}, name
    assert pdf(paper).startswith(b"%PDF-")


def _adds_up(figures: Figures) -> None:
    """The parts of the bulletin say the same as its first page."""
    assert figures.acts["self_handle"] == Acts(29, 29)
    assert figures.acts["transfer"] == Acts(51, 51)
    assert figures.acts["mediate"] == Acts(5, 0)  # by a committee of a subdistrict that it covers
    assert sum(line.agreed.total for line in figures.mediations) == 7
    assert {line.type: line.total.settled.total for line in figures.disputes} == {"family_neighbour": 51}
    assert sum(line.settled.total for line in figures.settled_at) == 51 + 29
    assert sum(line.received.total for line in figures.kinds) == 29 + 26 + 51 + 16
    assert figures.rates.response.part == figures.rates.response.whole
    assert (figures.months[10].settled, figures.months[10].disputes) == (80, 51)


def _serve(cast: Cast) -> None:
    """215 people advised, some in groups; legal aid granted to 25; 6 notarisations."""
    for heads in (5,) * 42 + (3, 2):
        number = come(cast, "01", heads=heads).number
        cast.do(number, "serve", result="已解答")
        finish(cast, number)
    for _ in range(25):
        number = come(cast, "02", matter="legal_aid").number
        cast.do(number, "means_test", income="800", household=3, eligible=True)
        cast.do(number, "aid_decision", granted=True, reason="符合条件")
        cast.do(number, "aid_assign", lawyer="李律师")
    for _ in range(6):
        cast.do(come(cast, "03", matter="notary").number, "serve", result="已出具公证书")


def _from_the_door(cast: Cast, **data: Any) -> str:
    """Somebody writes to the centre, and the desk makes a case of it: the centre has it first."""
    number = come(cast, channel="online", matter="other").number
    with cast.store.write() as session:
        become_case(session, cast(DESK), session.merge(visit_of(cast, number)), {"place_unit": V, **data})
    cast.do(number, "verify", result="accept")
    return number


def _settle(cast: Cast, number: str) -> None:
    cast.do(number, "act", outcome="self_handle", measures="已办理")
    cast.do(number, "check", ok=True, finding="属实")


def _handle_itself(cast: Cast) -> None:
    for _ in range(29):
        _settle(cast, _from_the_door(cast, kind="livelihood"))


def _assign_and_supervise(cast: Cast) -> None:
    """A covered subdistrict assigns 26 to its village, and supervises six of them."""
    by = (cast.clock.now() + timedelta(days=3)).isoformat()
    for at in range(26):
        number = cast.report(cast(f"SB-{S}"), kind="livelihood", type="other", place_unit=V).case.number
        cast.do(number, "verify", result="accept")
        cast.do(number, "act", outcome="assign", target=V, deadline=by, reason="就近办理")
        cast.do(number, "accept", outcome="accept")
        if at < 6:
            with cast.store.write() as session:
                case = session.scalars(select(Case).where(Case.number == number)).one()
                supervise(session, cast(f"SF-{S}"), case, Rung.SUPERVISE)


def _settle_disputes(cast: Cast) -> None:
    """51 disputes go to the justice bureau; two by a committee of a trade, five with a lawyer."""
    for at in range(51):
        number = _from_the_door(cast, kind="dispute", type="family_neighbour", domain="dispute_easing")
        cast.do(number, "act", outcome="transfer", target=JUSTICE, reason="由司法局调处")
        cast.do(number, "accept", outcome="accept")
        if at < 2:
            _mediate(cast, number, MEDICAL, f"C-{MEDICAL}", with_lawyer=False)
        elif at < 7:
            _mediate(cast, number, S, f"SG-{S}", with_lawyer=True)
        _settle(cast, number)


def _mediate(cast: Cast, number: str, committee: str, mediator: str, *, with_lawyer: bool) -> None:
    mediate(cast, number, committee, cast(f"A-{JUSTICE}"))
    consent(cast, number)
    lawyer = {"with_lawyer": True, "lawyer": "赵律师，某律师事务所"} if with_lawyer else {}
    cast.do(number, "appoint", mediator=mediator, conflict_checked=True, **lawyer)
    hold(cast, number, "agreed")
    sign(cast, number)


def _receive_leads(cast: Cast) -> None:
    for _ in range(16):
        number = cast.report(kind="criminal", type="other", domain="public_security").case.number
        cast.do(number, "verify", result="accept")


def _hold(cast: Cast) -> None:
    with cast.store.write() as session:
        actor, day = cast(DESK), session.env.clock.now().date()
        for kind, amounts in HELD.items():
            for amount in amounts:
                entry = activities.Entry(kind, kind.zh, day, CENTRE, amount=amount)
                activities.record(session, actor, entry)


def _hand_out_cards(cast: Cast) -> None:
    with cast.store.write() as session:
        centre = by_code(session, CENTRE)
        assert centre is not None
        texts = [CardText(f"第{at}家企业", f"{D}-police", V) for at in range(353)]
        cards.issue_many(session, cast(DESK), centre, texts)


def _word(content: bytes) -> Iterator[tuple[str, str]]:
    table = Document(io.BytesIO(content)).tables[0]
    for row in table.rows[1:]:
        yield row.cells[0].text, row.cells[1].text


def _excel(content: bytes) -> Iterator[tuple[str, str]]:
    for name, number, *_ in load_workbook(io.BytesIO(content))["主要数字"].iter_rows(min_row=2, values_only=True):
        yield str(name), str(number)


@pytest.mark.parametrize("code", [S, f"{D}-justice", f"{D}-law_firm"])
def test_each_unit_has_its_own_part_of_the_figures(sqlite_cast: Cast, code: str) -> None:
    cast = sqlite_cast
    furnish(cast)
    number = come(cast, "01", heads=4).number
    cast.do(number, "serve", result="已解答")
    number = _from_the_door(cast, kind="dispute", type="family_neighbour", domain="dispute_easing")
    cast.do(number, "act", outcome="transfer", target=JUSTICE, reason="由司法局调处")
    cast.do(number, "accept", outcome="accept")
    _mediate(cast, number, S, f"SG-{S}", with_lawyer=True)
    _settle(cast, number)
    with cast.store.read() as session:
        found = compute(session, cast.unit(code), YEAR)
    advised = {line.service: line.heads for line in found.services if line.heads}
    assert advised == ({"advice": 4} if code.endswith("law_firm") else {})
    assert found.acts["self_handle"].own == (1 if code.endswith("justice") else 0)
    assert found.acts["mediate"].own == (1 if code == S else 0)
    assert found.disputes_settled.total == (1 if code.endswith("justice") else 0)
