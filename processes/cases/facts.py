"""What a step of a case-bound model knows: the case, its open stay, its units; and the words models use for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from engine import calendar
from engine.errors import Bug
from engine.network.units import Level, Unit, common_superior, department, is_within, nearest_above
from engine.vault import SubjectKey
from processes.cases.models import Assignment, Case, Stay
from processes.codes import PROTECTED_ROLE, Disposition, Urgency

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step


KEPT = frozenset({Disposition.REPORT, Disposition.REDO, Disposition.FAILED_CHECK, Disposition.REOPEN})
"""Ways to a stay after which nobody has to accept anew."""


class Ground:
    """What every step knows of its subject, be it a case or a visit: the network, and by what its clocks are read."""

    session: Session
    restricted: bool = False
    """Only protected readers act and are told (ruling 11)."""

    @property
    def criteria(self) -> tuple[str, str, str]:
        """(kind, urgency, level): by what the deadline table is read."""
        raise NotImplementedError

    def unit(self, unit_id: int | None) -> Unit:
        unit = self.session.get(Unit, unit_id) if unit_id is not None else None
        if unit is None:
            raise Bug(f"unit {unit_id} is not in the network")
        return unit

    def parent_of(self, unit_id: int | None) -> int | None:
        return self.unit(unit_id).parent_id if unit_id is not None else None

    def watcher(self, unit_id: int | None) -> tuple[int, str]:
        """The post (unit, role) that is told when `unit_id` is late."""
        raise NotImplementedError


@dataclass
class CaseFacts(Ground):
    """The rows that operations of one step share; changed in place by them.

    `kept`: owner, the unit above it and the key of its texts, held so that they stay in the identity map.
    """

    session: Session
    case: Case
    stay: Stay | None
    kept: list[Any] = field(default_factory=list)
    _assignments: list[Assignment] | None = field(default=None)

    @property
    def restricted(self) -> bool:  # type: ignore[override] # read from the row, which may change in the step
        return self.case.restricted

    @property
    def criteria(self) -> tuple[str, str, str]:
        return self.case.kind, self.case.urgency, self.case.level

    def watcher(self, unit_id: int | None) -> tuple[int, str]:
        """The supervisor of the unit above; the district itself is watched by the command office."""
        above = self.parent_of(unit_id)
        if above is None:
            above = department(self.session, self.case.district_id, "command").id
        return above, "supervisor"

    @property
    def owner(self) -> Unit:
        """The unit that owns the case; its last one when it is closed."""
        return self.unit(self.case.owner_id or self.case.last_owner_id)

    @property
    def assignments(self) -> list[Assignment]:
        """The open assignments, the latest last."""
        if self._assignments is None and not self.case.assignments:
            self._assignments = []
        if self._assignments is None:
            query = select(Assignment).where(Assignment.case_id == self.case.id, Assignment.state == "open")
            self._assignments = list(self.session.scalars(query.order_by(Assignment.id)))
        return self._assignments

    @property
    def assigner(self) -> int | None:
        return self.assignments[-1].assigner_id if self.assignments else None

    @property
    def checker(self) -> int:
        """The unit that checks; when it is the one that settled, the unit above it."""
        checker, last = self.case.checker_id, self.case.last_owner_id
        return self.parent_of(checker) or checker if checker == last else checker

    @property
    def needs_accept(self) -> bool:
        """Whether the open stay has to sign off and accept: not when the case stays with whom it was."""
        stay = self.stay
        return stay is not None and stay.accepted_at is None and Disposition(stay.arrived_by) not in KEPT

    @property
    def ruler(self) -> int:
        """Who rules on an argument: the lowest unit above owner and sender, or whoever it was passed up to."""
        if self.case.ruler_id is not None:
            return self.case.ruler_id
        other = self.unit(self.sender) if self.sender is not None else self.owner
        return common_superior(self.session, self.owner, other).id

    @property
    def sender(self) -> int | None:
        """Who sent the case to the unit where it stays."""
        return self.stay.sender_id if self.stay else None


_owner, _above = aliased(Unit), aliased(Unit)
_QUERY = (
    select(Case, Stay, _owner, _above, SubjectKey, calendar.REVISION)
    .outerjoin(Stay, (Stay.case_id == Case.id) & Stay.closed_at.is_(None))
    .outerjoin(_owner, _owner.id == Case.owner_id)
    .outerjoin(_above, _above.id == _owner.parent_id)
    .outerjoin(SubjectKey, SubjectKey.subject_id == Case.id)
    .where(Case.id == bindparam("case_id"))
    .execution_options(populate_existing=True)
)


def load(step: Step) -> CaseFacts:
    """One statement: case, open stay, owner with the unit above, the wrapped key of its texts, calendar revision."""
    found = step.session.execute(_QUERY, {"case_id": step.instance.subject_id}).first()
    if found is None:
        raise Bug(f"case {step.instance.subject_id} of instance {step.instance.id} is missing")
    case, stay, *kept, revision = found
    calendar.prime(step.session, revision)
    return CaseFacts(step.session, case, stay, kept)


def facts_of(step: Step) -> CaseFacts:
    """The facts of a step, typed."""
    facts = step.facts
    if not isinstance(facts, CaseFacts):
        raise Bug("this model is not about a case")
    return facts


def ground_of(step: Step) -> Ground:
    """The facts of a step about whatever it is."""
    facts = step.facts
    if not isinstance(facts, Ground):
        raise Bug("this model is about nothing")
    return facts


def register(registry: Registry) -> None:
    """Names and functions of expressions (processes.md, section 1)."""
    registry.facts = load
    registry.role_of = _acting_role
    registry.pressing = lambda step: ground_of(step).criteria[1] == Urgency.EXTRA
    registry.names |= {
        "owner": lambda step: facts_of(step).case.owner_id,
        "kind": lambda step: ground_of(step).criteria[0],
        "urgency": lambda step: ground_of(step).criteria[1],
        "level": lambda step: ground_of(step).criteria[2],
        "checker": lambda step: facts_of(step).checker,
        "assigner": lambda step: facts_of(step).assigner,
        "sender": lambda step: facts_of(step).sender,
        "returns": lambda step: facts_of(step).case.returns,
        "reopened": lambda step: facts_of(step).case.reopened,
        "needs_accept": lambda step: facts_of(step).needs_accept,
        "ruler": lambda step: facts_of(step).ruler,
        "reporter_unit": lambda step: facts_of(step).case.reporter_unit_id,
        "place_unit": lambda step: facts_of(step).case.place_unit_id,
    }
    registry.functions |= {
        "parent": lambda step, unit_id: ground_of(step).parent_of(unit_id),
        "sender": lambda step, _unit_id: facts_of(step).sender,
        "common_parent": _common_parent,
        "department": _department,
        "centre": _centre,
        "is_district": lambda step, unit_id: ground_of(step).unit(unit_id).level == Level.DISTRICT,
    }


def _acting_role(step: Step, role: str) -> str:
    """Of a restricted case only the protected reader of each unit acts and is told (ruling 11)."""
    return PROTECTED_ROLE if ground_of(step).restricted else role


def _common_parent(step: Step, one: int, other: int) -> int:
    facts = facts_of(step)
    return common_superior(step.session, facts.unit(one), facts.unit(other)).id


def _department(step: Step, slug: str) -> int:
    return department(step.session, step.instance.district_id, slug).id


def _centre(step: Step, level: str) -> int:
    """The centre of the place at `level`, e.g. centre('SUBDISTRICT')."""
    facts = facts_of(step)
    return nearest_above(step.session, facts.unit(facts.case.place_unit_id), Level(level.lower())).id


def is_strictly_above(facts: CaseFacts, upper_id: int, lower_id: int) -> bool:
    return upper_id != lower_id and is_within(facts.unit(lower_id), facts.unit(upper_id))


def command_office(step: Step) -> Any:
    """区委政法委指挥部: the department that supervises the district itself."""
    return department(step.session, step.instance.district_id, "command")
