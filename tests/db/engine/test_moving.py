"""Moving tokens: tried first, recorded, within the rules of a case, and nothing drifts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import moving, runtime, timers
from engine.errors import NotFound
from engine.incidents import OperatorAct
from engine.instances import ProcessInstance
from engine.moving import HasEnded, Moved, Wanted
from engine.soundness import Unsound
from engine.spiff.moving import CannotMove
from engine.trail import entries
from engine.trail.verify import verify
from engine.worklist import ItemClosed
from processes.reconcile import reconcile
from processes.requests.models import Request
from processes.requests.operations import Asking, ask
from tests.cast import Cast, D
from tests.property.test_walks import check_invariants

ADMIN = "QH-" + D
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is about the processes and not about the database."""


def instance_of(cast: Cast, number: str, key: str = "case") -> ProcessInstance:
    with cast.store.read() as session:
        mine = select(ProcessInstance).where(ProcessInstance.subject_no == number, ProcessInstance.key == key)
        return session.scalars(mine.order_by(ProcessInstance.id.desc())).first()  # type: ignore[return-value]


def move(cast: Cast, number: str, element: str, target: str, key: str = "case") -> Moved:
    with cast.store.write() as session:
        instance_id = instance_of(cast, number, key).id
        return moving.move(session, cast(ADMIN), instance_id, Wanted(element, target), "办错了环节，按运维流程改正")


