"""Opening the installation for a command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.actors import Actor, system
from engine.errors import OperatorError
from engine.network.units import Unit
from web import assembly, config

if TYPE_CHECKING:
    from engine.db import Session, Store


class NoDistrict(OperatorError):
    """No district has been imported yet; run `gridgov demo load` or `gridgov network import FILE`."""

    code = "no_district"
    zh = "尚未导入辖区；请先运行 gridgov demo load 或 gridgov network import FILE。"


class DatabaseUnready(OperatorError):
    """The database does not answer as it should: {why}. Check GRIDGOV_DATABASE_URL, then run `gridgov db upgrade`."""

    code = "database_unready"
    zh = "数据库无法正常使用：{why}。请检查 GRIDGOV_DATABASE_URL，然后运行 gridgov db upgrade。"


def speaks_chinese() -> bool:
    """Whether the locale of the terminal is Chinese; LC_ALL goes before LC_MESSAGES before LANG (POSIX)."""
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return chosen.startswith("zh")


@contextmanager
def opened(*, create_key: bool = False) -> Iterator[Store]:
    """The store of the environment's settings, closed afterwards."""
    store = assembly.build_store(config.from_environment(), create_key=create_key)
    try:
        yield store
    finally:
        store.dispose()


def the_district(session: Session) -> Unit:
    """The one district of this installation. Raises NoDistrict."""
    found = session.scalar(select(Unit).where(Unit.level == "district", Unit.valid_to.is_(None)).limit(1))
    if found is None:
        raise NoDistrict
    return found


def operator(session: Session) -> Actor:
    """The command line acting for the installation's district."""
    return system(the_district(session).id, "cli")
