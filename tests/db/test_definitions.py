from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from engine.actors import system
from engine.closing import settle
from engine.db import Session, Store
from engine.definitions.catalogue import CAPACITY, Catalogue
from engine.definitions.deploy import (
    DefinitionDamaged,
    NotDeployed,
    active,
    deploy,
    load_bundle,
    read_directory,
)
from engine.definitions.models import Definition, DefinitionFile
from engine.errors import DefinitionRefused
from engine.spiff.compiler import compile_bundle
from engine.trail.entries import entries_of, open_log
from tests.unit.engine.definitions.drawing import KNOWN, SMALL, files

DISTRICT = 1
ACTOR = system(DISTRICT, "deploy")
CHANGED = files(SMALL + "<!-- changed -->")


def test_a_first_deployment_gives_version_one_of_each_process(session: Session) -> None:
    deployed = {each.key: each for each in deploy(session, ACTOR, files(), KNOWN)}
    assert {key: (each.version, each.changed) for key, each in deployed.items()} == {
        "aid": (1, True),
        "small": (1, True),
    }
    assert active(session, "small").id == deployed["small"].id
    assert load_bundle(session, deployed["small"].id).files["small.bpmn"] == files()["small.bpmn"]


def test_unchanged_content_gives_no_new_version(session: Session) -> None:
    first = deploy(session, ACTOR, files(), KNOWN)
    second = deploy(session, ACTOR, files(), KNOWN)
    assert [(each.id, each.version) for each in first] == [(each.id, each.version) for each in second]
    assert not any(each.changed for each in second)


def test_a_change_gives_a_version_to_what_changed_only(session: Session) -> None:
    deploy(session, ACTOR, files(), KNOWN)
    second = {each.key: (each.version, each.changed) for each in deploy(session, ACTOR, CHANGED, KNOWN)}
    assert second == {"aid": (1, False), "small": (2, True)}


def test_an_old_version_stays_and_can_be_loaded(session: Session) -> None:
    old = {each.key: each.id for each in deploy(session, ACTOR, files(), KNOWN)}["small"]
    deploy(session, ACTOR, CHANGED, KNOWN)
    assert load_bundle(session, old).files["small.bpmn"] == files()["small.bpmn"]


def test_deploying_old_content_again_makes_its_version_active_again(session: Session) -> None:
    deploy(session, ACTOR, files(), KNOWN)
    deploy(session, ACTOR, CHANGED, KNOWN)
    third = {each.key: (each.version, each.changed) for each in deploy(session, ACTOR, files(), KNOWN)}
    assert third == {"aid": (1, False), "small": (1, True)}
    assert active(session, "small").version == 1


def test_shared_files_are_stored_once(session: Session) -> None:
    deploy(session, ACTOR, files(), KNOWN)
    stored = session.scalar(select(func.count()).select_from(DefinitionFile))
    assert stored == 5  # two models, the table, the form and its codes; not the unused form


def test_a_refused_deployment_changes_nothing(session: Session) -> None:
    deploy(session, ACTOR, files(), KNOWN)
    with pytest.raises(DefinitionRefused):
        deploy(session, ACTOR, files(SMALL.replace("op.close", "op.gone")), KNOWN)
    assert [(row.key, row.version) for row in session.scalars(select(Definition).order_by(Definition.key))] == [
        ("aid", 1),
        ("small", 1),
    ]


def test_each_changed_definition_is_in_the_trail(session: Session) -> None:
    open_log(session, DISTRICT, "511302")
    for given in (files(), files(), CHANGED):
        deploy(session, ACTOR, given, KNOWN)
        settle(session)
    assert [entry.action for entry in entries_of(session, DISTRICT, "definition:small")] == [
        "definition:version:deploy"
    ] * 2
    assert len(entries_of(session, DISTRICT, "definition:aid")) == 1


def test_the_database_allows_one_active_version_of_a_process(session: Session) -> None:
    deploy(session, ACTOR, files(), KNOWN)
    deploy(session, ACTOR, CHANGED, KNOWN)
    with pytest.raises(IntegrityError):
        session.execute(update(Definition).where(Definition.key == "small").values(active=True))


def test_what_is_not_deployed_says_so(session: Session) -> None:
    with pytest.raises(NotDeployed, match="gridgov definitions deploy"):
        active(session, "small")
    with pytest.raises(NotDeployed):
        load_bundle(session, "0" * 64)


def test_a_file_that_was_changed_in_the_database_is_noticed(session: Session) -> None:
    deployed = deploy(session, ACTOR, files(), KNOWN)
    session.execute(update(DefinitionFile).values(content=b"changed"))
    session.expire_all()
    with pytest.raises(DefinitionDamaged):
        load_bundle(session, deployed[0].id)


def test_the_catalogue_compiles_once(session: Session) -> None:
    deployed = deploy(session, ACTOR, files(), KNOWN)
    catalogue = Catalogue()
    assert catalogue.get(session, deployed[1].id) is catalogue.get(session, deployed[1].id)
    assert catalogue.get(session, deployed[1].id).key == "small"


def test_the_catalogue_is_bounded_and_keeps_what_is_used(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr("engine.definitions.catalogue.load_bundle", lambda _session, which: which)
    monkeypatch.setattr("engine.definitions.catalogue.compile_bundle", lambda which: compiled.append(which) or object())
    catalogue = Catalogue()
    for number in range(CAPACITY + 1):
        catalogue.get(session, str(number))
        catalogue.get(session, "0")
    compiled.clear()
    catalogue.get(session, "0")
    catalogue.get(session, "1")
    assert compiled == ["1"]


def test_threads_share_one_compiled_definition(store: Store) -> None:
    with store.write() as session:
        open_log(session, DISTRICT, "511302")
        definition = deploy(session, ACTOR, files(), KNOWN)[0].id
    catalogue, found, start = Catalogue(), [], threading.Barrier(4)

    def look() -> None:
        start.wait()
        with store.read() as session:
            found.append(catalogue.get(session, definition))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(each) for each in found}) == 1


def test_a_folder_is_read_with_the_names_that_models_use(tmp_path, session: Session) -> None:
    for name, content in {**files(), "notes.txt": b"not a model"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_directory(tmp_path) == files()
    deployed = deploy(session, ACTOR, read_directory(tmp_path), KNOWN)
    assert compile_bundle(load_bundle(session, deployed[0].id)).key == "aid"
