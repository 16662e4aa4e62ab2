"""Clients that read and write without a pause while servers come and go, and keep the books of every answer."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field

import requests
from sqlalchemy import func, select

from processes.cases.models import Case
from tests.cast import QUARREL, C
from tests.serving.site import Site

ANSWER_SECONDS = 180
READS = ("/api/v1/me", "/api/v1/cases?limit=5", "/sign-in", "/healthz")


@dataclass
class Load:
    """`bases`: the addresses, one client each. `failed`: what a person would have seen go wrong."""

    site: Site
    bases: list[str]
    failed: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    numbers: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._work, args=(base,)) for base in self.bases]
        self.site.headers(f"C-{C}")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, base: str) -> None:
        turn = 0
        with requests.Session() as session:
            session.headers.update(self.site.headers(f"C-{C}"))
            while not self._over.wait(0.03):
                turn += 1
                if turn % 3 == 0:
                    self._report(session, base)
                else:
                    self._read(session, base + READS[turn % len(READS)])

    def _read(self, session: requests.Session, address: str) -> None:
        try:
            answer = session.get(address, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            self._book("read", f"GET {address}: {error!r}")
        else:
            self._book("read", None if answer.status_code == 200 else f"GET {address}: {answer.status_code}")

    def _report(self, session: requests.Session, base: str) -> None:
        key = str(uuid.uuid4())
        body = {**QUARREL, "place_unit": C, "title": f"围墙纠纷 {key}"}
        address = base + "/api/v1/cases"
        try:
            answer = session.post(address, json=body, headers={"Idempotency-Key": key}, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            self._book("write", f"POST: {error!r}")
            return
        self._book("write", None if answer.ok else f"POST: {answer.status_code} {answer.text[:300]}")
        if answer.ok:
            with self._lock:
                self.numbers.append(answer.json()["number"])

    def _book(self, kind: str, fault: str | None) -> None:
        with self._lock:
            self.counts[kind] += 1
            if fault is not None:
                self.failed.append(fault)

    def check(self) -> None:
        """No request failed, and each report is one case."""
        assert self.failed == [], self.failed
        with self.site.cast.store.read() as session:
            stored = session.scalar(select(func.count()).select_from(Case)) or 0
        assert len(set(self.numbers)) == len(self.numbers)
        assert stored >= len(self.numbers)
        assert self.counts["read"] > 0
        assert self.counts["write"] > 0
