"""The process beside the server that lives the month of the demonstration, started again when it dies."""

from __future__ import annotations

import subprocess
import sys
import threading

import structlog

from engine.db import Store
from processes.demo import runs

KINDNESS = 5
"""How much the month stands back for the server (nice)."""
STARTS = 3
STOP_SECONDS = 5
_COMMAND = (sys.executable, "-c", "from web.cli import main; main()", "demo", "live")

log = structlog.get_logger(__name__)


class DemoProcess:
    """A process of its own, so that the pages keep the interpreter to themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="demo", daemon=True)

    def start(self) -> None:
        """Before the worker starts, which would take a month over that it has not heard of for long."""
        if self._is_wanted():
            self._thread.start()

    def stop(self) -> None:
        """The month goes on at the next start."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _watch(self) -> None:
        for _ in range(STARTS):
            if self._stopping.is_set() or not self._is_wanted():
                return
            self._child = subprocess.Popen(_COMMAND, stdin=subprocess.DEVNULL)  # noqa: S603 # our own command
            code = self._child.wait()
            if code != 0 and not self._stopping.is_set():
                log.warning("the demo's month stopped half-way", code=code)

    def _is_wanted(self) -> bool:
        with self._store.write() as session:
            return runs.started_anew(session)
