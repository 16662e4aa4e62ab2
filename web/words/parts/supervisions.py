"""Words of the upper rungs of supervision (督办)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "supervision_interview": Mark(
        "late", "users", "被约谈，请按通知到场", "You are called to an interview: please be there"
    ),
    "supervision_account": Mark(
        "late", "flag", "督办进入问责建议", "The supervision has come to a report for accountability"
    ),
}
"""Notices."""
