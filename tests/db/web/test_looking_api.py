"""Looking closer at a case: parties in clear on record, pictures inline, the drawing of its models."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from PIL import ExifTags, Image
from sqlalchemy import select

from engine.access_log import Access
from engine.commands import Command
from processes.pictures import redraw
from tests.cast import G2, S2, C, Cast, G, S
from tests.story.server import Client, Town, serving


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as open_town:
        yield open_town


def looks(cast: Cast) -> list[tuple[str, str, str]]:
    with cast.store.read() as session:
        return [(row.actor, row.action, row.outcome) for row in session.scalars(select(Access).order_by(Access.id))]


def photo() -> bytes:
    """A picture that says it was taken at 30°47′12.5″ N, 106°6′30″ E, 24 November 2026, 08:41 in Shanghai."""
    image = Image.new("RGB", (1600, 1200), (120, 140, 90))
    exif = image.getexif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:24 08:41:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (30.0, 47.0, 12.5)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", (106.0, 6.0, 30.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def attach(client: Client, number: str, name: str, content: bytes) -> int:
    answer = client.post(f"/cases/{number}/attachments", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_who_handles_a_case_sees_its_parties_and_the_look_is_recorded(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    shown = grid.done(f"/cases/{number}/reveal", {"reason": "contact"})["parties"]
    assert [party["name"] for party in shown] == ["张三", "李四"]
    assert shown[0]["phone"] == "13800001234"
    assert looks(cast) == [(f"staff:G-{G}", "case:parties:reveal:contact", "granted")]


def test_who_only_reads_a_case_is_refused_and_that_is_recorded(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    cell = town.client("C-" + C)
    refused = cell.post(f"/cases/{number}/reveal", {"reason": "contact"})
    assert refused.status_code in {403, 404}
    assert "张三" not in refused.text
    supervisor = town.client("SB-" + S)
    assert supervisor.post(f"/cases/{number}/reveal", {"reason": "contact"}).status_code == 403
    assert looks(cast)[-1] == (f"staff:SB-{S}", "POST looking.post_reveal", "refused")


def test_a_look_needs_a_purpose_that_is_known(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    for body in ({}, {"reason": "curiosity"}):
        assert town.client("G-" + G).post(f"/cases/{number}/reveal", body).status_code == 422
    assert looks(cast) == []


def test_no_stored_answer_holds_the_names(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    for _ in range(2):
        grid.post(f"/cases/{number}/reveal", {"reason": "visit"}, key="the-same-key")
    assert len(looks(cast)) == 2
    with cast.store.read() as session:
        assert session.scalars(select(Command)).all() == []


def test_of_a_restricted_case_only_the_protected_reader_sees_the_parties(cast: Cast, town: Town) -> None:
    number = cast.report(restricted=True).case.number
    assert town.client("G-" + G).post(f"/cases/{number}/reveal", {"reason": "visit"}).status_code == 200
    assert town.client("G-" + G2).post(f"/cases/{number}/reveal", {"reason": "visit"}).status_code == 404


def test_a_picture_is_stripped_and_what_it_said_is_kept(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    file_id = attach(grid, number, "wall.jpg", photo())
    answer = grid.get(f"/cases/{number}/attachments/{file_id}/image")
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert dict(Image.open(io.BytesIO(answer.content)).getexif()) == {}
    small = grid.get(f"/cases/{number}/attachments/{file_id}/image", size="small")
    assert max(Image.open(io.BytesIO(small.content)).size) == 320
    shown = grid.get(f"/cases/{number}").json()["attachments"][0]
    assert shown["taken_at"] == "2026-11-24T00:41:00+00:00"
    assert (shown["lng"], shown["lat"]) == (106.108333, 30.786806)


def test_what_is_no_picture_is_never_shown_inline(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    file_id = attach(grid, number, "paper.pdf", b"%PDF-1.4 <script>")
    assert grid.get(f"/cases/{number}/attachments/{file_id}/image").status_code == 404
    whole = grid.get(f"/cases/{number}/attachments/{file_id}")
    assert whole.headers["Content-Disposition"].startswith("attachment")


def test_a_picture_of_another_case_is_not_found(cast: Cast, town: Town) -> None:
    one, other = cast.report().case.number, cast.report().case.number
    grid = town.client("G-" + G)
    file_id = attach(grid, one, "wall.jpg", photo())
    assert grid.get(f"/cases/{other}/attachments/{file_id}/image").status_code == 404
    assert town.client("SB-" + S2).get(f"/cases/{one}/attachments/{file_id}/image").status_code == 404


@pytest.mark.parametrize("said", ["2026:13:45 99:00:00", "", "yesterday"])
def test_senseless_metadata_says_nothing_and_refuses_nothing(said: str) -> None:
    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = said
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (99.0, 0.0, 0.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    taken = redraw(out.getvalue(), "JPEG").taken
    assert (taken.at, taken.lng, taken.lat) == (None, None, None)


def test_a_picture_with_its_own_zone_is_read_in_it() -> None:
    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = "2026:11:24 00:41:00"
    detail[ExifTags.Base.OffsetTimeOriginal] = "+00:00"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    assert redraw(out.getvalue(), "JPEG").taken.at == datetime(2026, 11, 24, 0, 41, tzinfo=UTC)


def test_the_drawing_is_that_of_the_cases_own_version(cast: Cast, town: Town) -> None:
    number = cast.report().case.number
    grid = town.client("G-" + G)
    for model in ("case", "handling"):
        answer: requests.Response = grid.get(f"/cases/{number}/models/{model}")
        assert answer.headers["Content-Type"].startswith("application/xml")
        assert f'<bpmn:process id="{model}"' in answer.text
    assert grid.get(f"/cases/{number}/models/supervision").status_code == 404
    assert town.client("SB-" + S2).get(f"/cases/{number}/models/case").status_code == 404
