"""A template and what goes into it → a Word file or a PDF.

`templates/NAME.docx` is filled by docxtpl, `templates/NAME.typ` by Typst, which finds the context as JSON in
`sys.inputs.data`. A folder of the house's own templates goes first: who wants another letterhead puts a file of the
same name there; fonts for the PDF may lie beside them in `fonts/`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage  # type: ignore[import-untyped] # the library has none
from jinja2.sandbox import SandboxedEnvironment

from engine.errors import Conflict, NotFound

BUILT_IN = Path(__file__).parent / "templates"
SERIF = ("Noto Serif CJK SC", "Source Han Serif SC", "SimSun", "Songti SC", "AR PL UMing CN")
SANS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAME = re.compile("[a-z][a-z0-9_]*")


class NoChineseFont(Conflict):
    """This server has no Chinese font, so a PDF would be unreadable; take the Word file.

    Whoever runs the server installs fonts-noto-cjk, or puts a font into the `fonts` folder beside the templates.
    """

    code = "no_chinese_font"
    zh = "服务器没有中文字体，生成的 PDF 无法阅读；请改用 Word 文件，并请运维人员安装 fonts-noto-cjk。"


class BadTemplate(Conflict):
    """The template {name} cannot be filled: {why}. Mend the file in the templates folder, or take it away."""

    code = "bad_template"
    zh = "模板 {name} 无法填写：{why}。请修改模板文件夹中的该文件，或将其移走以使用内置模板。"


@dataclass(frozen=True)
class Picture:
    """A picture that a template places: `{{ name }}` in a Word file, `image(bytes(d.name.png))` in Typst."""

    png: bytes
    width_mm: float


def docx(template_name: str, context: Mapping[str, Any], folder: Path | None = None) -> bytes:
    """A Word file. `folder`: the house's own templates. Raises NotFound (no such template) and BadTemplate."""
    path = template(template_name, "docx", folder)
    environment = SandboxedEnvironment(autoescape=True)
    out = io.BytesIO()
    try:
        filled = DocxTemplate(path)
        placed = {name: _placed(filled, value) for name, value in context.items()}
        filled.render(clean(placed), jinja_env=environment)
        filled.save(out)
    except Exception as error:  # what somebody has written into a template may raise anything
        raise BadTemplate(name=path.name, why=str(error)[:200]) from error
    return out.getvalue()


def pdf(template_name: str, context: Mapping[str, Any], folder: Path | None = None) -> bytes:
    """A PDF. Values of the context are what JSON knows, and pictures. Raises NotFound, BadTemplate, NoChineseFont."""
    path = template(template_name, "typ", folder)
    fonts = _fonts(folder)
    families = set(fonts.families())
    if not families & {*SERIF, *SANS} and not _own_fonts(folder):
        raise NoChineseFont
    data = {**clean({name: _listed(value) for name, value in context.items()}), "fonts": _chain(families)}
    try:
        made = typst.compile(
            str(path),
            root=str(path.parent),
            font_paths=fonts,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )
    except typst.TypstError as error:
        raise BadTemplate(name=path.name, why=error.message[:200]) from error
    if not isinstance(made, bytes):
        raise BadTemplate(name=path.name, why="no pages")
    return made


def _placed(filled: Any, value: Any) -> Any:
    if isinstance(value, Picture):
        return InlineImage(filled, io.BytesIO(value.png), width=Mm(value.width_mm))
    return value


def _listed(value: Any) -> Any:
    return {"png": list(value.png), "width": value.width_mm} if isinstance(value, Picture) else value


def template(name: str, suffix: str, folder: Path | None = None) -> Path:
    """Where the template lies, the house's own before the built-in one. Raises NotFound."""
    if _NAME.fullmatch(name):
        for place in (folder, BUILT_IN):
            if place is not None and (place / f"{name}.{suffix}").is_file():
                return place / f"{name}.{suffix}"
    raise NotFound


def clean(value: Any) -> Any:
    """The same value without the characters that no XML file can hold."""
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", value.replace("\r\n", "\n"))
    if isinstance(value, Mapping):
        return {key: clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return value


@lru_cache(maxsize=4)
def _fonts(folder: Path | None) -> typst.Fonts:
    """Read once in a process: looking through all of a system's fonts takes longer than a page."""
    own = _own_fonts(folder)
    return typst.Fonts(font_paths=[str(own)] if own else [])


def _own_fonts(folder: Path | None) -> Path | None:
    return folder / "fonts" if folder is not None and (folder / "fonts").is_dir() else None


def _chain(families: set[str]) -> dict[str, list[str]]:
    """The families that this server has, the best first, for `set text(font: …)`; none missing, so no warning."""
    return {
        "serif": [name for name in (*SERIF, *SANS) if name in families] or sorted(families),
        "sans": [name for name in (*SANS, *SERIF) if name in families] or sorted(families),
    }
