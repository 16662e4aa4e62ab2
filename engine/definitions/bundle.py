"""A bundle: one process with the models it calls, the forms of its people, and the deadline table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from engine.definitions.reading import elements, properties, read_model

DEADLINES = "deadlines.dmn"
FORMS = "forms/"


@dataclass(frozen=True)
class Bundle:
    """`files`: name → bytes; `id`: SHA-256 of the canonical manifest (process and file hashes)."""

    id: str
    key: str
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def bundles_of(files: Mapping[str, bytes]) -> list[Bundle]:
    """One bundle for each process among the files. Files that nothing needs belong to none."""
    roots = {name: read_model(content) for name, content in files.items() if name.endswith(".bpmn")}
    homes = {process.get("id"): name for name, root in roots.items() for process in elements(root, "process")}
    found = []
    for key in sorted(homes):
        needed = _closure(key, files, roots, homes)
        found.append(_of(key, {name: files[name] for name in sorted(needed) if name in files}))
    return found


def _of(key: str, needed: Mapping[str, bytes]) -> Bundle:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in needed.items()}
    manifest: dict[str, Any] = {"process": key, "files": hashes}
    return Bundle(hashlib.sha256(rfc8785.dumps(manifest)).hexdigest(), key, needed, manifest)


def _closure(key: str, files: Mapping[str, bytes], roots: Mapping[str, Any], homes: Mapping[str, str]) -> set[str]:
    """Names of all files that `key` needs, through calls and references between forms."""
    names, waiting, seen = {DEADLINES}, [key], set()
    while waiting:
        process = waiting.pop()
        if process in seen or process not in homes:
            continue
        seen.add(process)
        names.add(homes[process])
        root = roots[homes[process]]
        waiting += [call.get("calledElement") for call in elements(root, "callActivity")]
        for form in _forms(root):
            _add_form(f"{FORMS}{form}.json", files, names)
    return names


def _forms(root: Any) -> set[str]:
    """The forms of user tasks, and the one that a start event is filled in with."""
    nodes = (node for tag in ("userTask", "startEvent") for node in elements(root, tag))
    return {form for form in (properties(node).get("form") for node in nodes) if form}


def _add_form(name: str, files: Mapping[str, bytes], names: set[str]) -> None:
    """Add a form and what it refers to; files may refer to each other."""
    if name in names:
        return
    names.add(name)
    for reference in references(json.loads(files.get(name, b"{}"))):
        file = reference.split("#")[0]
        if file:
            _add_form(f"{FORMS}{file}", files, names)


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` in a JSON Schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)
