"""What tests of the phone do again and again: photos, a report in few taps, what the server has."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from processes.attachments import Attachment
from processes.cases.models import Case
from processes.cases.reading import titles
from tests.browser.people import PHONE, People
from tests.cast import Cast, G

GRID_WORKER = "G-" + G
HERE = {"latitude": 30.8301, "longitude": 106.0801}


def photo(name: str = "photo.jpg", *, size: tuple[int, int] = (2400, 1800), taken: str | None = None) -> Any:
    """A JPEG as a phone's camera gives it; `taken`: "2026:11:24 08:30:00", with a position in its EXIF block."""
    image = Image.new("RGB", size, "#7a8a99")
    exif = image.getexif()
    if taken:
        exif.get_ifd(0x8769).update({0x9003: taken, 0x9011: "+08:00"})
        exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 49.0, 48.36), 3: "E", 4: (106.0, 4.0, 48.36)})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}


def phone_of(people: People, staff_no: str = GRID_WORKER, **options: Any) -> Page:
    """A phone that knows where it is."""
    options = {"geolocation": HERE, "permissions": ["geolocation"], "has_touch": True, **options}
    return people(staff_no, size=options.pop("size", PHONE), **options)


def open_report(page: Page) -> None:
    """The report page, with its list of places in it."""
    page.goto("/report")
    page.locator("#report[data-ready]").wait_for(state="attached")


def can_work_offline(page: Page) -> None:
    """Wait until the service worker has everything; then the page may be opened without network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def write(page: Page, text: str, *photos: Any, kind: str = "hazard") -> None:
    """Fill in what has to be filled in."""
    page.locator(f"#kind-{kind}").check()
    page.get_by_label("情况描述").fill(text)
    if photos:
        page.locator("[data-photos]").first.set_input_files(list(photos))
        expect(page.locator("#photo-strip li")).to_have_count(len(photos))


def hand_in(page: Page) -> None:
    page.get_by_role("button", name="上报", exact=True).click()


def reported(cast: Cast) -> list[str]:
    """The titles of all cases, in the order of their numbers."""
    with cast.store.read() as session:
        rows = session.execute(select(Case.number, Case.summary_id).order_by(Case.id)).all()
        found = titles(session, rows)
        return [found[row.summary_id] for row in rows]


def attached(cast: Cast) -> int:
    with cast.store.read() as session:
        return session.scalar(select(func.count()).select_from(Attachment)) or 0
