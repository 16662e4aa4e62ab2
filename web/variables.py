"""Every setting in one table: its name, what it means, its default, how it is read. `docs/operating.md` shows it.

A secret may also come from a file: `NAME_FILE` names it. That keeps it out of the process list, of `systemctl show`
and of `docker inspect`; systemd's LoadCredential and a compose file's `secrets` hand secrets over as files.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import OperatorError

PREFIX = "GRIDGOV_"
FILE = "_FILE"
MIN_SECRET = 16
MAX_DRAIN = 5
"""Seconds; a stop is over within ten, and what runs needs the rest."""
OF_THE_BUILD = frozenset({"GRIDGOV_SOURCEMAP"})
"""Read when the browser's assets are built, not by the server."""
Parser = Callable[[str], Any]


class BadSetting(OperatorError):
    """{name} is not usable: {why}. `gridgov config check` shows every setting."""

    code = "bad_setting"
    zh = "配置项 {name} 不可用：{why_zh}。gridgov config check 可查看全部配置。"


class Unusable(ValueError):
    """What a value should be instead, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = (zh, en)
        super().__init__(en)


@dataclass(frozen=True)
class Variable:
    """One setting. `default`: as it would be written, None for none; `meaning`: Chinese and English."""

    name: str
    parse: Parser
    default: str | None
    meaning: tuple[str, str]
    secret: bool = False


@dataclass(frozen=True)
class Found:
    """A setting as it stands in an environment; `wrong` says why it cannot be used."""

    variable: Variable
    text: str | None
    source: str
    value: Any = None
    wrong: Unusable | None = None

    @property
    def shown(self) -> str:
        """The value for people: of a secret only whether there is one, of an address nothing that opens a door."""
        if not self.text:
            return "unset"
        if self.variable.secret:
            return "set"
        return without_secrets(self.text) if self.variable.name.endswith("_URL") else self.text


def without_secrets(url: str) -> str:
    """An address as it may be shown. What cannot be read as one may hold a password anywhere."""
    if url.startswith(("http://", "https://")):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}/…"  # robots' addresses have their token in the path
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "…"
    passwords = {key: "***" for key in parsed.query if "password" in key}
    return parsed.update_query_dict(passwords).render_as_string(hide_password=True)


def _database(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name()
    except (ArgumentError, ValueError):
        raise Unusable("不是 SQLAlchemy 地址", "not an SQLAlchemy URL") from None
    if backend not in {"sqlite", "postgresql"}:
        raise Unusable("请用 sqlite:///路径 或 postgresql+psycopg://…", "use sqlite:///path or postgresql+psycopg://…")
    return text


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise Unusable("须以 http:// 或 https:// 开头", "must begin with http:// or https://")
    return text


def _secret(text: str) -> str:
    if len(text) < MIN_SECRET:
        raise Unusable(f"至少 {MIN_SECRET} 个字符", f"at least {MIN_SECRET} characters")
    return text


def _number(least: int, most: int, zh: str = "", en: str = "") -> Parser:
    """A parser of whole numbers; `zh`, `en`: what the number counts, where the name does not say it."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 16 and least <= int(text) <= most):
            raise Unusable(f"须为 {least} 至 {most} 的整数{zh}", f"a whole number from {least} to {most}{en}")
        return int(text)

    return parse


def _one_of(*words: str) -> Parser:
    def parse(text: str) -> str:
        if text not in words:
            raise Unusable("须为 " + "、".join(words) + " 之一", "one of " + ", ".join(words))
        return text

    return parse


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise Unusable("须为已有的文件夹", "must be a folder that exists")
    return Path(text)


