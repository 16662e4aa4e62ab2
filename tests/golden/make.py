"""`python -m tests.golden.make 0.2.0`: keep the states of this release for all later ones.

Run it once, when a release is made, and commit what it wrote. A set that is there is never written again.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alembic.migration import MigrationContext
from lxml import etree

from engine.clock import SimulatedClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.environment import Environment, SeededEntropy
from engine.keys import KeyRing
from engine.registry import Registry
from engine.spiff import codec
from engine.step import CLOCK_READERS
from processes import migrations
from processes.registry import build
from tests.cast import Cast, settle_in
from tests.golden import shelf
from tests.golden.looks import look
from tests.golden.scenes import SCENES

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def environment() -> Environment:
    """A clock at nine, and the key that every golden set is sealed with."""
    return Environment(SimulatedClock(NINE), KeyRing.from_bytes(b"k" * 32), Catalogue(), build(), SeededEntropy(1))


def make(release: str) -> dict[str, Any]:
    """Play all scenes in one database and keep it. Raises FileExistsError."""
    if (shelf.FOLDER / release).exists():
        raise FileExistsError(f"the golden set of {release} is there; what a release left is never written anew")
    env = environment()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/golden.db", env)
        migrations.upgrade(store.engine)
        cast = settle_in(store, env.clock)
        scenes = {name: _play(cast, name) for name in SCENES}
        with store.engine.connect() as connection:
            rows = shelf.take(connection)
            revision = MigrationContext.configure(connection).get_current_revision()
        store.dispose()
    files = {row["sha256"]: shelf.read(row["content"], naive=True) for row in rows["definition_file"]}
    words = vocabulary(files.values(), env.registry)
    check_whole(words, scenes)
    said: dict[str, Any] = {"release": release, "revision": revision, "reads": list(codec.READABLE)}
    said |= {"definitions": {row["key"]: row["id"] for row in rows["definition"]}, **words, "scenes": scenes}
    shelf.write(release, said, rows)
    return said


def _play(cast: Cast, name: str) -> dict[str, Any]:
    cast.clock.set(NINE)
    number = SCENES[name](cast)
    return {"number": number, "at": cast.clock.now().isoformat(), **look(cast, number)}


def vocabulary(files: Any, registry: Registry) -> dict[str, list[str]]:
    """What models ask of the registry by name: none of it may ever go."""
    found: dict[str, set[str]] = {
        "operations": set(), "functions": set(), "names": set(), "roles": set(), "forms": set(),
        "tasks": set(), "timers": set(), "messages": set(),
    }  # fmt: skip
    for content in files:
        if b"BPMN/20100524/MODEL" in content[:2000]:
            root = etree.fromstring(content)
            for expression in _expressions(root):
                _add_words(expression, registry, found)
            found["operations"] |= {str(each) for each in root.xpath("//@*[starts-with(., 'op.')]")}
            found["roles"] |= _property(root, "role")
            found["forms"] |= _property(root, "form") & set(registry.forms)
            found["tasks"] |= _ids(root, "//*[local-name()='userTask']")
            found["timers"] |= _ids(root, "//*[local-name()='timerEventDefinition']/..")
            found["messages"] |= {str(each) for each in root.xpath("//*[local-name()='message']/@name")}
    return {kind: sorted(words) for kind, words in found.items()} | {"inbox": sorted(registry.inbox)}


def _expressions(root: Any) -> Iterator[str]:
    yield from (
        node.text or "" for node in root.xpath("//*[local-name()='conditionExpression' or local-name()='timeDate']")
    )
    yield from _property(root, "unit") | _property(root, "deadline")
    yield from (str(each) for each in root.xpath("//*[local-name()='parameter']/@value"))


def _add_words(expression: str, registry: Registry, found: Mapping[str, set[str]]) -> None:
    words = {node.id for node in ast.walk(ast.parse(expression.strip(), mode="eval")) if isinstance(node, ast.Name)}
    found["functions"] |= words & (set(registry.functions) | set(CLOCK_READERS))
    found["names"] |= words & set(registry.names)


def _property(root: Any, name: str) -> set[str]:
    return {str(each) for each in root.xpath(f"//*[local-name()='property'][@name='{name}']/@value")}


def _ids(root: Any, path: str) -> set[str]:
    return {str(node.get("id")) for node in root.xpath(path)}


def check_whole(words: Mapping[str, list[str]], scenes: Mapping[str, Any]) -> None:
    """Every human task is ready, every timer armed, every message waited for in some scene."""
    waits = [each for scene in scenes.values() for each in scene["instances"] if "ready" in each]
    for kind, wait in (("tasks", "ready"), ("timers", "armed"), ("messages", "messages")):
        missing = set(words[kind]) - {element for each in waits for element in each[wait]}
        if missing:
            raise SystemExit(f"no scene has {', '.join(sorted(missing))} {wait}: add one to tests/golden/scenes.py")


def size_kb() -> int:
    """What all sets take together."""
    kept = (path for path in shelf.FOLDER.rglob("*") if path.suffix in {".xz", ".json"})
    return sum(path.stat().st_size for path in kept) // 1024


if __name__ == "__main__":
    try:
        kept = make(sys.argv[1])
    except FileExistsError as error:
        sys.exit(str(error))
    print(f"{len(kept['scenes'])} scenes kept; all sets together {size_kb()} KB")
