"""核实立案: is the report right, and does it belong here? Then it is accepted, declined or merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.deadlines.book import OVERALL, OVERALL_AT
from engine.errors import Invalid, NotFound
from engine.network.units import by_code, department
from engine.worklist import WorkItem
from processes import links
from processes.cases import hops, readers
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.cases.models import Case
from processes.codes import ENDED, Disposition, Kind, State

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.step import Step

CLASSIFYING = ("domain", "kind", "type", "urgency", "head_count")
POLICE = "police"


def write_verify(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `verify`: the classification as verified, the place corrected, a restriction added (never lifted here)."""
    case = facts_of(step).case
    urgency = case.urgency
    for name in CLASSIFYING:
        if data.get(name) is not None:
            setattr(case, name, data[name])
    if case.urgency != urgency:
        links.press(step)
    if data.get("place"):
        place = by_code(step.session, str(data["place"]))
        if place is None or place.district_id != case.district_id:
            raise NotFound
        case.place_unit_id = place.id
    if data.get("restricted") and not case.restricted:
        restrict(step)
    if data.get("result") == "merge":
        find_main(step, data)
    sealed = seal_words(step, "verify", data)
    if sealed is not None:
        note(step, "verify", data.get("result"), sealed)


def restrict(step: Step) -> None:
    """Only named readers see the case from now on (ruling 11)."""
    facts = facts_of(step)
    case = facts.case
    case.restricted = True
    readers.withdraw_units(step.session, case)
    readers.admit(step.session, case, facts.owner)
    if case.reporter_staff_id is not None:
        readers.name_readers(step.session, case, [case.reporter_staff_id])
    if step.actor.staff_id is not None:
        readers.name_readers(step.session, case, [step.actor.staff_id])
    step.record("case:case:restrict", {})


def find_main(step: Step, data: Mapping[str, Any]) -> Case:
    """The case that a merge names. Raises Invalid when it is missing, ended, this very case, or out of sight.

    Its instance is locked by whoever completes the item (`worklist.complete`): two cases are never merged into each
    other at one time, nor one into another that ends.
    """
    case = facts_of(step).case
    number = data.get("main_case")
    main = step.session.scalar(select(Case).where(Case.number == number, Case.district_id == case.district_id))
    seen = main is not None and readers.sees(step.session, step.actor, main)
    if main is None or not seen or main.id == case.id or State(main.state) in ENDED:
        raise Invalid([finding("main_case", "names no open case that you can see", "不是您可见的在办事件编号")])
    return main


def route(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.route`: the accepted case sets out. A criminal lead goes to the police, as a hop.

    Returns whether the first stay has to sign off and accept (`needs_accept`).
    """
    facts = facts_of(step)
    open_overall(step)
    step.record("case:case:accept", {"kind": facts.case.kind, "urgency": facts.case.urgency})
    if facts.case.kind == Kind.CRIMINAL and facts.owner.slug != POLICE:
        police = department(step.session, facts.case.district_id, POLICE)
        hops.move(step, police.id, Disposition.CRIMINAL)
        return True
    return False


def open_overall(step: Step) -> None:
    """The overall clock runs from the report, whoever holds the case."""
    step.deadlines.open(OVERALL_AT, OVERALL, "overall", step.criteria, start=facts_of(step).case.reported_at)


def register(registry: Registry) -> None:
    registry.forms["verify"] = write_verify
    registry.operations["op.route"] = route
