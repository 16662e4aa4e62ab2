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
    `data`: where to put the cluster, when not into the temporary folder; it is then made small.
    """

    binaries: Path
    user: str = "postgres"
    durable: bool = False
    data: Path | None = None

    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gridgov-pg-"))
        if os.geteuid() == 0:  # initdb and postgres refuse to run as root
            for folder in filter(None, (self.folder, self.data)):
                shutil.chown(folder, self.user)
        self._cluster = self.data or self.folder / "data"
        options = ["-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C", *(["--wal-segsize=1"] if self.data else [])]
        self._run("initdb", "-D", str(self._cluster), "-U", self.user, *options)
        self.go_on()
        self._numbers = itertools.count(1)

    def go_on(self) -> None:
        """Start the server, also after it has crashed; waits until it takes connections."""
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c full_page_writes=off"
        if self.data is not None:
            options += " -c shared_buffers=16MB -c min_wal_size=2MB -c max_wal_size=8MB"
        self._run("pg_ctl", "-D", str(self._cluster), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def crash(self) -> None:
        """Every process of the server ends at once, without a checkpoint: it has to recover from its log."""
        self._run("pg_ctl", "-D", str(self._cluster), "-m", "immediate", "stop")

    @property
    def is_running(self) -> bool:
        """False also when it gave up by itself, as on a full disk."""
        return self._done("pg_ctl", "-D", str(self._cluster), "status").returncode == 0

    def stop(self) -> None:
        if self.is_running:
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, like: str | None = None) -> str:
        """A new database, empty or a copy of the one called `like`, to which nobody is connected."""
        name = f"t{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
        return name

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """As the superuser, outside any transaction."""
        with psycopg.connect(f"host={self.folder} user={self.user} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        done = self._done(program, *arguments)
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stderr or done.stdout}")

    def _done(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)


@contextmanager
def started(binaries: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """A server that is there for a block."""
    server = Postgres(binaries, durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.stop()
