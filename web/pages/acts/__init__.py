"""Forms of what runs beside a case, part by part; `act_view` puts them on the page."""

from __future__ import annotations

from types import ModuleType

from web.pages.acts import consultations, follow_ups, mediations, supervisions, whistles

ALL: tuple[ModuleType, ...] = (consultations, follow_ups, mediations, supervisions, whistles)
