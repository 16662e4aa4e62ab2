"""The activity log (活动台账): the list with its counts, the form of a new entry, one activity with its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for

from engine.calendar import ZONE
from engine.errors import Forbidden
from engine.network.units import Level, Unit, by_code
from processes.activities import operations, reading
from processes.activities.codes import LASTING, OPENING, ActivityKind, Tag, measure
from processes.activities.models import Activity
from processes.activities.reading import Count, Wanted
from processes.cases.reading import titles
from processes.codes import ENDED, Kind, State, Urgency
from web.api.shapes import units_by_id
from web.pages.form_view import Choice, Field
from web.pages.showing import Shown, showing
from web.translation import t
from web.words import codes, kinds, names, people

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

blueprint = Blueprint("activity_log", __name__)
CODES = {"ActivityKind": ActivityKind, "Tag": Tag, "State": State, "ENDED": ENDED, "codes": codes, "kinds": kinds}


@dataclass(frozen=True)
class Asked:
    """The address of the list. Unknown values count as not given."""

    kind: ActivityKind | None = None
    begin: date | None = None
    end: date | None = None
    under: str = ""
    page: int = 1

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> Asked:
        kind = args.get("kind", "")
        return cls(
            kind=ActivityKind(kind) if kind in set(ActivityKind) else None,
            begin=_day(args.get("begin", "")),
            end=_day(args.get("end", "")),
            under=args.get("under", "")[:64],
            page=min(max(args.get("page", 1, type=int), 1), 10_000),
        )

    def link(self, **changes: Any) -> str:
        """The address with some values changed; another filter begins on its first page."""
        asked = replace(self, **({"page": 1} | changes))
        given = {each.name: getattr(asked, each.name) for each in fields(asked)}
        words = {name: str(value) for name, value in given.items() if value and (name, value) != ("page", 1)}
        return url_for("activity_log.index") + (f"?{urlencode(words)}" if words else "")

    @property
    def is_narrow(self) -> bool:
        return bool(self.kind or self.begin or self.end or self.under)


@dataclass(frozen=True)
class ListView:
    """The list for its template; `places`: the units by id."""

    asked: Asked
    under: Unit | None
    rows: Sequence[Activity]
    total: int
    counts: Mapping[ActivityKind, Count]
    places: Mapping[int, Unit]
    may_record: bool

    @classmethod
    def load(cls, session: Session, actor: Actor, asked: Asked) -> ListView:
        under = by_code(session, asked.under) if asked.under else None
        if under is not None and under.district_id != actor.district_id:
            under = None
        wanted = Wanted(asked.kind, asked.begin, asked.end, under)
        rows, total = reading.listed(session, actor, wanted, page=asked.page)
        counted = reading.counts(session, actor.district_id, *reading.conditions_of(replace(wanted, kind=None)))
        places = units_by_id(session, [unit_id for row in rows for unit_id in (row.unit_id, row.place_unit_id)])
        return cls(asked, under, rows, total, counted, places, operations.may_record(actor))

    @property
    def pages(self) -> int:
        return -(-self.total // reading.PAGE)

    @property
    def unit_field(self) -> Field:
        shown = names.unit(self.under) if self.under else ""
        value = self.under.code if self.under else ""
        return _unit_field("under", t("单位", "Unit"), value=value, shown=shown)


@blueprint.get("/activities")
def index() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        view = ListView.load(session, actor, Asked.read(request.args))
        return render_template("activities/index.html", view=view, counted=counted, **CODES)

    return showing(look)


@blueprint.get("/activities/new")
def new() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        if not operations.may_record(actor):
            raise Forbidden
        today = session.env.clock.now().astimezone(ZONE).date()
        kind = request.args.get("kind", "")
        own = units_by_id(session, operations.recording_units(actor))
        units = [own[unit_id] for unit_id in operations.recording_units(actor) if unit_id in own]
        rows = entry_fields(units, today, kind if kind in set(ActivityKind) else "")
        return render_template("activities/new.html", rows=rows, **CODES)

    return showing(look)


@blueprint.get("/activities/<int:activity_id>")
def show(activity_id: int) -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        row = operations.find(session, actor, activity_id)
        linked = reading.cases_of(session, actor, row)
        kind = ActivityKind(row.kind)
        own = row.unit_id in operations.recording_units(actor) and row.struck_at is None
        return render_template(
            "activities/show.html",
            row=row,
            kind=kind,
            places=units_by_id(session, [row.unit_id, row.place_unit_id]),
            linked=linked,
            titles=_titles(session, linked),
            by=people.load(session, [ref for ref in (row.recorded_by, row.struck_by) if ref]),
            may_link=own,
            may_open=own and kind in OPENING,
            may_strike=row.struck_at is None and operations.may_strike(session, actor, row),
            case_fields=case_fields(session, row) if own and kind in OPENING else (),
            counted=counted,
            **CODES,
        )

    return showing(look)


def _titles(session: Session, linked: Sequence[tuple[Case, bool]]) -> Mapping[int, str]:
    rows: Sequence[Any] = [case for case, _ in linked]
    return titles(session, rows)


def counted(kind: ActivityKind, amount: int) -> str:
    """20 场次, 16 条, 3 次."""
    zh, en = measure(kind)
    return t(f"{amount} {zh}", f"{amount} {en}")


def entry_fields(units: Sequence[Unit], today: date, kind: str) -> Sequence[Field]:
    """The form of a new entry: what is needed first."""
    unit = Field(
        "unit",
        t("举办单位", "Held by"),
        "select" if len(units) > 1 else "hidden",
        required=True,
        choices=[Choice(each.code, names.unit(each)) for each in units],
        value=units[0].code,
    )
    lasting = t("、", ", ").join(codes.label(each) for each in ActivityKind if each in LASTING)
    return [
        Field(
            "kind",
            t("类型", "Kind"),
            "select",
            required=True,
            choices=[Choice(each.value, codes.label(each)) for each in ActivityKind],
            value=kind,
        ),
        Field(
            "held_on",
            t("日期", "Day"),
            "date",
            required=True,
            value=today.isoformat(),
            latest=today.isoformat(),
            earliest=(today - operations.OLDEST).isoformat(),
        ),
        Field("title", t("名称", "Title"), "text", required=True, max_length=100, help=_no_names()),
        Field(
            "amount",
            t("数量", "How many"),
            "number",
            required=True,
            minimum=1,
            maximum=operations.MAX_AMOUNT,
            value=1,
            help=t("场次、条、人、个；简报按此计数", "Sessions, covenants, people; bulletins add these up"),
        ),
        Field("people", t("参加人数", "People there"), "number", minimum=0, maximum=operations.MAX_PEOPLE),
        _unit_field("place", t("地点", "Where")),
        Field("until", t("结束日期", "Last day"), "date", help=t(f"仅限{lasting}", f"Only for: {lasting}")),
        unit,
        Field("text", t("内容", "What happened"), "area", max_length=4000),
    ]


def case_fields(session: Session, row: Activity) -> Sequence[Field]:
    """What a case needs that is opened from a meeting; criminal leads come in by the ordinary report."""
    place = session.get(Unit, row.place_unit_id or row.unit_id)
    known = place is not None and place.level in set(Level)
    return [
        _unit_field(
            "place_unit",
            t("地点", "Place"),
            required=True,
            value=place.code if place and known else "",
            shown=names.unit(place) if place and known else "",
            kinds="network",
        ),
        Field(
            "kind",
            t("类别", "Kind"),
            "select",
            required=True,
            choices=[Choice(each.value, codes.label(each)) for each in Kind],
        ),
        Field("domain", t("事件领域", "Domain"), "select", required=True, choices=_listed("domain")),
        Field("type", t("矛盾纠纷类型", "Type of dispute"), "select", choices=_listed("type")),
        Field(
            "urgency",
            t("紧急程度", "Urgency"),
            "select",
            required=True,
            choices=[Choice(each.value, codes.label(each)) for each in Urgency],
            value=Urgency.ORDINARY.value,
        ),
        Field(
            "head_count",
            t("涉及人数", "Head count"),
            "select",
            required=True,
            choices=_listed("head_count"),
            value="up_to_50",
        ),
        Field("title", t("标题", "Title"), "text", required=True, max_length=100),
        Field("text", t("情况描述", "What it is about"), "area", max_length=4000),
    ]


def _listed(name: str) -> Sequence[Choice]:
    return [Choice(code, label) for code, label in codes.listed(name)]


def _unit_field(
    name: str, label: str, *, required: bool = False, value: str = "", shown: str = "", kinds: str = ""
) -> Field:
    targets = "/api/v1/activities/places" + (f"?kinds={kinds}" if kinds else "")
    return Field(name, label, "unit", required=required, value=value, shown=shown, targets=targets)


def _no_names() -> str:
    return t("不写个人姓名、电话：台账全区可见，并印入简报", "No names or telephones: the whole district reads it")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
