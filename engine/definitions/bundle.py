"""A bundle: one process with the models it calls, the forms of its people, and the deadline table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from engine.definitions.reading import BPMN, elements, properties, read_model

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
    homes = {process: name for name, content in _models(files) for process in _processes(content)}
    return [make(key, files, homes) for key in sorted(homes)]


def make(key: str, files: Mapping[str, bytes], homes: Mapping[str, str]) -> Bundle:
    needed = {name: files[name] for name in sorted(_closure(key, files, homes)) if name in files}
    return of(key, needed)


def of(key: str, needed: Mapping[str, bytes]) -> Bundle:
    """The bundle of exactly these files."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in needed.items()}
    manifest: dict[str, Any] = {"process": key, "files": hashes}
    return Bundle(hashlib.sha256(rfc8785.dumps(manifest)).hexdigest(), key, dict(needed), manifest)


def _models(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    return ((name, content) for name, content in files.items() if name.endswith(".bpmn"))


def _processes(content: bytes) -> list[str]:
    return [process.get("id") for process in elements(read_model(content), "process")]


def _closure(key: str, files: Mapping[str, bytes], homes: Mapping[str, str]) -> set[str]:
    """Names of all files that `key` needs, through calls and references between forms."""
    names, waiting, seen = {DEADLINES}, [key], set()
    while waiting:
        process = waiting.pop()
        if process in seen or process not in homes:
            continue
        seen.add(process)
        names.add(homes[process])
        root = read_model(files[homes[process]])
        waiting += [call.get("calledElement") for call in elements(root, "callActivity")]
        for form in _forms(root):
            names |= _with_references(f"{FORMS}{form}.json", files)
    return names


def _forms(root: Any) -> set[str]:
    """The forms of user tasks, and the one that a start event is filled in with."""
    found = {
        properties(node).get("form") for tag in ("userTask", "startEvent") for node in root.iter(f"{{{BPMN}}}{tag}")
    }
    return {form for form in found if form}


def _with_references(name: str, files: Mapping[str, bytes]) -> set[str]:
    if name not in files:
        return {name}
    found = {name}
    for reference in _references(json.loads(files[name])):
        file = f"{FORMS}{reference.split('#')[0]}"
        if not reference.startswith("#") and file not in found:
            found |= _with_references(file, files)
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
