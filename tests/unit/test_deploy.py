"""What deploy/ says fits the code, as far as that can be seen without the machines it is for."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from tests.serving.site import NGINX, write_nginx
from web import request_log
from web.cli import cli
from web.stopping import SECONDS
from web.variables import KNOWN

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in {".service", ".socket", ".timer"})
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))
OURS = {name: each for name, each in COMPOSE["services"].items() if name not in {"db", "proxy"}}
assert request_log  # imported for its metric


def settings_of(unit: Path) -> list[tuple[str, str]]:
    pairs = [line.split("=", 1) for line in unit.read_text("utf-8").splitlines() if re.match(r"\w+=", line)]
    return [(key, value) for key, value in pairs]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_every_unit(tmp_path: Path):
    instances = {"gridgov-web@": "gridgov-web@8000", "gridgov-worker@": "gridgov-worker@1"}
    for unit in UNITS:
        name = instances.get(unit.stem, unit.stem) + unit.suffix
        (tmp_path / name).write_text(unit.read_text("utf-8").replace("/opt/gridgov/bin/gridgov", "/bin/true"))
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False, timeout=60
    )
    found = [line for line in done.stderr.splitlines() if "gridgov" in line]
    assert (done.returncode, found) == (0, [])


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
def test_nginx_takes_the_configuration(tmp_path: Path):
    configuration = write_nginx(tmp_path, 8162, [8163, 8164])
    done = subprocess.run(
        [str(NGINX), "-t", "-p", str(tmp_path), "-c", str(configuration), "-e", str(tmp_path / "error")],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr


def test_every_service_has_its_limits():
    for unit in [unit for unit in UNITS if unit.suffix == ".service"]:
        given = dict(settings_of(unit))
        assert given["User"] == "gridgov", unit
        assert given["NoNewPrivileges"] == "true", unit
        assert given["ProtectSystem"] == "strict", unit
        assert given["LoadCredential"].startswith("master.key:"), unit
        if "@" in unit.name:
            assert int(given["TimeoutStopSec"]) > SECONDS
            assert given["KillMode"] == "mixed"


def test_every_service_of_ours_runs_without_rights_and_gets_its_secrets_as_files():
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert float(service["stop_grace_period"].removesuffix("s")) > SECONDS, name
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys(), name
    assert sum("web" in name for name in OURS) == 2
    assert sum("worker" in name for name in OURS) == 2
    for service in COMPOSE["services"].values():
        for variable in service.get("environment", {}):
            assert "PASSWORD" not in variable or variable.endswith("_FILE")


def test_the_servers_that_nginx_asks_are_those_of_the_compose_file():
    addresses = {OURS[name]["networks"]["inner"]["ipv4_address"] for name in ("web1", "web2")}
    upstream = (DEPLOY / "compose/upstream.conf").read_text("utf-8")
    assert set(re.findall(r"server ([\d.]+):8000", upstream)) == addresses
    for mount in COMPOSE["services"]["proxy"]["volumes"]:
        source = (DEPLOY / "compose" / mount.split(":")[0]).resolve()
        assert source.exists() or source.name == "tls", mount


def test_only_settings_that_exist_are_set():
    text = "\n".join(path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    used = set(re.findall(r"\bGRIDGOV_[A-Z_]+[A-Z]\b", text)) - {"GRIDGOV_IMAGE"}
    assert used <= KNOWN
    assert "GRIDGOV_PROXIES" in used


def test_every_command_that_is_started_exists():
    started = [value.split()[1:] for unit in UNITS for key, value in settings_of(unit) if key == "ExecStart"]
    started += [service["command"] for service in OURS.values()]
    assert len(started) > 8
    for arguments in started:
        command: Any = cli.commands[arguments[0]]
        options = {option for each in command.params for option in each.opts + each.secondary_opts}
        assert {each for each in arguments if each.startswith("--")} <= options, arguments


def test_alerts_watch_metrics_that_exist():
    rules = yaml.safe_load((DEPLOY / "prometheus/gridgov.rules.yml").read_text("utf-8"))
    known = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    known |= {f"gridgov_request_seconds_{part}" for part in ("count", "bucket", "sum")}
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    runbook = (ROOT / "docs/operating.md").read_text("utf-8")
    for rule in alerts:
        assert set(re.findall(r"gridgov_\w+", rule["expr"])) <= known, rule["alert"]
        assert rule["alert"] in runbook, "what to do stands in docs/operating.md"


def test_the_image_has_the_packages_of_the_lock_and_every_folder_of_the_program():
    line = re.compile(r"^([\w.\-\[\]]+==\S+)", re.MULTILINE)
    everything = set(line.findall((ROOT / "requirements.lock").read_text("utf-8")))
    shipped = set(line.findall((DEPLOY / "requirements.lock").read_text("utf-8")))
    assert shipped < everything
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = {re.split(r"[=<>\[]", each)[0].lower() for each in project["project"]["dependencies"]}
    assert names <= {re.split(r"[=\[]", each)[0].lower() for each in shipped}
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]:
        assert f"COPY {pattern.rstrip('*')} " in dockerfile
    assert re.search(r"^USER \d+", dockerfile, re.MULTILINE)
