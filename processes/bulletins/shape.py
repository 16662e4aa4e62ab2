"""What a bulletin says: plain values, which screen, Word, PDF and Excel are all made from, and an edition keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from processes.bulletins.periods import midnight

FEW = 5
"""Counts below it are not shown where restricted cases are among them (processes.md, section 0, ruling 11)."""


@dataclass(frozen=True)
class Count:
    """So many cases, `restricted` ones among them."""

    total: int = 0
    restricted: int = 0

    @property
    def is_hidden(self) -> bool:
        return bool(self.restricted) and self.total < FEW

    def __add__(self, other: Count) -> Count:
        return Count(self.total + other.total, self.restricted + other.restricted)


@dataclass(frozen=True)
class Part:
    """`part` of `whole`: a rate with its arithmetic."""

    part: int = 0
    whole: int = 0

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class KindLine:
    """Cases of a kind: came in during the period; settled in it; open at its end."""

    kind: str
    received: Count = Count()
    settled: Count = Count()
    open: Count = Count()


@dataclass(frozen=True)
class Acts:
    """How often something was done: by all units of the bulletin, and by the unit itself."""

    total: int = 0
    own: int = 0


@dataclass(frozen=True)
class Found:
    """排查数, 调处数, 成功数: disputes that came in during the period, of them taken up, of them settled by its end."""

    found: Count = Count()
    handled: Count = Count()
    settled: Count = Count()

    def __add__(self, other: Found) -> Found:
        return Found(self.found + other.found, self.handled + other.handled, self.settled + other.settled)


@dataclass(frozen=True)
class DisputeLine:
    """One type of dispute (""; none given): by level of the unit that has or had it last, and since January."""

    type: str
    levels: Mapping[str, Found]
    year: Found = Found()

    @property
    def total(self) -> Found:
        return sum(self.levels.values(), Found())


@dataclass(frozen=True)
class MediationLine:
    """One of the five kinds. `open`: still going on; `lawyer`: with a professional lawyer."""

    kind: str
    begun: Count = Count()
    agreed: Count = Count()
    failed: Count = Count()
    open: Count = Count()
    lawyer: int = 0
    confirmed: int = 0
    performed: int = 0


@dataclass(frozen=True)
class ServiceLine:
    """One window. `heads`: people served (人次); `granted`: legal aid; `served`: matters ended as served."""

    centre: str
    window: str
    service: str
    visits: int = 0
    served: int = 0
    heads: int = 0
    granted: int = 0
    open: int = 0


@dataclass(frozen=True)
class ActivityLine:
    kind: str
    entries: int
    amount: int
    people: int


@dataclass(frozen=True)
class Rates:
    """The three rates (三率: 响应率, 解决率, 满意率)."""

    response: Part = Part()
    resolution: Part = Part()
    satisfaction: Part = Part()


@dataclass(frozen=True)
class OverdueLine:
    """Of a level: cases that became overdue in the period, and those that stood overdue at its end."""

    level: str
    arisen: int = 0
    standing: int = 0


@dataclass(frozen=True)
class MonthLine:
    """One month. `first`: its first day."""

    first: date
    received: int = 0
    settled: int = 0
    disputes: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class RankLine:
    """A unit below, with what its place was reckoned from; `points` of 100, None with nothing to reckon from."""

    place: int | None
    code: str
    name: str
    level: str
    received: int
    rates: Rates
    points: float | None


@dataclass(frozen=True)
class LevelLine:
    """Cases settled by units of a level (小事不出格)."""

    level: str
    settled: Count = Count()


@dataclass(frozen=True)
class Figures:
    """Every figure of one unit and period; `computed_at`: when, in UTC."""

    unit: str
    name: str
    level: str
    covers: Sequence[str]
    period: str
    begins_on: date
    ends_on: date
    computed_at: datetime
    kinds: Sequence[KindLine] = ()
    restricted: Count = Count()
    acts: Mapping[str, Acts] = field(default_factory=dict)
    """By code: self_handle, on_spot, assign, transfer, supervise, consult …; see `processes.bulletins.acts`."""
    disputes: Sequence[DisputeLine] = ()
    disputes_settled: Count = Count()
    """Disputes settled in the period, whenever they came in."""
    mediations: Sequence[MediationLine] = ()
    services: Sequence[ServiceLine] = ()
    cards: int = 0
    """Contact cards issued to enterprises."""
    activities: Sequence[ActivityLine] = ()
    rates: Rates = Rates()
    overdue: Sequence[OverdueLine] = ()
    months: Sequence[MonthLine] = ()
    ranking: Sequence[RankLine] = ()
    settled_at: Sequence[LevelLine] = ()

    @property
    def is_running(self) -> bool:
        """Reckoned before the last day of the period was over."""
        return self.computed_at < midnight(self.ends_on + timedelta(days=1))


_ADAPTER = TypeAdapter(Figures)


def to_json(figures: Figures) -> dict[str, Any]:
    """As an edition keeps them: every count as it is."""
    kept: dict[str, Any] = _ADAPTER.dump_python(figures, mode="json")
    return kept


def from_json(kept: Mapping[str, Any]) -> Figures:
    return _ADAPTER.validate_python(dict(kept))


def to_shown_json(figures: Figures) -> Any:
    """As everybody may see them: each count a number, or "<5" where that is all that may be said."""
    return _shown(to_json(figures))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"total", "restricted"}:
            return f"<{FEW}" if Count(**value).is_hidden else value["total"]
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value
