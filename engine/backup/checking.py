"""Check a backup where it lies: no database and no key are needed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.backup.archive import Damaged, Log
from engine.backup.making import told
from engine.trail import merkle
from engine.trail.merkle import Frontier

if TYPE_CHECKING:
    from engine.backup.archive import Archive, Part
    from engine.backup.making import Progress

TRAIL = "trail_entry"


def check(archive: Archive, progress: Progress) -> list[str]:
    """Everything that is wrong, in words; empty when each row is as it was and the trail has the root it had."""
    found = [f"{name}: does not belong into a backup" for name in archive.strangers()]
    logs = _Logs(archive.manifest.logs)
    done = 0
    for part in archive.manifest.tables:
        lines = told(archive.lines(part), part.table, progress, done, archive.manifest.rows)
        done += part.rows
        try:
            for line in logs.seeing(part, lines) if part.name == TRAIL else lines:
                assert line  # noqa: S101 # reading to the end is what is wanted
        except Damaged as error:
            found.append(str(error.fields["what"]))
        except (ValueError, LookupError, TypeError) as error:
            found.append(f"{part.member}: {error}")
    try:
        archive.key()
    except Damaged as error:
        found.append(str(error.fields["what"]))
    return found + logs.findings()


@dataclass
class _Logs:
    """The trails of the manifest, and the same computed anew from their entries."""

    wanted: tuple[Log, ...]
    frontiers: dict[int, Frontier] = field(default_factory=dict)

    def seeing(self, part: Part, lines: Iterator[bytes]) -> Iterator[bytes]:
        district, body = part.table.names.index("district_id"), part.table.names.index("body")
        for line in lines:
            row = json.loads(line)
            entry = base64.b64decode(row[body])
            self.frontiers.setdefault(row[district], Frontier()).append(merkle.leaf_hash(entry))
            yield line

    def findings(self) -> list[str]:
        found = []
        for log in self.wanted:
            frontier = self.frontiers.get(log.district_id, Frontier())
            if (frontier.size, frontier.root().hex()) != (log.size, log.root):
                found.append(
                    f"trail of {log.origin}: {frontier.size} entries with root {frontier.root().hex()}, "
                    f"its head said {log.size} with {log.root}"
                )
        return found
