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


def live_through(server: Postgres, folder: Path, seed: int, numbers: list[int] | None) -> None:
    """`numbers`: how many stops; None for as long as a soak goes on."""
    dice = random.Random(seed)
    begun, stops = monotonic(), 0
    name = server.create_database()
    with ground(server.url(name), folder, seed) as place:
        place.herd.start("serve alone")
        place.wait_beating(place.herd.start("worker"))
        place.wait_served()
        place.crowd.start()
        for stops in numbers if numbers is not None else rounds(0.15):
            stop_and_go(place, server, dice)
            if stops % FULL_CHECK_EVERY == 0:
                place.rest()
                place.books.check_all()
                place.crowd.go_on()
        while numbers is None and stops + 1 < STOPS:
            stops += 1
            stop_and_go(place, server, dice)
        place.crowd.stop()
        place.drain()
        assert place.herd.stop() == [0, 0]
        place.books.check_all()
        place.books.check_effects(place.receiver)
        told = place.crowd.tally["told to wait"]
        print(f"\nstopped {stops + 1} times in {monotonic() - begun:.0f} s, SOAK_SEED={seed}")
        print(f"commands: {len(place.crowd.done)}, {dict(place.crowd.tally)}; rows: {place.books.counts()}")
        assert told > 0
    server.drop_database(name)


def test_postgresql_stopped_at_once_loses_nothing_and_people_are_told_to_wait(
    durable_postgres: Postgres, tmp_path: Path
) -> None:
    live_through(durable_postgres, tmp_path, seed=1, numbers=[0])


@pytest.mark.soak
def test_postgresql_stopped_again_and_again_under_load(durable_postgres: Postgres, tmp_path: Path) -> None:
    live_through(durable_postgres, tmp_path, seed_of_this_run(), numbers=None)
