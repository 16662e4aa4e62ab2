"""Words of the bulletin (运行简报)."""

from __future__ import annotations

from collections.abc import Mapping

from processes.centres.codes import Service
from web.words.mark import Mark
from web.words.saying import Saying

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {"bulletin:edition:issue": Saying("发布运行简报", "issued a bulletin")}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {}
"""Notices."""

ACTS: Mapping[str, tuple[str, str, str, str]] = {
    "self_handle": ("自办", "Handled itself", "本单位办结的承办记录（含当场办结）", "stays settled by their unit"),
    "assign": ("交办", "Assigned", "交办单", "assignments"),
    "transfer": ("转办", "Transferred", "转办离开的承办记录", "stays that left so"),
    "supervise": ("督办", "Supervised", "人工督办的督办单", "cards of supervisions by hand"),
    "consult": ("会商", "Consulted", "会商程序", "consultations"),
    "on_spot": ("其中当场办结", "Settled on the spot", "当场办结的承办记录，已计入自办", "among those handled itself"),
    "urge": ("催办", "Urged", "人工催办的督办单", "cards of supervisions by hand"),
    "by_clock": ("系统催办、督办", "Urged or supervised by a clock", "超时由系统发起", "begun when a clock ran out"),
    "mediate": ("调解", "Mediated", "调解程序", "mediations"),
    "whistle": ("吹哨报到", "Whistled", "吹哨程序", "whistles"),
    "refer_up": ("上报", "Referred up", "上报离开的承办记录", "stays that left so"),
    "return": ("退回", "Returned", "退回离开的承办记录", "stays that left so"),
    "escalate": ("超时升级", "Escalated", "超时升级离开的承办记录", "stays that left so"),
}
"""Code of an act → (Chinese, English, counted from in both)."""
LEVELS: Mapping[str, tuple[str, str]] = {
    "district": ("区", "District"),
    "subdistrict": ("乡镇（街道）", "Subdistrict"),
    "village": ("村（社区）", "Village"),
    "grid": ("网格", "Grid"),
    "cell": ("方格", "Cell"),
    "beside": ("部门、中心、第三方", "Departments and centres"),
}
SETTLED_AT: Mapping[str, tuple[str, str]] = {
    "cell": ("小事不出格", "Small matters stay in the cell"),
    "grid": ("小事不出网格", "Small matters stay in the grid"),
    "village": ("一般事不出村（社区）", "Ordinary matters stay in the village"),
    "subdistrict": ("大事不出镇（街道）", "Large matters stay in the subdistrict"),
    "district": ("难事不出区", "Hard matters stay in the district"),
}
SERVICES: Mapping[str, tuple[str, str]] = {each.value: (each.zh, each.en) for each in Service}
"""What a window serves."""
