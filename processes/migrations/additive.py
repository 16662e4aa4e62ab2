"""Whether a migration only adds, so that the code from before it goes on reading and writing meanwhile.

The two shapes of a database, before and after a revision, are compared; so it does not matter how the revision is
written. What no shape shows is a change of meaning under the same form: that stays with whoever reviews it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from processes.migrations.shape import OWN_TABLE, Shape

CONTRACTS: Mapping[str, str] = {
    "0002": "drops case_gram and builds indexes of tables in use: stop every process of 0.1.0 before this one",
}
"""Revision → why it may take away or forbid: since which release no code reads or writes it (expand and contract)."""

_CHANGES_ROWS = re.compile(r"\s*(?:UPDATE|DELETE FROM|INSERT INTO|TRUNCATE)\s+(?:TABLE\s+)?\"?(\w+)", re.IGNORECASE)
_WORDS = re.compile(r"'[^']*'(?:::[a-z ]+)?")
_GAPS = re.compile(r"…(?:, …)*")
_UNIQUE = re.compile(r"CREATE UNIQUE INDEX \S+ ON (?P<on>[^)]+\))(?: WHERE (?P<where>.*))?")
_TEXT = re.compile(r"VARCHAR\((\d+)\)(.*)")


def findings(before: Shape, after: Shape, statements: Iterable[str] = ()) -> list[str]:
    """What the code from before could trip over; empty when a revision only adds.

    `statements`: what the revision executed, to see rows that it changed.
    """
    found = [f"{table}: dropped" for table in sorted(before.keys() - after.keys())]
    for table in sorted(before.keys() & after.keys()):
        found += [f"{table}: {line}" for line in _changed(before[table], after[table])]
        found += [f"{table}: {line}" for line in _new(before[table], after[table])]
    rows = {match[1] for match in map(_CHANGES_ROWS.match, statements) if match} & before.keys() - {OWN_TABLE}
    return found + [
        f"{table}: its rows are changed; let a command do that, a batch at a time" for table in sorted(rows)
    ]


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for part, was in before.items():
        now = after.get(part)
        if now == was or (now is not None and _is_wider(was, now)):
            continue
        if now is None and (_only_speeds_up(part, was) or _heir(was, before, after) is not None):
            continue
        yield f"{part} dropped" if now is None else f"{part} was “{was}” and is “{now}”"


def _new(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for part in after.keys() - before.keys():
        if part.startswith("column "):
            if " not null" in after[part] and " default " not in after[part]:
                yield f"{part} must be filled, which the code from before does not do"
        elif part in _heirs(before, after) or _is_of_new_columns(after[part], before, after):
            continue
        elif _only_speeds_up(part, after[part]):
            yield f"{part} is built while the table is locked; leave it to indexes.make_up_for"
        else:
            yield f"{part} forbids what the code from before may write"


def _only_speeds_up(part: str, definition: str) -> bool:
    return part.startswith("index ") and "UNIQUE" not in definition


def _is_wider(was: str, now: str) -> bool:
    """A text that may be longer than before, or a column with a default where there was none."""
    old, new = _TEXT.fullmatch(was), _TEXT.fullmatch(now)
    longer = old is not None and new is not None and old[2] == new[2] and int(old[1]) < int(new[1])
    return longer or now.startswith(f"{was} default ") or _allows_more(was, now)


def _allows_more(was: str, now: str) -> bool:
    """A check that is the same but for more words in its list."""
    old, new = set(_WORDS.findall(was)), set(_WORDS.findall(now))
    rest = [_GAPS.sub("…", _WORDS.sub("…", text)) for text in (was, now)]
    return bool(old) and old < new and rest[0] == rest[1]


def _heirs(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Unique indexes in the place of dropped ones."""
    dropped = (was for part, was in before.items() if part not in after)
    return {heir for heir in (_heir(was, before, after) for was in dropped) if heir is not None}


def _heir(was: str, before: Mapping[str, str], after: Mapping[str, str]) -> str | None:
    """The new unique index that says of every row of the code from before what the dropped one `was` said of it.

    It has the same columns and predicate, and leaves out rows in which a new column is filled.
    """
    wanted = _UNIQUE.match(was)
    for part in after.keys() - before.keys():
        found = _UNIQUE.match(after[part])
        if wanted and found and wanted["on"] == found["on"]:
            more = _plain_where(found["where"]).removeprefix(_plain_where(wanted["where"]))
            column = re.fullmatch(r"(?: and )?(\w+) is null", more)
            if column and f"column {column[1]}" in after.keys() - before.keys():
                return part
    return None


def _is_of_new_columns(definition: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """A unique index of rows in which a column is filled that the code from before leaves empty."""
    found = _UNIQUE.match(definition)
    new = {part.removeprefix("column ") for part in after.keys() - before.keys() if part.startswith("column ")}
    filled = re.findall(r"(\w+) is not null", _plain_where(found["where"])) if found else []
    return any(column in new for column in filled)


def _plain_where(text: str | None) -> str:
    return re.sub(r"[()]", "", text or "").lower().strip()
