"""Servers and workers killed with -9 hundreds of times while people work: nothing lost, nothing twice."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

import engine
from tests.crash.ground import Ground, ground
from tests.crash.herd import Beast, Death
from tests.soaking import rounds, seed_of_this_run

pytestmark = pytest.mark.crash
KILLS = 150
"""On each database at least."""
FULL_CHECK_EVERY = 25
LEAPS = (timedelta(minutes=3), timedelta(hours=2), timedelta(hours=9), timedelta(days=1), timedelta(days=3))


def named_points() -> list[str]:
    """Every point around the commit that the code names."""
    folder = Path(engine.__file__).parent.parent
    sources = [path.read_text() for part in ("engine", "processes", "web") for path in (folder / part).rglob("*.py")]
    return sorted({point for source in sources for point in re.findall(r'\breached\("([a-z-]+)"\)', source)})


POINTS = named_points()
KNOWN_POINTS = frozenset({"state-written", "before-trail", "before-commit", "after-commit", "effects-sent"})
"""What servers and workers reach by themselves; operators' commands may have points of their own, tested with them."""
SERVERS = ("serve", "serve alone", "serve alone")


@dataclass
class Slaughter:
    """Kills, checks, starts again."""

    place: Ground
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.kills.total()

    def begin(self) -> None:
        """A while without deaths: what it answers is what the cut-off ones are compared with."""
        self.place.herd.start("serve alone")
        self.place.herd.start("worker")
        self.place.wait_served()
        self.place.crowd.start()
        self.place.wait_for_commands(60)
        assert self.place.crowd.pause()
        for beast in self.place.herd.living:
            self._kill(beast)
            self._bury(beast)
        self.place.crowd.go_on()

    def one_round(self) -> None:
        """Everybody is up; somebody dies, at a point or at a moment; look; go on."""
        self._fill_up()
        if self.dice.random() < 0.5:
            self.place.leap(self.dice.choice(LEAPS))
        struck = self.place.herd.look(seconds=self.dice.uniform(0.05, 2.5))
        if not struck:
            victims = (
                self.place.herd.living if self.dice.random() < 0.25 else [self.dice.choice(self.place.herd.living)]
            )
            for beast in victims:
                self._kill(beast)
            struck = self.place.herd.look()
        for beast in struck:
            self._bury(beast)

    def _kill(self, beast: Beast) -> None:
        beast.kill()
        self.place.herd.wait_dead(beast)
        beast.died_at = beast.died_at or "a moment"

    def _bury(self, beast: Beast) -> None:
        """Count a death, and check at once what can be checked."""
        place, died_at = self.place, beast.died_at
        assert died_at is not None, f"{beast.kind} ended by itself with {beast.status}"
        if beast.lives_on:
            beast.death = beast.died_at = None
        else:
            place.herd.wait_dead(beast)
            place.wait_gone(beast)
            beast.is_buried = True
        self.kills[f"{beast.kind} at {died_at}"] += 1
        print(f"  kill {self.total}: {beast.kind} at {died_at}, {monotonic() - beast.born:.2f} s old")
        if not place.herd.servers:
            place.books.check_cut_off()
        place.books.check_trail_so_far()
        place.books.check_touched_timers()
        assert place.crowd.findings == []

    def _fill_up(self) -> None:
        herd = self.place.herd
        if not herd.servers:
            death = self._death("server")
            self.place.crowd.is_each_death_looked_at = death is None or death.whole
            herd.start(self.dice.choice(SERVERS), death)
            self.place.wait_served()
        if sum(beast.kind == "worker" for beast in herd.living) < self.dice.randint(1, 2):
            herd.start("worker", self._death("worker"))

    def _death(self, of: str) -> Death | None:
        if self.dice.random() < 0.25:
            return None
        most = 12 if of == "server" else 4  # a worker commits less often
        points = [*POINTS, "after-commit"]  # done, and not yet answered: twice as often as the others
        return Death(self.dice.choice(points), self.dice.randint(1, most), whole=self.dice.random() < 0.7)

    def rest_and_check(self) -> None:
        """Nobody serves, nobody works; the whole of it is compared."""
        self._fill_up_unharmed()
        assert self.place.crowd.pause()
        assert set(self.place.herd.stop()) == {0}
        self.place.books.check_all()
        self.place.crowd.go_on()

    def finish(self) -> None:
        self._fill_up_unharmed()
        self.place.crowd.stop()
        self.place.wait_beating(self.place.herd.start("worker"))
        self.place.drain()
        assert set(self.place.herd.stop()) == {0}
        self.place.books.check_all()
        self.place.books.check_effects(self.place.receiver)
        assert self.place.herd.failures() == []

    def _fill_up_unharmed(self) -> None:
        for beast in self.place.herd.living:
            self._kill(beast)
        for beast in self.place.herd.look():
            self._bury(beast)
        self.place.crowd.is_each_death_looked_at = True
        self.place.herd.start("serve alone")
        self.place.wait_served()

    def say(self, seconds: float) -> None:
        print(f"{self.total} kills in {seconds:.0f} s: {dict(sorted(self.kills.items()))}")
        print(f"commands: {len(self.place.crowd.done)}, {dict(self.place.crowd.tally)}")
        print(f"effects sent more than once: {self.place.receiver.repeated}; rows: {self.place.books.counts()}")


@pytest.mark.soak
def test_whoever_is_killed_and_whenever_nothing_is_lost_or_done_twice(database_url: str, tmp_path: Path) -> None:
    seed = seed_of_this_run()
    kind = database_url.partition(":")[0]
    print(f"\nkilled again and again on {kind}, SOAK_SEED={seed}; points: {', '.join(POINTS)}")
    begun = monotonic()
    with ground(database_url, tmp_path, seed) as place:
        slaughter = Slaughter(place, random.Random(seed))
        slaughter.begin()
        for number in rounds(0.45):
            slaughter.one_round()
            if number % FULL_CHECK_EVERY == FULL_CHECK_EVERY - 1:
                slaughter.rest_and_check()
        while slaughter.total < KILLS:
            slaughter.one_round()
        slaughter.finish()
        slaughter.say(monotonic() - begun)
        died_at = {name.rpartition(" at ")[2] for name in slaughter.kills}
        assert died_at >= {*KNOWN_POINTS, "a moment"}
        assert place.books.counts()["timers fired"] > 50
        assert place.crowd.tally["cut off and replayed"] > 0
        assert place.crowd.tally["cut off and carried out"] > 0
        assert place.crowd.tally["compared with an uncut run"] > 0
        assert place.crowd.tally["refused"] < len(place.crowd.done) / 4
