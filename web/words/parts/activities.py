"""Words of the activity log (活动台账)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {
    "activity:entry:record": Saying("登记活动", "entered an activity"),
    "activity:entry:strike": Saying("作废活动记录", "struck out an activity", "warn"),
    "activity:case:link": also("关联活动", "linked to an activity"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {}
"""Notices."""
