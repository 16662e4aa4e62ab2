"""The checker itself: it lets good histories pass and finds each kind of bad one."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from tests.concurrency.history import (
    CANCELLED,
    COMPLETED,
    ITEM_CLOSED,
    OK,
    READY,
    TAKEN,
    UNKNOWN,
    Entry,
    Operation,
    Row,
    check_items,
    check_order,
    contended,
    is_linear,
)


def did(client: str, action: str, at: float, until: float, status: str = OK, by: str | None = None) -> Operation:
    outcome = "accept" if action == "complete" else None
    return Operation(client, action, 1, "c", at, until, status, by, outcome)


def table(state: str = COMPLETED, who: str | None = "a", outcome: str | None = "accept") -> dict[int, Row]:
    return {1: Row(1, state, who, outcome)}


RACE = [
    did("a", "claim", 0, 3),
    did("b", "claim", 1, 4, TAKEN, "a"),
    did("a", "complete", 5, 9),
    did("b", "complete", 5, 8, TAKEN, "a"),
    did("c", "claim", 6, 9.5, ITEM_CLOSED, "a"),
]


def test_a_fair_race_is_explained() -> None:
    assert check_items(RACE, table()) == []
    assert contended(RACE) == 5


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        ([*RACE, did("b", "complete", 10, 11)], table()),  # completed twice
        ([*RACE[:1], did("b", "complete", 1, 4)], table(who="b")),  # over the head of its holder
        ([replace(RACE[1], by="c"), RACE[0]], table("claimed", "a", None)),  # told of somebody who never had it
        ([*RACE[:4], replace(RACE[4], invoked=3.5, returned=4.5)], table()),  # told closed before anybody closed it
        ([*RACE[:4], replace(RACE[4], by="b")], table()),  # told a wrong winner
        ([did("a", "claim", 0, 1), did("b", "claim", 2, 3)], table("claimed", "b", None)),  # both have it
        ([did("a", "claim", 0, 1)], table(READY, None, None)),  # an acknowledged claim is lost
        ([did("a", "complete", 0, 1)], table(READY, None, None)),  # an acknowledged completion is lost
        ([did("a", "complete", 0, 1)], table(who="b")),  # the table names somebody else
        ([did("a", "complete", 0, 1)], table(outcome="decline")),  # the table has another answer
        ([did("a", "complete", 0, 1), did("b", "release", 2, 3)], table()),  # put back what is closed
        ([did("a", "claim", 0, 1)], {}),  # the item is gone
        ([did("b", "claim", 0, 1, TAKEN, "a")], table(READY, None, None)),  # refused for nobody's sake
    ],
)
def test_a_bad_history_is_found(changed: list[Operation], row: dict[int, Row]) -> None:
    assert check_items(changed, row) != []


def test_a_second_release_may_have_come_after_the_claim_in_between() -> None:
    released_twice = [
        did("a", "claim", 0, 1),
        did("a", "release", 3, 5),
        did("b", "claim", 2, 6),
        did("a", "release", 5.1, 8),
        did("c", "complete", 5.5, 9),
    ]
    assert check_items(released_twice, table(who="c")) == []
    assert check_items([*released_twice[:3], released_twice[4]], table(who="c")) != []


def test_a_completion_that_nobody_sent_is_found() -> None:
    assert check_items([did("a", "claim", 0, 1)], table() | {2: Row(2, COMPLETED, "b", "accept")}) != []


def test_what_was_never_answered_may_have_happened_or_not() -> None:
    unanswered = did("a", "complete", 0, inf, UNKNOWN)
    assert check_items([unanswered], table()) == []
    assert check_items([unanswered], table(READY, None, None)) == []
    assert check_items([unanswered, did("b", "claim", 5, 6, ITEM_CLOSED, "a")], table()) == []
    assert check_items([unanswered, did("b", "claim", 5, 6, ITEM_CLOSED, "a")], table(READY, None, None)) != []


def test_what_the_system_cancelled_may_have_been_cancelled_at_any_time() -> None:
    row = table(CANCELLED, "clock", None)
    assert check_items([did("a", "claim", 0, 1), did("a", "complete", 2, 3, ITEM_CLOSED, "clock")], row) == []
    assert check_items([did("a", "complete", 2, 3, ITEM_CLOSED, "clock"), did("a", "claim", 4, 5)], row) != []


def test_an_order_is_found_among_many_overlapping_claims() -> None:
    rivals = [did(f"p{n}", "claim", 0, 9, TAKEN, "p7") if n != 7 else did("p7", "claim", 0, 9) for n in range(24)]
    assert is_linear(rivals, (READY, None))
    assert not is_linear([*rivals, did("late", "claim", 8, 9)], (READY, None))


def entry(seq: int, actor: str = "a", action: str = "work:item:complete") -> Entry:
    return Entry(seq, actor, action, "c")


def test_a_trail_in_the_order_of_real_time_passes() -> None:
    ops = [did("a", "complete", 0, 5), did("b", "complete", 1, 2), did("a", "complete", 6, 7)]
    assert check_order(ops, [entry(3, "b"), entry(4), entry(9)]) == []
    assert check_order(ops, [entry(3), entry(4, "b"), entry(9)]) == []


@pytest.mark.parametrize(
    "entries",
    [
        [entry(3), entry(4)],  # the second was acknowledged before the first was sent
        [entry(4), entry(3, "b"), entry(5)],  # one was written twice
        [entry(4)],  # one was never written
    ],
)
def test_a_trail_against_real_time_or_with_another_number_of_entries_is_found(entries: list[Entry]) -> None:
    ops = [did("a", "complete", 6, 7), did("b", "complete", 1, 2)]
    wrong = [replace(each, actor="b") if each == entry(4) else each for each in entries]
    assert check_order(ops, wrong) != []
