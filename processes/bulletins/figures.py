"""One function reckons every figure of a bulletin; screen, Word, PDF and Excel are all made from what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processes.activities import reading as activities
from processes.activities.codes import ActivityKind
from processes.activities.models import Activity
from processes.bulletins import acts, cases, rates, services
from processes.bulletins.periods import Period
from processes.bulletins.scope import Scope, scope_of
from processes.bulletins.shape import ActivityLine, Figures

if TYPE_CHECKING:
    from engine.db import Session
    from engine.network.units import Unit


def compute(session: Session, unit: Unit, period: Period) -> Figures:
    """Everything that the bulletin of a unit or centre says about a period, as the rows stand now.

    All cases count, whoever asks: what may not be shown of restricted ones is hidden by who shows it (ruling 11).
    """
    scope = scope_of(session, unit)
    tallies = rates.tallies(session, scope, period)
    return Figures(
        unit=unit.code,
        name=unit.name,
        level=unit.level,
        covers=[root.name for root in scope.roots[1:]],
        period=period.kind.value,
        begins_on=period.begins_on,
        ends_on=period.ends_on,
        computed_at=session.env.clock.now(),
        kinds=cases.kinds(session, scope, period),
        restricted=cases.restricted(session, scope, period),
        acts=acts.count_acts(session, scope, period),
        disputes=cases.disputes(session, scope, period),
        disputes_settled=cases.disputes_settled(session, scope, period),
        mediations=services.mediations(session, scope, period),
        services=services.services(session, scope, period),
        cards=services.cards(session, scope, period),
        activities=_activities(session, scope, period),
        rates=rates.rates_of(rates.whole(tallies)),
        overdue=rates.overdue(session, scope, period, tallies),
        months=cases.trend(session, scope, period),
        ranking=rates.ranking(session, scope, tallies),
        settled_at=cases.settled_by_level(session, scope, period),
    )


def _activities(session: Session, scope: Scope, period: Period) -> Sequence[ActivityLine]:
    """Every kind, also where there was none."""
    days = (Activity.held_on >= period.begins_on, Activity.held_on <= period.ends_on)
    counts = activities.counts(session, scope.district_id, activities.within(scope.units()), *days)
    none = activities.Count()
    found = [(kind, counts.get(kind, none)) for kind in ActivityKind]
    return [ActivityLine(kind.value, count.entries, count.amount, count.people) for kind, count in found]
