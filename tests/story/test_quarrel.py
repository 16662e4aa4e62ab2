"""The whole story of one quarrel over real HTTP, on each database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from engine import timers
from engine.trail.verify import verify
from processes.reconcile import reconcile
from tests.cast import QUARREL, C, Cast, D, G, S, V
from tests.story.server import Client, serving


def item_of(client: Client, number: str) -> Any:
    found = [item for item in client.get("/work-items").json()["items"] if item["case"] == number]
    assert len(found) == 1, found
    return found[0]


def complete(client: Client, number: str, **data: Any) -> Any:
    item = item_of(client, number)
    return client.done(f"/work-items/{item['id']}/complete", {"data": data, "version": item["version"]})


def test_a_quarrel_travels_the_five_levels_and_is_rated(cast: Cast) -> None:
    with serving(cast.store) as town:
        cell, grid, village = town.client("C-" + C), town.client("G-" + G), town.client("VA-" + V)
        district, checker = town.client("QB-" + D), town.client("VB-" + V)

        reported = cell.post("/cases", QUARREL, key="from-the-phone-1").json()
        again = cell.post("/cases", QUARREL, key="from-the-phone-1").json()
        assert again == reported
        number = reported["number"]

        assert complete(grid, number, result="accept")["state"] == "handling"
        assert complete(grid, number, outcome="refer_up", reason="两家都不让步")["state"] == "pending"
        assert complete(village, number, outcome="accept")["state"] == "handling"
        assert complete(village, number, outcome="refer_up", reason="调解不成")["state"] == "pending"

        cast.pass_time(timedelta(days=3))  # the subdistrict lets it lie
        shown = district.get(f"/cases/{number}").json()
        assert shown["stays"][1]["words"] == {"reason": "调解不成"}
        assert shown["level"] == "district"
        assert shown["stays"][-1]["arrived_by"] == "escalate"

        assert complete(district, number, outcome="accept")["state"] == "handling"
        by = (cast.clock.now() + timedelta(days=1)).isoformat()
        complete(district, number, outcome="assign", target=V, deadline=by, reason="就近调解")
        complete(village, number, outcome="accept")
        complete(village, number, outcome="self_handle", measures="双方签了协议，围墙退让半米")
        assert complete(town.client("QC-" + D), number, ok=True)["state"] == "checking"

        refused = village.post(f"/work-items/{1}/complete", {"data": {"ok": True}})
        assert refused.status_code in {403, 404, 409}
        # the village settled it, so the subdistrict checks
        subchecker = town.client("SD-" + S)
        assert [i for i in checker.get("/work-items").json()["items"] if i["case"] == number] == []
        assert complete(subchecker, number, ok=True, finding="围墙已退让")["state"] == "rating"

        wrong = town.nobody.post(f"/cases/{number}/rating", {"code": "WRONG", "answer": "satisfied"})
        assert wrong.status_code == 404
        code = reported["tracking_code"]
        rated = town.nobody.post(f"/cases/{number}/rating", {"code": code, "answer": "satisfied", "words": "谢谢"})
        assert rated.json() == {"number": number, "state": "archived"}

    cast.tell()
    told = Counter(cast.notices(number))
    assert told.pop(("arrived", cast.village.staff_id)) == 2  # it came up to the village, and later down again
    assert set(told.values()) == {1}, [each for each, count in told.items() if count > 1]
    marks = {mark for mark, _ in told}
    assert {
        "arrived",
        "warned",
        "overdue",
        "overdue_below",
        "escalated",
        "escalated_to_you",
        "reported_closed",
    } <= marks
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
        assert timers.drift(session) == []
