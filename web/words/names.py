"""Units and posts as people call them."""

from __future__ import annotations

from engine.network.units import Unit
from web.translation import t

_ENDINGS = (("社区居民委员会", "社区"), ("村村民委员会", "村"), ("居民委员会", ""), ("村民委员会", ""))
BADGES = {
    "district": "区",
    "subdistrict": "街",
    "village": "村",
    "grid": "网",
    "cell": "格",
    "department": "部",
    "third_party": "协",
    "centre": "法",
}
LEVELS = {
    "district": ("区网格中心", "district centre"),
    "subdistrict": ("乡镇(街道)分中心", "subdistrict centre"),
    "village": ("村(社区)服务站", "village station"),
    "grid": ("网格", "grid"),
    "cell": ("方格", "cell"),
    "department": ("部门", "department"),
    "third_party": ("第三方机构", "third party"),
    "centre": ("法务服务中心", "legal service centre"),
}
ROLES = {
    "citizen": ("群众", "citizen"),
    "cell_worker": ("方格员", "cell worker"),
    "grid_worker": ("网格员", "grid worker"),
    "desk": ("受理员", "desk"),
    "handler": ("承办人", "handler"),
    "dispatcher": ("分拨员", "dispatcher"),
    "checker": ("核查员", "checker"),
    "leader": ("负责人", "leader"),
    "liaison": ("部门联络员", "liaison"),
    "mediator": ("调解员", "mediator"),
    "supervisor": ("督办员", "supervisor"),
    "commander": ("指挥长", "commander"),
    "admin": ("管理员", "administrator"),
    "auditor": ("审计员", "auditor"),
}


def unit(found: Unit | None) -> str:
    """冯家寺社区 for 冯家寺社区居民委员会."""
    return short(found.name) if found is not None else t("（无）", "(none)")


def within(found: Unit, *arounds: Unit) -> str:
    """第一网格方格1 for 冯家寺社区第一网格方格1 among people of 冯家寺社区."""
    name = unit(found)
    for around in arounds:
        rest = name.removeprefix(unit(around))
        if rest and rest != name:
            return rest
    return name


def short(name: str) -> str:
    for ending, kept in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending) + kept
    return name


def badge(level: str) -> str:
    """One character for a level: 区 街 村 网 格."""
    return BADGES.get(level, "·")


def level(code: str) -> str:
    return t(*LEVELS[code]) if code in LEVELS else code


def role(code: str) -> str:
    return t(*ROLES[code]) if code in ROLES else code


_WORKERS = {"grid": "grid_worker", "cell": "cell_worker"}


def post_at(level_code: str, role_code: str) -> str:
    """Who acts there: at a grid or a cell its worker holds every role."""
    return role(_WORKERS.get(level_code, role_code))


def station(found: Unit) -> str:
    """冯家寺社区服务站, 潆溪街道分中心, 顺庆区网格中心; other units by their name."""
    name = unit(found)
    words = {
        "village": (f"{name}服务站", f"{name} station"),
        "subdistrict": (f"{name}分中心", f"{name} centre"),
        "district": (f"{name}网格中心", f"{name} district centre"),
    }
    return t(*words[found.level]) if found.level in words else name
