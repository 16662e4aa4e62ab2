"""Validation of models before deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """What models may refer to."""

    operations: frozenset[str]
    functions: frozenset[str]
    names: frozenset[str]
    roles: frozenset[str]


def validate(files: Mapping[str, bytes], known: Known) -> None:
    """Raise DefinitionRefused with every fault of every model."""
