"""What a governance centre runs, walked over real HTTP by the people whose task it is, on each database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import timers
from engine.trail.verify import verify
from processes.reconcile import reconcile
from tests.cast import CENTRE, QUARREL, C, Cast, D, G, S, V
from tests.pictures import jpeg
from tests.story.server import Client, Town, serving

DAY = timedelta(days=1)


class Story:
    """One district at work: people by staff number, items found by their element."""

    def __init__(self, cast: Cast, town: Town) -> None:
        self.cast = cast
        self._town = town
        self._clients: dict[str, Client] = {}

    def __call__(self, staff_no: str) -> Client:
        if staff_no not in self._clients:
            self._clients[staff_no] = self._town.client(staff_no)
        return self._clients[staff_no]

    @property
    def nobody(self) -> Client:
        return self._town.nobody

    def today(self, days: int = 0) -> str:
        return (self.cast.clock.now() + days * DAY).date().isoformat()

    def does(self, staff_no: str, number: str, element: str, **data: Any) -> Any:
        items = self(staff_no).get("/work-items").json()["items"]
        found = [item for item in items if (item["case"], item["element"]) == (number, element)]
        assert len(found) == 1, (element, [(item["case"], item["element"]) for item in items])
        return self(staff_no).done(
            f"/work-items/{found[0]['id']}/complete", {"data": data, "version": found[0]["version"]}
        )

    def photo(self, staff_no: str, number: str) -> str:
        files = {"file": ("here.jpg", jpeg(), "image/jpeg")}
        answer = self(staff_no).post(f"/cases/{number}/attachments", files=files)
        assert answer.ok, answer.text
        return str(answer.json()["id"])

    def in_hand_of_the_subdistrict(self) -> str:
        number: str = self("C-" + C).done("/cases", QUARREL)["number"]
        self.does("G-" + G, number, "verify", result="accept")
        self.does("G-" + G, number, "act", outcome="refer_up", target=S, reason="村级无力解决")
        self.does("SB-" + S, number, "accept", outcome="accept")
        return number

    def actions(self, staff_no: str, number: str) -> set[str]:
        return {action["code"] for action in self(staff_no).get(f"/cases/{number}/actions").json()["actions"]}

    def check_proof(self) -> None:
        with self.cast.store.read() as session:
            assert verify(session, self.cast.district_id).findings == []
            assert reconcile(session, self.cast.district_id) == []
            assert timers.drift(session) == []


@pytest.fixture
def story(cast: Cast) -> Any:
    with serving(cast.store, 2_000_000) as town:
        told = Story(cast, town)
        yield told
        told.check_proof()


def test_departments_report_in_when_the_subdistrict_whistles(story: Story) -> None:
    number = story.in_hand_of_the_subdistrict()
    police, labour = f"{D}-police", f"{D}-labour"
    assert story("SB-" + S).post(f"/cases/{number}/whistles", {}).status_code in {403, 422}  # not a dispatcher's place
    body = {"departments": [police, labour], "reason": "emergency", "words": "工地停工讨薪，请到现场"}
    assert story("A-" + police).get(f"/cases/{number}").status_code == 404
    story("SC-" + S).done(f"/cases/{number}/whistles", body)
    assert story("A-" + police).get(f"/cases/{number}").ok  # who is called sees the case

    story.does("A-" + police, number, "answer", coming=True, people="两名民警")
    story.does("A-" + labour, number, "answer", coming=False, reason="不属本部门")
    story.does("QE-" + D, number, "rule_refusal", must_come=True, reason="属其职责")
    for slug in ("police", "labour"):
        staff_no = f"A-{D}-{slug}"
        story.does(staff_no, number, "arrive", no_position="室内", files=[story.photo(staff_no, number)])
    settled = {"outcome": "self_handle", "measures": "已处置"}
    assert "self_handle" not in story.actions("SB-" + S, number)  # 事不完、人不撤
    story.does("A-" + police, number, "work", measures="维持秩序")
    story.does("A-" + labour, number, "work", measures="核实工资表，责令支付")
    story.does("SC-" + S, number, "dismiss", finished=True)
    ratings = [{"unit": police, "score": 5}, {"unit": labour, "score": 3, "words": "到得晚"}]
    story.does("SC-" + S, number, "rate_each", ratings=ratings)
    story.does("SB-" + S, number, "act", **settled)
    rates = story("SF-" + S).get("/whistles/rates").json()
    assert rates


def test_a_consultation_hears_units_and_decides(story: Story) -> None:
    number = story.in_hand_of_the_subdistrict()
    invited = [f"{D}-housing", f"{D}-police"]
    story("SC-" + S).done(f"/cases/{number}/consultations", {"invited": invited, "subject": "围墙是否违建"})
    story.does(f"A-{D}-housing", number, "give_opinion", opinion="属违建", attend=True)
    story.cast.pass_time(7 * DAY)  # the police say nothing
    attendance = [{"unit": f"{D}-housing", "present": True}, {"unit": f"{D}-police", "present": False}]
    story.does("SC-" + S, number, "hold_meeting", held_on=story.today(), attendance=attendance, minutes="同意拆除")
    tasks = [{"unit": f"{D}-housing", "task": "出具认定书", "due": story.today(5)}]
    story.does("SE-" + S, number, "form_decision", lead=f"{D}-housing", tasks=tasks, decision="由住建局牵头")
    seen = story("SC-" + S).get(f"/cases/{number}/consultations").json()
    assert "absent" in str(seen)
    assert "transfer" in story.actions("SB-" + S, number)


def test_a_mediation_ends_in_an_agreement_that_the_court_confirms(story: Story) -> None:
    number = story.in_hand_of_the_subdistrict()
    handler, mediator = "SB-" + S, "SG-" + S
    story(handler).done(f"/cases/{number}/mediations", {"committee": S})
    assert "self_handle" not in story.actions(handler, number)
    story.does("SA-" + S, number, "consent", all_willing=True, how="in_person", asked_on=story.today())
    story.does("SE-" + S, number, "appoint", mediator=mediator, conflict_checked=True)
    said = {"held_on": story.today(), "record": "双方谈定"}
    story.does(mediator, number, "mediate_session", result="again", **said)
    story.does(mediator, number, "mediate_session", result="agreed", **said)
    story.does(
        mediator,
        number,
        "agreement",
        result="signed",
        facts="围墙越界",
        terms="退让半米",
        perform_by=story.today(10),
        signers=[{"name": "张三"}, {"name": "李四"}],
        sealed=True,
        route="mediate",
    )
    found = story(handler).get(f"/cases/{number}/mediations").json()["mediations"][0]
    agreement = found["agreement"]
    for kind, magic in (("docx", b"PK"), ("pdf", b"%PDF")):
        file = story(handler).get(f"/cases/{number}/agreements/{agreement['id']}/file", format=kind)
        assert file.ok, file.text
        assert file.content.startswith(magic)
    story.does(handler, number, "act", outcome="self_handle", measures="签订调解协议")
    story.does(mediator, number, "confirmation", result="applied")
    story.does(
        f"A-{D}-court", number, "court_decision", result="confirmed", court_no="民特1号", decided_on=story.today()
    )
    story.cast.pass_time(11 * DAY)
    story.does(mediator, number, "performance", performed=True, words="已退让")


def test_supervision_climbs_to_accountability(story: Story) -> None:
    number = story.in_hand_of_the_subdistrict()
    story("QF-" + D).done(f"/cases/{number}/supervisions", {"rung": "urge"})
    for _ in ("urge", "supervise", "yellow", "red"):
        story.does("SE-" + S, number, "reply", done=False, reason="还在协调", plan="三日内办结")
        story.does("QF-" + D, number, "judge", verdict="next")
    story.does("QE-" + D, number, "hold_interview", held_on=story.today(), present="分管负责人", minutes="限期整改")
    commander = f"A-{D}-command"
    supervisions = story("QF-" + D).get(f"/cases/{number}/supervisions").json()["supervisions"]
    assert [card["points"] for card in supervisions[-1]["cards"] if card["points"]] == [5, 10]
    account = {"findings": "多次督办无果", "advice": "通报批评", "adopted": True, "feedback": "已采纳"}
    staff_no = next(
        each
        for each in (commander, "QE-" + D)
        if any(item["element"] == "report_account" for item in story(each).get("/work-items").json()["items"])
    )
    story.does(staff_no, number, "report_account", **account)
    ended = story("QF-" + D).get(f"/cases/{number}/supervisions").json()["supervisions"]
    assert any(each["ended_by"] == "filed" for each in ended)


def test_a_visitor_is_received_once_and_everything_hangs_on_one_number(story: Story) -> None:
    leader, desk = story("B-" + CENTRE), "A-" + CENTRE
    leader.done(f"/centres/{CENTRE}/defaults")
    shown = story("G-" + G).get(f"/centres/{CENTRE}").json()
    assert len(shown["windows"]) == 11
    windows = {window["service"]["code"]: window["code"] for window in shown["windows"]}
    visit = story(desk).done(
        f"/centres/{CENTRE}/visits",
        {
            "matter": "advice",
            "name": "王女士",
            "phone": "13900001111",
            "windows": [windows["advice"], windows["notary"]],
        },
    )
    number = visit["number"]
    case = story(desk).done(f"/visits/{number}/case", {"place_unit": V, "title": "邻里噪声", "text": "楼上夜间噪声"})
    assert case["number"] == number
    seen = story(desk).get(f"/visits/{number}").json()
    assert seen["number"] == number
    cards = leader.done(f"/centres/{CENTRE}/cards", {"enterprise": "顺达机械", "contact": f"{D}-police", "place": S})
    assert "-K" in cards["number"]


def test_a_meeting_opens_a_case_and_the_bulletin_counts_it(story: Story) -> None:
    leader, desk = story("B-" + CENTRE), story("A-" + CENTRE)
    held = {"kind": "meeting", "title": "民情恳谈会", "held_on": story.today(), "people": 20, "unit": CENTRE}
    activity = desk.done("/activities", held)
    fields = {key: value for key, value in QUARREL.items() if key != "parties"} | {"place_unit": V}
    opened = desk.done(f"/activities/{activity['id']}/cases", fields)
    assert opened["number"]
    figures = leader.get("/bulletins/figures", unit=CENTRE, period="month").json()
    assert figures
    issued = leader.done("/bulletins", {"unit": CENTRE, "period": "month"})
    for kind, magic in (("docx", b"PK"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        file = leader.get(f"/bulletins/{issued['id']}/file", format=kind)
        assert file.ok, file.text
        assert file.content.startswith(magic)
