"""The icon of each kind of case; a name in web/client/icons.json."""

from __future__ import annotations

from processes.codes import Kind

ICONS = {
    Kind.DISPUTE: "dispute",
    Kind.LIVELIHOOD: "livelihood",
    Kind.HAZARD: "hazard",
    Kind.ORDER: "order",
    Kind.CRIMINAL: "siren",
    Kind.CIVIL: "scale",
    Kind.COMMERCIAL: "briefcase",
    Kind.LEGAL_SERVICE: "gavel",
    Kind.ENTERPRISE: "enterprise",
}
