"""What `gridgov config check` looks at: each setting, and whether what it points to is there and usable."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.keys import KeyFileMissing, KeyFileUnreadable, KeyRing
from processes import migrations
from web.config import Settings, from_environment, problems
from web.variables import FILE, VARIABLES, BadSetting, Found, read, unknown

OK, WARNING, BAD, UNKNOWN = "ok", "warning", "bad", "unknown"
CONNECT_SECONDS = 3
_OTHERS = 0o077
_MANAGED = ("/run/secrets/",)
"""Where a container's secrets lie: their modes are the engine's, and nobody else is in the container."""


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. `says`: the value or what is wrong; `do`: what to do; both Chinese and English."""

    name: str
    state: str
    says: tuple[str, str]
    source: str = ""
    do: tuple[str, str] = ("", "")


def look(environ: Mapping[str, str] = os.environ) -> list[Line]:
    """Everything, in the order of the table; nothing is created and nothing secret is shown."""
    found = read(environ)
    lines = [*_settings(found), *_strangers(environ), *_secret_files(environ)]
    try:
        settings = from_environment(environ)
    except BadSetting:
        return lines
    return [*lines, *_key(settings), _database(settings)]


def is_usable(lines: list[Line]) -> bool:
    return all(line.state in {OK, WARNING} for line in lines)


def _settings(found: Mapping[str, Found]) -> Iterator[Line]:
    wrong = problems(found)
    for name, each in found.items():
        if name in wrong:
            zh, en = wrong[name]
            do = (f"请修改或取消 {name}", f"correct or unset {name}")
            yield Line(name, BAD, (f"{each.shown}：{zh}", f"{each.shown}: {en}"), each.source, do)
        elif name == "GRIDGOV_DEMO" and each.value == "1":
            open_door = ("演示口令是公开的", "the demo's password is published")
            do = ("真实数据请勿设置", "never set it on real data")
            yield Line(name, WARNING, (f"1：{open_door[0]}", f"1: {open_door[1]}"), each.source, do)
        else:
            yield Line(name, OK, (each.shown, each.shown), each.source)


def _strangers(environ: Mapping[str, str]) -> Iterator[Line]:
    for name, near in unknown(environ).items():
        do = (f"是否指 {near}？", f"did you mean {near}?") if near else ("请删除", "take it away")
        yield Line(name, UNKNOWN, ("没有这个配置项", "there is no such setting"), "environment", do)


def _secret_files(environ: Mapping[str, str]) -> Iterator[Line]:
    for name in [each.name + FILE for each in VARIABLES if each.secret]:
        if name in environ and Path(environ[name]).exists():
            yield from _permissions(name, Path(environ[name]))


def _permissions(name: str, path: Path) -> Iterator[Line]:
    """A warning when others than the owner may read a secret."""
    mode = path.stat().st_mode & 0o777
    if mode & _OTHERS and not str(path).startswith(_MANAGED):
        says = (f"{path} 权限 {mode:o}：他人可读", f"{path} has mode {mode:o}: others can read it")
        yield Line(name, WARNING, says, do=(f"chmod 600 {path}", f"chmod 600 {path}"))


def _key(settings: Settings) -> Iterator[Line]:
    path = settings.key_file
    try:
        KeyRing.load(path)
    except KeyFileMissing as error:
        do = (
            "新数据库：gridgov db upgrade 会新建；否则从备份恢复",
            "for a new database `gridgov db upgrade` makes one; else restore it from its backup",
        )
        yield Line("master key", BAD, (error.text("zh"), error.text("en")), do=do)
        return
    except KeyFileUnreadable as error:
        do = ("请从备份恢复，并核对属主与权限", "restore it from its backup; check its owner and mode")
        yield Line("master key", BAD, (error.text("zh"), error.text("en")), do=do)
        return
    yield from _permissions("master key", path)
    yield Line("master key", OK, (f"{path} 可用", f"{path} is usable"))


def _database(settings: Settings) -> Line:
    """Whether it answers and stands at this release's schema; a SQLite file is never created by looking."""
    url = make_url(settings.database_url)
    is_file = url.get_backend_name() == "sqlite"
    upgrade = ("运行 gridgov db upgrade", "run `gridgov db upgrade`")
    if is_file and url.database and not Path(url.database).exists():
        return _new_file(Path(url.database).absolute().parent)
    arguments = {} if is_file else {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(settings.database_url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if not inspect(connection).get_table_names():
                return Line("database", BAD, ("数据库是空的", "the database is empty"), do=upgrade)
            if not migrations.is_current(connection):
                return Line("database", BAD, ("表结构不是本版本的", "its tables are of an older release"), do=upgrade)
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0]
        do = (
            "请核对地址、口令与网络，并确认数据库正在运行",
            "check address, password and network, and whether the database runs",
        )
        return Line("database", BAD, (f"连不上：{why}", f"does not answer: {why}"), do=do)
    return Line("database", OK, ("可用，表结构为本版本", "answers, tables of this release"))


def _new_file(folder: Path) -> Line:
    while not folder.exists():
        folder = folder.parent
    upgrade = ("运行 gridgov db upgrade 新建", "`gridgov db upgrade` makes it")
    if not os.access(folder, os.W_OK):
        return Line(
            "database",
            BAD,
            (f"{folder} 不可写", f"{folder} is not writable"),
            do=("请修改属主或权限", "change its owner or mode"),
        )
    return Line("database", BAD, ("尚无数据库文件", "there is no database file yet"), do=upgrade)
