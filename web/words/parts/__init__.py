"""Words of what runs beside a case and of the centre; `sayings` and `notices` add them to those of the case."""

from __future__ import annotations

from types import ModuleType

from web.words.parts import (
    activities,
    bulletins,
    centres,
    consultations,
    follow_ups,
    mediations,
    supervisions,
    visits,
    whistles,
)

ALL: tuple[ModuleType, ...] = (
    activities,
    bulletins,
    centres,
    consultations,
    follow_ups,
    mediations,
    supervisions,
    visits,
    whistles,
)
