"""The process from which the killed ones are forked: it has imported everything, so that a start costs 50 ms.

What is forked runs the real command line (`gridgov serve`, `gridgov worker`) in a process group of its own. Only its
store is another: it reads the clock that the test moves, has the models compiled, and dies where it is told to.

Arguments: database URL, key file, clock file. On standard input one order a line, as JSON:
    {"serial": 7, "arguments": ["serve", "--port", "8000"], "log": path, "environment": {…},
     "point": "before-commit", "time": 3, "whole": true}
`whole`: all of its group dies at the point; else only the process that reached it (gunicorn then starts another).
On standard output, as JSON: {"ready": true}, {"serial": 7, "started": pid}, {"serial": 7, "died_at": point},
{"pid": pid, "status": −9}.
"""

from __future__ import annotations

import gc
import itertools
import json
import mmap
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

import web.cli
from engine.definitions.catalogue import Catalogue
from engine.definitions.models import Definition
from tests.crash.moving_clock import MovingClock
from web import assembly, config

_REPORTS = 1
"""Standard output, which the forked ones keep for what they have to tell the test."""


def tell(**what: Any) -> None:
    """One write, so that lines of several processes do not mix."""
    os.write(_REPORTS, (json.dumps(what) + "\n").encode())


def main() -> None:
    url, key_file, clock_file = sys.argv[1:]
    os.environ |= {"GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": key_file}
    compiled = compile_models()
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: reap())
    tell(ready=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(order, compiled, Path(clock_file))
        tell(serial=order["serial"], started=pid)


def compile_models() -> Catalogue:
    """Every deployed model; no connection stays open, since none may be shared by the forked."""
    store = assembly.build_store(config.from_environment())
    with store.read() as session:
        for definition_id in session.scalars(select(Definition.id)).all():
            store.env.catalogue.get(session, definition_id)
    store.dispose()
    return store.env.catalogue


def reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(pid=pid, status=os.waitstatus_to_exitcode(status))


def become(order: dict[str, Any], compiled: Catalogue, clock_file: Path) -> None:
    """Never returns: the command line ends the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    reports = os.dup(_REPORTS)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ |= order["environment"]
    reached = death(order, reports)
    build = assembly.build_store

    def build_armed(*args: Any, **kwargs: Any) -> Any:
        store = build(*args, **kwargs)
        store.env = replace(store.env, clock=MovingClock(clock_file), catalogue=compiled, reached=reached)
        return store

    assembly.build_store = build_armed
    sys.argv = ["gridgov", *order["arguments"]]
    try:
        web.cli.main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(1)


def death(order: dict[str, Any], reports: int) -> Callable[[str], None]:
    """`Environment.reached` that kills with -9 when the point is reached for the n-th time; once for each order."""
    is_spent = mmap.mmap(-1, 1)  # shared with the processes that this one forks
    times = itertools.count(1)

    def reached(point: str) -> None:
        if point != order["point"] or is_spent[0]:
            return
        if next(times) == order["time"]:
            is_spent[0] = 1
            os.write(reports, (json.dumps({"serial": order["serial"], "died_at": point}) + "\n").encode())
            if order["whole"]:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


if __name__ == "__main__":
    main()
