"""Killed with -9 at every named point around the commit: nothing lost, nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import notices, outbox, timers
from engine.incidents import Incident
from engine.instances import ProcessInstance
from engine.outbox import Outbox
from engine.timers import Timer
from engine.trail.verify import verify
from processes.cases.models import Stay
from processes.reconcile import reconcile
from tests.cast import Cast, G

pytestmark = pytest.mark.crash
BODY = json.dumps({"outcome": "refer_up", "reason": "办不了"})


def run(cast: Cast, point: str, time: int, what: str, *rest: str) -> subprocess.CompletedProcess[str]:
    url = cast.store.url.render_as_string(hide_password=False)
    arguments = [url, point, str(time), cast.clock.now().isoformat(), what, *rest]
    return subprocess.run(
        [sys.executable, "-m", "tests.crash.victim", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def in_hand(cast: Cast) -> tuple[str, int]:
    number = cast.report().case.number
    cast.do(number, "verify", result="accept")
    return number, cast.items(number, "act")[0].id


def check_whole(cast: Cast) -> None:
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
        assert timers.drift(session) == []


@pytest.mark.parametrize("point", ["state-written", "before-trail", "before-commit", "after-commit"])
def test_a_command_cut_off_anywhere_answers_the_same_when_it_is_sent_again(cast: Cast, point: str) -> None:
    number, item_id = in_hand(cast)
    killed = run(cast, point, 1, "complete", "G-" + G, str(item_id), BODY)
    assert killed.returncode == -9, killed.stderr
    check_whole(cast)
    assert cast.case(number).state == ("pending" if point == "after-commit" else "handling")
    again = run(cast, "nowhere", 1, "complete", "G-" + G, str(item_id), BODY)
    answer = json.loads(again.stdout.splitlines()[0])
    assert answer == {"answer": {"state": "pending"}, "replayed": point == "after-commit"}
    with cast.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Stay)) == 2
    check_whole(cast)


@pytest.mark.parametrize(
    ("point", "time"),
    [("before-commit", 1), ("before-commit", 2), ("after-commit", 1), ("after-commit", 2), ("state-written", 1)],
)
def test_a_worker_killed_while_a_timer_fires_neither_loses_nor_doubles_it(cast: Cast, point: str, time: int) -> None:
    number, _ = in_hand(cast)
    with cast.store.read() as session:
        wake = timers.next_wake(session)
    assert wake is not None
    cast.clock.set(wake)
    killed = run(cast, point, time, "sweep")
    assert killed.returncode == -9, killed.stderr
    check_whole(cast)
    cast.pass_time(timedelta(minutes=11))  # the attempt was counted, the timer pushed out by its back-off
    with cast.store.read() as session:
        fired = session.scalars(select(Timer).where(Timer.state == "fired")).all()
        assert [timer.mark for timer in fired] == ["warned"]
    assert Counter(mark for mark, _ in cast.notices(number))["warned"] == 1
    check_whole(cast)


@pytest.mark.parametrize("point", ["before-commit", "after-commit", "effects-sent"])
@pytest.mark.parametrize("time", [1, 2])
def test_a_notice_arrives_once_whenever_its_worker_dies(cast: Cast, point: str, time: int) -> None:
    number, _ = in_hand(cast)
    cast.do(number, "act", outcome="refer_up", reason="x")
    run(cast, point, time, "deliver")
    cast.clock.advance(timedelta(minutes=3))  # the dead worker's lease runs out
    while outbox.deliver(cast.store, [notices.InboxChannel()]):
        pass
    assert set(Counter(cast.notices(number)).values()) == {1}
    with cast.store.read() as session:
        assert session.scalars(select(Outbox.key).where(Outbox.state != "delivered")).all() == []


def test_work_that_kills_its_worker_every_time_stops_and_becomes_an_incident(sqlite_cast: Cast) -> None:
    in_hand(sqlite_cast)
    with sqlite_cast.store.read() as session:
        wake = timers.next_wake(session)
    assert wake is not None
    sqlite_cast.clock.set(wake)
    for _ in range(timers.MAX_ATTEMPTS):
        assert run(sqlite_cast, "state-written", 1, "sweep").returncode == -9
        sqlite_cast.clock.advance(timedelta(hours=7))
        with sqlite_cast.store.write() as session:  # only the poisoned timer is of interest
            for timer in session.scalars(select(Timer).where(Timer.attempts == 0)):
                timer.wake_at = sqlite_cast.clock.now() + timedelta(days=99)
    assert "survived" in run(sqlite_cast, "nowhere", 1, "sweep").stdout
    with sqlite_cast.store.read() as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.kind, incident.state) == ("timer", "open")
        assert session.scalars(select(ProcessInstance.status)).first() == "running"
