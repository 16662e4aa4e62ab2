"""Every error as `application/problem+json` (RFC 9457), in the caller's language, ending with what to do next."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, g, json, render_template, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from engine import access_log, errors, incidents
from engine.sign_in.attempts import TooManyAttempts
from engine.spiff.expressions import ExpressionRefused
from engine.step import StepFailed
from engine.troubles import why_of
from processes.pictures import WrongMedia
from web.translation import language
from web.words import refusals

if TYPE_CHECKING:
    from engine.db import Store

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)

STATUS: dict[type[errors.GridgovError], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.KeyReused: 422,
    errors.DefinitionRefused: 422,
    errors.ImportRefused: 422,
    ExpressionRefused: 422,
    WrongMedia: 415,
    TooManyAttempts: 429,
    errors.UserError: 400,
    errors.TryLater: 503,
    errors.GridgovError: 500,
}

NEXT = {
    400: ("请检查请求内容后重发。", "Check the request and send it again."),
    401: ("请登录后重试；您填写的内容不会丢失。", "Sign in and try again; nothing you typed is lost."),
    403: ("如需办理，请联系该单位负责人。", "Ask the unit's leader if it should be yours."),
    404: ("请核对编号，或联系本单位受理员。", "Check the number, or ask your unit's desk."),
    405: ("请查看接口说明 /openapi.json。", "See /openapi.json."),
    409: ("请刷新后查看当前状态与可执行操作。", "Read it again and see what is possible now."),
    413: ("请压缩或拆分后再上传。", "Make it smaller or split it."),
    415: ("请换用可接受的文件类型。", "Use one of the accepted types."),
    422: ("请按提示修改后重新提交。", "Correct the fields named and send it again."),
    429: (
        "请稍候再试；如忘记密码，请联系本单位管理员。",
        "Wait a little; if you forgot the password, ask your administrator.",
    ),
    500: (
        "一切保持原状，请稍后重试；仍有问题请把编号告诉管理员。",
        "Nothing was changed. Try again; else give the id to your administrator.",
    ),
}
HTTP_TITLES = {
    400: ("请求格式不正确。", "The request is malformed."),
    401: ("未登录或令牌无效。", "Not signed in, or the token is not valid."),
    404: ("没有这个地址。", "There is nothing under this address."),
    405: ("此地址不支持该方法。", "This address does not take that method."),
    413: ("内容超过大小上限。", "The body is over the limit."),
    415: ("不支持的媒体类型。", "This media type is not taken."),
}
PYDANTIC_ZH = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_too_short": "内容太短",
    "string_too_long": "内容太长",
    "string_type": "须为文本",
    "int_parsing": "须为整数",
    "int_type": "须为整数",
    "int_from_float": "须为整数",
    "int_parsing_size": "数字太大",
    "bool_type": "须为是或否",
    "greater_than": "低于最小值",
    "less_than": "超过最大值",
    "float_parsing": "须为数字",
    "float_type": "须为数字",
    "finite_number": "须为有限数字",
    "list_type": "须为列表",
    "too_long": "项目太多",
    "too_short": "项目太少",
    "string_pattern_mismatch": "格式不正确",
    "string_unicode": "含有无效字符",
    "date_parsing": "日期格式不正确",
    "date_type": "日期格式不正确",
    "datetime_from_date_parsing": "时间格式不正确",
    "datetime_type": "时间格式不正确",
    "timezone_aware": "时间须带时区",
    "bool_parsing": "须为是或否",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
    "greater_than_equal": "低于最小值",
    "less_than_equal": "超过最大值",
    "date_from_datetime_parsing": "日期格式不正确",
    "datetime_parsing": "时间格式不正确",
    "dict_type": "须为对象",
    "model_type": "须为对象",
}


class FieldError(BaseModel):
    """One wrong field: where, which rule (stable), and what is wrong in the caller's language."""

    loc: str
    type: str
    msg: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; an error may add members of its own (holder, findings …)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] | None = None


