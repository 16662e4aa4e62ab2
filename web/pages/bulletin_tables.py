"""A bulletin in words and tables: the screen, Word, PDF and Excel all show what is made here from `Figures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from processes.activities.codes import ActivityKind, measure
from processes.bulletins.acts import FIVE
from processes.bulletins.periods import Period, PeriodKind
from processes.bulletins.rates import WEIGHTS
from processes.bulletins.shape import FEW, Count, DisputeLine, Figures, Found, Part, Rates
from processes.codes import Kind, MediationKind
from processes.visits.codes import ADVICE, LEGAL_AID
from web.translation import t
from web.words import codes, names
from web.words.parts.bulletins import ACTS, LEVELS, SERVICES, SETTLED_AT

Cell = str | int | float | Count | Part | None
NOTARY = "notary"
HIDDEN = "…"


@dataclass(frozen=True)
class Column:
    """`kind`: text, number, share (a `Part`) or points."""

    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Chart:
    """Bars for each label, one for each series; what may not be shown is None."""

    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[int | None]]]

    @property
    def top(self) -> int:
        return max((value or 0 for _, values in self.series for value in values), default=0)


@dataclass(frozen=True)
class Table:
    """One table. `has_total`: the last row is one; `is_folded`: on screen; `is_long`: folded there, and not printed."""

    code: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    has_total: bool = False
    chart: Chart | None = None
    is_long: bool = False
    is_folded: bool = False


def tables(figures: Figures) -> Sequence[Table]:
    """All of them, in the order of a bulletin."""
    return [
        main_table(figures),
        acts_table(figures),
        kinds_table(figures),
        *dispute_tables(figures),
        level_table(figures),
        mediation_table(figures),
        service_table(figures),
        rates_table(figures),
        overdue_table(figures),
        trend_table(figures),
        ranking_table(figures),
        activity_table(figures),
    ]


def shown(cell: Cell) -> str:
    """A cell as people read it: 12, <5, 92.3%, –."""
    if isinstance(cell, Count):
        return f"<{FEW}" if cell.is_hidden else str(cell.total)
    if isinstance(cell, Part):
        return "–" if cell.rate is None else f"{cell.rate:.1%}"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return "–" if cell is None else str(cell)


def period_label(period: Period) -> str:
    """2026 年 11 月, 2026 年第四季度, 2026 年上半年, 2026 年度, or the days."""
    begins, year = period.begins_on, period.begins_on.year
    quarter, half = (begins.month + 2) // 3, 1 if begins.month <= 6 else 2
    said = {
        PeriodKind.MONTH: (f"{year} 年 {begins.month} 月", begins.strftime("%B %Y")),
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
    said = dict(_main_rows(figures))
    came, ended, eased = (said[code] for code in ("received", "settled", "disputes"))
    acts = t("，", ", ").join(f"{t(*ACTS[code][:2])} {figures.acts[code].total} {t('件', '')}".strip() for code in FIVE)
    rates = t("，", ", ").join(
        f"{codes_of_rate(name)} {shown(getattr(figures.rates, name))}"
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
    rows = [(label, value, unit, how) for _, value, label, unit, how in _main_rows_raw(figures)]
    columns = [
        Column(t("项目", "Item")),
        Column(t("数量", "Number"), "number"),
        Column(t("单位", "Measure")),
        Column(t("口径", "How it is counted")),
    ]
    return Table("main", t("主要数字", "Main figures"), columns, rows)


def _main_rows(figures: Figures) -> Sequence[tuple[str, str]]:
    return [(code, shown(value)) for code, value, *_ in _main_rows_raw(figures)]


def _main_rows_raw(figures: Figures) -> Sequence[tuple[str, Cell, str, str, str]]:
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


def acts_table(figures: Figures) -> Table:
    columns = [
        Column(t("处置方式", "Disposition")),
        Column(t("件次", "Times"), "number"),
        Column(t("其中本级", "By itself"), "number"),
        Column(t("依据", "Counted from")),
    ]
    codes_ = [*FIVE, *(code for code in ACTS if code not in FIVE)]
    rows = [
        (t(*ACTS[code][:2]), acts.total, acts.own, t(*ACTS[code][2:]))
        for code in codes_
        if (acts := figures.acts.get(code)) is not None
    ]
    chart = Chart([row[0] for row in rows[:5]], [(t("件次", "Times"), [row[1] for row in rows[:5]])])
    note = t("只按这些操作写下的记录计数。", "Counted from the rows that these acts wrote, from nothing else.")
    return Table("acts", t("处置方式", "Dispositions"), columns, rows, note, chart=chart)


def kinds_table(figures: Figures) -> Table:
    columns = [
        Column(t("类别", "Kind")),
        Column(t("新增", "Came in"), "number"),
        Column(t("办结", "Settled"), "number"),
        Column(t("期末在办", "Open at the end"), "number"),
    ]
    rows: list[Sequence[Cell]] = [
        (t(kind.zh, kind.en.capitalize()), line.received, line.settled, line.open)
        for line in figures.kinds
        for kind in [Kind(line.kind)]
    ]
    sums = [sum((getattr(line, name) for line in figures.kinds), Count()) for name in ("received", "settled", "open")]
    rows.append((t("合计", "Total"), *(Count(each.total) for each in sums)))
    chart = Chart(
        [str(row[0]) for row in rows[:-1]],
        [(t("新增", "Came in"), [_open(line.received) for line in figures.kinds])],
    )
    note = t(
        f"其中限制知悉 {shown(figures.restricted)} 件；少于 {FEW} 件的分项只写“<{FEW}”，合计为实数。",
        f"{shown(figures.restricted)} of them restricted; parts below {FEW} read “<{FEW}”, the total is true.",
    )
    return Table("kinds", t("事件类别", "Cases by kind"), columns, rows, note, has_total=True, chart=chart)


def dispute_tables(figures: Figures) -> Sequence[Table]:
    """矛盾纠纷排查情况表: by type with the year so far, by level, and each type at each level."""
    title = t("矛盾纠纷排查情况表", "Disputes found and settled")
    now, year = _found_columns(), _found_columns(t("年度累计", "since January: "))
    rows = [(_type(line), *_found(line.total), *_found(line.year)) for line in figures.disputes]
    total = sum((line.total for line in figures.disputes), Found())
    since = sum((line.year for line in figures.disputes), Found())
    rows.append((t("合计", "Total"), *_found(_true(total)), *_found(_true(since))))
    note = t(
        "排查：期内登记（不含并案）；调处：其中已受理办理；成功：其中期末前办结。调处率=调处÷排查，成功率=成功÷调处。",
        "Found: registered in the period; handled: of these taken up; settled: of these closed by its end. Rate of"
        " handling = handled ÷ found, of success = settled ÷ handled.",
    )
    first = Column(t("类型", "Type"))
    by_type = Table("disputes", title, [first, *now, *year], rows, note, has_total=True)
    levels = {level: _sum_at(figures.disputes, level) for level in LEVELS}
    by_level = [(t(*LEVELS[level]), *_found(found)) for level, found in levels.items()]
    each = [
        (_type(line), t(*LEVELS[level]), *_found(line.levels[level]))
        for line in figures.disputes
        for level in LEVELS
        if level in line.levels
    ]
    level = Column(t("层级", "Level"))
    return [
        by_type,
        Table(
            "dispute_levels",
            t("矛盾纠纷排查情况（按层级）", "Disputes by level"),
            [level, *now],
            by_level,
            t("层级：现在或最后承办的单位。", "Level: of the unit that has or had it last."),
        ),
        Table(
            "dispute_each",
            t("矛盾纠纷排查情况（类型×层级）", "Disputes by type and level"),
            [first, level, *now],
            each,
            is_long=True,
        ),
    ]


def _found_columns(prefix: str = "") -> Sequence[Column]:
    words = (
        (("排查", "found"), "number"),
        (("调处", "handled"), "number"),
        (("调处率", "rate of handling"), "share"),
        (("成功", "settled"), "number"),
        (("成功率", "rate of success"), "share"),
    )
    return [Column(prefix + (t(*pair) if prefix else t(*pair).capitalize()), kind) for pair, kind in words]


def _found(found: Found) -> Sequence[Cell]:
    handled, success = _rate(found.handled, found.found), _rate(found.settled, found.handled)
    return found.found, found.handled, handled, found.settled, success


def _rate(part: Count, whole: Count) -> Cell:
    """A rate of hidden counts would tell what they are."""
    return HIDDEN if part.is_hidden or whole.is_hidden else Part(part.total, whole.total)


def _true(found: Found) -> Found:
    """The total stays true."""
    return Found(*(Count(each.total) for each in (found.found, found.handled, found.settled)))


def _sum_at(lines: Sequence[DisputeLine], level: str) -> Found:
    return sum((line.levels.get(level, Found()) for line in lines), Found())


def _type(line: DisputeLine) -> str:
    return codes.of_list("type", line.type) if line.type else t("（未分类）", "(no type)")


def level_table(figures: Figures) -> Table:
    columns = [
        Column(t("层级", "Level")),
        Column(t("办结", "Settled"), "number"),
        Column(t("占比", "Share"), "share"),
        Column(t("含下级累计占比", "With the levels below"), "share"),
        Column(t("目标", "Aim")),
    ]
    total = sum(line.settled.total for line in figures.settled_at)
    rows: list[Sequence[Cell]] = []
    reached = Count()
    for line in figures.settled_at:
        reached += line.settled
        share: Cell = HIDDEN if line.settled.is_hidden else Part(line.settled.total, total)
        so_far: Cell = HIDDEN if line.settled.is_hidden else Part(reached.total, total)
        rows.append((t(*LEVELS[line.level]), line.settled, share, so_far, t(*SETTLED_AT[line.level])))
    chart = Chart(
        [str(row[0]) for row in rows], [(t("办结", "Settled"), [_open(x.settled) for x in figures.settled_at])]
    )
    note = t(
        "按最后承办单位的层级；部门按所在层级计。", "By the level of the last owner; departments count where they hang."
    )
    return Table("settled_at", t("小事不出格", "Settled where it arose"), columns, rows, note, chart=chart)


def mediation_table(figures: Figures) -> Table:
    titles = (
        ("新开", "begun"),
        ("达成协议", "agreed"),
        ("未成", "failed"),
        ("期末在调", "going on"),
        ("律师参与", "with a lawyer"),
        ("司法确认", "confirmed"),
        ("已履行", "performed"),
    )
    columns = [Column(t("类别", "Kind")), *(Column(t(zh, en.capitalize()), "number") for zh, en in titles)]
    columns.append(Column(t("成功率", "Rate of success"), "share"))
    rows: list[Sequence[Cell]] = []
    for line in figures.mediations:
        ended = line.agreed + line.failed
        rate: Cell = HIDDEN if line.agreed.is_hidden or ended.is_hidden else Part(line.agreed.total, ended.total)
        counts = (line.begun, line.agreed, line.failed, line.open, line.lawyer, line.confirmed, line.performed)
        kind = MediationKind(line.kind)
        rows.append((t(kind.zh, kind.en.capitalize()), *counts, rate))
    note = t("成功率=达成协议÷（达成协议+未成）。", "Rate of success = agreed ÷ (agreed + failed).")
    return Table("mediations", t("五调", "Mediation"), columns, rows, note)


def service_table(figures: Figures) -> Table:
    columns = [
        Column(t("窗口", "Window")),
        Column(t("服务", "Service")),
        Column(t("接待", "Received"), "number"),
        Column(t("办结", "Served"), "number"),
        Column(t("服务人次", "People served"), "number"),
        Column(t("决定援助", "Aid granted"), "number"),
        Column(t("在办", "Open"), "number"),
    ]
    several = len({line.centre for line in figures.services}) > 1
    rows = [
        (
            f"{line.centre} {line.window}" if several else line.window,
            t(*SERVICES.get(line.service, (line.service, line.service))),
            line.visits,
            line.served,
            line.heads,
            line.granted,
            line.open,
        )
        for line in figures.services
    ]
    note = "" if rows else t("本单位没有服务窗口。", "This unit has no windows.")
    return Table("services", t("窗口服务", "Services by window"), columns, rows, note)


def activity_table(figures: Figures) -> Table:
    columns = [
        Column(t("活动", "Activity")),
        Column(t("数量", "Amount"), "number"),
        Column(t("单位", "Measure")),
        Column(t("记录", "Entries"), "number"),
        Column(t("人数", "People"), "number"),
    ]
    rows = [
        (t(kind.zh, kind.en.capitalize()), line.amount, t(*measure(kind)), line.entries, line.people)
        for line in figures.activities
        for kind in [ActivityKind(line.kind)]
        if line.entries
    ]
    note = "" if rows else t("期内没有登记活动。", "No activity was entered in the period.")
    return Table("activities", t("活动", "Activities"), columns, rows, note, is_folded=bool(rows))


def codes_of_rate(name: str) -> str:
    return t(*_RATES[name][0])


_RATES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
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


def rates_table(figures: Figures) -> Table:
    columns = [
        Column(t("三率", "Rate")),
        Column(t("数值", "Value"), "share"),
        Column(t("分子", "Part"), "number"),
        Column(t("分母", "Whole"), "number"),
        Column(t("算法", "Arithmetic")),
    ]
    found = [(name, getattr(figures.rates, name)) for name in _RATES]
    rows = [(t(*_RATES[name][0]), part, part.part, part.whole, t(*_RATES[name][1])) for name, part in found]
    return Table("rates", t("三率", "The three rates"), columns, rows)


def overdue_table(figures: Figures) -> Table:
    columns = [
        Column(t("层级", "Level")),
        Column(t("期内发生超期", "Became overdue"), "number"),
        Column(t("期末仍超期", "Overdue at the end"), "number"),
    ]
    rows = [(t(*LEVELS[line.level]), line.arisen, line.standing) for line in figures.overdue]
    chart = Chart(
        [row[0] for row in rows],
        [(columns[1].title, [row[1] for row in rows]), (columns[2].title, [row[2] for row in rows])],
    )
    note = t("按当时承办单位的层级；一件只计一次。", "By the level of the unit that held it then; each case once.")
    return Table("overdue", t("各层级超期", "Overdue by level"), columns, rows, note, chart=chart)


def trend_table(figures: Figures) -> Table:
    columns = [
        Column(t("月份", "Month")),
        Column(t("新增", "Came in"), "number"),
        Column(t("办结", "Settled"), "number"),
        Column(t("化解纠纷", "Disputes settled"), "number"),
        Column(t("发生超期", "Became overdue"), "number"),
    ]
    rows = [
        (month_label(line.first), line.received, line.settled, line.disputes, line.overdue) for line in figures.months
    ]
    chart = Chart(
        [row[0] for row in rows],
        [(columns[1].title, [row[1] for row in rows]), (columns[2].title, [row[2] for row in rows])],
    )
    return Table("trend", t("逐月趋势", "Trend by month"), columns, rows, chart=chart)


def month_label(first: date) -> str:
    return t(f"{first.year}-{first.month:02d}", first.strftime("%b %Y"))


def ranking_table(figures: Figures) -> Table:
    columns = [
        Column(t("名次", "Place"), "number"),
        Column(t("单位", "Unit")),
        Column(t("新增", "Came in"), "number"),
        Column(t("响应率", "Response"), "share"),
        Column(t("解决率", "Resolution"), "share"),
        Column(t("满意率", "Satisfaction"), "share"),
        Column(t("得分", "Points"), "points"),
        Column(t("算式", "Arithmetic")),
    ]
    rows = [
        (
            line.place,
            names.short(line.name),
            line.received,
            line.rates.response,
            line.rates.resolution,
            line.rates.satisfaction,
            line.points,
            arithmetic(line.rates),
        )
        for line in figures.ranking
    ]
    weights = " + ".join(f"{weight} × {codes_of_rate(name)}" for name, weight in WEIGHTS.items())
    note = t(
        f"得分 = {weights}；没有数据的一项不计，其余按权重折算到 100 分。同分同名次。",
        f"Points = {weights}; a rate without data is left out and the others are scaled to 100. Equal points share a"
        " place.",
    )
    return Table("ranking", t("下级单位排名", "Ranking of the units below"), columns, rows, note if rows else "")


def arithmetic(rates: Rates) -> str:
    """(30×37/41 + 35×12/13) ÷ 65 × 100, by which the points can be reckoned again."""
    known = [(weight, getattr(rates, name)) for name, weight in WEIGHTS.items()]
    counted = [(weight, part) for weight, part in known if part.whole]
    if not counted:
        return t("无数据", "no data")
    terms = " + ".join(f"{weight}×{part.part}/{part.whole}" for weight, part in counted)
    total = sum(weight for weight, _ in counted)
    return terms if total == 100 else f"({terms}) ÷ {total} × 100"


def _open(count: Count) -> int | None:
    return None if count.is_hidden else count.total
