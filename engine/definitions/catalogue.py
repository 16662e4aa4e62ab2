"""Compiled definitions, cached in each process; a definition never changes, so nothing is ever stale."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.db import Session
    from engine.spiff.compiler import Compiled

CAPACITY = 64


class Catalogue:
    """Definition id → compiled definition; the least recently used goes first."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, definition_id: str) -> Compiled:
        """Compile at the first use. Raises NotDeployed."""
        with self._lock:
            found = self._compiled.get(definition_id)
            if found is not None:
                self._compiled.move_to_end(definition_id)
                return found
            compiled = self._compile(session, definition_id)
            self._compiled[definition_id] = compiled
            if len(self._compiled) > CAPACITY:
                self._compiled.popitem(last=False)
            return compiled

    def _compile(self, session: Session, definition_id: str) -> Compiled:
        from engine.definitions.deploy import load_bundle  # noqa: PLC0415 # these modules import this one
        from engine.spiff.compiler import compile_bundle  # noqa: PLC0415 # these modules import this one

        return compile_bundle(load_bundle(session, definition_id))
