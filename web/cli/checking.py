"""`gridgov definitions check`: what stands between a model and its deployment, all of it at once."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

import click

from engine.definitions.bundle import DEADLINES, FORMS
from engine.definitions.deploy import known_to, read_directory
from engine.definitions.reading import Finding
from engine.definitions.rules import validate
from engine.errors import DefinitionRefused
from processes.registry import build
from web import assembly
from web.cli.opening import speaks_chinese

_NOT_MODELS = (".dmn", ".json")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Say everything that keeps the models PATHS (files or folders) from being deployed. Needs no database.

    Forms and the deadline table that are not among them are those that come with gridgov.
    """
    given, sources = _read(paths)
    delivered = {name: body for name, body in assembly.models().items() if name.endswith(_NOT_MODELS)}
    try:
        validate({**delivered, **given}, known_to(build()))
    except DefinitionRefused as refused:
        _show([{**each, "file": sources.get(each.get("file", ""), "")} for each in refused.findings])
        sys.exit(1)
    click.echo("可以部署。" if speaks_chinese() else "ok: can be deployed")


def _read(paths: tuple[Path, ...]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Name → bytes, and name → where it comes from."""
    files: dict[str, bytes] = {}
    sources: dict[str, str] = {}
    for path in paths:
        own = read_directory(path) if path.is_dir() else {_name(path): path.read_bytes()}
        files |= own
        sources |= {name: str(path / name if path.is_dir() else path) for name in own}
    return files, sources


def _name(path: Path) -> str:
    """Whatever is no form and no table is read as a model: tools have many endings for BPMN."""
    if path.suffix == ".json":
        return f"{FORMS}{path.name}"
    if path.suffix == ".dmn":
        return DEADLINES
    return path.name if path.suffix == ".bpmn" else f"{path.name}.bpmn"


def _show(findings: list[Finding]) -> None:
    chinese = speaks_chinese()
    ordered = sorted(findings, key=_file_of)
    for file, group in groupby(ordered, key=_file_of):
        if file:
            click.echo(f"{file}:")
        for each in group:
            click.echo(f"  {told(each, chinese=chinese)}")
    click.echo(f"共 {len(findings)} 处问题。" if chinese else f"{len(findings)} findings")


def _file_of(finding: Finding) -> str:
    return finding.get("file", "")


def told(finding: Finding, *, chinese: bool) -> str:
    """One line about one finding, in the language of the terminal."""
    name = finding.get("name")
    if chinese:
        return f"{finding['element']}{f'「{name}」' if name else ''}：{finding['zh']}"
    label = f" “{name}”" if name else ""
    return f"{finding['element']}{label}: {finding['reason']} → {finding['instead']}"
