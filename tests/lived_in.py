"""A migrated database that has been worked in a little: rows in most tables, made once and copied."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from engine.clock import SimulatedClock
from engine.db import Store
from engine.environment import Environment
from engine.sign_in.sessions import SignIn
from processes import attachments, migrations
from processes.cases.models import Case
from tests.cast import Cast, settle_in
from tests.pictures import jpeg


def settled(url: str, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    """A migrated database with people, a case and a picture in it."""
    store = Store(url, env)
    migrations.upgrade(store.engine)
    cast = settle_in(store, clock)
    number = cast.report(title="围墙纠纷‘\\x00\t“换行\n”").case.number
    cast.do(number, "verify", result="accept")
    with store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        attachments.attach(session, cast.grid, case, "a.jpg", jpeg())
        now = env.clock.now()
        signed_in = {"district_id": case.district_id, "staff_id": 1, "device": "", "created_at": now}
        session.add(SignIn(digest=b"d" * 32, seen_at=now, expires_at=now, **signed_in))
    yield cast
    store.dispose()
