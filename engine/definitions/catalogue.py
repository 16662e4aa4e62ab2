"""Compiled definitions, cached in each process; a definition never changes, so nothing is ever stale."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from engine.definitions.deploy import load_bundle
from engine.spiff.compiler import Compiled, compile_bundle

if TYPE_CHECKING:
    from engine.db import Session

CAPACITY = 64


class Catalogue:
    """Definition id → compiled definition; the least recently used goes first."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, definition_id: str) -> Compiled:
        """Compile at the first use. Raises NotDeployed.

        The database is read outside the lock: a thread that waits for another's transaction must not hold it.
        Two threads may then compile the same definition; the first one is kept.
        """
        with self._lock:
            found = self._compiled.get(definition_id)
            if found is not None:
                self._compiled.move_to_end(definition_id)
                return found
        compiled = compile_bundle(load_bundle(session, definition_id))
        with self._lock:
            kept = self._compiled.setdefault(definition_id, compiled)
            while len(self._compiled) > CAPACITY:
                self._compiled.popitem(last=False)
            return kept
