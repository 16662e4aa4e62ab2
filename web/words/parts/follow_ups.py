"""Words of the follow-up of a mediation (调解回访)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:mediation_follow_up:open": Saying("调解回访", "began the follow-up of the agreement"),
    "procedure:mediation_follow_up:end": also("调解回访结束", "follow-up ended"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {}
"""Notices."""
