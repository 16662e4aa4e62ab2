"""The story of a case, one line for each happening, with the entries of the trail that prove it behind each line.

What one step wrote (a form completed, the case moved, a supervision lifted by it) is one happening. Words that people
wrote are found by their commitments, so what is quoted beside an entry is exactly what the entry vouches for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from processes.codes import Kind, Urgency
from web.translation import t
from web.words import codes, deadlines, moments, names, parts, people, sayings
from web.words.people import Person, Who
from web.words.saying import Saying

if TYPE_CHECKING:
    from engine.deadlines.book import Deadline
    from engine.network.units import Unit
    from engine.worklist import WorkItem
    from processes.cases.reading import Moment

FOLD_FROM = 3
"""So many machine entries in a row are folded into one line, once the story is long."""
LONG = 24
LATEST = 3
WORTH_SAYING = timedelta(minutes=1)
QUOTED = {
    "reason": ("理由", "reason"),
    "measures": ("办理措施", "measures"),
    "opinion": ("意见", "opinion"),
    "finding": ("核查情况", "finding"),
    "words": ("内容", "words"),
    "plan": ("整改计划", "plan"),
    **{field: pair for part in parts.ALL for field, pair in getattr(part, "QUOTED", {}).items()},
}
_OPENERS = frozenset(
    {
        "case:case:report",
        "case:case:reclassify",
        "case:progress:note",
        "case:progress:supplement",
        "case:file:attach",
        "work:item:complete",
        "work:item:claim",
        "work:item:release",
        "request:extension:ask",
        "request:suspension:ask",
    }
)
"""Entries with which a happening begins, also when the one before has the same moment and person."""
_MARK = "deadline:mark:"
_LAST = 2**62


@dataclass(frozen=True)
class Proof:
    """One entry of the trail: its number, what it says in codes, and the hash under which the log holds it."""

    seq: int
    action: str
    at: datetime
    leaf_hash: str
    data: str


@dataclass(frozen=True)
class Quote:
    """What somebody wrote."""

    label: str
    text: str


@dataclass(frozen=True)
class Happening:
    """One line of the story. `route`: units from → to; `asides`: what else followed from it; `late`: by how much."""

    at: datetime
    who: Who
    verb: str
    tone: str
    about: str
    route: tuple[Unit | None, Unit | None] | None
    asides: tuple[str, ...]
    quotes: tuple[Quote, ...]
    files: tuple[Any, ...]
    late: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Fold:
    """Machine entries in a row, shown as one line until they are asked for."""

    lines: tuple[Happening, ...]

    @property
    def verbs(self) -> str:
        """预警、超期、升级: each once, in order."""
        return t("、", ", ").join(dict.fromkeys(line.verb for line in self.lines))


@dataclass(frozen=True)
class MergedIn:
    """Another case was merged into this one: known from its row, the trail entry stands under the other's number."""

    at: datetime
    actor: str
    number: str


@dataclass(frozen=True)
class Material:
    """What the story is told from, loaded by the page.

    `words` by commitment (None: erased; missing: another's, as what a visitor said under the same number), `files` by
    id, `acted_at` the unit of a progress line by the commitment of its words.
    """

    moments: Sequence[Moment]
    units: Mapping[int, Unit]
    persons: Mapping[str, Person]
    items: Sequence[WorkItem]
    clocks: Sequence[Deadline]
    words: Mapping[str, Any]
    acted_at: Mapping[str, int | None] = field(default_factory=dict)
    files: Mapping[int, Any] = field(default_factory=dict)
    merged_in: Sequence[MergedIn] = ()
    hidden_ref: str | None = None
    """The reporter, when the reader may not know who it was."""

    def unit_of_code(self, code: Any) -> Unit | None:
        return next((unit for unit in self.units.values() if unit.code == code), None)


def tell(material: Material) -> list[Happening]:
    """The whole story, oldest first."""
    lines = [_line(material, group) for group in _groups(material.moments)]
    lines += [_merged_line(material, each) for each in material.merged_in]
    lines.sort(key=lambda line: (line.at, line.proofs[0].seq if line.proofs else _LAST))
    return _with_files(lines)


def folded(lines: Sequence[Happening]) -> list[Happening | Fold]:
    """The story with its runs of machine entries folded, when it is long; what happened last is never folded."""
    if len(lines) < LONG:
        return list(lines)
    blocks: list[Happening | Fold] = []
    run: list[Happening] = []
    for line in lines[:-LATEST]:
        if line.who.is_machine:
            run.append(line)
            continue
        blocks += _folded_run(run)
        run = []
        blocks.append(line)
    return [*blocks, *_folded_run(run), *lines[-LATEST:]]


def _folded_run(run: list[Happening]) -> list[Happening | Fold]:
    return [Fold(tuple(run))] if len(run) >= FOLD_FROM else list(run)


