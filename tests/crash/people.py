"""People who work over HTTP while processes die: each command is sent again, with its key, until it is answered.

`Crowd` keeps the books: what was acknowledged with which answer, and what is on its way.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from engine.errors import TryLater
from engine.network.people import holders, issue_token
from engine.worklist import OPEN, WorkItem
from tests.cast import C2, QUARREL, UNITS, C, Cast, staff_csv

ANSWER_SECONDS = 30
HOLD = timedelta(days=36500)
"""Lifetime of a token: the clock leaps."""
PATIENCE_SECONDS = 120
"""How long a command may stay unanswered in all before this is a finding."""
LEFT_ALONE = 0.25
"""Share of the reports that nobody takes care of, so that all their clocks run out."""
REFUSALS = frozenset({403, 404, 409})
"""What a person may meet who acts on a case that a timer has just moved."""
FORMS: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "verify": (("accept", {"result": "accept"}), ("decline", {"result": "decline", "reason": "已由法院受理"})),
    "accept": (("accept", {"outcome": "accept"}),),
    "act": (
        ("refer_up", {"outcome": "refer_up", "reason": "本级难以解决"}),
        ("self_handle", {"outcome": "self_handle", "measures": "已劝和"}),
    ),
    "check": (("ok", {"ok": True, "finding": "已退让"}),),
    "callback": (("satisfied", {"answer": "satisfied"}),),
}
"""Human task → the forms with which it is completed; the first is chosen most often."""


@dataclass
class Command:
    """One command of one person. `kind` begins its key; `context` is what its answer depends on."""

    kind: str
    context: str
    staff_no: str
    path: str
    body: dict[str, Any]
    key: str
    number: str | None = None
    item_id: int | None = None
    attempts: int = 0
    unavailable: int = 0
    """Answers 503: the database was away."""
    seen_at: int = 0
    """The attempt after which its row was looked for."""
    was_there: bool = False
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


class Crowd:
    """Client threads, each with cases of its own, so that only timers and deaths come between its commands."""

    def __init__(self, cast: Cast, port: int, seed: int, threads: int = 4, most_cases: int = 6) -> None:
        self.cast = cast
        self.done: list[Command] = []
        self.current: dict[int, Command] = {}
        self.lock = threading.Lock()
        self.findings: list[str] = []
        self.uncut: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
        self.tally: Counter[str] = Counter()
        self.is_each_death_looked_at = True
        """False while a server's inner process may die and be started again without a look at the tables between."""
        self._base = f"http://127.0.0.1:{port}/api/v1"
        self._most_cases = most_cases
        self._stopping = threading.Event()
        self._going = threading.Event()
        self._over = threading.Event()
        self._idle = [threading.Event() for _ in range(threads)]
        self._tokens = self._issue_tokens()
        self._threads = [
            threading.Thread(target=self._live, args=(number, random.Random(f"{seed}:{number}")), daemon=True)
            for number in range(threads)
        ]

    def _issue_tokens(self) -> dict[str, str]:
        numbers = [line.split(",")[0] for line in staff_csv(UNITS).decode().splitlines()[1:]]
        with self.cast.store.write() as session:
            return {number: issue_token(session, number, HOLD) for number in numbers}

    # -- how the test holds them

    def start(self) -> None:
        self._going.set()
        for thread in self._threads:
            thread.start()

    def pause(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait until every command on its way is answered; False when that takes longer, as when nobody serves."""
        self._going.clear()
        end = time.monotonic() + seconds
        return all(idle.wait(max(0, end - time.monotonic())) for idle in self._idle)

    def go_on(self) -> None:
        self._going.set()

    def stop(self) -> None:
        self._stopping.set()
        self._going.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "a command was never answered"

    def give_up(self) -> None:
        """The test is over, perhaps by a failure: nobody insists any more."""
        self._over.set()
        self._stopping.set()
        self._going.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(ANSWER_SECONDS)

    def on_their_way(self) -> list[Command]:
        with self.lock:
            return list(self.current.values())

    # -- what they do

    def _live(self, number: int, dice: random.Random) -> None:
        mine: list[str] = []
        counter = 0
        with requests.Session() as http:
            http.trust_env = False
            while not self._stopping.is_set():
                if not self._going.is_set():
                    self._idle[number].set()
                    self._going.wait()
                    self._idle[number].clear()
                    continue
                counter += 1
                try:
                    command = self._choose(dice, mine, f"{number}-{counter}")
                    self._carry_out(http, number, command, dice)
                except Exception as error:  # noqa: BLE001 # a thread that ends would make the test wait for nothing
                    self.findings.append(f"client {number}: {error!r}")
                    break
                else:
                    is_left_alone = dice.random() < LEFT_ALONE
                    if command.kind == "report" and command.is_done and not is_left_alone:
                        mine.append(command.answer["number"])
        self._idle[number].set()

    def _choose(self, dice: random.Random, mine: list[str], name: str) -> Command:
        """As `_next`, which looks into the database: when that is away, a little later."""
        while not self._over.is_set():
            try:
                return self._next(dice, mine, name)
            except (TryLater, DBAPIError):
                time.sleep(0.05)
        raise AssertionError("the test is over")

    def _next(self, dice: random.Random, mine: list[str], name: str) -> Command:
        """What this person does now: go on with a case, else report one."""
        dice.shuffle(mine)
        for number in mine[: self._most_cases]:
            item = self._item_of(number)
            if item is None:
                mine.remove(number)
                continue
            if len(mine) >= self._most_cases or dice.random() < 0.8:
                return self._on_item(dice, item, name)
        report = {**QUARREL, "text": f"两家为围墙争吵 {name}", "place_unit": dice.choice([C, C2])}
        return Command("report", "report", f"C-{report['place_unit']}", "/cases", report, f"report-{name}")

    def _item_of(self, number: str) -> tuple[WorkItem, str] | None:
        """An open item of the case that these people know how to do, and who does it."""
        with self.cast.store.read() as session:
            query = select(WorkItem).where(
                WorkItem.subject_no == number, WorkItem.state.in_(OPEN), WorkItem.element.in_(FORMS)
            )
            item = session.scalars(query.order_by(WorkItem.id).limit(1)).first()
            if item is None:
                return None
            people = holders(session, [(item.unit_id, item.role)])[(item.unit_id, item.role)]
            holder = next((each for each in people if each.id == item.holder_id), people[0])
            session.expunge_all()
            return item, holder.staff_no

    def _on_item(self, dice: random.Random, found: tuple[WorkItem, str], name: str) -> Command:
        item, staff_no = found
        chance = dice.random()
        about = {"number": item.subject_no, "item_id": item.id}
        if chance < 0.15 and item.holder_id is None:
            return Command("claim", "claim", staff_no, f"/work-items/{item.id}/claim", {}, f"claim-{name}", **about)
        if chance < 0.3 and item.element == "act":
            words = {"words": f"已上门 {name}"}
            path = f"/cases/{item.subject_no}/feedback"
            return Command("feedback", "feedback", staff_no, path, words, f"feedback-{name}", **about)
        forms = FORMS[item.element]
        choice, data = forms[0] if dice.random() < 0.75 else forms[-1]
        context = f"{item.element} {choice}"
        path = f"/work-items/{item.id}/complete"
        return Command("complete", context, staff_no, path, {"data": data}, f"complete-{name}", **about)

    # -- how they send it

    def _carry_out(self, http: requests.Session, number: int, command: Command, dice: random.Random) -> None:
        with self.lock:
            self.current[number] = command
        answer = self._insist(http, command)
        command.status, command.answer = answer.status_code, answer.json()
        command.replayed = answer.headers.get("Idempotent-Replayed") == "true"
        self._judge(command)
        with self.lock:
            del self.current[number]
            self.done.append(command)
        if command.is_done and dice.random() < 0.1:
            self._repeat(http, command)

    def _insist(self, http: requests.Session, command: Command) -> requests.Response:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and not self._over.is_set():
            command.attempts += 1
            try:
                answer = self._send(http, command)
            except requests.RequestException:
                time.sleep(0.02)
                continue
            if answer.status_code != 503:
                return answer
            self._judge_unavailable(answer)
            command.unavailable += 1
            time.sleep(0.05)
        raise AssertionError(f"{command.key} was never answered")

    def _send(self, http: requests.Session, command: Command) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._tokens[command.staff_no]}", "Idempotency-Key": command.key}
        return http.post(self._base + command.path, json=command.body, headers=headers, timeout=ANSWER_SECONDS)

    def _repeat(self, http: requests.Session, command: Command) -> None:
        """Send what was acknowledged once more: the same answer, and nothing happens."""
        again = Command(**{**vars(command), "attempts": 0})
        answer = self._insist(http, again)
        if (answer.status_code, answer.json()) != (command.status, command.answer):
            self.findings.append(f"{command.key}: {command.answer}, but sent again {answer.status_code} {answer.text}")
        if answer.headers.get("Idempotent-Replayed") != "true":
            self.findings.append(f"{command.key}: was carried out again")
        self.tally["repeated"] += 1

    # -- whether the answer is right

    def _judge(self, command: Command) -> None:
        was_cut = command.attempts > 1
        if command.status >= 500 or not (command.is_done or command.status in REFUSALS):
            self.findings.append(f"{command.key}: {command.status} {command.answer}")
        if command.seen_at and command.attempts > command.seen_at:
            is_lost = command.was_there and not command.replayed
            is_ghost = command.replayed and not command.was_there and self.is_each_death_looked_at
            if is_lost or is_ghost:
                self.findings.append(f"{command.key}: in the table {command.was_there}, replayed {command.replayed}")
        if command.replayed and not was_cut:
            self.findings.append(f"{command.key}: replayed, but sent only once")
        if not command.is_done:
            self.tally["refused"] += 1
            self.tally[f"refused: {command.context}, {command.answer.get('code')}"] += 1
            return
        shape = (command.status, command.answer.get("state"), *sorted(command.answer))
        if not was_cut:
            self.uncut[command.context].add(shape)
            return
        self.tally["cut off and replayed" if command.replayed else "cut off and carried out"] += 1
        if self.uncut[command.context] and shape not in self.uncut[command.context]:
            self.findings.append(f"{command.key}: cut off it answered {shape}, else {self.uncut[command.context]}")
        self.tally["compared with an uncut run"] += bool(self.uncut[command.context])

    def _judge_unavailable(self, answer: requests.Response) -> None:
        """RFC 9457, and what to do about it."""
        self.tally["told to wait"] += 1
        told = answer.json() if answer.headers["Content-Type"].startswith("application/problem+json") else {}
        if not (told.get("title") and told.get("detail") and told.get("code")) or told.get("code") == "internal":
            self.findings.append(f"an unclean 503: {answer.text[:200]}")
