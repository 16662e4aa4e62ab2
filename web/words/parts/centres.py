"""Words of the legal service centre (法务服务中心)."""

from __future__ import annotations

from collections.abc import Mapping

from web.words.mark import Mark
from web.words.saying import Saying

ELEMENTS: Mapping[str, tuple[str, str]] = {}
"""Human tasks."""
ACTIONS: Mapping[str, Saying] = {
    "centre:centre:seed": Saying("写入中心默认设置", "wrote the centre's default set"),
    "centre:resident:add": Saying("单位入驻", "brought a resident in"),
    "centre:resident:change": Saying("修改入驻单位", "changed a resident"),
    "centre:resident:end": Saying("单位撤出", "ended a residence"),
    "centre:window:add": Saying("新增窗口", "added a window"),
    "centre:window:change": Saying("修改窗口", "changed a window"),
    "centre:window:close": Saying("停用窗口", "closed a window"),
    "centre:room:add": Saying("新增室", "added a room"),
    "centre:room:change": Saying("修改室", "changed a room"),
    "centre:room:close": Saying("停用室", "closed a room"),
    "centre:duty:add": Saying("新增职责", "added a duty"),
    "centre:duty:change": Saying("修改职责", "changed a duty"),
    "centre:duty:close": Saying("停用职责", "closed a duty"),
    "centre:duties:replace": Saying("更新职责清单", "replaced the list of duties"),
    "centre:rule:issue": Saying("发布制度新版", "issued an edition of a rule"),
    "centre:card:issue": Saying("发放联系卡", "issued a contact card"),
    "centre:card:revoke": Saying("停用联系卡", "revoked a contact card"),
    "centre:card:use": Saying("凭联系卡反映", "reported with a card", aside=("凭联系卡", "with a contact card")),
}
"""Entries of the trail."""
COMPLETED: Mapping[tuple[str, str | None], Saying] = {}
"""Completed forms by task and outcome."""
MARKS: Mapping[str, Mark] = {
    "card_used": Mark(
        "accent",
        "enterprise",
        "联系企业凭卡反映了事项，请关注办理",
        "An enterprise that you answer for has reported a matter: please follow it",
    ),
}
"""Notices."""
