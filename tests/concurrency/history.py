"""What clients did and were told, and whether any single order of it explains all the answers.

Each operation has the moment when it was sent and the moment when its answer came. Work items are registers: an
item's operations must have an order that keeps to real time (what was answered before another was sent comes before
it) and in which every answer is right (linearizability: Herlihy and Wing 1990, searched as Wing and Gong 1993 with
the memory of Lowe 2017). A case's entries in the trail must keep to real time as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

OK, UNKNOWN = "ok", "unknown"
"""Carried out; and never answered, which may mean either."""
READY, CLAIMED, COMPLETED, CANCELLED = "ready", "claimed", "completed", "cancelled"
TAKEN, ITEM_CLOSED = "already_taken", "item_closed"
ENTRY_OF = {"claim": "work:item:claim", "release": "work:item:release", "complete": "work:item:complete"}
"""Operation → the entry with which the trail records it."""


@dataclass(frozen=True)
class Operation:
    """One thing that one client did to one item. Times are monotonic seconds; `by`: whom a refusal names.

    `action`: claim, release or complete; in checks also `cancel` (the system) and `read` (what stands in the table).
    """

    client: str
    action: str
    item: int
    case: str
    invoked: float
    returned: float
    status: str
    by: str | None = None
    outcome: str | None = None

    @property
    def must_have_happened(self) -> bool:
        return self.status != UNKNOWN

    @property
    def may_change(self) -> bool:
        """Also what changes nothing now: a release of what is free may have to come later, after another's claim."""
        return self.action != "read" and self.status in {OK, UNKNOWN}


@dataclass(frozen=True)
class Row:
    """How an item stands in the table when everybody is done. `who`: its holder, or who closed it."""

    item: int
    state: str
    who: str | None
    outcome: str | None = None


@dataclass(frozen=True)
class Entry:
    """An entry of the trail about a case."""

    seq: int
    actor: str
    action: str
    case: str


State = tuple[str, str | None]


def step(state: State, op: Operation) -> State | None:
    """The state after an operation on an item, or None when that answer is wrong in this state."""
    if op.action == "read":
        return state if (op.status, op.by) == state else None
    if op.status in {OK, UNKNOWN}:
        return _carried_out(state, op)
    return state if _rightly_refused(state, op) else None


def _carried_out(state: State, op: Operation) -> State | None:
    status, who = state
    if status not in {READY, CLAIMED}:
        return None
    if op.action == "release":
        return (READY, None)  # everybody here is a leader too, who may put back what another holds
    if op.action != "cancel" and who not in {None, op.client}:
        return None
    after = {"claim": CLAIMED, "complete": COMPLETED, "cancel": CANCELLED}
    return (after[op.action], op.client)


def _rightly_refused(state: State, op: Operation) -> bool:
    status, who = state
    if op.status == TAKEN:
        return status == CLAIMED and who == op.by != op.client
    if op.status == ITEM_CLOSED:
        return status in {COMPLETED, CANCELLED} and who == op.by
    return True  # another refusal says nothing of who was first


def is_linear(
    operations: Sequence[Operation], start: State, model: Callable[[State, Operation], State | None] = step
) -> bool:
    """Whether some order that keeps to real time explains every answer; what is unknown may have happened or not."""
    wanted = sum(1 << i for i, op in enumerate(operations) if op.must_have_happened)
    seen: set[tuple[int, State]] = set()
    stack = [(0, start)]
    while stack:
        done, state = stack.pop()
        if done & wanted == wanted:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        left = [(i, op) for i, op in enumerate(operations) if not done >> i & 1]
        horizon = min(op.returned for _, op in left)
        moves = [(i, model(state, op)) for i, op in left if op.invoked <= horizon]
        looks = [(i, after) for i, after in moves if after is not None and not operations[i].may_change]
        for i, after in looks[:1] or moves:  # what can change nothing can as well come at once
            if after is not None:
                stack.append((done | 1 << i, after))
    return False


