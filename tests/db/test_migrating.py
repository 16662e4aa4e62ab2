"""Cases move to another version of their model: what goes on, what is armed and what is taken away, what is refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine import runtime, timers
from engine.actors import Actor, system
from engine.db import Base, Session
from engine.deadlines.book import Deadline
from engine.definitions import migrating_runs as runs
from engine.definitions.migrating_runs import BadMapping, Result, UnknownCases, UnknownVersion, Wanted
from engine.definitions.models import Definition
from engine.errors import Invalid, NotFound
from engine.instances import ProcessInstance
from engine.step import Step
from engine.timers import Timer
from engine.trail.entries import TrailEntry, entries_of
from engine.trail.verify import verify
from processes.cases.models import Case
from processes.codes import Rung
from processes.reconcile import reconcile
from processes.requests.operations import EXTENSION, SUSPENSION, Asking, ask
from processes.supervisions.operations import supervise
from tests import redrawing
from tests.cast import Cast, G, S
from tests.property.test_walks import WILLING
from tests.redrawing import REMINDER, model, put, redrawn


def operator(cast: Cast) -> Actor:
    return system(cast.district_id, "cli")


def in_hand(cast: Cast) -> str:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number


def asked(cast: Cast, number: str, kind: str, **more: object) -> None:
    with cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        ask(session, cast.grid, case, Asking(kind, "需专家鉴定", **more))


def remind(cast: Cast) -> list[str]:
    """Register the operation of `REMINDER`; the cases that it was called for."""
    called: list[str] = []

    def take(step: Step, _data: object) -> bool:
        called.append(step.instance.subject_no)
        return True

    cast.store.env.registry.operations["op.remind"] = take
    return called


def carried_out(cast: Cast, wanted: Wanted) -> list[Result]:
    with cast.store.write() as session:
        run = runs.plan(session, operator(cast), wanted).id
    return list(runs.go_on(cast.store, operator(cast), run))


def moved(cast: Cast, wanted: Wanted) -> Result:
    """The one instance that is moved, after a dry run that said just this."""
    (tried,) = runs.try_out(cast.store, operator(cast), wanted)
    (done,) = carried_out(cast, wanted)
    assert done.state == tried.state, (done.findings, done.error)
    if done.moved and tried.moved:
        assert done.moved.after == tried.moved.after
    whole(cast)
    return done


def whole(cast: Cast) -> None:
    with cast.store.read() as session:
        assert timers.drift(session) == []
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []


def version_of(cast: Cast, number: str, key: str = "case") -> int:
    with cast.store.read() as session:
        query = select(Definition.version).join(ProcessInstance, ProcessInstance.definition_id == Definition.id)
        query = query.where(ProcessInstance.subject_no == number, ProcessInstance.key == key)
        return session.scalars(query.order_by(ProcessInstance.id.desc())).first() or 0


def armed(cast: Cast, number: str) -> set[str]:
    with cast.store.read() as session:
        query = select(Timer.element).join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        return set(session.scalars(query.where(ProcessInstance.subject_no == number, Timer.state == "armed")))


def open_clock(session: Session, element: str) -> Deadline:
    return session.scalars(select(Deadline).where(Deadline.element == element, Deadline.closed_at.is_(None))).one()


def to_the_end(cast: Cast, number: str) -> None:
    for _ in range(20):
        items = cast.items(number)
        if not items:
            break
        cast.do(number, items[0].element, **WILLING[items[0].element])
    assert cast.case(number).state == "archived"
    whole(cast)


# -- a case's definition stays its own


def test_cases_go_on_by_their_own_version_and_new_ones_take_the_new(sqlite_cast: Cast) -> None:
    called = remind(sqlite_cast)
    old = in_hand(sqlite_cast)
    deployed = put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    assert {key for key, each in deployed.items() if each.changed} == {"case", "handling"}
    new = in_hand(sqlite_cast)
    assert (version_of(sqlite_cast, old), version_of(sqlite_cast, new)) == (1, 2)
    assert "act_remind" not in armed(sqlite_cast, old)
    assert "act_remind" in armed(sqlite_cast, new)
    sqlite_cast.do(old, "act", outcome="refer_up", reason="办不了")
    sqlite_cast.do(old, "accept", outcome="accept")
    assert "act_remind" not in armed(sqlite_cast, old)  # the next stay calls the same version again
    sqlite_cast.pass_time(timedelta(hours=7))
    assert called == [new]
    to_the_end(sqlite_cast, old)
    to_the_end(sqlite_cast, new)


def test_rules_of_time_stay_with_the_version_too(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    old = in_hand(cast)
    hurried = re.sub(r'(id="check_\d_limit"><text>)\d+', r"\g<1>1", model("deadlines.dmn").decode())
    put(cast, {"deadlines.dmn": hurried.encode()})
    new = in_hand(cast)
    limits = {}
    for number in (old, new):
        cast.do(number, "act", outcome="self_handle", measures="已解决")
        with cast.store.read() as session:
            subject = cast.case(number).id
            query = select(Deadline.limit_amount).where(Deadline.element == "check", Deadline.subject_id == subject)
            limits[number] = session.scalars(query).one()
    assert limits[new] == 1
    assert limits[old] > 1


# -- what moves


def test_a_boundary_event_that_was_added_is_armed_and_fires(cast: Cast) -> None:
    called = remind(cast)
    number = in_hand(cast)
    item = cast.items(number, "act")[0]
    put(cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    done = moved(cast, Wanted("case", 2))
    assert done.state == "moved"
    assert {timer.element for timer in done.moved.after.timers - done.moved.before.timers} == {"act_remind"}
    assert done.moved.before.timers < done.moved.after.timers
    assert version_of(cast, number) == 2
    assert [each.id for each in cast.items(number, "act")] == [item.id]
    cast.pass_time(timedelta(hours=7))
    assert called == [number]
    to_the_end(cast, number)


def test_going_back_takes_the_added_event_away(sqlite_cast: Cast) -> None:
    remind(sqlite_cast)
    put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    number = in_hand(sqlite_cast)
    assert "act_remind" in armed(sqlite_cast, number)
    assert moved(sqlite_cast, Wanted("case", 1)).state == "moved"
    assert "act_remind" not in armed(sqlite_cast, number)
    to_the_end(sqlite_cast, number)


def test_what_has_been_told_is_not_told_again(sqlite_cast: Cast) -> None:
    remind(sqlite_cast)
    number = in_hand(sqlite_cast)
    sqlite_cast.pass_time(timedelta(days=12))
    marks = [mark for mark, _ in sqlite_cast.notices(number)]
    assert {"warned", "overdue"} <= set(marks)
    put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    sqlite_cast.pass_time(timedelta(minutes=1))
    assert [mark for mark, _ in sqlite_cast.notices(number)] == marks


def test_an_added_task_ahead_is_met_on_the_way(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    second = redrawing.person("second_look", unit="owner", role="handler", form="confirm", deadline="confirm")
    closing = redrawn(
        model("case.bpmn"),
        {'sourceRef="m_close" targetRef="closed"': 'sourceRef="m_close" targetRef="second_look"'},
        second + redrawing.flow("second_look", "closed"),
    )
    put(sqlite_cast, {"case.bpmn": closing})
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    sqlite_cast.do(number, "act", **WILLING["act"])
    sqlite_cast.do(number, "check", **WILLING["check"])
    assert sqlite_cast.case(number).state == "checking"  # a task of the district's own leaves the state alone
    sqlite_cast.do(number, "second_look", ok=True)
    sqlite_cast.do(number, "callback", answer="satisfied")
    assert sqlite_cast.case(number).state == "archived"


def renamed_confirm(cast: Cast) -> None:
    swaps = {'"confirm"': '"accept_report"', 'value="accept_report"': 'value="confirm"'}
    put(cast, {"case.bpmn": redrawn(model("case.bpmn"), swaps)})


def test_a_renamed_element_is_mapped_and_keeps_item_claim_and_clock(cast: Cast) -> None:
    number = in_hand(cast)
    cast.do(number, "act", outcome="refer_up", reason="办不了")
    cast.do(number, "accept", outcome="accept")
    by = (cast.clock.now() + timedelta(days=6)).isoformat()
    cast.do(number, "act", outcome="assign", target=G, deadline=by)
    cast.do(number, "accept", outcome="accept")
    cast.do(number, "act", **WILLING["act"])
    item = cast.items(number, "confirm")[0]
    with cast.store.write() as session:
        runtime.claim(session, cast.holder(item), item.id)
        due = open_clock(session, "confirm").due_at
    renamed_confirm(cast)
    refused = moved(cast, Wanted("case", 2))
    assert (refused.state, version_of(cast, number)) == ("refused", 1)
    (finding,) = refused.findings
    assert (finding["element"], "--map confirm=NEW" in finding["instead"]) == ("confirm", True)
    done = moved(cast, Wanted("case", 2, mapping={"confirm": "accept_report"}))
    assert done.moved.after.tokens == ("case/accept_report",)
    (after,) = cast.items(number)
    assert (after.id, after.element, after.state) == (item.id, "accept_report", "claimed")
    with cast.store.read() as session:
        assert open_clock(session, "accept_report").due_at == due
    cast.do(number, "accept_report", ok=True)
    to_the_end(cast, number)


def test_another_unit_and_role_move_the_item_and_begin_a_clock(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    sqlite_cast.do(number, "act", **WILLING["act"])
    item = sqlite_cast.items(number, "check")[0]
    with sqlite_cast.store.write() as session:
        runtime.claim(session, sqlite_cast.holder(item), item.id)
    changed = {'name="unit" value="checker"': 'name="unit" value="parent(checker)"'}
    changed |= {'name="role" value="checker"': 'name="role" value="leader"'}
    put(sqlite_cast, {"case.bpmn": redrawn(model("case.bpmn"), changed)})
    sqlite_cast.pass_time(timedelta(hours=1))
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    (after,) = sqlite_cast.items(number, "check")
    assert (after.id, after.role, after.state, after.holder_id) == (item.id, "leader", "ready", None)
    assert after.unit_id != item.unit_id
    with sqlite_cast.store.read() as session:
        assert open_clock(session, "check").unit_id == after.unit_id
        assert open_clock(session, "check").started_at == sqlite_cast.clock.now()
    to_the_end(sqlite_cast, number)


def test_another_form_is_asked_for_at_once(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    form = json.loads(model("forms/act.json"))
    form["properties"]["weather"] = {"type": "string"}
    form["required"] = [*form.get("required", []), "weather"]
    asks = redrawn(model("handling.bpmn"), {'name="form" value="act"': 'name="form" value="act_weather"'})
    put(sqlite_cast, {"forms/act_weather.json": json.dumps(form).encode(), "handling.bpmn": asks})
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    with pytest.raises(Invalid):
        sqlite_cast.do(number, "act", **WILLING["act"])
    sqlite_cast.do(number, "act", **WILLING["act"], weather="晴")


def test_another_stage_is_read_into_the_running_clock_with_its_extension(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    asked(sqlite_cast, number, EXTENSION, days=2)
    sqlite_cast.do(number, "decide", granted=True, days=2)
    with sqlite_cast.store.read() as session:
        before = open_clock(session, "act")
    stage = {'name="deadline" value="act_stage()"': 'name="deadline" value="suspension_review"'}
    put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), stage)})
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    with sqlite_cast.store.read() as session:
        after = open_clock(session, "act")
    assert (after.id, after.stage, after.extended_days) == (before.id, "suspension_review", 2)
    assert after.started_at == before.started_at


def test_linked_instances_have_versions_of_their_own(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    with sqlite_cast.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        supervise(session, sqlite_cast("SF-" + S), case, Rung.URGE)
    asked(sqlite_cast, number, SUSPENSION, review_on=(sqlite_cast.clock.now() + timedelta(days=9)).date())
    for key in ("supervision", "request"):
        put(sqlite_cast, {f"{key}.bpmn": model(f"{key}.bpmn") + b"<!-- 2 -->"})
        assert moved(sqlite_cast, Wanted(key, 2)).state == "moved"
        assert version_of(sqlite_cast, number, key) == 2
    assert version_of(sqlite_cast, number) == 1
    sqlite_cast.do(number, "decide", granted=True)
    sqlite_cast.do(number, "reply", done=True)
    sqlite_cast.do(number, "judge", verdict="lift")
    to_the_end(sqlite_cast, number)


# -- what does not move


def suspended(cast: Cast) -> str:
    number = in_hand(cast)
    asked(cast, number, SUSPENSION, review_on=(cast.clock.now() + timedelta(days=9)).date())
    cast.do(number, "decide", granted=True)
    return number


def test_a_suspended_case_goes_on_standing_still(sqlite_cast: Cast) -> None:
    remind(sqlite_cast)
    number = suspended(sqlite_cast)
    put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    assert moved(sqlite_cast, Wanted("case", 2)).state == "moved"
    with sqlite_cast.store.read() as session:
        assert open_clock(session, "act").suspended_at is not None
    assert "act_remind" not in armed(sqlite_cast, number)
    sqlite_cast.do(number, "suspended", reason="已具备条件")
    assert "act_remind" in armed(sqlite_cast, number)
    to_the_end(sqlite_cast, number)


def test_every_token_that_does_not_fit_is_named_and_the_case_stays(sqlite_cast: Cast) -> None:
    waiting, at_work = sqlite_cast.report().case.number, in_hand(sqlite_cast)
    gone = redrawn(model("case.bpmn"), {'"verify"': '"look"', 'value="look"': 'value="verify"'})
    worked = redrawn(model("handling.bpmn"), {'"act"': '"work"', 'value="work"': 'value="act"'})
    put(sqlite_cast, {"case.bpmn": gone, "handling.bpmn": worked})
    before = states(sqlite_cast)
    results = {result.subject_no: result for result in carried_out(sqlite_cast, Wanted("case", 2))}
    assert {number: result.state for number, result in results.items()} == {waiting: "refused", at_work: "refused"}
    assert [finding["element"] for finding in results[waiting].findings] == ["verify"]
    assert [finding["element"] for finding in results[at_work].findings] == ["act"]
    assert all(finding["zh"] for result in results.values() for finding in result.findings)
    assert states(sqlite_cast) == before
    to_the_end(sqlite_cast, at_work)


def states(cast: Cast) -> list[tuple[str, bytes]]:
    with cast.store.read() as session:
        query = select(ProcessInstance.definition_id, ProcessInstance.state).order_by(ProcessInstance.id)
        return [tuple(row) for row in session.execute(query)]


def test_a_call_of_another_process_is_refused(sqlite_cast: Cast) -> None:
    in_hand(sqlite_cast)
    other = model("handling.bpmn").decode().replace('id="handling"', 'id="dealing"')
    other = other.replace('bpmnElement="handling"', 'bpmnElement="dealing"')
    calling = redrawn(model("case.bpmn"), {'calledElement="handling"': 'calledElement="dealing"'})
    put(sqlite_cast, {"case.bpmn": calling, "handling.bpmn": other.encode()})
    refused = moved(sqlite_cast, Wanted("case", 2))
    assert refused.state == "refused"
    assert "handling → dealing" in refused.findings[0]["reason"]


def test_a_clock_whose_stage_is_gone_is_refused(sqlite_cast: Cast) -> None:
    in_hand(sqlite_cast)
    table = model("deadlines.dmn").decode().replace('"overall"', '"whole"')
    put(sqlite_cast, {"deadlines.dmn": table.encode()})
    refused = moved(sqlite_cast, Wanted("case", 2))
    assert refused.state == "refused"
    assert refused.findings[0]["element"] == "overall"


def test_an_expression_that_fails_fails_this_case_only(sqlite_cast: Cast) -> None:
    registry = sqlite_cast.store.env.registry
    waiting, at_work = sqlite_cast.report().case.number, in_hand(sqlite_cast)

    def broken(_step: Step) -> int:
        raise LookupError("四号")

    registry.names["broken"] = broken
    before, at, after = model("handling.bpmn").decode().partition('<bpmn:userTask id="act" ')
    after = after.replace('value="owner"', 'value="broken"', 1)
    put(sqlite_cast, {"handling.bpmn": (before + at + after).encode()})
    results = {result.subject_no: result for result in carried_out(sqlite_cast, Wanted("case", 2))}
    assert (results[waiting].state, results[at_work].state) == ("moved", "failed")
    assert results[at_work].error == "LookupError"  # not its text, which may be somebody's
    assert version_of(sqlite_cast, at_work) == 1
    to_the_end(sqlite_cast, at_work)


SENSELESS: list[tuple[Wanted, type[Exception]]] = [
    (Wanted("case", 7), UnknownVersion),
    (Wanted("nothing", 1), UnknownVersion),
    (Wanted("case", 2, source=9), UnknownVersion),
    (Wanted("case", 2, numbers=("511302-20200101-00001",)), UnknownCases),
    (Wanted("case", 2, mapping={"nowhere": "verify"}), BadMapping),
    (Wanted("case", 2, mapping={"verify": "nowhere"}), BadMapping),
    (Wanted("case", 2, mapping={"act": "verify"}), BadMapping),
    (Wanted("case", 2, mapping={"verify": "verify.BoundaryEventSplit"}), BadMapping),
]


def test_what_makes_no_sense_is_refused_before_anything_moves(sqlite_cast: Cast) -> None:
    in_hand(sqlite_cast)
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 2 -->"})
    for wanted, error in SENSELESS:
        with pytest.raises(error), sqlite_cast.store.write() as session:
            runs.plan(session, operator(sqlite_cast), wanted)
        with pytest.raises(error):
            list(runs.try_out(sqlite_cast.store, operator(sqlite_cast), wanted))
    with sqlite_cast.store.read() as session:
        assert session.scalar(select(func.count()).select_from(runs.Migration)) == 0


# -- many at once


def test_only_the_named_cases_of_the_named_version_move(sqlite_cast: Cast) -> None:
    first, second = in_hand(sqlite_cast), in_hand(sqlite_cast)
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 2 -->"})
    third = in_hand(sqlite_cast)
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 3 -->"})
    carried_out(sqlite_cast, Wanted("case", 3, numbers=(second,)))
    assert [version_of(sqlite_cast, number) for number in (first, second, third)] == [1, 3, 2]
    carried_out(sqlite_cast, Wanted("case", 3, source=2))
    assert [version_of(sqlite_cast, number) for number in (first, second, third)] == [1, 3, 3]


def test_a_migration_is_recorded_before_and_after(sqlite_cast: Cast) -> None:
    remind(sqlite_cast)
    number = in_hand(sqlite_cast)
    put(sqlite_cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    carried_out(sqlite_cast, Wanted("case", 2))
    with sqlite_cast.store.read() as session:
        old, new = session.scalars(select(Definition.id).where(Definition.key == "case").order_by(Definition.version))
        entry = entries_of(session, sqlite_cast.district_id, number)[-1]
        body = json.loads(entry.body)
        assert (entry.action, entry.actor) == ("instance:version:migrate", "system:cli")
        tokens = ["case/stay", "handling/act"]
        said = {"model": "case", "run": 1, "from": old, "to": new, "before": tokens, "after": tokens}
        assert body["data"] == said
        actions = session.scalars(select(TrailEntry.action).order_by(TrailEntry.seq.desc()).limit(3))
        assert list(actions) == ["definition:migration:end", "instance:version:migrate", "definition:migration:begin"]


def test_a_dry_run_leaves_every_row_as_it_was(cast: Cast) -> None:
    remind(cast)
    in_hand(cast)
    put(cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    before = rows(cast)
    (result,) = runs.try_out(cast.store, operator(cast), Wanted("case", 2))
    assert (result.state, rows(cast)) == ("moved", before)


def rows(cast: Cast) -> dict[str, list[object]]:
    with cast.store.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in Base.metadata.sorted_tables
        }


def test_carrying_out_again_does_nothing_and_a_moved_case_is_left_alone(sqlite_cast: Cast) -> None:
    number = in_hand(sqlite_cast)
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 2 -->"})
    with sqlite_cast.store.write() as session:
        first = runs.plan(session, operator(sqlite_cast), Wanted("case", 2)).id
        second = runs.plan(session, operator(sqlite_cast), Wanted("case", 2)).id
    assert [each.state for each in runs.go_on(sqlite_cast.store, operator(sqlite_cast), first)] == ["moved"]
    size = len(rows(sqlite_cast)["trail_entry"])
    assert list(runs.go_on(sqlite_cast.store, operator(sqlite_cast), first)) == []
    assert len(rows(sqlite_cast)["trail_entry"]) == size
    assert [each.state for each in runs.go_on(sqlite_cast.store, operator(sqlite_cast), second)] == ["left"]
    assert version_of(sqlite_cast, number) == 2
    with pytest.raises(NotFound):
        list(runs.go_on(sqlite_cast.store, operator(sqlite_cast), 99))


def test_pages_are_read_one_after_the_other(sqlite_cast: Cast) -> None:
    numbers = [in_hand(sqlite_cast) for _ in range(5)]
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 2 -->"})
    with sqlite_cast.store.write() as session:
        run = runs.plan(session, operator(sqlite_cast), Wanted("case", 2)).id
    done = list(runs.go_on(sqlite_cast.store, operator(sqlite_cast), run, page=2))
    assert [result.subject_no for result in done] == numbers


def test_what_the_database_cannot_do_now_stays_planned(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [in_hand(sqlite_cast) for _ in range(2)]
    put(sqlite_cast, {"case.bpmn": model("case.bpmn") + b"<!-- 2 -->"})
    with sqlite_cast.store.write() as session:
        run = runs.plan(session, operator(sqlite_cast), Wanted("case", 2)).id
    lock, times = runtime.lock, iter(range(9))

    def busy_once(session: Session, instance_id: int, **more: object) -> ProcessInstance:
        if next(times) == 0:
            raise OperationalError("select", {}, Exception("canceling statement due to lock timeout"))
        return lock(session, instance_id, **more)

    monkeypatch.setattr("engine.runtime.lock", busy_once)
    done = list(runs.go_on(sqlite_cast.store, operator(sqlite_cast), run))
    assert [result.state for result in done] == ["planned", "moved"]
    again = list(runs.go_on(sqlite_cast.store, operator(sqlite_cast), run))
    assert [(result.subject_no, result.state) for result in again] == [(numbers[0], "moved")]
    whole(sqlite_cast)
