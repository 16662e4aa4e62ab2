"""Load the demo district into an empty database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.actors import system
from engine.network.areas import import_areas
from engine.network.importing import import_units
from engine.network.staffing import import_staff
from engine.network.units import Beside, Unit, by_code
from processes.centres.seeding import seed
from processes.demo.areas import demo_areas
from processes.demo.generate import DISTRICT, demo_staff, demo_units

if TYPE_CHECKING:
    from engine.db import Session

IMPORTER = "system:import"


def load_demo(session: Session) -> Unit:
    """Units, their areas and staff of the demo; importing again changes nothing. Returns the district."""
    units = demo_units()
    import_units(session, IMPORTER, units)
    import_areas(session, IMPORTER, demo_areas(units))
    import_staff(session, IMPORTER, demo_staff(units))
    district = by_code(session, DISTRICT)
    assert district is not None  # noqa: S101 # imported above; for the type checker
    for centre in session.scalars(select(Unit).where(Unit.level == Beside.CENTRE)).all():
        seed(session, system(district.id, "demo"), centre)
    return district
