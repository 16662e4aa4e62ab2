"""A whole site of real processes on loopback: database, web servers, worker, nginx with the files of deploy/."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from engine.clock import SimulatedClock, SystemClock
from engine.network.people import issue_token
from processes import migrations
from tests.cast import Cast, settle_in
from web import assembly
from web.config import from_environment

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
DEPLOY = Path(__file__).parents[2] / "deploy"
START_SECONDS = 180
STOP_SECONDS = 60
"""Until a stop counts as never; it is over within ten, but a busy machine is no finding."""
_GRIDGOV = "from web.cli import main; main()"
_ON_A_SOCKET = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
    "os.execv(sys.executable, [sys.executable, '-c', sys.argv[2], *sys.argv[3:]])"
)
"""What systemd does: the listening socket is number 3."""


def until(what: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """One `gridgov` process; `held`: the listening socket that outlives it, as systemd's does."""

    arguments: list[str]
    port: int
    log: Path
    environment: dict[str, str]
    held: socket.socket | None = None
    running: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-c", _GRIDGOV, *self.arguments]
        passed: tuple[int, ...] = ()
        if self.held is not None:
            passed = (self.held.fileno(),)
            command = [sys.executable, "-c", _ON_A_SOCKET, str(passed[0]), _GRIDGOV, *self.arguments]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=log, env=self.environment, pass_fds=passed
            )

    def wait_ready(self, path: str = "/readyz") -> None:
        until(lambda: self.answers(path) == 200)

    def answers(self, path: str) -> int:
        """The status, 0 when nobody answers."""
        try:
            return requests.get(self.base + path, timeout=10).status_code
        except requests.RequestException:
            return 0

    def signal(self, number: int) -> None:
        assert self.running is not None
        self.running.send_signal(number)

    def stop(self) -> None:
        """Politely; anything but an orderly end is a finding."""
        assert self.running is not None
        self.signal(signal.SIGTERM)
        assert self.running.wait(STOP_SECONDS) == 0, self.log.read_text()[-2000:]

    def ends(self) -> list[int]:
        """How many requests were unfinished at each of its ends so far; killed ones have none."""
        return [line["unfinished"] for line in self.lines() if line["event"] == "stopped"]

    def kill(self) -> None:
        """The master and its worker at once, as when the machine has no memory left."""
        assert self.running is not None
        children = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text().split()
        for pid in [self.running.pid, *map(int, children)]:
            os.kill(pid, signal.SIGKILL)
        self.running.wait()

    def lines(self) -> list[dict[str, Any]]:
        """Its log; a line that is not JSON is a finding."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass
class Site:
    """`held` is a web server on a socket as from systemd, `own` one on its own port; nginx stands before both."""

    cast: Cast
    held: Program
    own: Program
    worker: Program
    front: str
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, staff_no: str) -> dict[str, str]:
        if staff_no not in self.tokens:
            with self.cast.store.write() as session:
                self.tokens[staff_no] = issue_token(session, staff_no)
        return {"Authorization": f"Bearer {self.tokens[staff_no]}"}

    def post(self, staff_no: str, path: str, body: Any) -> Any:
        """A command through nginx that must succeed; the answer."""
        answer = requests.post(self.front + path, json=body, headers=self.headers(staff_no), timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    @property
    def logs(self) -> str:
        """Everything that any of the processes has logged."""
        return "\n".join(path.read_text() for path in sorted(self.held.log.parent.glob("*.log")))


@contextmanager
def site(folder: Path, url: str) -> Iterator[Site]:
    """All of it, ready; `url`: an empty database."""
    key_file = folder / "master.key"
    given = {"GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": str(key_file), "GRIDGOV_PROXIES": "1"}
    store = assembly.build_store(from_environment(given), create_key=True)
    migrations.upgrade(store.engine)
    clock = SystemClock()
    assert not isinstance(clock, SimulatedClock)
    cast = settle_in(store, clock)  # type: ignore[arg-type] # it only asks for the time
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("GRIDGOV_")}, **given}

    def program(name: str, *arguments: str, port: int, held: socket.socket | None = None, **more: str) -> Program:
        return Program(list(arguments), port, folder / f"{name}.log", {**environment, **more}, held)

    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    held_port, own_port, health_port = listener.getsockname()[1], free_port(), free_port()
    front = free_port()
    one = program("held", "serve", "--no-worker", "--port", str(held_port), port=held_port, held=listener)
    two = program("own", "serve", "--no-worker", "--port", str(own_port), port=own_port, GRIDGOV_DRAIN_SECONDS="1")
    worker = program("worker", "worker", "--health-port", str(health_port), port=health_port)
    programs = (one, two, worker)
    proxy = None
    try:
        for each in programs:
            each.start()
        proxy = start_nginx(folder, front, [held_port, own_port])
        for each, path in zip(programs, ("/readyz", "/readyz", "/healthz"), strict=True):
            each.wait_ready(path)
        yield Site(cast, one, two, worker, f"http://127.0.0.1:{front}")
    finally:
        for each in programs:
            if each.running is not None and each.running.poll() is None:
                each.running.terminate()
                each.running.wait(STOP_SECONDS)
        if proxy is not None:
            proxy.terminate()
            proxy.wait(10)
        listener.close()
        store.dispose()


def start_nginx(folder: Path, port: int, servers: list[int]) -> subprocess.Popen[bytes]:
    """nginx with the very files of deploy/; only ports and folders are those of the test."""
    configuration = write_nginx(folder, port, servers)
    with (folder / "nginx-start.log").open("ab") as log:
        command = [str(NGINX), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "nginx-start.log")]
        return subprocess.Popen(command, stderr=log)


def write_nginx(folder: Path, port: int, servers: list[int]) -> Path:
    def text(name: str) -> str:
        moved = (DEPLOY / "nginx" / name).read_text("utf-8")
        return moved.replace("/var/log/nginx", str(folder)).replace("/var/cache/nginx", str(folder))

    upstream = text("gridgov-upstream.conf")
    for known, mine in zip((8000, 8001), servers, strict=True):
        assert f"127.0.0.1:{known}" in upstream
        upstream = upstream.replace(f"127.0.0.1:{known}", f"127.0.0.1:{mine}")
    paths = [f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; worker_processes 1; {'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{' '.join(paths)}\n{text('gridgov-http.conf')}\n{upstream}\n"
        f"server {{ listen 127.0.0.1:{port};\n{text('gridgov-locations.conf')}\n}}\n}}\n"
    )
    return configuration
