"""Words of the upper rungs of supervision (督办)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "hold_interview": ("约谈", "interview"),
    "report_account": ("问责建议", "report for accountability"),
}
"""Human tasks."""
STAGES: Mapping[str, tuple[str, str]] = {
    "sup_interview": ("约谈", "interview"),
    "sup_account": ("问责建议", "report for accountability"),
}
"""Clocks."""
QUOTED: Mapping[str, tuple[str, str]] = {
    "present": ("参加人员", "present"),
    "minutes": ("纪要", "minutes"),
    "findings": ("查明的情况", "findings"),
    "advice": ("问责建议", "advice"),
    "feedback": ("书面反馈", "written feedback"),
}
"""Texts that the timeline quotes, by their field."""
ACTIONS: Mapping[str, Saying] = {
    "supervision:meeting:hold": Saying("约谈、问责存档", "kept the minutes"),
    "admin:points:set": Saying("设定督办扣分", "set the points of supervision"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("hold_interview", None): Saying("约谈通报", "held the interview and gave notice", "late"),
    ("report_account", None): Saying("提出问责建议", "reported for accountability", "late"),
}
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
