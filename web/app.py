"""The Flask application: API, health, one plain page."""

from __future__ import annotations

import uuid
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog
from flask import Response, g, request
from flask_openapi import Info, OpenAPI

from web import edge, health, page, problems
from web.api import cases, forms, notices, requests, supervisions, units, work_items

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
SECURITY: dict[str, Any] = {"bearer": {"type": "http", "scheme": "bearer"}}
log = structlog.get_logger(__name__)


def create_app(store: Store, settings: Settings) -> OpenAPI:
    """The application over an opened store."""
    app = OpenAPI(
        __name__,
        info=Info(title="gridgov", version=version("gridgov")),
        security_schemes=SECURITY,
        validation_error_callback=problems.validation_response,
        validation_error_model=problems.Problem,
        doc_ui=False,
    )
    app.openapi_version = "3.1.0"
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.extensions["gridgov"] = store
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # of Flask's default provider
    problems.register(app, store)
    app.before_request(_begin)
    app.before_request(edge.refuse_nameless)
    app.before_request(edge.refuse_malformed)
    app.after_request(_finish)
    for part in (cases, work_items, requests, supervisions, units, notices, forms):
        app.register_api(part.api)
    problems.describe(app.api_doc)
    app.add_url_rule("/openapi.json", "openapi", lambda: app.api_doc)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(page.blueprint)
    return app


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if given.replace("-", "").isalnum() and len(given) <= 36 else str(uuid.uuid4())


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    log.info("request", method=request.method, path=request.path, status=response.status_code, id=g.get("request_id"))
    return response