def at_work(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


def settled(cast: Cast) -> str:
    number = at_work(cast)
    cast.do(number, "act", outcome="self_handle", measures="已调解")
    return number


def whole(cast: Cast, number: str) -> None:
    """Everything that must hold after any act."""
    check_invariants(cast, number)
    with cast.store.read() as session:
        assert timers.drift(session) == []
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []


def test_a_token_goes_back_and_the_case_goes_on_to_its_end(cast: Cast) -> None:
    number = settled(cast)
    done = move(cast, number, "check", "stay")
    assert (done.before.tokens, done.after.tokens) == (["case/check"], ["case/stay", "handling/act"])
    assert [item.element for item in done.after.items] == ["act"]
    assert {"act_warn", "act_due", "act_grace", "overall_due"} <= {element for _, element in done.after.timers}
    assert cast.case(number).state == "handling"
    whole(cast, number)
    cast.do(number, "act", outcome="self_handle", measures="已重新调解")
    cast.do(number, "check", ok=True, finding="属实")
    assert cast.case(number).state == "rating"
    cast.do(number, "callback", answer="satisfied")
    assert cast.case(number).state == "archived"
    whole(cast, number)


@SQLITE
def test_it_is_in_the_trail_before_and_after_and_its_reason_is_committed_to(cast: Cast) -> None:
    number = settled(cast)
    move(cast, number, "check", "rule")
    with cast.store.read() as session:
        entry = [e for e in entries.entries_of(session, cast.district_id, number) if e.action == "instance:token:move"]
        line = session.scalars(select(OperatorAct)).one()
    body = json.loads(entry[0].body)
    assert body["actor"] == cast(ADMIN).ref
    assert body["data"] == {"model": "case", "before": ["case/check"], "after": ["case/rule"]}
    assert body["commit"] == list(line.commitment)
    assert "办错" not in entry[0].body.decode()
    assert (line.act, line.words) == ("move", "办错了环节，按运维流程改正")
    assert line.details == body["data"]


@SQLITE
def test_whoever_has_the_new_task_is_told_and_the_old_one_is_gone(cast: Cast) -> None:
    number = settled(cast)
    old = cast.items(number, "check")[0]
    move(cast, number, "check", "rule")
    cast.tell()
    assert "token_moved" in {mark for mark, _ in cast.notices(number)}
    assert [item.element for item in cast.items(number)] == ["rule"]
    with pytest.raises(ItemClosed), cast.store.write() as session:
        runtime.complete(session, cast.holder(old), old.id, {"ok": True, "finding": "x"})
    whole(cast, number)


@SQLITE
def test_made_anew_where_it_stands_the_item_and_the_marks_given_stay(cast: Cast) -> None:
    number = at_work(cast)
    before = cast.items(number, "act")[0]
    cast.pass_time(timedelta(days=5))
    marks = [mark for mark, _ in cast.notices(number)]
    done = move(cast, number, "act", "act")
    assert done.before.tokens == done.after.tokens
    assert cast.items(number, "act")[0].id == before.id
    whole(cast, number)
    cast.tell()
    told = [mark for mark, _ in cast.notices(number) if mark != "token_moved"]
    assert told == marks


REFUSED = (
    ("verify", "stay", "not yet accepted"),
    ("verify", "check", "not yet accepted"),
    ("verify", "callback", "a decision"),
    ("verify", "consider_return", "asked for by who holds"),
)


@SQLITE
def test_an_administrator_decides_nothing(cast: Cast) -> None:
    number = cast.report().case.number
    for element, target, why in REFUSED:
        with pytest.raises(CannotMove, match=why) as refused:
            move(cast, number, element, target)
        assert refused.value.possible == ["verify"]
    for element, target, why in (("check", "verify", "no token stands"), ("verify", "closed", "no human task")):
        with pytest.raises(CannotMove, match=why):
            move(cast, number, element, target)
    assert cast.items(number)[0].element == "verify"
    whole(cast, number)


@SQLITE
def test_checking_what_nobody_settled_is_refused_with_what_is_possible(cast: Cast) -> None:
    number = at_work(cast)
    with pytest.raises(CannotMove, match="nobody has settled") as refused:
        move(cast, number, "stay", "check")
    assert set(refused.value.possible) == {"verify", "stay", "rule"}
    assert "尚无人办结" in refused.value.text("zh")


@SQLITE
def test_a_closed_case_is_not_moved_and_an_ended_one_has_no_token(cast: Cast) -> None:
    number = settled(cast)
    cast.do(number, "check", ok=True, finding="属实")
    with pytest.raises(CannotMove, match="the case is closed"):
        move(cast, number, "callback", "stay")
    assert move(cast, number, "callback", "callback").after.tokens == ["case/callback"]
    whole(cast, number)
    cast.do(number, "callback", answer="satisfied")
    with pytest.raises(HasEnded):
        move(cast, number, "callback", "callback")


@SQLITE
def test_a_suspended_case_is_resumed_first(cast: Cast) -> None:
    number = at_work(cast)
    review = (cast.clock.now() + timedelta(days=20)).date()
    with cast.store.write() as session:
        case = session.merge(cast.case(number))
        ask(session, cast.holder(cast.items(number, "act")[0]), case, Asking("suspension", "等鉴定", review_on=review))
    cast.do(number, "decide", granted=True, opinion="同意")
    assert cast.case(number).state == "suspended"
    for element, target in [("suspended", "act"), ("stay", "stay"), ("stay", "verify")]:
        with pytest.raises(CannotMove, match="resume it first"):
            move(cast, number, element, target)
    move(cast, number, "suspended", "suspended")
    whole(cast, number)


def test_an_open_request_is_overtaken_when_the_token_leaves(cast: Cast) -> None:
    number = at_work(cast)
    with cast.store.write() as session:
        case = session.merge(cast.case(number))
        ask(session, cast.holder(cast.items(number, "act")[0]), case, Asking("extension", "取证需要时间", days=2))
    move(cast, number, "stay", "rule")
    with cast.store.read() as session:
        assert session.scalars(select(Request.state)).one() == "overtaken"
    whole(cast, number)


@SQLITE
def test_another_district_has_no_such_instance(cast: Cast) -> None:
    number = at_work(cast)
    stranger = replace(cast(ADMIN), district_id=999)
    with pytest.raises(NotFound), cast.store.write() as session:
        moving.move(session, stranger, instance_of(cast, number).id, Wanted("act", "act"), "x")


@SQLITE
def test_what_would_leave_a_case_without_any_clock_is_undone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    number = at_work(cast)
    sound = cast.store.env.registry.sound
    monkeypatch.setattr(cast.store.env.registry, "sound", [lambda _step: ("it is forbidden", "不允许")])
    with pytest.raises(Unsound, match="it is forbidden"):
        move(cast, number, "act", "act")
    monkeypatch.setattr(cast.store.env.registry, "sound", sound)
    whole(cast, number)


@SQLITE
def test_the_choices_say_where_each_token_can_go(cast: Cast) -> None:
    number = settled(cast)
    with cast.store.read() as session:
        found = moving.choices(session, cast(ADMIN), instance_of(cast, number).id)
    assert [choice.place.element for choice in found] == ["check"]
    assert set(found[0].possible) == {"verify", "stay", "rule", "check"}
    assert found[0].refused["confirm"][0] == "nobody assigned it and waits for a report"
