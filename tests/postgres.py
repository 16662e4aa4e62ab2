"""A throw-away PostgreSQL server on a unix socket, started by an unprivileged user in a temporary folder."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, wherever Debian or the user put it."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@dataclass
class Postgres:
    """`start()` takes about a second; each test has a database of its own.

    `durable`: with fsync and full pages as in real life, for what is measured or killed; tests of behaviour need none.
    """

    binaries: Path
    user: str = "postgres"
    durable: bool = False

    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gridgov-pg-"))
        if os.geteuid() == 0:  # initdb and postgres refuse to run as root
            shutil.chown(self.folder, self.user)
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", self.user, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c full_page_writes=off"
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self._numbers = itertools.count(1)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self) -> str:
        name = f"t{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user={self.user} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stderr or done.stdout}")


@contextmanager
def started(binaries: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """A server that is there for a block."""
    server = Postgres(binaries, durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.stop()
