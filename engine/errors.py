"""The errors that gridgov raises, split by who has to be told.

The docstring of a class is its English text and `zh` its Chinese text; both may hold `{fields}` that the
keyword arguments fill. `code` is stable and documented: callers match on it, never on the text.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GridgovError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    zh: ClassVar[str] = "出现错误。"
    then: ClassVar[tuple[str, str] | None] = None
    """What to do next, Chinese and English, where it is more than the kind of error says."""

    def __init__(self, detail: str | None = None, **fields: Any) -> None:
        self.fields = fields
        self.detail = detail
        super().__init__(detail or self.text("en"))

    def text(self, language: str) -> str:
        """The message for a person: `language` is "zh" or "en"."""
        template = self.zh if language.startswith("zh") else (type(self).__doc__ or "").strip()
        return template.format(**self.fields) if self.fields else template


class UserError(GridgovError):
    """The request cannot be carried out."""

    code = "refused"
    zh = "无法执行该请求。"


class OperatorError(GridgovError):
    """The installation needs attention."""

    code = "operator"
    zh = "系统需要运维人员处理。"


class TryLater(GridgovError):
    """This cannot be done at the moment; nothing was changed."""

    code = "try_later"
    zh = "暂时无法办理，未作任何改动。"
    then = (
        "请稍候再发送一次；同一请求不会重复办理。",
        "Send it again a little later; the same request is never done twice.",
    )
    after_seconds: ClassVar[int] = 5
    """When it is worth to come again (Retry-After, RFC 9110, section 10.2.3)."""
    undone: ClassVar[bool] = True
    """Whether it is certain that nothing was changed."""


class Busy(TryLater):
    """Others are at work on the same thing at this very moment; nothing was changed."""

    code = "busy"
    zh = "同一事项正有他人操作，本次未作任何改动。"
    then = ("请等几秒再试一次。", "Wait a few seconds and try again.")
    after_seconds = 2


class Bug(GridgovError):
    """gridgov broke one of its own rules."""

    code = "bug"
    zh = "系统内部规则被破坏。"


class NotFound(UserError):
    """There is nothing under this address that you may see."""

    code = "not_found"
    zh = "没有找到，或您无权查看。"


class Forbidden(UserError):
    """Your role does not allow this action here."""

    code = "forbidden"
    zh = "您的岗位在此处不能执行该操作。"


class Conflict(UserError):
    """The state has changed; read it again and repeat."""

    code = "conflict"
    zh = "状态已变化，请刷新后重试。"


class AlreadyTaken(Conflict):
    """Already taken by {by} at {at}."""

    code = "already_taken"
    zh = "已由 {by} 于 {at} 签收。"


class NotAllowedNow(Conflict):
    """The case is in state {state}; possible now: {allowed}."""

    code = "not_allowed_now"
    zh = "事件处于“{state}”状态；当前可执行：{allowed}。"


class StaleVersion(Conflict):
    """This was changed meanwhile (yours is version {given}, it is now {current}); read it again."""

    code = "stale_version"
    zh = "内容已被他人修改（您的版本 {given}，当前版本 {current}），请刷新。"


class Invalid(UserError):
    """Some fields are not right."""

    code = "invalid"
    zh = "有字段填写不正确。"

    def __init__(self, errors: list[dict[str, Any]], detail: str | None = None) -> None:
        """`errors`: one `{"loc": "reason", "type": "required", "msg": …, "zh": …}` for each wrong field."""
        self.errors = errors
        super().__init__(detail)


class KeyReused(UserError):
    """This Idempotency-Key was used before with another body."""

    code = "key_reused"
    zh = "该 Idempotency-Key 已用于另一请求内容。"


class DefinitionRefused(UserError):
    """The model was refused."""

    code = "definition_refused"
    zh = "流程模型未通过校验。"

    def __init__(self, findings: list[dict[str, str]]) -> None:
        """`findings`: `{"element": id, "reason": why, "instead": what to draw}` for each fault."""
        self.findings = findings
        super().__init__("; ".join(f"{f['element']}: {f['reason']}" for f in findings))


class ImportRefused(UserError):
    """The file was not imported; nothing was written."""

    code = "import_refused"
    zh = "文件未导入，未写入任何数据。"

    def __init__(self, findings: list[dict[str, Any]]) -> None:
        """`findings`: `{"line": number, "code": stable code, "reason": en, "zh": Chinese}` for each bad row."""
        self.findings = findings
        super().__init__("; ".join(f"line {f['line']}: {f['reason']}" for f in findings))