def _groups(moments_: Sequence[Moment]) -> Iterator[list[Moment]]:
    """Entries of one step together: same moment, same actor, until another thing begins."""
    group: list[Moment] = []
    for entry in moments_:
        same = bool(group) and (group[0].at, group[0].actor) == (entry.at, entry.actor)
        if group and (not same or _begins(entry)):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _begins(entry: Moment) -> bool:
    return entry.action in _OPENERS or entry.action.startswith(_MARK)


def _line(material: Material, group: list[Moment]) -> Happening:
    head = _head(group)
    saying = _saying(head)
    rest = [entry for entry in group if entry is not head]
    route = _route(material, group)
    said = [commitment for entry in group for commitment in entry.commitments]
    values = [material.words[commitment] for commitment in said if commitment in material.words]
    return Happening(
        at=head.at,
        who=_who(material, head),
        verb=saying.verb,
        tone=saying.tone,
        about=_about(material, head, moved=route is not None),
        route=route,
        asides=tuple(_asides(material, saying, rest)),
        quotes=tuple(_quotes(head, values)),
        files=tuple(material.files[each] for each in _file_ids(head, values) if each in material.files),
        late=_lateness(material, head),
        proofs=tuple(_proof(entry) for entry in group),
    )


def _head(group: list[Moment]) -> Moment:
    """The entry that the line is about: a decided request before the item that decided it, else what began it."""
    decided = [e for e in group if e.action.startswith("request:") and e.action.endswith((":granted", ":refused"))]
    return decided[0] if decided else group[0]


def _saying(entry: Moment) -> Saying:
    data = entry.data
    if entry.action == "work:item:complete":
        return sayings.of_completion(str(data.get("element")), data.get("outcome"))
    if entry.action == "case:progress:note" and data.get("measure"):
        return Saying("记录措施", "recorded a measure")
    if entry.action == "supervision:card:give":
        zh, en = sayings.RUNGS[data["rung"]]
        return Saying(zh, en, "warn")
    if entry.action == "supervision:item:end":
        return _supervision_end(data)
    return sayings.of(entry.action) or Saying(entry.action, entry.action)


def _supervision_end(data: Mapping[str, Any]) -> Saying:
    pair = _SUPERVISION_ENDS.get(str(data.get("how")), ("取消督办", "supervision cancelled"))
    return Saying(*pair, "", pair)


_SUPERVISION_ENDS = {
    "lifted": ("解除督办", "supervision lifted"),
    "filed": ("督办归档", "supervision filed"),
}


def _who(material: Material, head: Moment) -> Who:
    if head.actor.startswith("system:"):
        return people.machine(head.actor)
    if head.actor.startswith("citizen:"):
        return people.citizen()
    if head.actor == material.hidden_ref:
        return people.unnamed_reporter()
    unit_id, role = _acted_from(material, head)
    return people.staff(material.persons.get(head.actor), head.at, unit_id, role, dict(material.units))


def _acted_from(material: Material, head: Moment) -> tuple[int | None, str | None]:
    """(unit, role) of the post from which the person acted, as far as the rows say it."""
    if head.action.startswith("work:item:"):
        unit_id = head.data.get("unit")
        items = [i for i in material.items if i.element == head.data.get("element") and i.unit_id == unit_id]
        return unit_id, items[-1].role if items else None
    if head.action.startswith("request:"):
        return head.data.get("unit"), None
    found = next((material.acted_at[each] for each in head.commitments if each in material.acted_at), None)
    return found, None


def _about(material: Material, head: Moment, *, moved: bool) -> str:
    """Which clock, which time, how much: what the verb is about beside units. `moved`: the route names the unit."""
    data = head.data
    if head.action.startswith("deadline:"):
        stage = "sign_off" if head.action.endswith(":unsigned") else str(data.get("stage", ""))
        return _joined(deadlines.stage(stage), "" if moved else _unit(material, data))
    teller = _ABOUT.get(head.action)
    if teller is not None:
        return teller(data)
    if head.action == "supervision:card:give":
        points = data.get("points") or 0
        return _joined(_unit(material, data), t(f"扣 {points} 分", f"{points} points") if points else "")
    if head.action.startswith("whistle:department:"):
        return _unit(material, data)
    return _asked(data) if head.action.startswith("request:") else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _unit(material: Material, data: Mapping[str, Any]) -> str:
    found = material.units.get(data.get("unit") or 0)
    return names.unit(found) if found else ""


def _task(data: Mapping[str, Any]) -> str:
    return sayings.element(str(data.get("element")))


def _reclassified(data: Mapping[str, Any]) -> str:
    said = [
        f"{_code_label(name, data.get(f'{name}_was'))} → {_code_label(name, data[name])}"
        for name in ("kind", "urgency", "type")
        if name in data
    ]
    return t("；", "; ").join(said)


def _code_label(name: str, code: Any) -> str:
    if code is None:
        return t("（无）", "(none)")
    if name == "kind":
        return codes.label(Kind(code))
    return codes.label(Urgency(code)) if name == "urgency" else codes.of_list(name, code)


def _asked(data: Mapping[str, Any]) -> str:
    days = data.get("days") or data.get("asked")
    return deadlines.days(days) if isinstance(days, int) else ""


