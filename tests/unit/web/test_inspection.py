"""`gridgov config check`: every setting, whether it is usable, and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from engine.keys import KeyRing
from processes import migrations
from web import inspection
from web.inspection import BAD, OK, UNKNOWN, WARNING, Line, look
from web.variables import VARIABLES


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("migrated") / "gridgov.db"
    engine = create_engine(f"sqlite:///{database}")
    migrations.upgrade(engine)
    engine.dispose()
    return database


@pytest.fixture
def environ(tmp_path: Path, migrated: Path) -> dict[str, str]:
    """An installation in which all is well."""
    KeyRing.create(tmp_path / "master.key", b"k" * 32)
    shutil.copy(migrated, tmp_path / "gridgov.db")
    url = f"sqlite:///{tmp_path / 'gridgov.db'}"
    return {"GRIDGOV_DATABASE_URL": url, "GRIDGOV_KEY_FILE": str(tmp_path / "master.key")}


def line(environ: dict[str, str], name: str) -> Line:
    return next(each for each in look(environ) if each.name == name)


def test_a_good_installation_is_good_from_the_first_line_to_the_last(environ: dict[str, str]):
    lines = look(environ)
    assert [each.name for each in lines] == [each.name for each in VARIABLES] + ["master key", "database"]
    assert {each.state for each in lines} == {OK}
    assert inspection.is_usable(lines)
    assert line(environ, "GRIDGOV_KEY_FILE").source == "environment"
    assert line(environ, "GRIDGOV_MAX_BODY").source == "default"


def test_every_bad_setting_is_shown_and_not_the_first_only(environ: dict[str, str]):
    lines = look({**environ, "GRIDGOV_MAX_BODY": "20M", "GRIDGOV_PROXIES": "all"})
    assert [each.name for each in lines if each.state == BAD] == ["GRIDGOV_MAX_BODY", "GRIDGOV_PROXIES"]
    assert all(all(each.do) and all(each.says) for each in lines if each.state == BAD)
    assert not inspection.is_usable(lines)


def test_a_mistyped_name_is_pointed_out_with_the_one_that_was_meant(environ: dict[str, str]):
    found = line({**environ, "GRIDGOV_PROXIE": "1"}, "GRIDGOV_PROXIE")
    assert found.state == UNKNOWN
    assert "GRIDGOV_PROXIES" in found.do[1]
    assert not inspection.is_usable([found])


def test_secrets_are_set_or_unset_and_never_shown(environ: dict[str, str], tmp_path: Path):
    secret = tmp_path / "token"
    secret.write_text("much-too-secret-to-show")
    secret.chmod(0o600)
    environ |= {
        "GRIDGOV_METRICS_TOKEN_FILE": str(secret),
        "GRIDGOV_WEBHOOK_SECRET": "also-quite-secret-this",
        "GRIDGOV_WEBHOOK_URL": "https://robot.example/send/token-in-the-path?key=in-the-query",
        "GRIDGOV_DATABASE_URL": "postgresql+psycopg://g:in-the-address@127.0.0.1:1/g?password=in-its-query",
    }
    shown = repr(look(environ))
    for hidden in ("much-too", "also-quite", "token-in", "in-the-query", "in-the-address", "in-its-query"):
        assert hidden not in shown
    assert line(environ, "GRIDGOV_METRICS_TOKEN").says == ("set", "set")
    assert line(environ, "GRIDGOV_METRICS_TOKEN").source == f"file {secret}"


def test_a_key_that_others_can_read_is_a_warning(environ: dict[str, str]):
    Path(environ["GRIDGOV_KEY_FILE"]).chmod(0o644)
    lines = [each for each in look(environ) if each.name == "master key"]
    assert [each.state for each in lines] == [WARNING, OK]
    assert "chmod 600" in lines[0].do[1]


def test_a_database_that_is_away_or_old_says_what_to_do(environ: dict[str, str], tmp_path: Path, migrated: Path):
    away = {**environ, "GRIDGOV_DATABASE_URL": "postgresql+psycopg://g@127.0.0.1:1/g"}
    assert line(away, "database").state == BAD
    missing = {**environ, "GRIDGOV_DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"}
    assert "gridgov db upgrade" in line(missing, "database").do[1]
    assert not (tmp_path / "other.db").exists()
    shutil.copy(migrated, tmp_path / "old.db")
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    old = {**environ, "GRIDGOV_DATABASE_URL": f"sqlite:///{tmp_path / 'old.db'}"}
    assert "older release" in line(old, "database").says[1]


def test_a_missing_key_is_not_made_by_looking(environ: dict[str, str]):
    Path(environ["GRIDGOV_KEY_FILE"]).unlink()
    assert line(environ, "master key").state == BAD
    assert not Path(environ["GRIDGOV_KEY_FILE"]).exists()
