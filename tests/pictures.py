"""Small pictures for tests."""

from __future__ import annotations

import io

from PIL import Image


def jpeg(colour: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()
