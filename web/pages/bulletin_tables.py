"""A bulletin in tables: the screen, Word, PDF and Excel all show what is made here from `Figures`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from processes.activities.codes import ActivityKind, measure
from processes.bulletins.acts import FIVE
from processes.bulletins.rates import WEIGHTS, weighed
from processes.bulletins.shape import FEW, Count, DisputeLine, Figures, Found, Part, Rates
from processes.codes import Kind, MediationKind
from web.pages.bulletin_cells import HIDDEN, Cell, Chart, Column, Table, open_count, rate_of, shown
from web.pages.bulletin_main import RATES, main_table, rate_name
from web.translation import t
from web.words import codes, names
from web.words.parts.bulletins import ACTS, LEVELS, SERVICES, SETTLED_AT


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
        [(t("新增", "Came in"), [open_count(line.received) for line in figures.kinds])],
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
    handled, success = rate_of(found.handled, found.found), rate_of(found.settled, found.handled)
    return found.found, found.handled, handled, found.settled, success


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
        [str(row[0]) for row in rows], [(t("办结", "Settled"), [open_count(x.settled) for x in figures.settled_at])]
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


def rates_table(figures: Figures) -> Table:
    columns = [
        Column(t("三率", "Rate")),
        Column(t("数值", "Value"), "share"),
        Column(t("分子", "Part"), "number"),
        Column(t("分母", "Whole"), "number"),
        Column(t("算法", "Arithmetic")),
    ]
    found = [(name, getattr(figures.rates, name)) for name in RATES]
    rows = [(t(*RATES[name][0]), part, part.part, part.whole, t(*RATES[name][1])) for name, part in found]
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
    weights = " + ".join(f"{weight} × {rate_name(name)}" for name, weight in WEIGHTS.items())
    note = t(
        f"得分 = {weights}；没有数据的一项不计，其余按权重折算到 100 分。同分同名次。",
        f"Points = {weights}; a rate without data is left out and the others are scaled to 100. Equal points share a"
        " place.",
    )
    return Table("ranking", t("下级单位排名", "Ranking of the units below"), columns, rows, note if rows else "")


def arithmetic(rates: Rates) -> str:
    """(30×37/41 + 35×12/13) ÷ 65 × 100, by which the points can be reckoned again."""
    counted = weighed(rates)
    if not counted:
        return t("无数据", "no data")
    terms = " + ".join(f"{weight}×{part.part}/{part.whole}" for weight, part in counted)
    total = sum(weight for weight, _ in counted)
    return terms if total == 100 else f"({terms}) ÷ {total} × 100"
