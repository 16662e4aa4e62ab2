"""Words of mediation (调解)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:mediation:open": Saying("开始调解", "began a mediation"),
    "procedure:mediation:end": also("调解结束", "mediation ended"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {}
"""Notices."""
