"""The Flask application: API, health, the people's pages."""

from __future__ import annotations

import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask_compress import Compress
from flask_openapi import Info, OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from web import assets, cookies, edge, health, problems, request_log
from web.api import (
    activities,
    acts,
    agreements,
    areas,
    bulletins,
    cards,
    cases,
    centres,
    citizens,
    consultations,
    duplicates,
    field,
    forms,
    looking,
    notices,
    points,
    requests,
    supervisions,
    units,
    urging,
    views,
    visits,
    whistles,
    work_items,
)
from web.api import admin as admin_api
from web.api import audit as audit_api
from web.api import incidents as incidents_api
from web.api import mediations as mediations_api
from web.assets import asset
from web.pages import (
    activities_page,
    admin,
    audit,
    bulletin_page,
    case,
    centre,
    citizen,
    contact_card,
    demo_bar,
    front_desk,
    home,
    mediations,
    notices_page,
    overdue,
    phone,
    search,
    sign_in,
    stuck,
    triage,
)
from web.pages import whistles as whistles_page
from web.translation import language, t
from web.words import clocks, moments, names

if TYPE_CHECKING:
    from engine.db import Store
    from web.config import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "geolocation=(self), camera=(self)",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
COMPRESSED = ["text/html", "application/json", "application/geo+json", "application/xml"]
"""A board of three hundred rows is a quarter of a megabyte of which a twentieth is news."""
APIS = (
    cases,
    visits,
    citizens,
    looking,
    acts,
    duplicates,
    field,
    work_items,
    views,
    requests,
    supervisions,
    whistles,
    mediations_api,
    agreements,
    points,
    consultations,
    urging,
    units,
    areas,
    notices,
    forms,
    admin_api,
    incidents_api,
    audit_api,
    activities,
    centres,
    cards,
    bulletins,
)
PAGES = (
    home,
    sign_in,
    phone,
    triage,
    overdue,
    mediations,
    whistles_page,
    case,
    citizen,
    search,
    notices_page,
    admin,
    stuck,
    audit,
    demo_bar,
    activities_page,
    centre,
    contact_card,
    front_desk,
    bulletin_page,
)
SECURITY: dict[str, Any] = {"bearer": {"type": "http", "scheme": "bearer"}}


def create_app(store: Store, settings: Settings, draining: threading.Event | None = None) -> OpenAPI:
    """The application over an opened store. While `draining` is set it says that it is not ready."""
    app = OpenAPI(
        __name__,
        info=Info(title="gridgov", version=version("gridgov")),
        security_schemes=SECURITY,
        validation_error_callback=problems.validation_response,
        validation_error_model=problems.Problem,
        doc_ui=False,
    )
    app.openapi_version = "3.1.0"
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.proxies] * 3)  # type: ignore[method-assign] # as Flask says
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_MIMETYPES"] = COMPRESSED
    app.config["COMPRESS_STREAMS"] = False  # files leave compressed already, or are pictures
    Compress(app)
    app.extensions["gridgov"] = store
    app.extensions["gridgov_settings"] = settings
    app.extensions["gridgov_draining"] = draining or threading.Event()
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # of Flask's default provider
    problems.register(app, store)
    app.before_request(request_log.begin)
    app.before_request(edge.refuse_nameless)
    app.before_request(edge.refuse_malformed)
    app.after_request(_finish)
    app.teardown_request(request_log.forget)
    for part in APIS:
        app.register_api(part.api)
    problems.describe(app.api_doc)
    app.add_url_rule("/openapi.json", "openapi", lambda: app.api_doc)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(assets.blueprint)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    app.jinja_env.globals.update(t=t, asset=asset, moments=moments, clocks=clocks, names=names)
    app.jinja_env.globals["demo_run"] = demo_bar.demo_run
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"lang": language()})
    return app


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    cookies.keep_alive(edge.store())
    return request_log.finish(response)