VARIABLES = (
    Variable(
        "GRIDGOV_DATABASE_URL",
        _database,
        "sqlite:///var/gridgov.db",
        (
            "数据库：`sqlite:///路径` 或 `postgresql+psycopg://用户@主机/库`",
            "database: `sqlite:///path` or `postgresql+psycopg://user@host/name`",
        ),
    ),
    Variable(
        "GRIDGOV_DATABASE_PASSWORD",
        str,
        None,
        ("数据库口令，不写在地址里时使用", "password of the database, when it does not stand in the URL"),
        secret=True,
    ),
    Variable(
        "GRIDGOV_POOL_SIZE",
        _number(2, 500),
        "40",
        (
            "每个进程最多开多少数据库连接，用到才开",
            "connections of one process to the database at most; they are opened when they are needed",
        ),
    ),
    Variable(
        "GRIDGOV_KEY_FILE",
        Path,
        "var/master.key",
        (
            "主密钥文件，所有加密内容都靠它；须与数据库分开备份",
            "file of the master key, on which everything encrypted hangs; back it up apart from the database",
        ),
    ),
    Variable(
        "GRIDGOV_MAX_BODY",
        _number(1024, 2**31, "（字节）", ", in bytes"),
        str(20 * 1024 * 1024),
        ("一次请求最多多少字节", "bytes of a request at most"),
    ),
    Variable(
        "GRIDGOV_TEMPLATES",
        _folder,
        None,
        (
            "自有文书模板所在文件夹，如 `agreement.docx`、`agreement.typ`；没有的用内置模板",
            "folder of your own templates of documents, such as `agreement.docx`, `agreement.typ`; what is not there "
            "is made from the built-in one",
        ),
    ),
    Variable(
        "GRIDGOV_SESSION_IDLE_MINUTES",
        _number(1, 10_000),
        "120",
        ("多少分钟无操作须重新登录", "minutes without a request after which a person signs in again"),
    ),
    Variable(
        "GRIDGOV_SESSION_HOURS",
        _number(1, 10_000),
        "12",
        ("登录最长多少小时", "hours after which a person signs in again in any case"),
    ),
    Variable(
        "GRIDGOV_PROXIES",
        _number(0, 5),
        "0",
        (
            "前面有几层自己的代理：采信其 `X-Forwarded-For`、`-Proto`、`-Host`，限流按来访者地址计",
            "how many of your own proxies stand in front: their `X-Forwarded-For`, `-Proto` and `-Host` are believed, "
            "and limits count by the person's address",
        ),
    ),
    Variable(
        "GRIDGOV_WEBHOOK_URL",
        _web_address,
        None,
        ("每条通知另发一份签名副本的地址", "where a signed copy of every notice is posted"),
    ),
    Variable(
        "GRIDGOV_WEBHOOK_SECRET",
        _secret,
        None,
        (f"通知副本的签名密钥，至少 {MIN_SECRET} 个字符", f"signs those copies; at least {MIN_SECRET} characters"),
        secret=True,
    ),
    Variable(
        "GRIDGOV_METRICS_TOKEN",
        _secret,
        None,
        (
            "读取 `/metrics` 的令牌；不设则只有本机可读",
            "bearer token for `/metrics`; without one it is read from this machine only",
        ),
        secret=True,
    ),
    Variable(
        "GRIDGOV_DRAIN_SECONDS",
        _number(0, MAX_DRAIN),
        "0",
        (
            "停止时先报未就绪、照常服务多少秒，让代理先撤下本机",
            "seconds for which a stopping server says not ready and still serves, so that the proxy turns away first",
        ),
    ),
    Variable(
        "GRIDGOV_LOG",
        _one_of("auto", "json", "console"),
        "auto",
        (
            "日志格式；auto：终端上为文本，其余为 JSON",
            "form of the log; auto: text on a terminal, JSON lines elsewhere",
        ),
    ),
    Variable(
        "GRIDGOV_LOG_LEVEL",
        _one_of("debug", "info", "warning", "error"),
        "info",
        ("记录到哪一级", "the least level that is logged"),
    ),
    Variable(
        "GRIDGOV_DEMO",
        _one_of("0", "1"),
        "0",
        (
            "`1`：公开的演示账号可登录并列在登录页；`make run` 演示时自动设置",
            "`1`: the published demo accounts may sign in and stand on the sign-in page; set by `make run`",
        ),
    ),
)
KNOWN = frozenset({each.name for each in VARIABLES} | {each.name + FILE for each in VARIABLES if each.secret})


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Found]:
    """Every setting by name as it stands, usable or not."""
    return {variable.name: _read(variable, environ) for variable in VARIABLES}


def _read(variable: Variable, environ: Mapping[str, str]) -> Found:
    text, source = environ.get(variable.name), "environment"
    path = environ.get(variable.name + FILE) if variable.secret else None
    if path is not None:
        source = f"file {path}"
        if text is not None:
            both = f"{variable.name}{FILE}"
            return Found(variable, text, source, wrong=Unusable(f"不可与 {both} 同时设置", f"set beside {both}"))
        try:
            text = Path(path).read_text("utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            why = type(error).__name__
            wrong = Unusable(f"读不了文件 {path}（{why}）", f"the file {path} cannot be read ({why})")
            return Found(variable, None, source, wrong=wrong)
    if text is None:
        text, source = variable.default, "default"
    try:
        return Found(variable, text, source, value=None if text is None else variable.parse(text))
    except Unusable as wrong:
        return Found(variable, text, source, wrong=wrong)


def unknown(environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Names with our prefix that mean nothing, each with the known name that is nearest to it."""
    strangers = sorted(name for name in environ if name.startswith(PREFIX) and name not in KNOWN | OF_THE_BUILD)
    return {name: next(iter(difflib.get_close_matches(name, sorted(KNOWN), 1)), None) for name in strangers}


def markdown(language: str) -> str:
    """The table for the documentation; `language`: "zh" or "en"."""
    heads = ("变量", "含义", "默认值") if language == "zh" else ("variable", "meaning", "default")
    rows = ["| " + " | ".join(heads) + " |", "|---|---|---|"]
    for each in VARIABLES:
        names = f"`{each.name}`" + (f", `{each.name}{FILE}`" if each.secret else "")
        meaning = each.meaning[0 if language == "zh" else 1]
        default = f"`{each.default}`" if each.default else ("无" if language == "zh" else "none")
        rows.append(f"| {names} | {meaning} | {default} |")
    return "\n".join(rows)