_ABOUT: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "work:item:claim": _task,
    "work:item:release": _task,
    "case:case:reclassify": _reclassified,
    "case:case:rate": lambda data: codes.rating(data.get("answer")),
    "supervision:ladder:climb": lambda data: sayings.rung(str(data["rung"])),
}


def _route(material: Material, group: list[Moment]) -> tuple[Unit | None, Unit | None] | None:
    for entry in group:
        if entry.action.startswith("case:stay:") and "to" in entry.data:
            origin, target = (material.unit_of_code(entry.data[end]) for end in ("from", "to"))
            return None if entry.data["to"] == entry.data["from"] else (origin, target)
        if entry.action == "case:case:report":
            return None, material.unit_of_code(entry.data.get("owner"))
    return None


def _asides(material: Material, head: Saying, rest: list[Moment]) -> Iterator[str]:
    """What else the same step brought about."""
    told = {head.verb}
    for entry in rest:
        saying = _saying(entry)
        said = _aside(material, entry, saying)
        if said and said not in told:
            told.add(said)
            yield said


def _aside(material: Material, entry: Moment, saying: Saying) -> str:
    data = entry.data
    if entry.action == "supervision:card:give":
        unit = material.units.get(data.get("unit") or 0)
        return t(f"向{names.unit(unit)}发出{saying.zh}", f"{saying.en}: {names.unit(unit)}")
    if entry.action == "case:clock:extend":
        return t("时限延长 ", "time limit extended by ") + deadlines.days(int(data["days"]))
    if entry.action == "case:stay:refer_up" and data.get("skipped"):
        return t("越级", "over the head of a level")
    if entry.action == "case:case:merge" and data.get("main"):
        return t(f"主案 {data['main']}", f"main case {data['main']}")
    if entry.action == "case:assignment:end" and data.get("state") == "silent":
        return t("交办方逾期未审，视为同意", "the assigner was silent, which counts as agreed")
    return t(*saying.aside) if saying.aside else ""


def _quotes(head: Moment, values: list[Any]) -> Iterator[Quote]:
    if head.action == "case:case:report":
        values = [{"measures": (value or {}).get("measures")} for value in values]
    for value in values:
        if value is None:
            yield Quote("", t("（内容已依法删除）", "(the text has been erased)"))
            continue
        for name, pair in QUOTED.items():
            if value.get(name):
                yield Quote(t(*pair), str(value[name]))


def _file_ids(head: Moment, values: list[Any]) -> list[int]:
    if head.action == "case:file:attach":
        return [int(head.data["id"])]
    return [int(each) for value in values for each in (value or {}).get("files", [])]


def _lateness(material: Material, head: Moment) -> str:
    """Of a mark: how long after its moment it was given. Of a completed form: how long after it was due."""
    late = timedelta()
    if head.action.startswith(_MARK):
        late = timedelta(seconds=int(head.data.get("late_s") or 0))
        said = moments.span(late)
        return t(f"补记，晚 {said}", f"noted {said} late") if late >= WORTH_SAYING else ""
    if head.action == "work:item:complete":
        place = (head.data.get("element"), head.data.get("unit"))
        due = [c.due_at for c in material.clocks if c.closed_at == head.at and (c.element, c.unit_id) == place]
        late = max((head.at - each for each in due), default=late)
    return t("超期 ", "overdue ") + moments.span(late) if late >= WORTH_SAYING else ""


def _proof(entry: Moment) -> Proof:
    data = json.dumps(entry.data, ensure_ascii=False, sort_keys=True)
    return Proof(entry.seq, entry.action, entry.at, entry.leaf_hash, data)


def _merged_line(material: Material, merged: MergedIn) -> Happening:
    who = people.staff(material.persons.get(merged.actor), merged.at, None, None, dict(material.units))
    verb = t("并入", "merged in")
    return Happening(merged.at, who, verb, "", merged.number, None, (), (), (), "", ())


def _with_files(lines: list[Happening]) -> list[Happening]:
    """Files that a form names are told with the form; those added in a row by one person are one line."""
    homes = {file.id: line for line in lines if not _only_adds(line) for file in line.files}
    moved: dict[int, tuple[Proof, ...]] = {}
    told: list[Happening] = []
    for line in lines:
        home = homes.get(line.files[0].id) if _only_adds(line) and line.files else None
        if home is not None:
            moved[id(home)] = moved.get(id(home), ()) + line.proofs
        elif told and _only_adds(line) and _only_adds(told[-1]) and told[-1].who == line.who:
            told[-1] = replace(told[-1], files=told[-1].files + line.files, proofs=told[-1].proofs + line.proofs)
        else:
            told.append(line)
    return [replace(line, proofs=(*moved[id(line)], *line.proofs)) if id(line) in moved else line for line in told]


def _only_adds(line: Happening) -> bool:
    return bool(line.proofs) and all(proof.action == "case:file:attach" for proof in line.proofs)
