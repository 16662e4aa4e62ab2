"""Sixteen people who all hold every post and reach for the same items, over HTTP, at several servers at once."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import inf
from typing import Any

from sqlalchemy import select

from engine.network.people import Staff, issue_token
from engine.network.staffing import import_staff
from engine.trail.entries import TrailEntry
from engine.worklist import OPEN, WorkItem
from processes import models_folder
from processes.cases.models import Case
from processes.supervisions.models import Supervision
from tests.cast import QUARREL, UNITS, C, Cast, S, V
from tests.concurrency.history import OK, UNKNOWN, Entry, Operation, Row

ANSWER_SECONDS = 30
HOT = 12
"""Everybody chooses among so many of the oldest open items."""
ROLES = {
    "cell": "cell_worker handler checker leader",
    "grid": "grid_worker handler checker dispatcher leader",
    "village": "desk handler dispatcher checker leader supervisor",
    "subdistrict": "desk handler dispatcher checker leader supervisor",
    "district": "desk handler dispatcher checker leader supervisor",
    "department": "liaison handler dispatcher checker leader supervisor commander",
}
WORDS_OF_DATABASES = ("psycopg", "sqlalchemy", "deadlock", "lock timeout", "database is locked", "Traceback", "pg_")
"""Nobody may ever read one of these."""


def hire(cast: Cast, count: int) -> list[tuple[str, str]]:
    """(staff number, token) of so many people, each with every post."""
    people = [f"P{number:02d}" for number in range(count)]
    posts = [(code, ROLES[level]) for code, _, level, _ in UNITS if level in ROLES]
    rows = [f"{who},{who},{code},{roles}," for who in people for code, roles in posts]
    with cast.store.write() as session:
        import_staff(session, "system:test", "\n".join(["staff_no,name,unit_code,roles,phone", *rows]).encode())
    with cast.store.write() as session:
        return [(who, issue_token(session, who, timedelta(days=36500))) for who in people]


def form_of(dice: random.Random, element: str, now: Any, others: list[str]) -> dict[str, Any]:
    """What somebody answers at a human task; merging names another case, so that two may name each other."""
    soon = (now + timedelta(days=2)).isoformat()
    up, back = {"outcome": "refer_up", "reason": "本级难以解决"}, {"outcome": "return", "reason": "应由来件单位办理"}
    choices: Mapping[str, list[dict[str, Any]]] = {
        "verify": [{"result": "accept"}] * 6
        + [{"result": "merge", "main_case": dice.choice(others)}] * 2
        + [{"result": "decline", "reason": "已由法院受理"}],
        "accept": [{"outcome": "accept"}] * 4 + [up, back],
        "act": [up] * 3
        + [{"outcome": "self_handle", "measures": "已劝和"}, back]
        + [{"outcome": "assign", "target": dice.choice([V, C]), "deadline": soon}],
        "consider_return": [{"agree": True}, {"agree": False, "opinion": "请办理"}],
        "rule": [{"target": dice.choice([V, S]), "reason": "由此单位负责"}],
        "confirm": [{"ok": True}, {"ok": False, "opinion": "未办妥"}],
        "check": [{"ok": True, "finding": "已退让"}, {"ok": False, "finding": "未退让"}],
        "callback": [{"answer": "satisfied"}, {"answer": "unsatisfied", "words": "没有解决"}],
        "suspended": [{"reason": "条件已具备"}],
        "decide": [{"granted": True}, {"granted": False, "opinion": "不同意"}],
        "reply": [{"done": True}, {"done": False, "reason": "等鉴定", "plan": "下周办"}],
        "judge": [{"verdict": "lift"}, {"verdict": "next"}, {"verdict": "wait"}],
    }
    return dice.choice(choices[element])


@cache
def _process_fields(form: str) -> frozenset[str]:
    properties = json.loads((models_folder() / "forms" / f"{form}.json").read_text())["properties"]
    return frozenset(name for name, about in properties.items() if about.get("x-process"))


def outcome_of(form: str, filled_in: Mapping[str, Any]) -> str | None:
    """What the item's row keeps of a form: its decision, if the model reads it."""
    data = {name: value for name, value in filled_in.items() if name in _process_fields(form)}
    for name in ("outcome", "result", "verdict", "answer"):
        if isinstance(data.get(name), str):
            return str(data[name])
    return next((f"{name}:{value}" for name, value in sorted(data.items()) if isinstance(value, bool)), None)


@dataclass(frozen=True)
class Target:
    """An open item as somebody saw it last."""

    item: int
    case: str
    element: str
    form: str


