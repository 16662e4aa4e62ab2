"""Pictures: drawn anew so that nothing hidden survives; what they say of when and where is read first and kept."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from engine.calendar import ZONE
from engine.errors import UserError

KINDS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 2560
SMALL_SIDE = 320
QUALITY = 82


class WrongMedia(UserError):
    """The file is not what its name says, or not of a kind that is taken: {taken}."""

    code = "wrong_media"
    zh = "文件内容与名称不符，或类型不被接受；可用：{taken}。"


@dataclass(frozen=True)
class Taken:
    """What a picture says of itself (EXIF 2.32): when it was taken, and where (WGS-84, degrees)."""

    at: datetime | None
    lng: float | None
    lat: float | None


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: JPEG without any metadata."""

    content: bytes
    taken: Taken


def redraw(content: bytes, kind: str) -> Picture:
    """Raises WrongMedia for what is no picture of `kind` ("JPEG", "PNG", "WEBP"), or too large."""
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise WrongMedia(taken="jpg, png, webp ≤ 50 megapixels")
            taken = _taken(image)
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return Picture(_jpeg(upright, LONGEST_SIDE), taken)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise WrongMedia(taken="jpg, png, webp, pdf, docx, xlsx") from None


def small(content: bytes) -> bytes:
    """A thumbnail of a kept picture."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        image.draft("RGB", (SMALL_SIDE * 2, SMALL_SIDE * 2))  # the decoder shrinks by eighths, which is much faster
        return _jpeg(image.convert("RGB"), SMALL_SIDE)


def _jpeg(image: Image.Image, side: int) -> bytes:
    image.thumbnail((side, side))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _taken(image: Image.Image) -> Taken:
    """Broken or senseless metadata says nothing; it never refuses a picture."""
    try:
        exif = image.getexif()
        detail, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # noqa: BLE001 # whatever the reader of hostile metadata raises
        return Taken(None, None, None)
    lat = _degrees(place, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
    lng = _degrees(place, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    both = lat is not None and lng is not None
    return Taken(_moment(detail), lng if both else None, lat if both else None)


def _moment(detail: Any) -> datetime | None:
    """DateTimeOriginal in its own zone, else in that of the calendar."""
    try:
        local = datetime.strptime(str(detail[ExifTags.Base.DateTimeOriginal]), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        return local.replace(tzinfo=_zone(detail.get(ExifTags.Base.OffsetTimeOriginal)))
    except (KeyError, ValueError):
        return None


def _zone(offset: Any) -> tzinfo:
    try:
        found = datetime.strptime(str(offset), "%z").utcoffset()
    except ValueError:
        return ZONE
    return timezone(found) if isinstance(found, timedelta) else ZONE


def _degrees(place: Any, name: int, side: int, negative: str, most: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in place[name])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not 0 <= value <= most:  # also for NaN, which an empty fraction gives
        return None
    return round(-value if place.get(side) == negative else value, 6)
