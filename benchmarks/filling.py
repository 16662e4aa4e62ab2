"""A hundred thousand cases all over the demo district, written in bulk: owned, read by the line above, found by words.

Every benchmark of lists and searches uses the same ones; `fill` does nothing when they are there. They are rows without
running instances: good for reading, not for acting.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import insert, select, text

from engine.keys import NONCE_BYTES
from engine.network.units import Unit, lineage
from engine.vault import SALT_BYTES, SealedText, SubjectKey
from processes.cases.models import Case, CaseReader, CaseTerm
from processes.cases.search import terms_of
from processes.codes import Kind, Light, State

if TYPE_CHECKING:
    from engine.db import Session, Store
    from engine.keys import KeyRing

CASES = 100_000
FIRST = 10**6
"""The id of the first one; those above it are the benchmark's."""
COMMON, RARE = "纠纷", "墙漏"
"""Words in half of all cases, and in one of four thousand."""
BATCH = 10_000
_SUBJECTS = ("围墙", "停车", "噪声", "租金", "物业", "排水", "宠物", "采光", "工资", "地界", "彩礼", "赡养")
_OTHERS = ("路灯不亮", "井盖缺失", "线路老化", "占道经营", "垃圾清运", "消防通道", "信访接待", "法律咨询")
_CHARACTERS = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学"
)
_SURNAMES, _NAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚"


def fill(store: Store) -> None:
    """Write them, in the order in which they were reported, a minute apart, the last one now."""
    with store.read() as session:
        if session.get(Case, FIRST + 1) is not None:
            return
    chances, keys = random.Random(7), QuickKeys(store.env.keys)
    terms: dict[int, list[int]] = defaultdict(list)
    with store.write() as session:
        units = session.scalars(select(Unit).where(Unit.level.in_(("grid", "village", "subdistrict")))).all()
        for start in range(1, CASES + 1, BATCH):
            _write(session, chances, units, range(start, min(start + BATCH, CASES + 1)), (keys, terms))
        _write_terms(session, units[0].district_id, terms)
    with store.write() as session:
        session.execute(text("ANALYZE"))


class QuickKeys:
    """Keys that reckon each number once: the same pairs come again and again."""

    def __init__(self, keys: KeyRing) -> None:
        self.blind_index = cache(keys.blind_index)


def _write(session: Session, chances: random.Random, units: Any, numbers: range, index: Any) -> None:
    cases, readers, sealed, wrapped = [], [], [], []
    now, (keys, terms) = session.env.clock.now(), index
    for number in numbers:
        unit, case_id = chances.choice(units), FIRST + number
        summary = _summary(chances, number, unit)
        cases.append(_case(chances, number, unit, now - timedelta(minutes=CASES - number)))
        readers += [{"unit_id": u, "case_id": case_id, "district_id": unit.district_id} for u in lineage(unit)]
        key, row = _sealed(session, unit.district_id, case_id, summary)
        wrapped.append(key)
        sealed.append(row)
        for term in terms_of(keys, summary):
            terms[term].append(case_id)
    for table, rows in ((SubjectKey, wrapped), (SealedText, sealed), (Case, cases), (CaseReader, readers)):
        session.execute(insert(table), rows)


def _write_terms(session: Session, district_id: int, terms: Mapping[int, list[int]]) -> None:
    """In the order of the key, the other index afterwards: so pages are written once."""
    connection = session.connection()
    by_case = next(iter(CaseTerm.__table__.indexes))  # type: ignore[attr-defined] # a Table
    by_case.drop(connection)
    marks = "?, ?, ?" if session.is_sqlite else "%s, %s, %s"
    statement = f"INSERT INTO case_term (term, case_id, district_id) VALUES ({marks})"
    rows = ((term, case_id, district_id) for term in sorted(terms) for case_id in terms[term])
    while batch := list(islice(rows, 50 * BATCH)):
        connection.exec_driver_sql(statement, batch)
    by_case.create(connection)


def _summary(chances: random.Random, number: int, unit: Unit) -> dict[str, Any]:
    matter = chances.choice(_SUBJECTS) + COMMON if chances.random() < 0.5 else chances.choice(_OTHERS)
    words = "".join(chances.choices(_CHARACTERS, k=20))
    name = chances.choice(_SURNAMES) + "".join(chances.choices(_NAMES, k=2))
    return {
        "title": f"{unit.name[-6:]}{matter}",
        "text": words + (RARE if number % 4_000 == 0 else ""),
        "address": f"{number % 90 + 1}栋{number % 30 + 1}号",
        "parties": [{"name": name, "phone": f"138{number:08d}", "role": "applicant"}],
    }


def _sealed(session: Session, district_id: int, case_id: int, summary: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(wrapped key, sealed summary), as `engine.vault` writes them."""
    entropy, base = session.env.entropy, {"district_id": district_id, "subject_id": case_id}
    key, nonce = entropy.token_bytes(SALT_BYTES), entropy.token_bytes(NONCE_BYTES)
    content = entropy.token_bytes(SALT_BYTES) + rfc8785.dumps(summary)
    body = AESGCM(key).encrypt(nonce, content, f"sealed_text:{case_id}:summary".encode())
    wrapped = session.env.keys.wrap(key, f"subject_key:{case_id}", nonce)
    sealed = {"id": case_id, **base, "label": "summary", "ciphertext": nonce + body, "commitment": "0" * 64}
    return {**base, "wrapped": wrapped}, sealed


def _case(chances: random.Random, number: int, unit: Unit, at: Any) -> dict[str, Any]:
    ended = chances.random() < 0.8
    state = State.ARCHIVED if ended else chances.choice([State.REPORTED, State.PENDING, State.HANDLING])
    return {
        "id": FIRST + number,
        "district_id": unit.district_id,
        "number": f"511302-{at:%Y%m%d}-{number:06d}",
        "state": state.value,
        "kind": chances.choice(list(Kind)).value,
        "domain": "other",
        "urgency": "ordinary",
        "head_count": "up_to_50",
        "source": "worker",
        "place_unit_id": unit.id,
        "owner_id": None if ended else unit.id,
        "last_owner_id": unit.id,
        "level": unit.level,
        "checker_id": unit.id,
        "reporter_ref": "staff:bench",
        "light": chances.choice(list(Light)).value,
        "reported_at": at,
        "due_at": at,
        "summary_id": FIRST + number,
    }
