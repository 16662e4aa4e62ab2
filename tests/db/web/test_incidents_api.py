"""What got stuck, over the API: administrators only, one act or many with a result for each, tokens tried and moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from engine import incidents, outbox
from engine.instances import ProcessInstance
from engine.timers import Timer
from tests.cast import Cast, D, V
from tests.db.engine.test_incidents import PERSONAL, SQLITE, Down
from tests.db.engine.test_moving import at_work
from tests.story.server import Client, Town, serving

ADMIN = "QH-" + D


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What fails here fails on purpose: its tracebacks are drawn for nobody."""
    with capture_logs():
        yield


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as opened:
        yield opened


@pytest.fixture
def number(cast: Cast) -> str:
    """A case in which a timer, a step and an effect are stuck."""
    number = at_work(cast)
    with cast.store.write() as session:
        instance = session.scalars(select(ProcessInstance)).one()
        timer = session.scalars(select(Timer).where(Timer.element == "act_warn")).one()
        timer.attempts, timer.wake_at = 6, cast.clock.now() + timedelta(days=36_500)
        try:
            raise KeyError(PERSONAL)
        except KeyError as error:
            incidents.open_incident(session, instance, "timer", "act_warn", "KeyError", error)
        incidents.open_incident(session, instance, "step", "routed", "ValueError")
        outbox.enqueue(session, cast.district_id, "test", [("a", {"subject_no": number})])
    outbox.deliver(cast.store, [Down()])
    return number


@SQLITE
def test_it_is_seen_with_reason_stack_next_try_and_history(cast: Cast, town: Town, number: str) -> None:
    admin = town.client(ADMIN)
    seen = admin.get("/admin/incidents").json()
    assert [(one["kind"], one["element"], one["reason"]) for one in seen["found"]] == [
        ("timer", "act_warn", "KeyError"),
        ("step", "routed", "ValueError"),
    ]
    assert seen["counts"] == {"timer": 1, "step": 1, "effect": 1}
    assert {group["element"] for group in seen["groups"]} == {"act_warn", "routed", "test"}
    assert [one["can_skip"] for one in seen["found"]] == [True, False]
    only = admin.get("/admin/incidents", kind="effect").json()["found"]
    assert [(one["subject_no"], one["reason"], one["attempts"]) for one in only] == [(number, "ConnectionError", 1)]
    one = admin.get(f"/admin/incidents/{seen['found'][0]['id']}").json()
    assert "test_incidents_api.py" in one["stack"]
    assert PERSONAL not in str(one)
    assert one["history"] == []
    assert "in send" in admin.get(f"/admin/effects/{only[0]['id']}").json()["stack"]


def test_many_are_acted_on_with_a_result_for_each(cast: Cast, town: Town, number: str) -> None:
    admin = town.client(ADMIN)
    timer, step = (one["id"] for one in admin.get("/admin/incidents").json()["found"])
    effect = admin.get("/admin/incidents", kind="effect").json()["found"][0]["id"]
    everything = {"incidents": [timer, step, 999], "effects": [effect]}
    key = "k" * 20
    first = admin.post("/admin/incidents/bulk", {"act": "retry", **everything}, key=key).json()["results"]
    said = [(row["kind"], row["id"], row["ok"], row.get("problem", {}).get("code")) for row in first]
    assert said == [
        ("incident", timer, True, None),
        ("incident", step, False, "nothing_to_retry"),
        ("incident", 999, False, "not_found"),
        ("effect", effect, True, None),
    ]
    again = admin.post("/admin/incidents/bulk", {"act": "retry", **everything}, key=key).json()["results"]
    assert [row["ok"] for row in again] == [row["ok"] for row in first]
    history = admin.get(f"/admin/incidents/{timer}").json()["history"]
    assert [line["act"] for line in history] == ["retry"]  # once, although it was sent twice
    wordless = admin.post("/admin/incidents/bulk", {"act": "resolve", "incidents": [step]}).json()["results"]
    assert wordless[0]["problem"]["code"] == "words_missing"
    body = {"act": "resolve", "incidents": [step], "effects": [effect], "words": "对方已恢复"}
    assert [row["ok"] for row in admin.post("/admin/incidents/bulk", body).json()["results"]] == [True, True]
    closed = admin.get("/admin/incidents", state="resolved").json()["found"]
    assert [(one["id"], one["words"], one["how"]) for one in closed] == [(step, "对方已恢复", "by_hand")]