class Crowd:
    """Client threads and what they were told."""

    def __init__(self, cast: Cast, ports: list[int], seed: int, size: int = 16) -> None:
        self.cast = cast
        self.operations: list[Operation] = []
        self.findings: list[str] = []
        self.answers: Counter[str] = Counter()
        self._people = hire(cast, size)
        self._ports = ports
        self._seed = seed
        self._targets: list[Target] = []
        self._cases: list[str] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def work(self, enough: int, seconds: float, meanwhile: Callable[[], bool]) -> None:
        """Until so many requests were answered and `meanwhile`, called now and then, is content; or time is over."""
        self._look()
        for number, (who, token) in enumerate(self._people):
            client = Client(self, who, token, self._ports[number % len(self._ports)], f"{self._seed}:{number}")
            self._threads.append(threading.Thread(target=client.live, args=(self._stopping,), daemon=True))
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + seconds
        content = False
        while time.monotonic() < end and not self.findings:
            if content and sum(self.answers.values()) >= enough:
                break
            time.sleep(0.05)
            self._look()
            content = meanwhile()
        self._stopping.set()
        for thread in self._threads:
            thread.join(2 * ANSWER_SECONDS)
            assert not thread.is_alive(), "a request was never answered"

    def _look(self) -> None:
        with self.cast.store.read() as session:
            query = select(WorkItem.id, WorkItem.subject_no, WorkItem.element, WorkItem.form).where(
                WorkItem.state.in_(OPEN)
            )
            self._targets = [Target(*row) for row in session.execute(query.order_by(WorkItem.id).limit(HOT))]
            newest = select(Case.number).order_by(Case.id.desc()).limit(6)
            self._cases = list(session.scalars(newest))

    def hot(self) -> tuple[list[Target], list[str]]:
        """The items that everybody reaches for, and the cases that a merge may name."""
        return self._targets, self._cases

    def told(self, name: str, status: int, text: str) -> None:
        """Keep count, and look at what a person would read."""
        with self._lock:
            self.answers[f"{name} {status}"] += 1
        if status >= 500 or any(word in text for word in WORDS_OF_DATABASES):
            self.findings.append(f"{name}: {status} {text[:300]}")

    def keep(self, operation: Operation) -> None:
        with self._lock:
            self.operations.append(operation)

    # -- what stands in the tables when everybody is done

    def rows(self) -> dict[int, Row]:
        with self.cast.store.read() as session:
            items = session.scalars(select(WorkItem)).all()
            names: dict[int, str] = dict(session.execute(select(Staff.id, Staff.staff_no)).all())
            return {
                item.id: Row(
                    item.id,
                    item.state,
                    names[item.holder_id] if item.holder_id else (item.done_by or "").removeprefix("staff:") or None,
                    item.outcome,
                )
                for item in items
            }

    def entries(self) -> list[Entry]:
        with self.cast.store.read() as session:
            query = select(TrailEntry.seq, TrailEntry.actor, TrailEntry.action, TrailEntry.subject)
            query = query.where(TrailEntry.action.in_(["work:item:claim", "work:item:release", "work:item:complete"]))
            return [
                Entry(row.seq, row.actor.removeprefix("staff:"), row.action, row.subject)
                for row in session.execute(query)
            ]


