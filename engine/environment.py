"""What every unit of work can reach besides rows: clock, randomness, keys, compiled models, registered operations."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.clock import Clock
    from engine.definitions.catalogue import Catalogue
    from engine.keys import KeyRing
    from engine.registry import Registry


class Entropy(Protocol):
    """A source of salts, keys and chances."""

    random: random.Random

    def token_bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        ...


class SystemEntropy:
    """The operating system's randomness; what every real installation uses."""

    def __init__(self) -> None:
        self.random: random.Random = random.SystemRandom()

    def token_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class SeededEntropy:
    """Repeatable randomness for simulations only: salts made from it protect nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._salts = random.Random(f"salts:{seed}")

    def token_bytes(self, count: int) -> bytes:
        return self._salts.randbytes(count)


def _nowhere(_point: str) -> None:
    """The default for `Environment.reached`: nobody is watching."""


@dataclass(frozen=True)
class Environment:
    """Bound to a `Store` once, at the edge; operations find it as `session.env`."""

    clock: Clock
    keys: KeyRing
    catalogue: Catalogue
    registry: Registry
    entropy: Entropy = field(default_factory=SystemEntropy)
    reached: Callable[[str], None] = _nowhere
    """Called at named points around each commit; crash tests end the process there."""