@SQLITE
def test_one_is_passed_over_with_a_reason(cast: Cast, town: Town, number: str) -> None:
    admin = town.client(ADMIN)
    timer, step = (one["id"] for one in admin.get("/admin/incidents").json()["found"])
    assert admin.post(f"/admin/incidents/{timer}/skip", {"words": "x"}).status_code == 422
    refused = admin.post(f"/admin/incidents/{step}/skip", {"words": "不需要"}).json()
    assert (refused["code"], "整体回滚" in refused["title"]) == ("nothing_to_skip", True)
    admin.done(f"/admin/incidents/{timer}/skip", {"words": "短信停用，已电话告知"})
    assert admin.post(f"/admin/incidents/{timer}/retry").json()["code"] == "incident_closed"
    effect = admin.get("/admin/incidents", kind="effect").json()["found"][0]["id"]
    admin.done(f"/admin/effects/{effect}/skip", {"words": "对方已下线"})
    assert admin.get("/admin/incidents", kind="effect").json()["found"] == []
    admin.done(f"/admin/effects/{effect}/retry")
    assert len(admin.get("/admin/incidents", kind="effect").json()["found"]) == 1


@SQLITE
def test_a_token_is_tried_and_then_moved(cast: Cast, town: Town, number: str) -> None:
    admin = town.client(ADMIN)
    with cast.store.read() as session:
        path = f"/admin/instances/{session.scalars(select(ProcessInstance.id)).one()}"
    tokens = admin.get(f"{path}/tokens").json()["tokens"]
    assert [token["element"] for token in tokens] == ["stay", "act"]
    assert tokens[0]["refused"]["check"] == "nobody has settled it yet"
    wanted = {"element": "stay", "target": "rule", "words": "办错了环节"}
    tried = admin.done(f"{path}/move", {**wanted, "dry": True})
    assert (tried["kept"], tried["after"]["tokens"]) == (False, ["case/rule"])
    assert [item["element"] for item in tried["after"]["items"]] == ["rule"]
    assert {"rule_due", "rule_grace"} <= {timer["element"] for timer in tried["after"]["timers"]}
    assert [item.element for item in cast.items(number)] == ["act"]  # nothing was kept
    done = admin.done(f"{path}/move", wanted)
    assert done["after"] == tried["after"]
    assert [item.element for item in cast.items(number)] == ["rule"]
    refused = admin.post(f"{path}/move", {"element": "rule", "target": "callback", "words": "想结案"}).json()
    assert (refused["code"], "结案须经核查决定" in refused["title"]) == ("cannot_move", True)
    assert "rule" in refused["title"]


@SQLITE
def test_nobody_else_may_look_or_act(cast: Cast, town: Town, number: str) -> None:
    for staff_no in (f"VA-{V}", f"QI-{D}"):
        other: Client = town.client(staff_no)
        for path in ("/admin/incidents", "/admin/incidents/1", "/admin/effects/1", "/admin/instances/1/tokens"):
            assert other.get(path).status_code == 403, path
        move = {"element": "act", "target": "act", "words": "试试"}
        for path, body in (
            ("/admin/incidents/1/retry", {}),
            ("/admin/incidents/1/skip", {"words": "跳过"}),
            ("/admin/incidents/1/resolution", {"words": "好了"}),
            ("/admin/effects/1/retry", {}),
            ("/admin/effects/1/skip", {"words": "放弃"}),
            ("/admin/instances/1/move", move),
            ("/admin/instances/1/move", {**move, "dry": True}),
        ):
            assert other.post(path, body).status_code == 403, path
        bulk = other.post("/admin/incidents/bulk", {"act": "retry", "incidents": [1], "effects": [1]})
        assert [row["problem"]["code"] for row in bulk.json()["results"]] == ["forbidden", "forbidden"]
