"""The door: everybody to the desk of their day's work; language and size of type."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.actors import Actor
from engine.db import Session
from web import cookies, translation
from web.pages import me
from web.pages.showing import Shown, showing

blueprint = Blueprint("home", __name__)
TYPES = ("normal", "large")


@blueprint.get("/")
def index() -> Shown:
    return showing(lambda _session, actor: redirect(url_for(_home_of(_session, actor))))


def _home_of(session: Session, actor: Actor) -> str:
    return me.load(session, actor).home


@blueprint.get("/nothing-here")
def empty() -> Shown:
    """For people whose posts have no desk."""
    return showing(lambda _session, _actor: render_template("no_desk.html"))


@blueprint.get("/language/<language>")
def choose_language(language: str) -> Response:
    response = _back()
    if language in translation.LANGUAGES:
        cookies.remember(response, translation.COOKIE, language)
    return response


@blueprint.get("/type/<size>")
def choose_type(size: str) -> Response:
    response = _back()
    if size in TYPES:
        cookies.remember(response, "type", size)
    return response


def _back() -> Response:
    return redirect(local_path(request.args.get("next")))


def local_path(given: str | None) -> str:
    """`given` when it is a path of this site, else the door: nobody is sent elsewhere (ASVS 5.0, 3.7.2)."""
    if given is None or not given.startswith("/") or given.startswith(("//", "/\\")):
        return "/"
    return given
