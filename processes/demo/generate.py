"""Generates what the demo district needs beside its real units: grids, cells, departments, staff.

Staff numbers tell the post: C… cell worker, G… grid worker (both with the digits of the unit below the district),
V…, S…, Q… village, subdistrict and district with a letter for the post, D-<slug>… department.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from importlib.resources import files

GRIDS, CELLS = 3, 4
DISTRICT = "511302"
COVERED = ("511302010", "511302009", "511302012", "511302114")
_NUMERALS = "一二三四五六七八九"
_ENDINGS = (("社区居民委员会", "社区"), ("村村民委员会", "村"), ("居民委员会", ""), ("村民委员会", ""))

DEPARTMENTS = {
    "command": "区委政法委指挥部",
    "police": "区公安分局",
    "procuratorate": "区检察院",
    "court": "区法院",
    "justice": "区司法局",
    "petition": "区信访局",
    "housing": "区住建局",
    "labour": "区人社局",
    "market": "区市场监管局",
    "civil": "区民政局",
    "urban": "区综合行政执法局",
    "emergency": "区应急管理局",
    "health": "区卫健局",
    "education": "区教体局",
    "environment": "区生态环境局",
    "resources": "区自然资源局",
    "fire": "区消防救援大队",
}
THIRD_PARTIES = {
    "law_firm": "律师事务所联盟",
    "medical_mediation": "医疗纠纷人民调解委员会",
    "housing_mediation": "房地产纠纷人民调解委员会",
    "volunteers": "法务志愿服务队",
    "anti_violence": "反家暴服务中心",
}
POSTS = {
    "cell": {"C": "cell_worker handler checker"},
    "grid": {"G": "grid_worker handler checker dispatcher leader supervisor"},
    "village": {"VA": "desk handler", "VB": "dispatcher checker", "VC": "leader supervisor", "VD": "mediator"},
    "subdistrict": {
        "SA": "desk",
        "SB": "handler",
        "SC": "dispatcher",
        "SD": "checker",
        "SE": "leader",
        "SF": "supervisor",
        "SG": "mediator",
    },
    "district": {
        "QA": "desk",
        "QB": "handler",
        "QC": "dispatcher",
        "QD": "checker",
        "QE": "leader",
        "QF": "supervisor",
        "QH": "admin",
        "QI": "auditor",
        "QJ": "mediator",
    },
    "department": {"A": "liaison handler checker desk", "C": "mediator", "B": "dispatcher leader supervisor"},
    "third_party": {"A": "liaison handler desk", "B": "leader dispatcher", "C": "mediator"},
    "centre": {"A": "desk handler", "B": "leader supervisor", "C": "dispatcher", "D": "mediator"},
}
COMMAND = {"A": "commander supervisor", "B": "leader handler"}
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国玉兰红文斌波辉健宇浩凯丹雪梅琳莉"


def real_units() -> list[dict[str, str]]:
    """The published facts: district, 19 subdistricts and townships, 192 villages and communities."""
    text = files("processes.demo").joinpath("shunqing_units.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def demo_units() -> bytes:
    """The whole demo network as a CSV for `engine.network.importing`."""
    rows = real_units()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", "parent_code", "level", "name", "covers"])
    writer.writerows([row["code"], row["parent_code"], row["level"], row["name"], ""] for row in rows)
    writer.writerows(_grids_and_cells(rows))
    for slug, name in DEPARTMENTS.items():
        writer.writerow([f"{DISTRICT}-{slug}", DISTRICT, "department", name, ""])
    for slug, name in THIRD_PARTIES.items():
        writer.writerow([f"{DISTRICT}-{slug}", DISTRICT, "third_party", name, ""])
    writer.writerow([f"{DISTRICT}-linjiang", DISTRICT, "centre", "临江新区法务服务中心", " ".join(COVERED)])
    return out.getvalue().encode()


def _grids_and_cells(rows: list[dict[str, str]]) -> Iterator[list[str]]:
    for row in rows:
        if row["level"] != "village":
            continue
        village = _short(row["name"])
        for grid in range(1, GRIDS + 1):
            code, name = f"{row['code']}{grid:03d}", f"{village}第{_NUMERALS[grid - 1]}网格"
            yield [code, row["code"], "grid", name, ""]
            for cell in range(1, CELLS + 1):
                yield [f"{code}{cell:03d}", code, "cell", f"{name}方格{cell}", ""]


def _short(name: str) -> str:
    for ending, kept in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending) + kept
    return name


def demo_staff(units: bytes, seed: int = 1) -> bytes:
    """Made-up people for every post, as a CSV for `engine.network.staffing`; the same seed gives the same names."""
    chances = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["staff_no", "name", "unit_code", "roles", "phone"])
    for serial, (number, unit_code, roles) in enumerate(_posts(units)):
        writer.writerow([number, invented_name(chances), unit_code, roles, f"000{serial:08d}"])
    return out.getvalue().encode()


def invented_name(chances: random.Random) -> str:
    """A plausible name of nobody."""
    return chances.choice(_SURNAMES) + "".join(chances.choices(_GIVEN, k=chances.choice((1, 2))))


def _posts(units: bytes) -> Iterator[tuple[str, str, str]]:
    for row in csv.DictReader(io.StringIO(units.decode())):
        code, level = row["code"], row["level"]
        slug = code.partition("-")[2]
        digits = code.removeprefix(DISTRICT)
        for prefix, roles in (COMMAND if slug == "command" else POSTS[level]).items():
            yield (f"D-{slug}-{prefix}" if slug else f"{prefix}{digits}", code, roles)