class Client:
    """One person with one connection, who sends one thing after the other."""

    def __init__(self, crowd: Crowd, who: str, token: str, port: int, seed: str) -> None:
        self._crowd = crowd
        self._who = who
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._dice = random.Random(seed)
        self._held: list[Target] = []
        self._count = 0

    def live(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                self._do_something()
        except Exception as error:  # noqa: BLE001 # a thread that ends would make the test wait for nothing
            self._crowd.findings.append(f"{self._who}: {error!r}")
        finally:
            self._connection.close()

    def _do_something(self) -> None:
        targets, cases = self._crowd.hot()
        if len(cases) < 6 or not targets or self._dice.random() < 0.03:
            self._post("report", "/cases", {**QUARREL, "text": f"两家为围墙争吵 {self._who}-{self._count}"})
            return
        deed = self._dice.choices(
            ("complete", "claim", "release", "many", "postpone", "beside"), (50, 20, 5, 5, 4, 16)
        )[0]
        if deed == "release" and self._held:
            self._act("release", self._held.pop(), None)
        elif deed == "many":
            self._act_on_many(self._dice.sample(targets, min(3, len(targets))), cases)
        elif deed == "beside":
            self._beside(self._dice.choice(targets).case)
        else:
            target = self._dice.choice(self._held if self._held and self._dice.random() < 0.3 else targets)
            form = form_of(self._dice, target.element, self._crowd.cast.clock.now(), cases)
            if deed == "postpone":
                self._postpone(target, form)
            else:
                self._act("claim" if deed != "complete" else "complete", target, form)

    def _act(self, action: str, target: Target, form: dict[str, Any] | None) -> None:
        body = {"data": form} if action == "complete" else {}
        start = time.monotonic()
        status, answer = self._post(action, f"/work-items/{target.item}/{action}", body)
        outcome = outcome_of(target.form, form or {}) if action == "complete" else None
        self._keep(action, target, (start, time.monotonic()), _status(status, answer), answer.get("by"), outcome)
        if status == 200 and action == "claim":
            self._held = [*self._held[-3:], target]

    def _act_on_many(self, targets: list[Target], cases: list[str]) -> None:
        now = self._crowd.cast.clock.now()
        forms = [form_of(self._dice, t.element, now, cases) if self._dice.random() < 0.5 else None for t in targets]
        acts = [{"item_id": t.item} | ({"data": form} if form else {}) for t, form in zip(targets, forms, strict=True)]
        start = time.monotonic()
        status, answer = self._post("many", "/work-items/acts", {"acts": acts})
        between = (start, time.monotonic())
        rows = answer.get("results") or [{"ok": False, "problem": {}}] * len(acts)
        for target, form, row in zip(targets, forms, rows, strict=True):
            problem = row.get("problem", {})
            told = (OK if row["ok"] else problem.get("code", UNKNOWN)) if status == 200 else UNKNOWN
            # a row of many names nobody; what it says of the item is not used
            told = told if told in {OK, UNKNOWN} else "refused"
            outcome = outcome_of(target.form, form) if form else None
            self._keep("complete" if form else "claim", target, between, told, None, outcome)

    def _postpone(self, target: Target, form: dict[str, Any]) -> None:
        """The item is claimed at once and completed by a worker in the person's name, or never."""
        start = time.monotonic()
        body = {"acts": [{"item_id": target.item, "data": form}], "undo_seconds": 1}
        status, answer = self._post("postpone", "/work-items/acts", body)
        done = status == 200 and answer["results"][0]["ok"]
        self._keep("claim", target, (start, time.monotonic()), OK if done else "refused", None, None)
        if done:
            self._keep("complete", target, (start, inf), UNKNOWN, None, outcome_of(target.form, form))

    def _beside(self, number: str) -> None:
        """What is done to a case beside its items: all of these lock its instance, some start or end linked ones."""
        review = (self._crowd.cast.clock.now() + timedelta(days=9)).date().isoformat()
        name, path, body = self._dice.choice(
            [
                ("supervise", f"/cases/{number}/supervisions", {"rung": self._dice.choice(["urge", "supervise"])}),
                ("urge many", "/supervisions/bulk", {"cases": [number], "rung": "urge"}),
                ("ask extension", f"/cases/{number}/requests", {"kind": "extension", "reason": "等鉴定", "days": 1}),
                (
                    "ask suspension",
                    f"/cases/{number}/requests",
                    {"kind": "suspension", "reason": "等鉴定", "review_on": review},
                ),
                ("feedback", f"/cases/{number}/feedback", {"words": "已上门", "measure": False}),
                ("press", f"/cases/{number}/classification", {"urgency": "extra", "reason": "有人受伤"}),
                ("withdraw", f"/cases/{number}/withdrawal", {}),
                ("cancel", *self._some_supervision(number)),
            ]
        )
        self._post(name, path, body)

    def _some_supervision(self, number: str) -> tuple[str, dict[str, Any]]:
        with self._crowd.cast.store.read() as session:
            query = select(Supervision.id).join(Case, Case.id == Supervision.case_id).where(Case.number == number)
            found = session.scalar(query.order_by(Supervision.id.desc()).limit(1)) or 1
        return f"/cases/{number}/supervisions/{found}/cancellation", {}

    def _keep(
        self,
        action: str,
        target: Target,
        between: tuple[float, float],
        status: str,
        by: str | None,
        outcome: str | None,
    ) -> None:
        self._crowd.keep(Operation(self._who, action, target.item, target.case, *between, status, by, outcome))

    def _post(self, name: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self._count += 1
        headers = {**self._headers, "Idempotency-Key": f"{self._who}-{self._count}"}
        try:
            self._connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            answer = self._connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (http.client.HTTPException, OSError) as error:
            self._crowd.findings.append(f"{name}: {error!r}")
            raise
        self._crowd.told(name, status, text)
        with suppress(ValueError):
            return status, json.loads(text)
        return status, {}


def _status(status: int, answer: Mapping[str, Any]) -> str:
    return OK if status == 200 else str(answer.get("code", UNKNOWN))
