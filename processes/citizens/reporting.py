"""群众上报: a citizen without an account brings a matter in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import Invalid
from processes import attachments
from processes.cases import reporting
from processes.cases.handling import finding
from processes.citizens.matters import BY_CODE
from processes.pictures import KINDS as IMAGES

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case

MAX_PHOTOS = 5
MAX_TITLE = 30
UNNAMED = "未留姓名"
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")


@dataclass(frozen=True)
class Photo:
    """A picture as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Story:
    """What a citizen tells. `matter`: a code of `matters`; `place`: a unit's code; `quiet`: only leaders see it."""

    matter: str
    place: str
    text: str
    address: str = ""
    name: str = ""
    phone: str = ""
    quiet: bool = False
    position: tuple[float, float] | None = None
    photos: Sequence[Photo] = ()


def report(session: Session, district_id: int, story: Story) -> Case:
    """Open the case. Raises NotFound for an unknown place, Invalid and WrongMedia."""
    check_photos(story.photos)
    stranger = Actor("citizen", district_id)
    case = reporting.report(session, stranger, _form(story)).case
    add_photos(session, case, story.photos)
    return case


def check_photos(photos: Sequence[Photo]) -> None:
    """Raises Invalid for too many, and for files that are no pictures."""
    if len(photos) > MAX_PHOTOS:
        raise Invalid([finding("photos", f"at most {MAX_PHOTOS} photos", f"最多 {MAX_PHOTOS} 张照片")])
    if any("." + photo.name.rpartition(".")[2].lower() not in IMAGES for photo in photos):
        raise Invalid([finding("photos", "must be jpg, png or webp", "照片须为 jpg、png 或 webp")])


def add_photos(session: Session, case: Case, photos: Sequence[Photo]) -> None:
    """Keep them as the citizen's, drawn anew without what they tell besides. Raises WrongMedia."""
    citizen = citizen_of(case)
    for photo in photos:
        attachments.attach(session, citizen, case, photo.name, photo.content)


def citizen_of(case: Case) -> Actor:
    """Whoever holds the secret code of a case."""
    return Actor(f"citizen:{case.number}", case.district_id)


def _form(story: Story) -> dict[str, Any]:
    """The report form, as staff would fill it in."""
    matter = BY_CODE.get(story.matter)
    if matter is None:
        raise Invalid([finding("matter", "choose one", "请选择一项")])
    data: dict[str, Any] = {
        "kind": matter.kind.value,
        "domain": matter.domain,
        "type": matter.type,
        "urgency": matter.urgency.value,
        "head_count": "up_to_50",
        "place_unit": story.place,
        "title": _title(story.text),
        "text": story.text,
        "address": story.address,
        "restricted": story.quiet or None,
    }
    if story.position is not None:
        data["position"] = dict(zip(("lng", "lat"), story.position, strict=True))
    if story.name or story.phone:
        party = {"name": story.name or UNNAMED, "phone": story.phone, "role": "reporter"}
        data["parties"] = [{part: value for part, value in party.items() if value}]
    return {name: value for name, value in data.items() if value not in (None, "")}


def _title(text: str) -> str:
    """The first sentence, or as much of it as a line takes."""
    first = _SENTENCE_END.split(text.strip(), maxsplit=1)[0].strip() or text.strip()
    return first if len(first) <= MAX_TITLE else first[: MAX_TITLE - 1] + "…"
