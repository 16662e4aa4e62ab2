"""Deploy models: validate all, store what changed, keep the running versions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from engine.db import insert_missing
from engine.deadlines import book
from engine.definitions.bundle import Bundle, bundles_of
from engine.definitions.models import Definition, DefinitionFile
from engine.definitions.rules import Known, validate
from engine.errors import OperatorError
from engine.instances import RUNNING, ProcessInstance
from engine.network.people import Role
from engine.step import CLOCK_READERS
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry


class NotDeployed(OperatorError):
    """No version of model {key} is deployed; run `gridgov definitions deploy`."""

    code = "not_deployed"
    zh = "流程模型 {key} 尚未部署；请运行 gridgov definitions deploy。"


class DefinitionDamaged(OperatorError):
    """The file {file} of definition {id} is not what was deployed."""

    code = "definition_damaged"
    zh = "流程定义 {id} 的文件 {file} 与部署时不一致。"


@dataclass(frozen=True)
class Deployed:
    """What a deployment did with one process."""

    key: str
    version: int
    id: str
    changed: bool


def known_to(registry: Registry) -> Known:
    """What models may refer to in an installation with this registry."""
    return Known(
        operations=frozenset(registry.operations),
        functions=frozenset(registry.functions) | frozenset(CLOCK_READERS),
        names=frozenset(registry.names),
        roles=frozenset(Role),
        task_clocks=frozenset(name for name, (clock, _) in CLOCK_READERS.items() if clock == book.TASK),
    )


def deploy(session: Session, actor: Actor, files: Mapping[str, bytes], known: Known) -> list[Deployed]:
    """Validate everything, then store a new version of each process whose bundle changed.

    Raises DefinitionRefused with every fault; then nothing changes and the active versions stay.
    """
    validate(files, known)
    return [_deploy_one(session, actor, bundle) for bundle in bundles_of(files)]


def _deploy_one(session: Session, actor: Actor, bundle: Bundle) -> Deployed:
    standing = session.scalar(select(Definition).where(Definition.key == bundle.key, Definition.active))
    if standing is not None and standing.id == bundle.id:
        return Deployed(bundle.key, standing.version, standing.id, changed=False)
    session.execute(update(Definition).where(Definition.key == bundle.key, Definition.active).values(active=False))
    known = session.get(Definition, bundle.id, populate_existing=True)
    if known is not None:
        known.active = True
    else:
        known = _store(session, actor, bundle)
    session.flush()
    data = {"id": bundle.id, "version": known.version}
    draft = Draft("definition:version:deploy", actor.ref, f"definition:{bundle.key}", data)
    session.drafts.append((actor.district_id, draft))
    return Deployed(bundle.key, known.version, bundle.id, changed=True)


def _store(session: Session, actor: Actor, bundle: Bundle) -> Definition:
    rows = [{"sha256": hashlib.sha256(body).hexdigest(), "content": body} for body in bundle.files.values()]
    insert_missing(session, DefinitionFile, rows)
    last = session.scalar(select(func.max(Definition.version)).where(Definition.key == bundle.key)) or 0
    row = Definition(
        id=bundle.id,
        key=bundle.key,
        version=last + 1,
        manifest=dict(bundle.manifest),
        deployed_at=session.env.clock.now(),
        deployed_by=actor.ref,
        active=True,
    )
    session.add(row)
    return row


def active(session: Session, key: str) -> Definition:
    """The version that new instances get. Raises NotDeployed."""
    found = session.scalar(select(Definition).where(Definition.key == key, Definition.active))
    if found is None:
        raise NotDeployed(key=key)
    return found


def versions(session: Session) -> list[tuple[Definition, int]]:
    """Every version of every model with the number of instances that run by it."""
    runs_by_it = (ProcessInstance.definition_id == Definition.id) & (ProcessInstance.status == RUNNING)
    running = select(func.count(ProcessInstance.id)).where(runs_by_it).correlate(Definition).scalar_subquery()
    query = select(Definition, running).order_by(Definition.key, Definition.version)
    return [(row, number) for row, number in session.execute(query)]


def load_bundle(session: Session, definition_id: str) -> Bundle:
    """The files of a version, as they were deployed. Raises NotDeployed, DefinitionDamaged."""
    row = session.get(Definition, definition_id)
    if row is None:
        raise NotDeployed(key=definition_id)
    hashes: dict[str, str] = row.manifest["files"]
    query = select(DefinitionFile).where(DefinitionFile.sha256.in_(hashes.values()))
    contents = {file.sha256: file.content for file in session.scalars(query)}
    for name, digest in hashes.items():
        if hashlib.sha256(contents.get(digest, b"")).hexdigest() != digest:
            raise DefinitionDamaged(file=name, id=definition_id)
    return Bundle(row.id, row.key, {name: contents[digest] for name, digest in hashes.items()}, row.manifest)


def read_directory(folder: Path) -> dict[str, bytes]:
    """The models, tables and forms of a folder such as `bpmn/`."""
    found = sorted(p for p in folder.rglob("*") if p.suffix in {".bpmn", ".dmn", ".json"})
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
