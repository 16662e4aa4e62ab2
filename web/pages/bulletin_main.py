"""The first page of a bulletin: title, period, the summary in sentences, the main figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processes.activities.codes import ActivityKind, measure
from processes.bulletins.acts import FIVE
from processes.bulletins.periods import Period, PeriodKind
from processes.bulletins.shape import Count, Figures
from processes.codes import Kind, MediationKind
from processes.visits.codes import ADVICE, LEGAL_AID
from web.pages.bulletin_cells import Cell, Column, Table, shown
from web.translation import t
from web.words import names
from web.words.parts.bulletins import ACTS

NOTARY = "notary"
RATES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "response": (
        ("响应率", "Response"),
        (
            "按时核实受理÷应核实受理（期内完成的，加期末逾期的）",
            "verified and accepted in time ÷ to be verified and accepted",
        ),
    ),
    "resolution": (
        ("解决率", "Resolution"),
        ("期内办结÷（期内办结+期末超期未结）", "settled ÷ settled or overdue at the end"),
    ),
    "satisfaction": (
        ("满意率", "Satisfaction"),
        ("满意和基本满意÷已评价", "satisfied and basically satisfied ÷ rated"),
    ),
}


def period_label(period: Period) -> str:
    """2026 年 11 月, 2026 年第四季度, 2026 年上半年, 2026 年度, or the days."""
    begins, year = period.begins_on, period.begins_on.year
    quarter, half = (begins.month + 2) // 3, 1 if begins.month <= 6 else 2
    said = {
        PeriodKind.MONTH: (f"{year} 年 {begins.month} 月", f"{begins:%B %Y}"),
        PeriodKind.QUARTER: (f"{year} 年第{'一二三四'[quarter - 1]}季度", f"Q{quarter} {year}"),
        PeriodKind.HALF: (f"{year} 年{'上下'[half - 1]}半年", f"H{half} {year}"),
        PeriodKind.YEAR: (f"{year} 年度", f"{year}"),
    }
    if period.kind in said:
        return t(*said[period.kind])
    return t(f"{begins} 至 {period.ends_on}", f"{begins} to {period.ends_on}")


def title_of(figures: Figures) -> str:
    name = names.short(figures.name)
    return t(f"{name}运行简报", f"{name}: bulletin")


def lead(figures: Figures) -> Sequence[str]:
    """The bulletin in sentences, as centres publish it."""
    said = dict(_said(figures))
    came, ended, eased = (said[code] for code in ("received", "settled", "disputes"))
    acts = t("，", ", ").join(f"{t(*ACTS[code][:2])} {figures.acts[code].total} {t('件', '')}".strip() for code in FIVE)
    rates = t("，", ", ").join(
        f"{rate_name(name)} {shown(getattr(figures.rates, name))}"
        for name in ("response", "resolution", "satisfaction")
    )
    return [
        t(
            f"期内新增事件 {came} 件，办结 {ended} 件；化解矛盾纠纷 {eased} 件。",
            f"{came} cases came in and {ended} were settled; {eased} disputes were settled.",
        ),
        t(f"处置方式：{acts}。", f"Dispositions: {acts}."),
        t(f"三率：{rates}。", f"The three rates: {rates}."),
    ]


def main_table(figures: Figures) -> Table:
    rows = [(label, value, unit, how) for _, value, label, unit, how in main_rows(figures)]
    columns = [
        Column(t("项目", "Item")),
        Column(t("数量", "Number"), "number"),
        Column(t("单位", "Measure")),
        Column(t("口径", "How it is counted")),
    ]
    return Table("main", t("主要数字", "Main figures"), columns, rows)


def _said(figures: Figures) -> Sequence[tuple[str, str]]:
    return [(code, shown(value)) for code, value, *_ in main_rows(figures)]


def main_rows(figures: Figures) -> Sequence[tuple[str, Cell, str, str, str]]:
    """(code, value, label, measure, how it is counted), as published reports of centres list them."""
    mediations = {line.kind: line for line in figures.mediations}
    pieces, people = t("件", "cases"), t("人", "people")
    received = sum((line.received for line in figures.kinds), Count())
    settled = sum((line.settled for line in figures.kinds), Count())
    criminal = next((line.received for line in figures.kinds if line.kind == Kind.CRIMINAL), Count())
    rows: list[tuple[str, Cell, str, str, str]] = [
        ("received", received, t("新增事件", "Cases that came in"), pieces, t("按上报时间，不含并案", "reported then")),
        ("settled", settled, t("办结事件", "Cases settled"), pieces, t("按办结时间", "closed then")),
    ]
    rows += [
        (code, figures.acts[code].total, t(*ACTS[code][:2]), t("件次", "times"), t(*ACTS[code][2:])) for code in FIVE
    ]
    rows += [
        (
            "disputes",
            figures.disputes_settled,
            t("化解矛盾纠纷", "Disputes settled"),
            pieces,
            t("按办结时间", "closed then"),
        ),
        (
            "industry",
            mediations[MediationKind.INDUSTRY].begun,
            t("行业调解", "Industry mediations"),
            t("次", "times"),
            t("医调委、房调委等行业组织", "by committees of a trade"),
        ),
        (
            "lawyer",
            sum(line.lawyer for line in figures.mediations),
            t("律师参与调解", "Mediations with a lawyer"),
            t("次", "times"),
            t("五类调解合计", "of all five kinds"),
        ),
        ("advice", _heads(figures, ADVICE), t("法律咨询", "Legal advice"), t("人次", "people served"), _by_window()),
        ("legal_aid", _granted(figures), t("法律援助", "Legal aid"), people, t("决定援助的", "granted")),
        ("notary", _served(figures, NOTARY), t("公证", "Notarisations"), pieces, _by_window()),
        ("criminal", criminal, t("刑事线索", "Criminal leads"), pieces, t("移送公安办理", "passed to the police")),
        ("cards", figures.cards, t("警企联系卡", "Contact cards"), t("张", "cards"), t("期内发放", "issued")),
    ]
    activities = [(line, ActivityKind(line.kind)) for line in figures.activities]
    rows += [
        (kind.value, line.amount, t(kind.zh, kind.en.capitalize()), t(*measure(kind)), _by_log())
        for line, kind in activities
    ]
    return rows


def _by_window() -> str:
    return t("窗口办结", "served at the windows")


def _by_log() -> str:
    return t("活动台账", "activity log")


def _heads(figures: Figures, service: str) -> int:
    return sum(line.heads for line in figures.services if line.service == service)


def _served(figures: Figures, service: str) -> int:
    return sum(line.served for line in figures.services if line.service == service)


def _granted(figures: Figures) -> int:
    return sum(line.granted for line in figures.services if line.service == LEGAL_AID)


def rate_name(name: str) -> str:
    return t(*RATES[name][0])