def check_items(operations: Iterable[Operation], rows: Mapping[int, Row]) -> list[str]:
    """Every item that some order cannot explain, and every completion that the table and the clients tell apart."""
    by_item: dict[int, list[Operation]] = defaultdict(list)
    for op in operations:
        by_item[op.item].append(op)
    found = []
    for item, ops in by_item.items():
        row = rows.get(item)
        if row is None:
            found.append(f"item {item} is not in the table")
            continue
        found += _check_winner(row, ops)
        closing = [Operation(row.who or "", "cancel", item, "", -inf, inf, OK)] if row.state == CANCELLED else []
        seen = Operation("", "read", item, "", inf, inf, row.state, by=row.who)
        if not is_linear([*ops, *closing, seen], (READY, None)):
            found.append("\n".join([f"item {item}: no order explains that it ends as {row}", *_told(ops)]))
    won = {op.item for op in operations if op.action == "complete"}
    found += [f"item {row.item} was completed, and nobody did it" for row in rows.values() if _is_orphan(row, won)]
    return found


def _told(ops: Sequence[Operation]) -> list[str]:
    """In the order in which they were sent; milliseconds since the first."""
    start = min(op.invoked for op in ops)
    return [
        f"  {(op.invoked - start) * 1e3:8.1f} – {(op.returned - start) * 1e3:8.1f}"
        f"  {op.client} {op.action}: {op.status} {op.by or op.outcome or ''}"
        for op in sorted(ops, key=lambda op: op.invoked)
    ]


def _is_orphan(row: Row, won: set[int]) -> bool:
    return row.state == COMPLETED and row.item not in won


def _check_winner(row: Row, ops: Sequence[Operation]) -> list[str]:
    """Completed once, by who was told so, with what they chose."""
    winners = [op for op in ops if op.action == "complete" and op.status == OK]
    if len(winners) > 1:
        return [f"item {row.item} was completed {len(winners)} times: by {sorted(op.client for op in winners)}"]
    if winners and (row.state, row.who, row.outcome) != (COMPLETED, winners[0].client, winners[0].outcome):
        return [f"item {row.item}: {winners[0].client} completed it with {winners[0].outcome}, the table says {row}"]
    return []


def check_order(operations: Iterable[Operation], entries: Iterable[Entry]) -> list[str]:
    """Each acknowledged operation has its one entry, and each case's entries keep to real time.

    A client sends one thing after the other, so its operations of a kind on a case and its entries go together.
    """
    written: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.seq):
        written[(entry.case, entry.actor, entry.action)].append(entry.seq)
    done: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for op in sorted(operations, key=lambda op: op.invoked):
        if op.status in {OK, UNKNOWN} and op.action in ENTRY_OF:
            done[(op.case, op.client, ENTRY_OF[op.action])].append(op)
    found, placed = [], []
    for key in written.keys() | done.keys():
        seqs, ops = written[key], done[key]
        sure = sum(op.status == OK for op in ops)
        least = 0 if key[2] == ENTRY_OF["claim"] else sure  # who claims again what they hold writes nothing
        if key[2] in ENTRY_OF.values() and not least <= len(seqs) <= len(ops):
            found.append(f"{key}: {sure} acknowledged, {len(ops) - sure} unknown, {len(seqs)} in the trail")
        elif len(seqs) == sure == len(ops):
            placed += list(zip(seqs, ops, strict=True))
    return found + _against_time(placed)


def _against_time(placed: Iterable[tuple[int, Operation]]) -> list[str]:
    found = []
    by_case: dict[str, list[tuple[int, Operation]]] = defaultdict(list)
    for seq, op in placed:
        by_case[op.case].append((seq, op))
    for case, ops in by_case.items():
        earliest: tuple[float, int] = (inf, -1)
        for seq, op in sorted(ops, key=lambda each: each[0], reverse=True):
            if earliest[0] < op.invoked:
                found.append(f"{case}: entry {earliest[1]} was acknowledged before entry {seq} was asked for")
            earliest = min(earliest, (op.returned, seq))
    return found


def tally(operations: Iterable[Operation]) -> Counter[str]:
    """How often each answer was given: (action status)."""
    return Counter(f"{op.action} {op.status}" for op in operations)


def contended(operations: Iterable[Operation]) -> int:
    """How many operations overlapped another client's on the same item: without these nothing was tested."""
    by_item: dict[int, list[Any]] = defaultdict(list)
    for op in operations:
        by_item[op.item].append(op)
    return sum(any(_overlap(op, other) for other in ops) for ops in by_item.values() for op in ops)


def _overlap(one: Operation, other: Operation) -> bool:
    return one.client != other.client and one.invoked <= other.returned and other.invoked <= one.returned
