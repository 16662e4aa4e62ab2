"""Sign in by staff number (工号登录), and out."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy import select

from engine.network.people import Staff
from engine.network.units import Level, Unit
from engine.sign_in import attempts, credentials, sessions
from processes.demo.accounts import DEMO_PASSWORD, demo_accounts
from web import cookies
from web.edge import store
from web.pages.home import local_path
from web.pages.showing import Shown
from web.problems import Unauthenticated
from web.translation import t

blueprint = Blueprint("sign_in", __name__)


class WrongPassword(Unauthenticated):
    """The staff number or the password is not right."""

    code = "wrong_password"
    zh = "工号或密码不正确。"


@blueprint.get("/sign-in")
def form() -> Shown:
    return _form(request.args.get("next"), None, 200)


@blueprint.post("/sign-in")
def sign_in() -> Shown:
    """From the page as a form, or from the dialog over a page whose session has ended, which wants JSON."""
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        secret = _admitted(request.form.get("staff_no", "").strip(), request.form.get("password", ""))
    except (WrongPassword, attempts.TooManyAttempts) as error:
        if wants_json:
            raise
        status = 401 if isinstance(error, WrongPassword) else 429
        return _form(request.form.get("next"), error.text(t("zh", "en")), status)
    response = _token_of(secret) if wants_json else redirect(local_path(request.form.get("next")), 303)
    cookies.give(response, secret)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Shown:
    secret = cookies.secret()
    if secret and cookies.is_from_here():
        with store().write() as session:
            sessions.end(session, secret)
    response = redirect(url_for("sign_in.form"), 303)
    cookies.take_away(response)
    return response


def _admitted(staff_no: str, password: str) -> str:
    """The id of a new session. Raises WrongPassword, alike for unknown numbers, and TooManyAttempts.

    Each attempt is counted and committed before the password is looked at; the hash is reckoned outside of any
    transaction, since it is slow on purpose and would hold up everybody who writes.
    """
    if not cookies.is_from_here():
        raise WrongPassword
    with store().write() as session:
        attempts.count(session, attempts.SIGN_IN_ADDRESS, request.remote_addr or "")
        attempts.count(session, attempts.SIGN_IN_NUMBER, staff_no)
    with store().read() as session:
        found = credentials.find(session, staff_no, demo_allowed=cookies.settings().demo)
        staff_id = found[0].id if found else None
    if not credentials.is_right(found[1] if found else None, password) or staff_id is None:
        raise WrongPassword
    with store().write() as session:
        attempts.forget(session, attempts.SIGN_IN_NUMBER, staff_no)
        old = cookies.secret()
        if old:
            sessions.end(session, old)
        device = request.headers.get("User-Agent", "")
        return sessions.begin(session, session.get_one(Staff, staff_id), device, cookies.settings().session_limits)


def _token_of(secret: str) -> Response:
    with store().read() as session:
        return jsonify(csrf_token=sessions.csrf_token(session, secret))


def _form(after: str | None, refused: str | None, status: int) -> Response:
    demo = cookies.settings().demo
    with store().read() as session:
        centre = session.scalar(select(Unit.name).where(Unit.level == Level.DISTRICT, Unit.valid_to.is_(None)))
        accounts = demo_accounts(session) if demo else []
    page = render_template(
        "sign_in.html",
        centre=centre,
        after=local_path(after),
        refused=refused,
        staff_no=request.form.get("staff_no", ""),
        accounts=accounts,
        demo_password=DEMO_PASSWORD if demo else None,
    )
    return make_response(page, status)
