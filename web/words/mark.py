"""One kind of notice in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """What a mark says. `tone`: ok, warn, late, accent or plain; `{}` in the texts is what the notice adds."""

    tone: str
    icon: str
    zh: str
    en: str
