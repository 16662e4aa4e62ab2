"""Real processes over a benchmark's database, and callers that cost next to nothing."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from engine.clock import SystemClock
from engine.db import Store
from engine.environment import Environment
from tests.postgres import Postgres, find_binaries

if TYPE_CHECKING:
    from benchmarks.district import Bench

START_SECONDS = 60
BUFFER = 1 << 18


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server as in real life: every commit is synced; a unix socket. Raises RuntimeError when it is not installed."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    server = Postgres(binaries, durable=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running(bench: Bench, *arguments: str) -> Iterator[None]:
    """`gridgov` with these arguments, until the block ends."""
    key_file = bench.path.with_suffix(".key")
    key_file.write_text(base64.b64encode(b"k" * 32).decode())
    url = bench.store.url.render_as_string(hide_password=False)
    settings = {"GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": str(key_file)}
    command = [str(Path(sys.executable).with_name("gridgov")), *arguments]
    process = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def serving(bench: Bench, *options: str) -> Iterator[int]:
    """The port of a server that answers; `options` of `gridgov serve`."""
    port = free_port()
    with running(bench, "serve", "--port", str(port), *options):
        _wait_for(f"http://127.0.0.1:{port}")
        yield port


def _wait_for(base: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            requests.get(f"{base}/healthz", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def today(bench: Bench) -> Iterator[Store]:
    """The same database by the machine's own clock, as servers read it."""
    env = bench.store.env
    store = Store(
        bench.store.url.render_as_string(hide_password=False),
        Environment(SystemClock(), env.keys, env.catalogue, env.registry),
    )
    try:
        yield store
    finally:
        store.dispose()


class Caller:
    """One connection that is kept. Requests are made up beforehand: sending one costs about 50 µs of processor."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, prepared: bytes) -> int:
        """Returns the status, when the whole answer is there."""
        self._socket.sendall(prepared)
        answer = self._socket.recv(BUFFER)
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(BUFFER)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        missing = length - len(body)
        while missing > 0:
            missing -= len(self._socket.recv(BUFFER))
        return int(head[9:12])

    def close(self) -> None:
        self._socket.close()


def get(path: str, headers: Mapping[str, str]) -> bytes:
    return _request("GET", path, headers, b"")


def post(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> bytes:
    return _request("POST", path, {"Content-Type": "application/json", **headers}, json.dumps(body).encode())


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
