"""Settings from the environment, checked at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import OperatorError
from engine.sign_in.sessions import Limits

DEFAULT_DATABASE = "sqlite:///var/gridgov.db"
DEFAULT_KEY_FILE = "var/master.key"
DEFAULT_MAX_BODY = 20 * 1024 * 1024
MIN_SECRET = 16
DEFAULT_LIMITS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
"""A working day (default; ASVS 5.0, 7.3 leaves the numbers to the risk)."""


class BadSetting(OperatorError):
    """{name} is not usable: {why}."""

    code = "bad_setting"
    zh = "配置项 {name} 不可用：{why}。"


@dataclass(frozen=True)
class Settings:
    """`max_body` in bytes. `webhook_url` gets a copy of every notice; None for none.

    `demo`: the published accounts may sign in and stand on the sign-in page. `proxies`: how many of our own stand in
    front, whose X-Forwarded headers are believed: limits count by the address of the person, not of the proxy.
    """

    database_url: str
    key_file: Path
    max_body: int
    webhook_url: str | None
    webhook_secret: str
    session_limits: Limits = DEFAULT_LIMITS
    demo: bool = False
    proxies: int = 0


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSetting, which says what to do."""
    return Settings(
        database_url=_database(environ.get("GRIDGOV_DATABASE_URL", DEFAULT_DATABASE)),
        key_file=Path(environ.get("GRIDGOV_KEY_FILE", DEFAULT_KEY_FILE)),
        max_body=_max_body(environ.get("GRIDGOV_MAX_BODY", str(DEFAULT_MAX_BODY))),
        webhook_url=_webhook(environ),
        webhook_secret=environ.get("GRIDGOV_WEBHOOK_SECRET", ""),
        session_limits=_limits(environ),
        demo=environ.get("GRIDGOV_DEMO") == "1",
        proxies=_proxies(environ.get("GRIDGOV_PROXIES", "0")),
    )


def _database(url: str) -> str:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise BadSetting(name="GRIDGOV_DATABASE_URL", why="not an SQLAlchemy URL") from None
    if backend not in {"sqlite", "postgresql"}:
        raise BadSetting(name="GRIDGOV_DATABASE_URL", why="use sqlite:///path or postgresql+psycopg://…")
    return url


def _max_body(text: str) -> int:
    if not text.isdigit() or int(text) < 1024:
        raise BadSetting(name="GRIDGOV_MAX_BODY", why="a number of bytes, at least 1024")
    return int(text)


def _proxies(text: str) -> int:
    if not text.isdecimal() or int(text) > 5:
        raise BadSetting(name="GRIDGOV_PROXIES", why="how many of your own proxies stand in front, 0 to 5")
    return int(text)


def _limits(environ: Mapping[str, str]) -> Limits:
    idle = _positive(environ, "GRIDGOV_SESSION_IDLE_MINUTES", DEFAULT_LIMITS.idle // timedelta(minutes=1))
    absolute = _positive(environ, "GRIDGOV_SESSION_HOURS", DEFAULT_LIMITS.absolute // timedelta(hours=1))
    return Limits(timedelta(minutes=idle), timedelta(hours=absolute))


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise BadSetting(name=name, why="a number from 1 to 10000")
    return int(text)


def _webhook(environ: Mapping[str, str]) -> str | None:
    url = environ.get("GRIDGOV_WEBHOOK_URL")
    if url is None:
        return None
    if not url.startswith(("http://", "https://")):
        raise BadSetting(name="GRIDGOV_WEBHOOK_URL", why="must begin with http:// or https://")
    if len(environ.get("GRIDGOV_WEBHOOK_SECRET", "")) < MIN_SECRET:
        raise BadSetting(name="GRIDGOV_WEBHOOK_SECRET", why=f"at least {MIN_SECRET} characters")
    return url
