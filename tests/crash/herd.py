"""The processes that a crash test starts and kills, seen from the test."""

from __future__ import annotations

import itertools
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True)
class Death:
    """Where a process is to die: the n-th time it reaches `point`; `whole`: with its process group."""

    point: str
    time: int
    whole: bool = True


@dataclass
class Beast:
    """One process. `status` is None while it lives, else its exit status, −9 when it was killed."""

    serial: int
    kind: str
    pid: int
    death: Death | None
    log: Path
    name: str
    """Its name at PostgreSQL."""
    born: float = field(default_factory=time.monotonic)
    died_at: str | None = None
    status: int | None = None
    is_buried: bool = False

    @property
    def is_server(self) -> bool:
        return self.kind != "worker"

    @property
    def lives_on(self) -> bool:
        """Only gunicorn's inner process was struck, and is started again."""
        return self.is_server and self.death is not None and not self.death.whole and self.status is None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Herd:
    """Servers and workers forked from one template."""

    def __init__(self, url: str, key_file: Path, clock_file: Path, folder: Path, **environment: str) -> None:
        self.url = url
        self.port = free_port()
        self.beasts: list[Beast] = []
        self.log = folder / "processes.log"
        self._environment = environment
        self._serials = itertools.count(1)
        self._stillborn: dict[int, int] = {}
        self._reports: queue.Queue[dict[str, Any]] = queue.Queue()
        command = [sys.executable, "-m", "tests.crash.template", url, str(key_file), str(clock_file)]
        with self.log.open("ab") as log:
            self._template = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._reports.get(timeout=START_SECONDS) == {"ready": True}

    def _read(self) -> None:
        assert self._template.stdout
        for line in self._template.stdout:
            self._reports.put(json.loads(line))

    def start(self, kind: str, death: Death | None = None) -> Beast:
        """`kind`: "serve" (with a worker inside), "serve alone", or "worker"."""
        serial = next(self._serials)
        arguments = {
            "serve": ["serve", "--port", str(self.port)],
            "serve alone": ["serve", "--port", str(self.port), "--no-worker"],
            "worker": ["worker"],
        }[kind]
        name = f"crash-{serial}"
        order = {
            "serial": serial,
            "arguments": arguments,
            "log": str(self.log),
            "environment": {**self._environment, "PGAPPNAME": name},
            "point": death.point if death else "",
            "time": death.time if death else 0,
            "whole": death.whole if death else True,
        }
        assert self._template.stdin
        self._template.stdin.write(json.dumps(order) + "\n")
        beast = Beast(serial, kind, 0, death, self.log, name)
        self.beasts.append(beast)
        self._take_in(START_SECONDS, until=lambda: beast.pid != 0)
        return beast

    def look(self, seconds: float = 0.0) -> list[Beast]:
        """Who has died and was not buried yet; waits for a death at most so long."""
        self._take_in(seconds, until=lambda: bool(self._struck()))
        return self._struck()

    def _struck(self) -> list[Beast]:
        return [beast for beast in self.beasts if not beast.is_buried and (beast.status is not None or beast.died_at)]

    def wait_dead(self, beast: Beast) -> None:
        self._take_in(STOP_SECONDS, until=lambda: beast.status is not None)
        assert beast.status is not None, f"{beast.kind} did not end"

    def _take_in(self, seconds: float, until: Any) -> None:
        end = time.monotonic() + seconds
        while True:
            while not self._reports.empty():
                self._take(self._reports.get())
            left = end - time.monotonic()
            if until() or left <= 0:
                return
            with suppress(queue.Empty):
                self._take(self._reports.get(timeout=left))

    def _take(self, report: dict[str, Any]) -> None:
        if "status" in report:
            found = [beast for beast in self.living if beast.pid == report["pid"]]
            if found:
                found[0].status = report["status"]
            else:  # it died before its birth was told
                self._stillborn[report["pid"]] = report["status"]
            return
        beast = next(each for each in self.beasts if each.serial == report["serial"])
        if "started" in report:
            beast.pid = report["started"]
            beast.status = self._stillborn.pop(beast.pid, None)
        else:
            beast.died_at = report["died_at"]

    @property
    def living(self) -> list[Beast]:
        return [beast for beast in self.beasts if beast.status is None]

    @property
    def servers(self) -> list[Beast]:
        return [beast for beast in self.living if beast.is_server]

    def stop(self) -> list[int]:
        """Ask everybody to end; their exit statuses."""
        asked = self.living
        for beast in asked:
            os.kill(beast.pid, signal.SIGTERM)
        for beast in asked:
            self.wait_dead(beast)
            beast.is_buried = True
        return [beast.status for beast in asked if beast.status is not None]

    def close(self) -> None:
        for beast in self.living:
            if beast.pid:
                beast.kill()
        assert self._template.stdin
        assert self._template.stdout
        self._template.stdin.close()
        self._template.wait(STOP_SECONDS)
        self._reader.join()
        self._template.stdout.close()

    def failures(self) -> list[str]:
        """Lines of the logs that speak of something unexpected; that gunicorn misses a killed process is not."""
        lines = [line for line in self.log.read_text().splitlines() if "was sent SIGKILL" not in line]
        return [line for line in lines if '"level": "error"' in line or line.startswith("Traceback")]


def free_port() -> int:
    """Below the range from which the kernel takes the callers' ports: a caller who meets its own port meets itself."""
    while True:
        port = random.SystemRandom().randint(20_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
