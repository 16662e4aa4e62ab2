"""A person's own views: saved, renamed, removed, seen by nobody else, sealed at rest."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.errors import NotFound
from processes.views import saved
from processes.views.built_in import Wish, views_of
from processes.views.models import SavedView
from tests.cast import C, Cast, V
from tests.story.server import serving

WISH = Wish("late", kind="dispute", text="张三丰")


def test_a_view_is_saved_renamed_and_removed(cast: Cast) -> None:
    actor = cast.village
    with cast.store.write() as session:
        view = saved.save(session, actor, "张家的事", WISH)
    with cast.store.write() as session:
        saved.rename(session, actor, view.id, "老张")
    with cast.store.read() as session:
        assert list(saved.views_of(session, actor)) == [saved.Own(view.id, "老张", WISH)]
    with cast.store.write() as session:
        saved.remove(session, actor, view.id)
    with cast.store.read() as session:
        assert not saved.views_of(session, actor)


def test_what_is_looked_for_is_sealed(cast: Cast) -> None:
    with cast.store.write() as session:
        saved.save(session, cast.village, "张家的事", WISH)
    with cast.store.read() as session:
        sealed = session.scalars(select(SavedView.content_sealed)).one()
    assert "张".encode() not in sealed


def test_two_views_never_have_one_name_and_twenty_are_enough(cast: Cast) -> None:
    with cast.store.write() as session:
        for number in range(saved.MOST - 1):
            saved.save(session, cast.village, f"视图 {number}", WISH)
        with pytest.raises(saved.NameInUse):
            saved.save(session, cast.village, "视图 1", WISH)
        last = saved.save(session, cast.village, "末", WISH)
        with pytest.raises(saved.NameInUse):
            saved.rename(session, cast.village, last.id, "视图 1")
        saved.rename(session, cast.village, last.id, "末")
        with pytest.raises(saved.TooManyViews):
            saved.save(session, cast.village, "再一个", WISH)


def test_another_persons_view_is_not_there(cast: Cast) -> None:
    with cast.store.write() as session:
        view = saved.save(session, cast.village, "我的", WISH)
        for refused in (
            lambda: saved.remove(session, cast.grid, view.id),
            lambda: saved.remove(session, cast.grid, 99),
        ):
            with pytest.raises(NotFound):
                refused()


def test_everybody_has_the_built_in_views_that_their_roles_have_work_for(cast: Cast) -> None:
    desk = [view.code for view in views_of(cast("VA-" + V))]
    checker = [view.code for view in views_of(cast("VB-" + V))]
    assert {"verify", "accept", "callback"} <= set(desk)
    assert not {"check", "confirm", "decide"} & set(desk)
    assert {"check", "confirm", "rule"} <= set(checker)
    assert {"all", "late", "mine"} <= set(desk) & set(checker)


def test_the_api_gives_views_with_counts(cast: Cast) -> None:
    cast.report(kind="hazard", domain="other")
    with serving(cast.store) as town:
        grid = town.client("G-" + C[:-3])
        made = grid.done("/views", {"name": "隐患", "wish": {"kind": "hazard"}})
        assert grid.post("/views", {"name": "隐患", "wish": {}}).json()["code"] == "name_in_use"
        found = grid.get("/views").json()
        grid.done(f"/views/{made['id']}/name", {"name": "安全隐患"})
        grid.done(f"/views/{made['id']}/removal")
        assert grid.get("/views").json()["own"] == []
    assert [(view["name"], view["count"]) for view in found["own"]] == [("隐患", 1)]
    assert {view["code"]: view["count"] for view in found["views"]}["verify"] == 1
