"""The deadline table as it ships, and what is refused of one."""

from __future__ import annotations

import pytest

from engine.deadlines.arithmetic import Limit, Warn
from engine.deadlines.table import compile_table
from engine.errors import DefinitionRefused
from processes import models_folder

SHIPPED = (models_folder() / "deadlines.dmn").read_bytes()


@pytest.mark.parametrize(
    ("stage", "urgency", "level", "limit", "grace"),
    [
        ("sign_off", "extra", "village", Limit(10, "min"), None),
        ("accept", "urgent", "village", Limit(2, "h"), Limit(2, "h")),
        ("handle", "ordinary", "village", Limit(5, "wd"), Limit(1, "wd")),
        ("handle", "ordinary", "grid", Limit(3, "wd"), Limit(1, "wd")),
        ("handle", "urgent", "grid", Limit(24, "h"), Limit(4, "h")),
        ("overall", "extra", "district", Limit(48, "h"), None),
        ("check", "ordinary", "village", Limit(3, "wd"), Limit(1, "wd")),
        ("handle_petition", "ordinary", "village", Limit(60, "d", statutory=True), Limit(0, "d")),
    ],
)
def test_the_shipped_rows_say_what_the_rules_say(
    stage: str, urgency: str, level: str, limit: Limit, grace: Limit | None
) -> None:
    rule = compile_table(SHIPPED).lookup(stage, "dispute", urgency, level)
    assert (rule.limit, rule.grace) == (limit, grace)
    assert rule.source


def test_warnings_are_shares_or_times() -> None:
    table = compile_table(SHIPPED)
    assert table.lookup("handle", "x", "ordinary", "village").warn == Warn(percent=75)
    assert table.lookup("handle_mediation", "x", "ordinary", "village").warn == Warn(after=Limit(20, "d"))
    assert table.lookup("suspension_review", "x", "extra", "village").warn == Warn(before=Limit(3, "d"))


def test_a_row_may_warn_a_second_time() -> None:
    rule = compile_table(SHIPPED).lookup("med_confirmation", "x", "ordinary", "village")
    assert (rule.warn, rule.last_call) == (Warn(after=Limit(20, "d")), Limit(27, "d"))
    assert compile_table(SHIPPED).lookup("handle", "x", "ordinary", "village").last_call is None


@pytest.mark.parametrize(
    ("was", "becomes", "reason"),
    [
        (
            b'<inputEntry id="accept_3_urgency"><text></text>',
            b'<inputEntry id="accept_3_urgency"><text>"ordinary"</text>',
            "everything",
        ),
        (
            b'<outputEntry id="accept_3_unit"><text>"wd"</text>',
            b'<outputEntry id="accept_3_unit"><text>"weeks"</text>',
            "not a number of",
        ),
        (
            b'<outputEntry id="accept_3_limit"><text>1</text>',
            b'<outputEntry id="accept_3_limit"><text>now()</text>',
            "constant",
        ),
        (
            b'<outputEntry id="accept_3_warn"><text>"75 %"</text>',
            b'<outputEntry id="accept_3_warn"><text>"175 %"</text>',
            "share",
        ),
        (
            b'<outputEntry id="accept_3_grace"><text>"1 wd"</text>',
            b'<outputEntry id="accept_3_grace"><text>"soon"</text>',
            "amount",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_its_id(was: bytes, becomes: bytes, reason: str) -> None:
    assert was in SHIPPED
    with pytest.raises(DefinitionRefused) as refused:
        compile_table(SHIPPED.replace(was, becomes))
    assert refused.value.findings[0]["element"] == "accept_3"
    assert reason in refused.value.findings[0]["reason"]
