"""Outbox, webhook, idempotent commands, incidents."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from engine import commands, incidents, outbox
from engine.actors import system
from engine.db import Store
from engine.errors import KeyReused
from engine.instances import ProcessInstance
from engine.outbox import DeliveryError, Outbox, Parcel
from engine.trail import entries
from engine.webhook import WebhookChannel

SECRET = "a secret of sixteen"


class Recorder:
    """A channel that remembers what it got, and fails as told."""

    topic = "test"

    def __init__(self, fail: DeliveryError | None = None) -> None:
        self.got: list[str] = []
        self.fail = fail

    def send(self, _store: Store, parcels: Any) -> dict[str, DeliveryError]:
        self.got += [parcel.key for parcel in parcels]
        return {parcel.key: self.fail for parcel in parcels} if self.fail else {}


def queue(store: Store, *keys: str) -> None:
    with store.write() as session:
        outbox.enqueue(session, 1, "test", [(key, {"n": 1}) for key in keys])


def states(store: Store) -> dict[str, tuple[str, int]]:
    with store.read() as session:
        return {row.key: (row.state, row.attempts) for row in session.scalars(select(Outbox))}


def test_the_same_key_is_queued_once(store: Store) -> None:
    queue(store, "a", "b")
    queue(store, "b", "c")
    channel = Recorder()
    assert outbox.deliver(store, [channel]) == 3
    assert sorted(channel.got) == ["a", "b", "c"]
    assert outbox.deliver(store, [channel]) == 0


def test_a_failure_is_tried_again_later_and_in_the_end_given_up(store: Store) -> None:
    queue(store, "a")
    channel = Recorder(DeliveryError("down"))
    outbox.deliver(store, [channel])
    outbox.deliver(store, [channel])
    assert channel.got == ["a"]  # not before its time
    for _ in range(8):
        store.env.clock.advance(timedelta(hours=7))  # type: ignore[attr-defined]
        outbox.deliver(store, [channel])
    assert states(store)["a"] == ("failed", 6)


def test_a_permanent_failure_is_not_repeated(store: Store) -> None:
    queue(store, "a")
    outbox.deliver(store, [Recorder(DeliveryError("gone", permanent=True))])
    assert states(store)["a"] == ("failed", 1)


class OneByOne(Recorder):
    """Takes one effect in one go, and each takes a while."""

    at_once = 1

    def __init__(self, clock: Any, seconds: int) -> None:
        super().__init__()
        self._clock, self._span = clock, timedelta(seconds=seconds)

    def send(self, store: Store, parcels: Any) -> dict[str, DeliveryError]:
        self._clock.advance(self._span)
        return super().send(store, parcels)


def test_a_worker_that_stops_gives_back_what_it_has_not_begun(store: Store) -> None:
    queue(store, "a", "b", "c")
    channel = OneByOne(store.env.clock, seconds=1)
    assert outbox.deliver(store, [channel], stopping=lambda: len(channel.got) == 1) == 1
    assert states(store) == {"a": ("delivered", 1), "b": ("pending", 0), "c": ("pending", 0)}
    other = Recorder()
    assert outbox.deliver(store, [other]) == 2  # at once, not when a lease has run out
    assert sorted(other.got) == ["b", "c"]


def test_a_slow_receiver_never_outlasts_the_lease(store: Store) -> None:
    queue(store, *"abcdef")
    channel = OneByOne(store.env.clock, seconds=25)
    outbox.deliver(store, [channel])
    assert len(channel.got) < 6
    while outbox.deliver(store, [channel]):
        pass
    assert sorted(channel.got) == sorted("abcdef")  # each once
    assert {state for state, _ in states(store).values()} == {"delivered"}


def test_two_deliverers_never_hold_one_effect_at_once(store: Store) -> None:
    queue(store, *[f"k{n}" for n in range(40)])
    channel = Recorder()
    threads = [threading.Thread(target=lambda: outbox.deliver(store, [channel], page=5)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(channel.got) == len(set(channel.got))


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            status = {"ok": 204, "busy": 503, "no": 410, "move": 302}[self.path.strip("/")]
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_signed_and_carries_its_key(receiver: tuple[str, list[Any]], store: Store) -> None:
    base, got = receiver
    channel = WebhookChannel("notice", f"{base}/ok", SECRET)
    assert channel.send(store, [Parcel("key-1", 1, {"mark": "overdue"})]) == {}
    headers, body = got[0]
    assert headers["Idempotency-Key"] == "key-1"
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Gridgov-Signature"] == f"sha256={expected}"
    assert json.loads(body) == {"mark": "overdue"}


@pytest.mark.parametrize(("path", "permanent"), [("busy", False), ("no", True), ("move", False)])
def test_a_webhook_that_refuses_is_told_apart(
    receiver: tuple[str, list[Any]], store: Store, path: str, permanent: bool
) -> None:
    failed = WebhookChannel("notice", f"{receiver[0]}/{path}", SECRET).send(store, [Parcel("k", 1, {})])
    assert failed["k"].permanent is permanent


def test_a_webhook_that_is_not_there_is_tried_again(store: Store) -> None:
    failed = WebhookChannel("notice", "http://127.0.0.1:9", SECRET).send(store, [Parcel("k", 1, {})])
    assert failed["k"].permanent is False


def call(body: bytes = b"x") -> commands.Call:
    return commands.Call("staff:1", "POST /x", "key", hashlib.sha256(body).digest())


def test_a_command_is_carried_out_once_for_each_key(store: Store) -> None:
    done: list[int] = []

    def act() -> tuple[int, dict[str, Any]]:
        done.append(1)
        return 201, {"n": len(done)}

    for expected in (False, True):
        with store.write() as session:
            answer = commands.once(session, call(), act)
        assert (answer.status, answer.response, answer.replayed) == (201, {"n": 1}, expected)
    with pytest.raises(KeyReused), store.write() as session:
        commands.once(session, call(b"other"), act)
    store.env.clock.advance(timedelta(hours=25))  # type: ignore[attr-defined]
    with store.write() as session:
        assert commands.once(session, call(b"other"), act).response == {"n": 2}


def test_what_a_phone_sends_after_days_is_still_known(store: Store) -> None:
    done: list[int] = []
    for _ in range(2):
        with store.write() as session:
            commands.once(session, call(), lambda: (201, {"n": done.append(1) or 1}), commands.OFFLINE_LIFETIME)
        store.env.clock.advance(timedelta(days=29))  # type: ignore[attr-defined]
    assert len(done) == 1


def test_a_refused_command_leaves_no_answer_behind(store: Store) -> None:
    def refuse() -> tuple[int, dict[str, Any]]:
        raise KeyError("no")

    for _ in range(2):
        with pytest.raises(KeyError), store.write() as session:
            commands.once(session, call(), refuse)


def test_the_same_command_at_the_same_moment_is_carried_out_once(store: Store) -> None:
    done: list[int] = []
    answers: list[commands.Answer] = []

    def one() -> None:
        with store.write() as session:
            answers.append(commands.once(session, call(), lambda: (200, {"n": done.append(1) or len(done)})))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert [answer.response for answer in answers] == [{"n": 1}] * 6


def test_an_incident_counts_repetitions_and_is_resolved_once(store: Store) -> None:
    instance = ProcessInstance(id=5, district_id=1, subject_no="n")
    with store.write() as session:
        entries.open_log(session, 1, "511302")
        incidents.open_incident(session, instance, "step", "act", "KeyError")
    with store.write() as session:
        row = incidents.open_incident(session, instance, "step", "act", "KeyError")
        assert row.attempts == 2
        incident_id = row.id
    with store.write() as session:
        incidents.resolve(session, system(1, "cli"), incident_id, "重试成功")
    with pytest.raises(incidents.IncidentClosed), store.write() as session:
        incidents.resolve(session, system(1, "cli"), incident_id, "again")
