"""Small pictures for made-up matters, drawn and not taken: nobody and no place can be recognised in them."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

SIZE = (640, 480)
_SKIES = {"livelihood": (38, 44, 70), "order": (28, 30, 48), "hazard": (196, 202, 206), "dispute": (206, 214, 220)}
_DAYLIGHT = (190, 206, 222)
_WALLS = ((168, 150, 132), (186, 178, 168), (150, 120, 104), (204, 196, 180), (142, 148, 152))
_CARS = ((180, 60, 54), (64, 92, 150), (232, 232, 230), (70, 74, 80))


def photo(chances: random.Random, kind: str) -> bytes:
    """A JPEG of 640 × 480: a street with houses, and what the matter is about."""
    sky = _SKIES.get(kind, _DAYLIGHT)
    picture = Image.new("RGB", SIZE, sky)
    pen = ImageDraw.Draw(picture)
    ground = 330 + chances.randrange(-20, 20)
    _houses(pen, chances, ground, dark=sum(sky) < 300)
    pen.rectangle((0, ground, *SIZE), fill=(112, 112, 110))
    pen.line((0, ground + 60, SIZE[0], ground + 54), fill=(226, 222, 206), width=5)
    _THINGS.get(kind, _wall)(pen, chances, ground)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def _houses(pen: ImageDraw.ImageDraw, chances: random.Random, ground: int, *, dark: bool) -> None:
    left = -30
    while left < SIZE[0]:
        width, height = chances.randrange(90, 170), chances.randrange(120, 270)
        colour = chances.choice(_WALLS)
        wall = tuple(part // 3 for part in colour) if dark else colour
        pen.rectangle((left, ground - height, left + width, ground), fill=wall)
        for x in range(left + 14, left + width - 22, 34):
            for y in range(ground - height + 16, ground - 30, 42):
                lit = chances.random() < (0.3 if dark else 0.1)
                pen.rectangle((x, y, x + 18, y + 24), fill=(240, 214, 140) if lit else (72, 82, 92))
        left += width + chances.randrange(4, 30)


def _lamp(pen: ImageDraw.ImageDraw, chances: random.Random, ground: int) -> None:
    x = chances.randrange(160, 480)
    pen.line((x, ground + 40, x, 120), fill=(60, 64, 68), width=9)
    pen.line((x, 122, x + 70, 110), fill=(60, 64, 68), width=7)
    pen.ellipse((x + 58, 104, x + 92, 122), fill=(92, 94, 96))


def _cars(pen: ImageDraw.ImageDraw, chances: random.Random, ground: int) -> None:
    pen.polygon(((60, 480), (250, ground + 20), (390, ground + 20), (580, 480)), outline=(222, 178, 40), width=6)
    x, colour = chances.randrange(180, 300), chances.choice(_CARS)
    pen.rounded_rectangle((x, ground + 30, x + 190, ground + 96), 16, fill=colour)
    pen.rounded_rectangle((x + 36, ground - 6, x + 150, ground + 44), 18, fill=colour)
    pen.rounded_rectangle((x + 46, ground + 2, x + 140, ground + 34), 10, fill=(160, 186, 198))
    for wheel in (x + 26, x + 128):
        pen.ellipse((wheel, ground + 76, wheel + 38, ground + 114), fill=(30, 30, 32))


def _wall(pen: ImageDraw.ImageDraw, chances: random.Random, ground: int) -> None:
    end, brick = chances.randrange(340, 520), (158, 84, 66)
    pen.rectangle((60, ground - 90, end, ground + 50), fill=(196, 190, 180))
    for row, y in enumerate(range(ground - 86, ground + 46, 20)):
        for x in range(66 + 18 * (row % 2), end - 40, 42):
            pen.rectangle((x, y, x + 37, y + 15), fill=tuple(part + chances.randrange(-12, 12) for part in brick))


_THINGS = {"livelihood": _lamp, "order": _lamp, "hazard": _cars}
