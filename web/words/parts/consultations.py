"""Words of consultation (会商)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying, also

ELEMENTS: Mapping[str, tuple[str, str]] = {
    "give_opinion": ("书面意见", "written opinion"),
    "hold_meeting": ("召开会议", "holding the meeting"),
    "form_decision": ("形成决定", "forming the decision"),
}
"""Human tasks."""
STAGES: Mapping[str, tuple[str, str]] = {
    "opinion": ("书面意见", "written opinion"),
    "meeting": ("召开会议", "holding the meeting"),
    "decision": ("形成决定", "forming the decision"),
}
"""Clocks."""
QUOTED: Mapping[str, tuple[str, str]] = {
    "minutes": ("纪要", "minutes"),
    "decision": ("决定", "decision"),
    "task": ("任务", "task"),
}
"""Texts that the timeline quotes, by their field."""
ACTIONS: Mapping[str, Saying] = {
    "procedure:consultation:open": Saying("会商", "called a consultation"),
    "procedure:consultation:end": also("会商结束", "consultation ended"),
    "consultation:units:invite": Saying("邀请单位", "invited units"),
    "consultation:unit:absent": Saying("未提交书面意见，记为缺席", "gave no opinion: recorded as absent", "warn"),
    "consultation:decision:make": Saying("下达任务", "gave the tasks"),
    "consultation:task:done": Saying("完成会商任务", "finished a task of the consultation", "ok"),
    "consultation:task:overdue": Saying("会商任务逾期", "a task of the consultation is late", "late"),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {
    ("give_opinion", None): Saying("提交书面意见", "gave a written opinion"),
    ("hold_meeting", None): Saying("召开会商会议", "held the meeting"),
    ("form_decision", None): Saying("形成会商决定", "formed the decision", "ok"),
}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "consult_invited": Mark(
        "accent", "message", "受邀会商，请按期提交书面意见", "You are invited: please give your opinion in time"
    ),
    "consult_absent": Mark(
        "warn", "message", "会商单位未按期提交意见，记为缺席", "A unit gave no opinion in time: recorded as absent"
    ),
    "consult_decided": Mark(
        "accent", "gavel", "会商已形成决定，请按决定办理", "The consultation has decided: please act on it"
    ),
    "consult_task": Mark("accent", "inbox", "会商决定给本单位一项任务，请按期完成", "You have a task from a decision"),
    "consult_task_done": Mark("ok", "check-circle", "会商任务已完成", "A task of your consultation is done"),
    "consult_task_overdue": Mark("late", "alert", "会商任务逾期未完成，请督促", "A task of a consultation is late"),
}
"""Notices."""
