from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cast import D, staff_csv, units_csv
from web import cli

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gridgov` in an empty folder; its exit code."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def gridgov(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["gridgov", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return gridgov


def test_a_command_without_a_key_says_what_to_do(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("token", "issue", "G1") == 1
    said = capsys.readouterr().err
    assert "master key" in said
    assert "Traceback" not in said


def test_the_terminals_language_is_spoken(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run("token", "issue", "G1") == 1
    assert "主密钥" in capsys.readouterr().err


def test_a_database_without_tables_says_what_to_do_and_shows_no_values(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("db", "upgrade") == 0
    Path("var/gridgov.db").unlink()
    for left in Path("var").glob("gridgov.db-*"):
        left.unlink()
    assert run("token", "issue", "SECRET-NO") == 1
    said = capsys.readouterr().err
    assert "gridgov db upgrade" in said
    assert "SECRET-NO" not in said


def test_the_first_run_needs_only_two_commands(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("db", "upgrade") == 0
    assert run("db", "check") == 0
    assert run("demo", "load") == 0
    assert run("token", "issue", "G009009001") == 0
    assert run("trail", "verify") == 0
    assert run("trail", "reconcile") == 0
    said = capsys.readouterr()
    assert "gg_" in said.out
    assert said.err == ""


def test_models_that_a_person_deployed_survive_a_restart(run: Run, capsys: pytest.CaptureFixture[str]):
    run("db", "upgrade")
    run("demo", "load")
    table = Path(cli.definitions.assembly.models_folder())
    own = Path("own")
    for file in table.rglob("*"):
        if file.is_file():
            target = own / file.relative_to(table)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes() + (b"\n" if file.suffix == ".bpmn" else b""))
    assert run("definitions", "deploy", "own") == 0
    assert "case version 2 deployed" in capsys.readouterr().out
    run("demo", "load")
    capsys.readouterr()
    assert run("definitions", "deploy", "own") == 0
    assert "case version 2 unchanged" in capsys.readouterr().out


def test_a_bad_row_is_named_by_its_line(run: Run, capsys: pytest.CaptureFixture[str]):
    run("db", "upgrade")
    Path("units.csv").write_text(
        "code,parent_code,level,name\n511302,,district,顺庆区\n511302001,999999,subdistrict,x\n", "utf-8"
    )
    assert run("network", "import", "units.csv") == 1
    assert "line 3" in capsys.readouterr().err


def test_a_taken_port_says_so_with_the_remedy(run: Run, capsys: pytest.CaptureFixture[str]):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run("serve", "--port", str(port)) == 1
    said = capsys.readouterr().err
    assert f"{port} is taken" in said
    assert f"PORT={port + 1}" in said


def test_a_district_of_ones_own_is_set_up_with_the_commands_of_the_readme(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "units.csv").write_bytes(units_csv())
    (tmp_path / "staff.csv").write_bytes(staff_csv())
    assert run("db", "upgrade") == 0
    assert run("network", "import", "units.csv") == 0
    assert run("staff", "import", "staff.csv") == 0
    assert run("definitions", "deploy") == 0
    assert run("staff", "password", f"QH-{D}", "--password", "long-enough") == 0
    assert run("token", "issue", f"QH-{D}") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("gg_")


def test_a_centre_is_set_up_once(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "units.csv").write_bytes(units_csv())
    assert run("db", "upgrade") == 0
    assert run("network", "import", "units.csv") == 0
    assert run("centre", "seed") == 0
    assert "default set written" in capsys.readouterr().out
    assert run("centre", "seed", f"{D}-linjiang") == 0
    assert "was set up before" in capsys.readouterr().out
    assert run("centre", "seed", f"{D}-police") == 1


def test_no_group_of_commands_hides_another():
    names = [command.name for part in cli.PARTS for command in part.COMMANDS]
    assert len(names) == len(set(names))
