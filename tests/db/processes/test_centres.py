"""The centre: its default set, what may be edited by whom, how duties route matters, and contact cards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.db import Session
from engine.errors import Forbidden, Invalid, NotFound
from engine.network.units import Unit, by_code
from engine.trail.entries import TrailEntry
from processes.access import read_case
from processes.cases.models import Case
from processes.cases.suggesting import suggest
from processes.cases.targets import targets
from processes.centres import cards, operations, reading, routing, seeding
from processes.centres.cards import CardRevoked, CardText
from processes.centres.codes import DUTIES, SIGNS, Mode, ResidentKind, Service
from processes.centres.models import ContactCard, Duty, Window
from processes.centres.operations import DutyText, StillStaffs
from processes.citizens.reporting import Story
from processes.codes import Kind
from tests.cast import CENTRE, S2, Cast, D, S, V

ADMIN, LEADER, DESK, OUTSIDER = f"QH-{D}", f"B-{CENTRE}", f"A-{CENTRE}", f"SE-{S}"
CARD = CardText("顺达建材有限公司", f"{D}-police", V)
STORY = Story(matter="", place="", text="施工道路被堵，三天进不了料。", name="李经理", phone="13900001111")


@contextmanager
def at(cast: Cast) -> Iterator[tuple[Session, Unit]]:
    with cast.store.write() as session:
        centre = by_code(session, CENTRE)
        assert centre is not None
        yield session, centre


@pytest.fixture
def seeded(sqlite_cast: Cast) -> Cast:
    with at(sqlite_cast) as (session, centre):
        assert seeding.seed(session, sqlite_cast(ADMIN), centre)
    return sqlite_cast


def written(cast: Cast, action: str) -> list[dict[str, Any]]:
    with cast.store.read() as session:
        rows = session.scalars(select(TrailEntry).where(TrailEntry.action == action).order_by(TrailEntry.seq))
        return [json.loads(row.body)["data"] for row in rows]


def duty_of(cast: Cast, code: str) -> DutyText:
    with cast.store.read() as session:
        row = session.scalars(select(Duty).where(Duty.code == code)).one()
        return DutyText(row.resident, row.sign, row.text, row.text_en, row.unit, row.kind, row.type, row.service)


def test_the_default_set_counts_as_in_the_article(cast: Cast) -> None:
    with at(cast) as (session, centre):
        assert seeding.seed(session, cast(ADMIN), centre)
        picture = reading.load(session, centre)
        assert picture.organisation == (1, 5, 11, 2)
        assert picture.management == (1, 1, 2, 1)
        assert picture.system == (1, 6)
        assert len(picture.rooms) == 5
        assert {unit.code for unit in picture.covers} == {S, S2}
        assert sum(row.staff for row in picture.resident_units) == 16
        assert sum(row.staff for row in picture.residents) == 18
        assert {row.mode for row in picture.resident_units} == {Mode.LONG_TERM}
        assert {row.service for row in picture.windows} == {service.value for service in Service}
        residents = {row.unit_id for row in picture.residents}
        assert all(window.unit_id in residents for window in picture.windows)
        assert {picture.units[row.unit_id].code for row in picture.resident_units} >= {S2}  # 荆溪街道 is named


def test_what_the_article_does_not_say_is_marked_as_a_default(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        picture = reading.load(session, centre)
        given = {row.service for row in picture.windows if not row.preset}
        assert given == {"advice", "legal_aid"}
        assert all(row.preset for row in [*picture.rooms, *picture.rules, *picture.duties])


def test_seeding_again_changes_nothing(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        assert not seeding.seed(session, seeded(ADMIN), centre)
        assert reading.load(session, centre).organisation == (1, 5, 11, 2)
    assert len(written(seeded, "centre:centre:seed")) == 1


def test_there_are_38_duties_and_each_of_the_28_signs_has_one() -> None:
    rows = routing.defaults()
    assert len(rows) == len({row["code"] for row in rows}) == DUTIES == 38
    assert sum(len(signs) for signs in SIGNS.values()) == 28
    for kind, signs in SIGNS.items():
        assert {row["sign"] for row in rows if row["resident"] == kind} == set(signs)
    assert all(row["text"] and row["text_en"] for row in rows)
    drawn = Counter((row["kind"], row["type"]) for row in rows if row["kind"])
    assert set(drawn.values()) == {1}
    assert {kind for kind, _ in drawn} == {kind.value for kind in Kind}


def test_every_default_duty_would_be_accepted_from_an_editor(seeded: Cast) -> None:
    there = {"law_firm", "medical_mediation", None}
    with at(seeded) as (session, centre):
        for row in session.scalars(select(Duty)).all():
            if row.unit in there:
                operations.check_duty(session, centre, operations._text_of(row))


@pytest.mark.parametrize(
    ("kind", "type_", "unit"),
    [
        ("order", None, f"{D}-police"),
        ("criminal", None, f"{D}-police"),
        ("civil", None, f"{D}-court"),
        ("commercial", None, f"{D}-court"),
        ("legal_service", None, f"{D}-justice"),
        ("livelihood", None, S2),
        ("hazard", None, S2),
        ("enterprise", None, S2),
        ("dispute", None, S2),
        ("dispute", "family_neighbour", S2),
        ("dispute", "judicial", f"{D}-procuratorate"),
        ("dispute", "economic", f"{D}-court"),
        ("dispute", "medical", f"{D}-medical_mediation"),
    ],
)
def test_each_kind_of_matter_is_routed_to_its_unit(seeded: Cast, kind: str, type_: str | None, unit: str) -> None:
    with at(seeded) as (session, centre):
        found = routing.unit_for(session, centre.district_id, kind, type_)
        assert found is not None
        assert found.code == unit


def test_a_duty_of_the_subdistrict_is_that_of_the_place(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        found = routing.unit_for(session, centre.district_id, "hazard", None, by_code(session, V))
        assert found is not None
        assert found.code == S


def test_editing_a_duty_changes_the_routing(seeded: Cast) -> None:
    number = seeded.report(kind="order", domain="public_security").case.number

    def suggested() -> list[tuple[str, str]]:
        with seeded.store.read() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            return [(each.unit.code, each.reasons[0].zh) for each in suggest(session, case)]

    assert suggested() == [(f"{D}-police", "公安 · 接：接受报警和求助，就近处置治安事项")]
    with at(seeded) as (session, centre):
        operations.close_duty(session, seeded(LEADER), centre, "police-1")
    assert suggested() == []
    moved = DutyText("justice", "教", "化解治安纠纷", kind="order", service="mediation")
    with at(seeded) as (session, centre):
        operations.add_duty(session, seeded(LEADER), centre, moved)
    assert suggested() == [(f"{D}-justice", "司法局 · 教：化解治安纠纷")]
    with at(seeded) as (session, centre):
        operations.change_duty(
            session, seeded(LEADER), centre, "justice-8", DutyText("court", "调", "诉前调处", kind="order")
        )
    assert suggested() == [(f"{D}-court", "法院 · 调：诉前调处")]
    assert [entry["duty"] for entry in written(seeded, "centre:duty:change")] == ["justice-8"]
    assert "化解治安纠纷" not in str(written(seeded, "centre:duty:add"))


@pytest.mark.parametrize(
    ("kind", "type_", "ways"),
    [
        ("order", None, [("transfer", "police")]),
        ("livelihood", None, [("assign", "潆溪街道")]),
        ("dispute", "labour", [("transfer", "labour"), ("assign", "潆溪街道")]),
        ("dispute", "medical", [("mediate", "medical_mediation")]),
    ],
)
def test_at_the_district_a_suggestion_is_a_way_that_is_open(
    seeded: Cast, kind: str, type_: str | None, ways: list[tuple[str, str]]
) -> None:
    desk = seeded(f"QB-{D}")
    number = seeded.report(desk, kind=kind, place_unit=V, **({"type": type_} if type_ else {})).case.number
    seeded.do(number, "verify", result="accept")
    with seeded.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        found = suggest(session, case)
        assert [(each.action, each.unit.name) for each in found] == ways
        for each in found:
            if each.action != "mediate":
                assert each.unit.id in {unit.id for unit in targets(session, desk, case, each.action, each.unit.name)}


def test_a_district_without_duties_of_its_own_edits_the_default_ones(sqlite_cast: Cast) -> None:
    with at(sqlite_cast) as (session, centre):
        assert routing.unit_for(session, centre.district_id, "order") is not None
        operations.close_duty(session, sqlite_cast(ADMIN), centre, "police-1")
        assert len(routing.duties(session, centre.district_id)) == DUTIES - 1
        assert routing.unit_for(session, centre.district_id, "order") is None


def test_the_whole_catalogue_is_put_at_once(seeded: Cast) -> None:
    kept = {"police-1": duty_of(seeded, "police-1"), "new-1": DutyText("court", "审", "审理案件", kind="civil")}
    with at(seeded) as (session, centre):
        operations.put_duties(session, seeded(ADMIN), centre, kept)
        assert [duty.code for duty in routing.duties(session, centre.district_id)] == ["police-1", "new-1"]
        rows = {row.code: row for row in operations.own_duties(session, centre)}
        assert rows["police-1"].preset
        assert not rows["new-1"].preset
        assert rows["court-1"].closed


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        (DutyText("mayor", "接", "某项职责"), "resident"),
        (DutyText("police", "接", "某项职责", kind="weather"), "kind"),
        (DutyText("police", "接", "某项职责", service="massage"), "service"),
        (DutyText("police", "接", "某项职责", kind="order", type="labour"), "type"),
        (DutyText("police", "接", "某项职责", unit="law_firm"), "unit"),
        (DutyText("third_party", "调", "某项职责", kind="dispute"), "unit"),
    ],
)
def test_a_duty_that_would_route_nowhere_is_refused(seeded: Cast, wrong: DutyText, loc: str) -> None:
    with pytest.raises(Invalid) as refused, at(seeded) as (session, centre):
        operations.add_duty(session, seeded(ADMIN), centre, wrong)
    assert [each["loc"] for each in refused.value.errors] == [loc]


def test_a_window_is_added_changed_closed_and_opened_again(seeded: Cast) -> None:
    leader, police = seeded(LEADER), f"{D}-police"
    with at(seeded) as (session, centre):
        row = operations.add_window(session, leader, centre, "反诈咨询", "police", police)
        assert row.code == "12"
        operations.change_window(session, leader, centre, "12", "反诈", "advice", f"{D}-justice")
        operations.close_window(session, leader, centre, "12")
        assert len(reading.load(session, centre).open_windows) == 11
        operations.change_window(session, leader, centre, "12", "反诈", "advice", f"{D}-justice")
        assert len(reading.load(session, centre).open_windows) == 12
        with pytest.raises(Invalid):
            operations.change_window(session, leader, centre, "12", "反诈", "advice", f"{D}-housing")
        with pytest.raises(NotFound):
            operations.close_window(session, leader, centre, "99")
    assert written(seeded, "centre:window:add") == [{"window": "12", "service": "police", "unit": police}]
    assert len(written(seeded, "centre:window:change")) == 2


def test_a_resident_leaves_only_when_its_windows_are_handed_over(seeded: Cast) -> None:
    admin, court = seeded(ADMIN), f"{D}-court"
    with at(seeded) as (session, centre):
        with pytest.raises(StillStaffs):
            operations.end_resident(session, admin, centre, court)
        window = session.scalars(select(Window).where(Window.service == "litigation")).one()
        operations.change_window(session, admin, centre, window.code, window.name, "litigation", f"{D}-justice")
        operations.end_resident(session, admin, centre, court)
        assert reading.load(session, centre).organisation == (1, 4, 11, 2)
        operations.add_resident(session, admin, centre, court, "key", 1, "周二、周四")
        with pytest.raises(operations.AlreadyResident):
            operations.add_resident(session, admin, centre, court, "key")
        changed = operations.change_resident(session, admin, centre, court, "public_welfare", 2)
        assert (changed.mode, changed.staff, changed.days) == ("public_welfare", 2, "")


def test_a_rule_keeps_its_editions(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        second = operations.issue_rule(session, seeded(LEADER), centre, "rules", "rule", "管理规章制度", "第二版全文")
        assert second.edition == 2
        assert [row.edition for row in operations.editions(session, centre, "rules")] == [2, 1]
        in_force = {row.code: row for row in reading.rules_in_force(session, centre)}
        assert in_force["rules"].text == "第二版全文"
        assert not in_force["rules"].preset
        assert (
            operations.issue_rule(session, seeded(ADMIN), centre, "duty-roster", "rule", "值班制度", "…").edition == 1
        )
    (entry, _) = written(seeded, "centre:rule:issue")
    assert entry["edition"] == 2
    assert "第二版全文" not in str(entry)


@pytest.mark.parametrize("who", [OUTSIDER, DESK, f"B-{D}-police", f"QE-{D}"])
def test_nobody_else_edits_the_centre(seeded: Cast, who: str) -> None:
    actor = seeded(who)
    acts: list[Any] = [
        lambda session, centre: seeding.seed(session, actor, centre),
        lambda session, centre: operations.add_room(session, actor, centre, "茶室"),
        lambda session, centre: operations.close_window(session, actor, centre, "01"),
        lambda session, centre: operations.close_duty(session, actor, centre, "police-1"),
        lambda session, centre: operations.put_duties(session, actor, centre, {}),
        lambda session, centre: operations.add_resident(session, actor, centre, f"{D}-housing", "key"),
        lambda session, centre: operations.issue_rule(session, actor, centre, "rules", "rule", "制度", "正文"),
    ]
    for act in acts:
        with pytest.raises(Forbidden), at(seeded) as (session, centre):
            act(session, centre)


def test_a_card_opens_the_door_for_its_enterprise(cast: Cast) -> None:
    with at(cast) as (session, centre):
        card, secret = cards.issue(session, cast(DESK), centre, CARD)
        assert card.number == f"{D}-K2026-00001"
        assert secret == cards.secret_of(session, card.number)
        assert secret not in str(vars(card))
    with at(cast) as (session, _):
        assert cards.open_by(session, secret.lower()).number == f"{D}-K2026-00001"
        number = cards.report(session, secret, STORY).number
    case = cast.case(number)
    assert (case.kind, case.source, case.place_unit_id) == ("enterprise", "citizen", cast.unit(V).id)
    assert case.has_citizen
    cast.tell()
    liaison = cast(f"A-{D}-police")
    assert ("card_used", liaison.staff_id) in cast.notices(number)
    with cast.store.read() as session:
        assert read_case(session, liaison, number).number == number
        assert session.scalars(select(ContactCard)).one().used == 1
    assert written(cast, "centre:card:use") == [{"card": f"{D}-K2026-00001"}]


def test_what_an_enterprise_asks_to_keep_quiet_is_not_told_to_the_contact(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        _, secret = cards.issue(session, seeded(DESK), centre, CARD)
        quiet = Story(matter="", place="", text="反映某部门乱收费。", quiet=True)
        number = cards.report(session, secret, quiet).number
    seeded.tell()
    assert "card_used" not in {mark for mark, _ in seeded.notices(number)}
    with seeded.store.read() as session, pytest.raises(NotFound):
        read_case(session, seeded(f"A-{D}-police"), number)


def test_a_revoked_card_says_whom_to_call(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        card, secret = cards.issue(session, seeded(DESK), centre, CARD)
        cards.revoke(session, seeded(DESK), centre, card.number)
        cards.revoke(session, seeded(DESK), centre, card.number)
        with pytest.raises(CardRevoked) as refused:
            cards.report(session, secret, STORY)
        assert refused.value.text("zh") == "此联系卡已停用。请联系police，或拨打 12345。"
        with pytest.raises(NotFound):
            cards.open_by(session, "WRONG")
    assert len(written(seeded, "centre:card:revoke")) == 1


def test_353_cards_are_issued_at_once_and_counted(seeded: Cast) -> None:
    begin = seeded.clock.now()
    with at(seeded) as (session, centre):
        texts = [CardText(f"企业{n}", f"{D}-police", S2) for n in range(353)]
        made = cards.issue_many(session, seeded(LEADER), centre, texts)
        assert made[-1].number == f"{D}-K2026-00353"
    seeded.clock.advance(timedelta(days=1))
    end = seeded.clock.now()
    with at(seeded) as (session, centre):
        cards.issue(session, seeded(LEADER), centre, CardText("另一家", f"{D}-court", S))
        police, court = (by_code(session, f"{D}-{slug}") for slug in ("police", "court"))
        assert police
        assert court
        district = session.get_one(Unit, centre.district_id)
        counts = [cards.issued(session, unit, begin, end) for unit in (district, centre, police, court)]
        assert counts == [353, 353, 353, 0]
        assert cards.issued(session, centre, begin, end + timedelta(hours=1)) == 354


def test_one_wrong_row_stops_all_and_says_where(seeded: Cast) -> None:
    texts = [CARD, CardText("外地企业", f"{D}-police", D), CARD]
    with pytest.raises(Invalid) as refused, at(seeded) as (session, centre):
        cards.issue_many(session, seeded(DESK), centre, texts)
    assert [each["loc"] for each in refused.value.errors] == ["cards/1/place"]
    with seeded.store.read() as session:
        assert session.scalars(select(ContactCard)).all() == []


def test_cards_are_seen_by_the_centre_and_by_their_contact_only(seeded: Cast) -> None:
    with at(seeded) as (session, centre):
        card, _ = cards.issue(session, seeded(DESK), centre, CARD)
        seen = {
            who: len(cards.listed(session, seeded(who), centre))
            for who in (ADMIN, LEADER, f"D-{CENTRE}", f"A-{D}-police", f"A-{D}-court", OUTSIDER)
        }
        assert list(seen.values()) == [1, 1, 1, 1, 0, 0]
        for who, error in ((OUTSIDER, NotFound), (f"A-{D}-police", Forbidden)):
            with pytest.raises(error):
                cards.revoke(session, seeded(who), centre, card.number)
        with pytest.raises(Forbidden):
            cards.issue(session, seeded(OUTSIDER), centre, CARD)


def test_the_residents_of_the_table_are_the_six() -> None:
    assert [kind.value for kind in ResidentKind] == list(reading.by_resident([]))
