"""Somebody's whole way through the site, and every word of it that no log may hold."""

from __future__ import annotations

import socket
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from engine.clock import SimulatedClock
from engine.sign_in import credentials
from processes.citizens import admission
from tests.cast import QUARREL, C, G, V
from tests.serving.site import Site

PASSWORD = "ein-langes-Wort-der-Probe-7"
TOLD = {"text": "隔壁赵大海家的围墙要倒了", "name": "王小明", "phone": "13912345678"}
STORY = {"matter": "neighbours", "place": V, **TOLD}
MEDIATION = {**QUARREL, "place_unit": C, "text": "两家为围墙争吵不休"}


def take(site: Site) -> set[str]:
    """Sign in, report, look, search, act, follow as a citizen, mistype; returns what must stand in no log."""
    secrets = {PASSWORD, "张三", "13800001234", "李四", "两家为围墙争吵", *TOLD.values()}
    return secrets | _as_staff(site) | _as_citizen(site) | _mistyped(site)


def _as_staff(site: Site) -> set[str]:
    staff_no = f"G-{G}"
    with site.cast.store.write() as session:
        credentials.set_password(session, "system:test", staff_no, PASSWORD)
    with requests.Session() as browser:
        for password in ("falsch-geraten-12", PASSWORD):
            form = {"staff_no": staff_no, "password": password}
            entered = browser.post(f"{site.front}/sign-in", data=form, timeout=20)
        assert entered.status_code == 200
        cookie = browser.cookies["sid"]
        reported = site.post(f"C-{C}", "/api/v1/cases", MEDIATION)
        number = reported["number"]
        for path in (f"/cases/{number}", "/search?q=张三", "/tasks", "/report", "/notices", f"/api/v1/cases/{number}"):
            assert browser.get(site.front + path, timeout=20).status_code == 200, path
        refused = browser.post(f"{site.front}/api/v1/cases", json=MEDIATION, timeout=20)
        assert refused.status_code == 403  # without the page's token
    return {"第一网格G", cookie, "falsch-geraten-12", reported["tracking_code"], *site.tokens.values()}


def _as_citizen(site: Site) -> set[str]:
    with site.cast.store.read() as session:
        before = SimulatedClock(session.env.clock.now() - timedelta(minutes=1))
        session.env = replace(session.env, clock=before)
        fields = {**STORY, "token": admission.form_token(session)}
    parts: Any = [(name, (None, str(value))) for name, value in fields.items()]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    receipt = requests.post(f"{site.front}/api/v1/citizen/reports", files=parts, headers=key, timeout=20).json()
    known = {"number": receipt["number"], "code": receipt["code"]}
    assert requests.post(f"{site.front}/track", data=known, timeout=20).status_code == 200
    assert requests.post(f"{site.front}/api/v1/citizen/status", json=known, timeout=20).status_code == 200
    wrong = {"number": receipt["number"], "code": "ZZZZ2222YYYY3333XX"}
    assert requests.post(f"{site.front}/api/v1/citizen/status", json=wrong, timeout=20).status_code == 404
    return {receipt["code"], receipt["code"].replace(" ", ""), wrong["code"]}


def _mistyped(site: Site) -> set[str]:
    """What no browser sends: gunicorn quotes such lines."""
    with socket.create_connection(("127.0.0.1", site.held.port), timeout=10) as line:
        line.sendall("GET /search?q=孙悟空 HTTP/1.1\r\n\r\n".encode())
        assert b"400" in line.recv(1000)
    requests.post(
        f"{site.held.base}/api/v1/cases", data='{"title": "猪八戒', headers=site.headers(f"C-{C}"), timeout=10
    )
    return {"孙悟空", "猪八戒"}
