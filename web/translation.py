"""Two languages side by side: every text is written as a pair where it is shown, so that none can be missing.

`t("待办", "Tasks")` gives the one that the person reads. Chosen by the cookie `lang`; the API, asked without it,
follows Accept-Language; Chinese otherwise.
"""

from __future__ import annotations

from typing import Literal, cast

from flask import g, has_request_context, request

Language = Literal["zh", "en"]
COOKIE = "lang"
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def language() -> Language:
    """Which of the two, the same for the whole request; "zh" outside of one."""
    if not has_request_context():
        return "zh"
    if "language" not in g:
        g.language = _chosen()
    return cast("Language", g.language)


def _chosen() -> Language:
    given = request.cookies.get(COOKIE)
    if given is None and request.path.startswith("/api/"):
        given = request.accept_languages.best_match(["zh", "zh-CN", "en"], default="zh")
    return "en" if given == "en" else "zh"


def t(zh: str, en: str) -> str:
    """The text in the person's language."""
    return en if language() == "en" else zh
