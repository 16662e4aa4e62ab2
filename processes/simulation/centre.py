"""A made-up day at a centre: who comes to the front desk, what is held, which cards are given out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import ZONE
from engine.network.units import Beside, Unit, covered
from processes.activities.codes import ActivityKind
from processes.activities.operations import Entry, record
from processes.centres.cards import CardText, issue
from processes.visits.codes import Channel, Matter
from processes.visits.operations import receive, suggested

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.simulation.staff import Crew

VISITS_A_DAY = 6
ACTIVITY_SHARE, CARD_SHARE = 0.5, 0.6
"""Of the working days of a centre."""
OPENS, OPEN_HOURS = time(9), 8
_MATTERS = (
    (Matter.ADVICE, 44),
    (Matter.LEGAL_AID, 12),
    (Matter.NOTARY, 8),
    (Matter.DISPUTE, 8),
    (Matter.LABOUR, 8),
    (Matter.COMPLAINT, 7),
    (Matter.PETITION, 4),
    (Matter.ENTERPRISE, 5),
    (Matter.LITIGATION, 4),
)
_WISHES = ("想了解怎么处理比较好。", "请帮忙看看材料是否齐全。", "对方一直不回应，不知道该找谁。", "希望尽快有个答复。")
_HELD = (
    (ActivityKind.PUBLICITY, "反诈普法宣传", 60),
    (ActivityKind.SEVEN_ENTRIES, "民法典进企业", 40),
    (ActivityKind.LECTURE, "法治宣讲", 50),
    (ActivityKind.MEETING, "民情恳谈会", 18),
    (ActivityKind.COORDINATION, "项目保障协调会", 12),
    (ActivityKind.TRIAL, "巡回法庭现场庭审", 35),
    (ActivityKind.COVENANT, "村民自治公约讨论", 30),
    (ActivityKind.RISK_NOTICE, "企业用工风险提示", 5),
)
_FIRMS = ("顺达机械", "嘉陵纺织", "临江食品", "果城物流", "荆溪建材", "潆华电子", "川北丝绸", "搬罾农业")
_SURNAMES = "王李张刘陈杨赵黄周吴"
Deed = Callable[["Session"], object]


def day(crew: Crew, session: Session, on: date) -> Iterator[tuple[datetime, Deed]]:
    """What happens at each centre on a working day, with its time."""
    for centre in session.scalars(select(Unit).where(Unit.level == Beside.CENTRE, Unit.valid_to.is_(None))):
        desk = next(iter(crew.actors.get((centre.id, "desk"), [])), None)
        if desk is not None:
            chances = random.Random(f"{centre.code}:{on}")
            yield from _day_of(chances, session, centre, desk, on)


def _day_of(
    chances: random.Random, session: Session, centre: Unit, desk: Actor, on: date
) -> Iterator[tuple[datetime, Deed]]:
    for _ in range(VISITS_A_DAY):
        yield _moment(chances, on), _visit(chances, centre, desk)
    if chances.random() < ACTIVITY_SHARE:
        yield _moment(chances, on), _activity(chances, centre, desk, on)
    if chances.random() < CARD_SHARE:
        place = chances.choice(covered(session, centre))
        yield _moment(chances, on), _card(chances, centre, desk, place.code)


def _moment(chances: random.Random, on: date) -> datetime:
    opened = datetime.combine(on, OPENS, ZONE)
    return opened + timedelta(minutes=chances.randrange(OPEN_HOURS * 60))


def _visit(chances: random.Random, centre: Unit, desk: Actor) -> Deed:
    matter = chances.choices([each for each, _ in _MATTERS], [weight for _, weight in _MATTERS])[0]
    form = {
        "channel": (Channel.WALK_IN if chances.random() < 0.8 else Channel.CALL).value,
        "matter": matter.value,
        "heads": chances.choices((1, 2, 3), (8, 3, 1))[0],
        "name": chances.choice(_SURNAMES) + chances.choice(("先生", "女士")),
        "phone": f"138{chances.randrange(10**8):08d}",
        "wishes": chances.choice(_WISHES),
    }

    def come(session: Session) -> None:
        windows = [window.code for window in suggested(session, centre, matter)]
        receive(session, desk, centre, {**form, "windows": windows})

    return come


def _activity(chances: random.Random, centre: Unit, desk: Actor, on: date) -> Deed:
    kind, title, people = chances.choice(_HELD)
    entry = Entry(kind, title, on, centre.code, people=round(people * chances.uniform(0.5, 1.5)))
    return lambda session: record(session, desk, entry)


def _card(chances: random.Random, centre: Unit, desk: Actor, place: str) -> Deed:
    firm = f"{chances.choice(_FIRMS)}有限公司"
    text = CardText(enterprise=firm, contact=centre.code.partition("-")[0] + "-police", place=place)
    return lambda session: issue(session, desk, centre, text)
