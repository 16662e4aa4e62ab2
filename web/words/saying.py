"""One thing that happened, as a verb in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from web.translation import t


@dataclass(frozen=True)
class Saying:
    """A verb in both languages. `tone`: warn, late, ok or empty. `aside`: how it is said beside another verb of the
    same happening; empty: the other verb says it already.
    """

    zh: str
    en: str
    tone: str = ""
    aside: tuple[str, str] | None = None

    @property
    def verb(self) -> str:
        return t(self.zh, self.en)


def also(zh: str, en: str, tone: str = "") -> Saying:
    """Said alike alone and beside another verb."""
    return Saying(zh, en, tone, (zh, en))
