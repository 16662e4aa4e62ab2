"""Servers stop and start under load, and nobody notices."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from sqlalchemy import func, select

from engine.scheduler import Worker
from processes.cases.models import Case
from tests.cast import QUARREL, C
from tests.postgres import Postgres, find_binaries
from tests.serving import journey
from tests.serving.load import Load
from tests.serving.site import NGINX, Site, site, until
from tests.soaking import rounds, seed_of_this_run

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")


@pytest.fixture(scope="module")
def the_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On PostgreSQL, as it is with several servers; on SQLite where there is none."""
    folder = tmp_path_factory.mktemp("site")
    if find_binaries() is None:
        with site(folder, f"sqlite:///{folder / 'gridgov.db'}") as found:
            yield found
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database()
    with site(folder, server.url(name)) as found:
        yield found
    server.drop_database(name)


def worker_pid(site: Site) -> str | None:
    """gunicorn's worker on the held socket, when there is just one."""
    assert site.held.running is not None
    pid = site.held.running.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children[0] if len(children) == 1 else None


def half_an_upload(site: Site) -> tuple[socket.socket, bytes]:
    """A report to the server on its own port whose second half is still to be sent."""
    body = json.dumps({**QUARREL, "place_unit": C, "title": "慢慢传来"}).encode()
    headers = {**site.headers(f"C-{C}"), "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    line = socket.create_connection(("127.0.0.1", site.own.port), timeout=30)
    line.sendall(head.encode() + b"\r\n" + body[:100])
    time.sleep(0.3)  # it lies in the server's hands now
    return line, body[100:]


def stop_in_the_middle_of_an_upload(site: Site) -> None:
    """It says first that it is not ready, goes on serving, and finishes what has begun."""
    line, rest = half_an_upload(site)
    with line, ThreadPoolExecutor(1) as other:
        stopping = other.submit(site.own.stop)
        until(lambda: site.own.answers("/readyz") == 503)
        line.sendall(rest)  # at once: a busy machine has ten seconds too
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
        stopping.result()
    assert site.own.answers("/readyz") == 0
    assert answer.startswith(b"HTTP/1.1 201"), answer[:500]


def test_servers_are_restarted_in_turn_and_no_request_fails(the_site: Site) -> None:
    """One on its own port (as in a container), one on a socket that outlives it (systemd), that one also by SIGHUP."""
    with Load(the_site, [the_site.front, the_site.front, the_site.held.base]) as load:
        stop_in_the_middle_of_an_upload(the_site)
        the_site.own.start()
        the_site.own.wait_ready()
        the_site.held.stop()
        the_site.held.start()
        the_site.held.wait_ready()
        before = worker_pid(the_site)
        the_site.held.signal(signal.SIGHUP)
        until(lambda: worker_pid(the_site) not in {None, before})
        the_site.held.wait_ready()
    load.check()
    assert the_site.own.ends() == [0]
    assert the_site.held.ends() == [0, 0]
    print(f"restarts under load: {dict(load.counts)}, failed {len(load.failed)}")


def test_a_worker_stops_at_once_and_takes_its_heartbeat_away(the_site: Site) -> None:
    worker = the_site.worker
    assert worker.answers("/metrics") == 200
    worker.stop()
    with the_site.cast.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Worker)) == 0
    assert the_site.held.answers("/readyz") == 200  # people go on working meanwhile


def test_no_log_holds_a_name_a_telephone_a_code_or_a_token(the_site: Site) -> None:
    secrets = journey.take(the_site)
    logs = the_site.logs
    assert len(secrets) > 12
    assert [each for each in secrets if each in logs or json.dumps(each)[1:-1] in logs or quote(each) in logs] == []
    assert '"route": "/search"' in logs
    assert "malformed request refused" in logs


def test_every_line_of_every_process_is_json(the_site: Site) -> None:
    """gunicorn's and APScheduler's among them; the servers have been restarted by the tests before."""
    for program in (the_site.held, the_site.own, the_site.worker):
        for line in program.lines():
            assert {"time", "level", "event"} <= line.keys()
    lines = [line for line in the_site.held.lines() if line.get("route") == "/api/v1/cases"]
    reports = [line for line in lines if line["status"] == 201]
    assert reports
    for line in reports:
        assert line["actor"].startswith("staff:")
        assert line["request_id"]
        assert line["case"]
        assert line["ms"] > 0


@pytest.mark.soak
def test_servers_restarted_and_killed_for_minutes_fail_no_request(the_site: Site) -> None:
    """Through nginx also killing is not noticed: reads and commands with a key are given to the other server."""
    seed = seed_of_this_run()
    rng = random.Random(seed)
    done: Counter[str] = Counter()
    with Load(the_site, [the_site.front] * 4) as load:
        for number in rounds(0.5):
            program = rng.choice([the_site.held, the_site.own])
            act = rng.choice(["stop", "stop", "kill", "reload"])
            print(f"restarts: seed {seed} round {number}: {act} {program.log.stem}")
            if act == "reload":
                program.signal(signal.SIGHUP)
            elif act == "stop":
                program.stop()
            else:
                program.kill()
            if act != "reload":
                program.start()
            time.sleep(rng.uniform(0, 1))
            program.wait_ready()
            done[act] += 1
            assert load.failed == []
    assert set(the_site.own.ends() + the_site.held.ends()) == {0}
    load.check()
    with the_site.cast.store.read() as session:
        titles = session.scalar(select(func.count()).select_from(Case)) or 0
    print(f"restarts: seed {seed}: {dict(done)}; {dict(load.counts)} requests, 0 failed, {titles} cases")


@pytest.mark.soak
def test_a_request_that_never_ends_does_not_hold_a_stop_up(the_site: Site) -> None:
    server = the_site.own
    with half_an_upload(the_site)[0]:
        server.stop()
    assert server.ends()[-1] == 1
    server.start()
    server.wait_ready()


def test_nginx_never_tells_the_metrics(the_site: Site) -> None:
    assert requests.get(the_site.front + "/metrics", timeout=10).status_code == 404
    assert requests.get(the_site.own.base + "/metrics", timeout=10).status_code == 200
