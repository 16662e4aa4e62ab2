"""`gridgov backup` and `gridgov restore` as an operator types them."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.keys import KeyFileMissing
from web import cli


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert gridgov("db", "upgrade").exit_code == 0
    return folder


@pytest.fixture
def folder(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(installed / "var", tmp_path / "var")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gridgov(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, list(arguments))


def into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDGOV_DATABASE_URL", f"sqlite:///{folder / 'new' / 'gridgov.db'}")
    monkeypatch.setenv("GRIDGOV_KEY_FILE", str(folder / "new" / "master.key"))


def test_a_backup_goes_into_a_folder_is_verified_and_comes_back(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "backups").mkdir()
    made = gridgov("backup", "backups")
    assert made.exit_code == 0, made.output
    (file,) = (folder / "backups").iterdir()
    assert file.name.startswith("gridgov-")
    assert file.suffix == ".zip"
    assert file.stat().st_mode & 0o077 == 0
    verified = gridgov("backup", "verify", str(file))
    assert verified.exit_code == 0
    told = [line for line in made.output.splitlines() if line.startswith("sha256")]
    assert told == [line for line in verified.output.splitlines() if line.startswith("sha256")]
    assert verified.output.splitlines()[-1] == "ok"

    key = (folder / "var" / "master.key").read_bytes()
    into(folder, monkeypatch)
    assert isinstance(gridgov("restore", str(file)).exception, KeyFileMissing)
    (folder / "new").mkdir(exist_ok=True)
    (folder / "new" / "master.key").write_bytes(key)
    restored = gridgov("restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert (folder / "new" / "gridgov.db").exists()


def test_a_backup_with_the_key_needs_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch):
    assert gridgov("backup", "--with-key", "all.zip").exit_code == 0
    key = (folder / "var" / "master.key").read_bytes()
    into(folder, monkeypatch)
    assert gridgov("restore", "all.zip").exit_code == 0
    assert (folder / "new" / "master.key").read_bytes() == key
    assert (folder / "new" / "master.key").stat().st_mode & 0o077 == 0


def test_without_the_key_asked_for_it_is_not_in_the_file(folder: Path):
    assert gridgov("backup", "plain.zip").exit_code == 0
    with zipfile.ZipFile(folder / "plain.zip") as archive:
        key = (folder / "var" / "master.key").read_bytes().strip()
        assert not [name for name in archive.namelist() if key in archive.read(name)]


def test_a_damaged_backup_ends_with_one_and_says_where(folder: Path):
    assert gridgov("backup", "b.zip").exit_code == 0
    content = bytearray((folder / "b.zip").read_bytes())
    at = content.index(b"rows/calendar_day.jsonl") + 200
    content[at] ^= 0xFF
    (folder / "b.zip").write_bytes(content)
    verified = gridgov("backup", "verify", "b.zip")
    assert verified.exit_code == 1
    assert "rows/calendar_day.jsonl" in verified.output


def test_help_names_every_way(folder: Path):
    assert {"make", "verify"} <= set(gridgov("backup").output.split())
    assert "DESTINATION" in gridgov("backup", "make", "--help").output
