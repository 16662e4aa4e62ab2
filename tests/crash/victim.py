"""Run in a process of its own: do one thing, and die by SIGKILL at a named point.

Arguments: database URL, point, which time it is reached, ISO time, what to do, further arguments.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime

from sqlalchemy import select

from engine import commands, notices, outbox, runtime, timers
from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment
from engine.keys import KeyRing
from engine.network.people import actor_of, by_staff_no
from processes import models
from processes.cases.models import Case
from processes.registry import build

assert models


def killer(point: str, time: int):
    seen = {"count": 0}

    def reached(name: str) -> None:
        if name == point:
            seen["count"] += 1
            if seen["count"] == time:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def main() -> None:
    url, point, time, now, what, *rest = sys.argv[1:]
    clock = SimulatedClock(datetime.fromisoformat(now))
    env = Environment(clock, KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), reached=killer(point, int(time)))
    store = Store(url, env)
    if what == "complete":
        complete(store, *rest)
    elif what == "sweep":
        timers.sweep(store)
    else:
        outbox.deliver(store, [notices.InboxChannel()])
    print("survived")


def complete(store: Store, staff_no: str, item_id: str, body: str) -> None:
    with store.write() as session:
        actor = actor_of(session, by_staff_no(session, staff_no))
        call = commands.Call(actor.ref, "complete", f"key-{item_id}", body.encode().ljust(32)[:32])

        def act() -> tuple[int, dict[str, str]]:
            step = runtime.complete(session, actor, int(item_id), json.loads(body))
            case = session.scalars(select(Case).where(Case.id == step.instance.subject_id)).one()
            return 200, {"state": case.state}

        answer = commands.once(session, call, act)
    print(json.dumps({"answer": answer.response, "replayed": answer.replayed}))


if __name__ == "__main__":
    main()
