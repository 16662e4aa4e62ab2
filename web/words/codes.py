"""Labels of the codes that only the forms know (domain, type, head count), and of small lists of the rows."""

from __future__ import annotations

import json
from functools import cache

from processes import models_folder
from processes.codes import Code
from web.translation import t

PARTY_ROLES = {
    "applicant": ("申请方", "applicant"),
    "respondent": ("对方", "respondent"),
    "reporter": ("反映人", "reporter"),
    "witness": ("证人", "witness"),
    "other": ("其他", "other"),
}
RATINGS = {
    "satisfied": ("满意", "satisfied"),
    "basic": ("基本满意", "basically satisfied"),
    "unsatisfied": ("不满意", "not satisfied"),
    "unreached": ("未联系上", "not reached"),
    "unrated": ("未评价", "not rated"),
}


@cache
def _lists() -> dict[str, dict[str, tuple[str, str]]]:
    """Code list → code → (Chinese, English), as `bpmn/forms/codes.json` has them."""
    lists = json.loads((models_folder() / "forms" / "codes.json").read_text("utf-8"))["$defs"]
    return {
        name: dict(zip(each["enum"], zip(each["x-enum-zh"], each["x-enum-en"], strict=True), strict=True))
        for name, each in lists.items()
        if "enum" in each
    }


def label(code: Code) -> str:
    """The label of a code of `processes.codes`."""
    return t(code.zh, code.en)


def of_list(name: str, code: str | None) -> str:
    """The label of `code` in a list of the forms (domain, type, head_count …); the code itself when unknown."""
    pair = _lists().get(name, {}).get(code or "")
    return t(*pair) if pair else code or ""


def listed(name: str) -> list[tuple[str, str]]:
    """Every code of a list with its label, in the order of the list."""
    return [(code, t(*pair)) for code, pair in _lists()[name].items()]


def party_role(code: str | None) -> str:
    return t(*PARTY_ROLES[code]) if code in PARTY_ROLES else ""


def rating(code: str | None) -> str:
    return t(*RATINGS[code]) if code in RATINGS else ""
