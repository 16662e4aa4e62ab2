"""PostgreSQL stopped at once under load, again and again: our processes go on by themselves, and nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.crash.ground import Ground, ground
from tests.postgres import Postgres
from tests.soaking import rounds, seed_of_this_run

pytestmark = pytest.mark.crash
STOPS = 20
FULL_CHECK_EVERY = 10


def stop_and_go(place: Ground, server: Postgres, dice: random.Random) -> None:
    """Work, stop the server at any moment, leave it away for a while, start it, work; look at what was on its way."""
    place.wait_for_commands(dice.randint(1, 30))
    server.crash()
    sleep(dice.uniform(0.05, 0.8))
    server.go_on()
    place.wait_for_commands(10)
    assert place.crowd.pause()
    place.books.check_cut_off()
    place.books.check_trail_so_far()
    place.books.check_touched_timers()
    place.crowd.go_on()
    assert place.crowd.findings == []
    assert [beast.status for beast in place.herd.beasts] == [None, None]


@pytest.mark.soak
def test_postgresql_stopped_again_and_again_loses_nothing_and_people_are_told_to_wait(
    durable_postgres: Postgres, tmp_path: Path
) -> None:
    seed = seed_of_this_run()
    dice, begun, stops = random.Random(seed), monotonic(), 0
    print(f"\nPostgreSQL stopped again and again, SOAK_SEED={seed}")
    name = durable_postgres.create_database()
    with ground(durable_postgres.url(name), tmp_path, seed) as place:
        place.herd.start("serve alone")
        place.wait_beating(place.herd.start("worker"))
        place.wait_served()
        place.crowd.start()
        enough = rounds(0.15)
        while next(enough, None) is not None or stops < STOPS:
            stop_and_go(place, durable_postgres, dice)
            stops += 1
            if stops % FULL_CHECK_EVERY == 0:
                place.rest()
                place.books.check_all()
                place.crowd.go_on()
        place.crowd.stop()
        place.drain()
        assert place.herd.stop() == [0, 0]
        place.books.check_all()
        place.books.check_effects(place.receiver)
        print(f"stopped {stops} times in {monotonic() - begun:.0f} s")
        print(f"commands: {len(place.crowd.done)}, {dict(place.crowd.tally)}; rows: {place.books.counts()}")
        assert place.crowd.tally["told to wait"] > 0
    durable_postgres.drop_database(name)
