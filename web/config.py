"""Settings from the environment, checked at the start; the table of them is `web.variables`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from engine.db import POOL_SIZE
from engine.sign_in.sessions import Limits
from web.variables import MIN_SECRET, BadSetting, Found, read

DEFAULT_LIMITS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
"""A working day (default; ASVS 5.0, 7.3 leaves the numbers to the risk)."""


@dataclass(frozen=True)
class Settings:
    """`max_body` in bytes. `webhook_url` gets a copy of every notice; None for none.

    `demo`: the published accounts may sign in and stand on the sign-in page. `proxies`: how many of our own stand in
    front, whose X-Forwarded headers are believed: limits count by the address of the person, not of the proxy.
    `metrics_token`: what `/metrics` asks for; None: it answers this machine only. `drain`: seconds for which a
    stopping server is not ready and still serves. `pool_size`: connections to the database at most. `templates`: folder
    of the house's own templates of documents.
    """

    database_url: str
    key_file: Path
    max_body: int
    webhook_url: str | None
    webhook_secret: str
    session_limits: Limits = DEFAULT_LIMITS
    demo: bool = False
    proxies: int = 0
    metrics_token: str | None = None
    drain: int = 0
    pool_size: int = POOL_SIZE
    templates: Path | None = None


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSetting, which says what to do."""
    found = read(environ)
    for name, why in problems(found).items():
        raise BadSetting(name=name, why=why[1], why_zh=why[0])
    value = {name: each.value for name, each in found.items()}
    return Settings(
        database_url=_with_password(value["GRIDGOV_DATABASE_URL"], value["GRIDGOV_DATABASE_PASSWORD"]),
        key_file=value["GRIDGOV_KEY_FILE"],
        max_body=value["GRIDGOV_MAX_BODY"],
        webhook_url=value["GRIDGOV_WEBHOOK_URL"],
        webhook_secret=value["GRIDGOV_WEBHOOK_SECRET"] or "",
        session_limits=Limits(
            timedelta(minutes=value["GRIDGOV_SESSION_IDLE_MINUTES"]), timedelta(hours=value["GRIDGOV_SESSION_HOURS"])
        ),
        demo=value["GRIDGOV_DEMO"] == "1",
        proxies=value["GRIDGOV_PROXIES"],
        metrics_token=value["GRIDGOV_METRICS_TOKEN"],
        drain=value["GRIDGOV_DRAIN_SECONDS"],
        pool_size=value["GRIDGOV_POOL_SIZE"],
        templates=value["GRIDGOV_TEMPLATES"],
    )


def problems(found: Mapping[str, Found]) -> dict[str, tuple[str, str]]:
    """What cannot be used, by name, why in Chinese and English; also what does not fit together."""
    wrong = {name: each.wrong.words for name, each in found.items() if each.wrong is not None}
    if found["GRIDGOV_WEBHOOK_URL"].value and not found["GRIDGOV_WEBHOOK_SECRET"].text:
        needed = (f"GRIDGOV_WEBHOOK_URL 需要至少 {MIN_SECRET} 个字符的密钥", f"at least {MIN_SECRET} characters")
        wrong.setdefault("GRIDGOV_WEBHOOK_SECRET", needed)
    url = found["GRIDGOV_DATABASE_URL"].value
    if url and found["GRIDGOV_DATABASE_PASSWORD"].value and make_url(url).password:
        twice = ("地址中已有口令，只可保留一处", "the URL holds a password too; keep one of them")
        wrong.setdefault("GRIDGOV_DATABASE_PASSWORD", twice)
    return wrong


def _with_password(url: str, password: str | None) -> str:
    return make_url(url).set(password=password).render_as_string(hide_password=False) if password else url
