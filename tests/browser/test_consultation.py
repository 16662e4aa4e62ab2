"""会商 on the pages: invite, keep the minutes, decide with a task, and say that the task is done."""

from __future__ import annotations

from tests.browser.people import People
from tests.cast import Cast, D, S
from tests.db.processes.test_consultations import CONVENER, HOUSING, POLICE, at_subdistrict, give, task


def test_a_consultation_goes_from_the_invitation_to_a_finished_task(people: People, sqlite_cast: Cast) -> None:
    number = at_subdistrict(sqlite_cast)
    convener = people(CONVENER)
    convener.goto(f"/cases/{number}")
    convener.locator('[data-action="consult"]').click()
    for code in (POLICE, HOUSING):
        convener.locator(f'dialog input[name="invited"][value="{code}"]').check()
    convener.locator('dialog textarea[name="subject"]').fill("围墙归谁管")
    convener.locator("dialog .act-form button.primary").click()
    convener.locator(".consultation").get_by_text("等待意见").first.wait_for()
    give(sqlite_cast, number, "police")
    give(sqlite_cast, number, "housing")
    convener.goto(f"/cases/{number}/act/hold_meeting")
    convener.locator('input[name="data.attendance.1.present"]').uncheck()
    convener.locator('textarea[name="data.minutes"]').fill("一致同意由住建部门牵头")
    convener.locator(".act-form button.primary").click()
    convener.locator(".consultation").get_by_text("未到会").wait_for()
    leader = people("SE-" + S)
    leader.goto(f"/cases/{number}/act/form_decision")
    leader.locator('select[name="data.lead"]').select_option(HOUSING)
    leader.locator("[data-add]").click()
    leader.locator('select[name="data.tasks.0.unit"]').select_option(POLICE)
    leader.locator('textarea[name="data.tasks.0.task"]').fill("查明权属")
    leader.locator('input[name="data.tasks.0.due"]').fill("2026-11-27")
    leader.locator('textarea[name="data.decision"]').fill("住建部门牵头")
    leader.locator(".act-form button.primary").click()
    leader.locator(".consultation").get_by_text("由承办单位落实").wait_for()
    handler = people("SB-" + S)
    handler.goto(f"/cases/{number}")
    handler.get_by_role("button", name="按决定转办").click()
    assert handler.locator('dialog input[name="data.target"]').input_value() == HOUSING
    police = people(f"A-{D}-police")
    police.goto(f"/cases/{number}")
    police.locator(".consultation").get_by_role("button", name="完成").click()
    police.locator(".consultation").get_by_text("已完成").wait_for()
    assert task(sqlite_cast).done_at is not None
