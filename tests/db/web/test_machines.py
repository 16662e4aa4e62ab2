"""What machines ask: is it ready, how is it doing, and under which id did a request run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from engine.calendar import ZONE
from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from processes.registry import build
from tests.cast import Cast, settle_in
from web.app import create_app
from web.config import Settings

TOKEN = "a-token-for-prometheus"


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """One for all: nearly nothing is written here."""
    clock = SimulatedClock(datetime(2026, 11, 24, 9, 0, tzinfo=ZONE))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), SeededEntropy(1))
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('machines') / 'gridgov.db'}", env)
    Base.metadata.create_all(store.engine)
    yield settle_in(store, clock)
    store.dispose()


def client(cast: Cast, draining: threading.Event | None = None, **more: Any) -> FlaskClient:
    settings = Settings(str(cast.store.url), Path("unused"), 1_000_000, None, "", **more)
    return create_app(cast.store, settings, draining).test_client()


def test_the_metrics_are_told_to_this_machine_only(cast: Cast) -> None:
    browser = client(cast)
    assert browser.get("/metrics").status_code == 200
    assert browser.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert browser.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.7"}).status_code == 404
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):  # through a proxy on this machine
        assert browser.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_behind_our_proxy_nobody_becomes_this_machine_by_saying_so(cast: Cast) -> None:
    claimed = {"X-Forwarded-For": "127.0.0.1"}
    assert client(cast, proxies=1).get("/metrics", headers=claimed).status_code == 404


def test_with_a_token_the_metrics_are_told_to_whoever_brings_it(cast: Cast) -> None:
    browser = client(cast, metrics_token=TOKEN)
    far = {"REMOTE_ADDR": "10.0.0.7"}
    assert browser.get("/metrics").status_code == 404  # not even from here
    wrong, right = ({"Authorization": f"Bearer {given}"} for given in ("wröng", TOKEN))
    assert browser.get("/metrics", headers=wrong, environ_overrides=far).status_code == 404
    assert browser.get("/metrics", headers=right, environ_overrides=far).status_code == 200


def test_the_metrics_tell_what_an_operator_is_woken_for(cast: Cast) -> None:
    cast.do(cast.report().case.number, "verify", result="accept")
    text = client(cast).get("/metrics").get_data(as_text=True)
    told = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith("gridgov_")}
    assert told["gridgov_workers_alive"] == 0
    assert told["gridgov_timers_armed"] > 0
    assert told["gridgov_timer_oldest_due_seconds"] == 0
    assert told["gridgov_disk_free_bytes"] > 0
    assert told["gridgov_calendar_days_ahead"] > 30


def test_nobody_is_sent_to_a_server_that_is_stopping(cast: Cast) -> None:
    draining = threading.Event()
    browser = client(cast, draining)
    assert browser.get("/readyz").json["serving"] is True  # type: ignore[index]
    draining.set()
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json["serving"]) == (503, False)  # type: ignore[index]
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/sign-in").status_code == 200  # it still serves


@pytest.mark.parametrize("given", ["5f1c9a0e8d2b4c7fa1b2c3d4e5f60718", "0c7d3c1e-5d7b-4ab8-9c2f-1f4a1b2c3d4e"])
def test_the_id_that_the_proxy_gave_is_kept(cast: Cast, given: str) -> None:
    answer = client(cast).get("/api/v1/nothing", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    assert answer.json["request_id"] == given  # type: ignore[index] # to be read out to support


@pytest.mark.parametrize("given", ["", "short", "x" * 37, "a b c d e f g", '{"level":"x"}', "naïve-naïve"])
def test_another_id_is_replaced_by_one_of_ours(cast: Cast, given: str) -> None:
    answer = client(cast).get("/nothing", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 36


def test_a_request_is_logged_by_its_route_and_never_by_its_address(cast: Cast) -> None:
    browser = client(cast)
    with capture_logs() as lines:
        browser.get("/api/v1/cases/511302-20261124-00001?name=张三")
        browser.get("/track/王小明")
        browser.get("/healthz")
    told = [line for line in lines if line["event"] == "request" and line["log_level"] == "info"]
    assert [line["route"] for line in told] == ["/api/v1/cases/<number>", "/track/<number>"]
    assert "张三" not in repr(lines)
    assert "王小明" not in repr(lines)