def describe(document: dict[str, Any]) -> None:
    """Say in the OpenAPI document that every operation may answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = {
                "2XX": {"description": "Done"},
                "default": {"description": "A problem", "content": content},
            }


class MalformedJson(errors.UserError):
    """The body is not valid JSON."""

    code = "malformed_json"
    zh = "请求内容不是有效的 JSON。"


class Unreadable(errors.UserError):
    """The address holds a NUL character."""

    code = "unreadable"
    zh = "地址中含有空字符。"


class BadKey(errors.UserError):
    """An Idempotency-Key has at most {limit} characters."""

    code = "bad_key"
    zh = "Idempotency-Key 最长 {limit} 个字符。"


class StalePage(errors.UserError):
    """This page is from an earlier sign-in."""

    code = "stale_page"
    zh = "此页面来自之前的登录。"


class Unauthenticated(errors.UserError):
    """Not signed in, or the token is not valid."""

    code = "unauthenticated"
    zh = "未登录或令牌无效。"


STATUS[Unauthenticated] = 401
STATUS[StalePage] = 403


def problem(status: int, code: str, title: str, *, then: tuple[str, str] | None = None, **more: Any) -> Response:
    """A problem document, or for a person's browser a page; `detail` says what to do next: `then`, or by status."""
    chinese, english = then or NEXT.get(status, NEXT[400])
    if _wants_page():
        detail = english if language() == "en" else chinese
        page = render_template("problem.html", title=title, detail=detail, code=code, request_id=g.get("request_id"))
        return Response(page, status)
    document = {
        "type": f"urn:gridgov:problem:{code}",
        "title": title,
        "status": status,
        "detail": english if language() == "en" else chinese,
        "code": code,
        "request_id": g.get("request_id"),
    }
    document = more | document  # what the error says of itself never hides what the document is
    response = Response(json.dumps(document, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def summary_of(error: errors.GridgovError) -> dict[str, Any]:
    """A refusal as one row of many results; `errors` where fields are wrong."""
    chinese, english = error.then or NEXT.get(status_of(error), NEXT[400])
    told = {"code": error.code, "title": _text(error), "detail": english if language() == "en" else chinese}
    if isinstance(error, errors.Invalid):
        return told | {"errors": [_localised(each) for each in error.errors]}
    return told


def _text(error: errors.GridgovError) -> str:
    store: Store = current_app.extensions["gridgov"]
    return refusals.told(error, store.env.clock.now())


def _wants_page() -> bool:
    """Whether a browser opens an address of ours; not the API, not a fragment of a page."""
    is_api = request.path.startswith("/api/") or request.headers.get("HX-Request") == "true"
    return not is_api and request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def status_of(error: errors.GridgovError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def register(app: Flask, store: Store) -> None:
    """Answer every error of `app` as a problem."""

    @app.errorhandler(errors.GridgovError)
    def _ours(error: errors.GridgovError) -> Response:
        if isinstance(error, errors.TryLater):
            return _later(error)
        status = status_of(error)
        if status >= 500:
            return _unexpected(store, error)
        if status in {403, 404}:
            _log_refusal(store)
        more = {name: _plain(value) for name, value in error.fields.items()}
        if isinstance(error, errors.Invalid):
            more["errors"] = [_localised(each) for each in error.errors]
        if isinstance(error, errors.ImportRefused | errors.DefinitionRefused):
            more["findings"] = error.findings
        return problem(status, error.code, _text(error), then=error.then, **more)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        titles = HTTP_TITLES.get(status)
        title = (titles[1] if language() == "en" else titles[0]) if titles else error.name
        response = problem(status, f"http_{status}", title)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(error.valid_methods)  # RFC 9110, section 15.5.6
        return response

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Response:
        return _unexpected(store, error)


def validation_response(error: ValidationError) -> Response:
    """For flask_openapi: every wrong field of a query or body."""
    found = [
        {
            "loc": "/".join(str(part) for part in each["loc"]),
            "type": each["type"],
            "msg": each["msg"],
            "zh": PYDANTIC_ZH.get(each["type"], "不正确"),
        }
        for each in error.errors()
    ]
    wrong = errors.Invalid(found)
    return problem(422, wrong.code, wrong.text(language()), errors=[_localised(each) for each in found])


def _localised(each: dict[str, Any]) -> dict[str, Any]:
    message = each["msg"] if language() == "en" else each.get("zh", each["msg"])
    return {"loc": each["loc"], "type": each["type"], "msg": message}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | bool | None) else str(value)


def _later(error: errors.TryLater) -> Response:
    """503, and when to come again: not where the same request without a key might be done twice."""
    log.warning("try later", code=error.code, path=request.path, why=why_of(error))
    response = problem(503, error.code, _text(error), then=error.then)
    if error.undone or request.headers.get("Idempotency-Key") or request.method in {"GET", "HEAD"}:
        response.headers["Retry-After"] = str(error.after_seconds)
    return response


def _unexpected(store: Store, error: Exception) -> Response:
    error_id = str(uuid.uuid4())
    log.error("request failed", error_id=error_id, path=request.path, exc_info=error)
    if isinstance(error, StepFailed):
        with suppress(errors.TryLater):
            incidents.open_for_failed_step(store, error)
    title = errors.GridgovError.__doc__ if language() == "en" else errors.GridgovError.zh
    return problem(500, "internal", str(title), error_id=error_id)


def _log_refusal(store: Store) -> None:
    actor = g.get("actor")
    if actor is None:
        return
    with suppress(errors.TryLater), store.write() as session:
        access_log.record(
            session,
            district_id=actor.district_id,
            actor=actor.ref,
            action=f"{request.method} {request.endpoint or ''}",
            subject=request.path,
            outcome=access_log.REFUSED,
            request_id=g.get("request_id", ""),
        )
