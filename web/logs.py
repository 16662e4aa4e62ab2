"""Logs: one JSON object a line on standard error, for gridgov, gunicorn, APScheduler and Python's warnings alike.

No log line holds what people wrote or who they are: cases go by number, staff by `staff:1024`, requests by route and
not by address, and of an exception only its kind and its frames are told. Its text may quote a form, a row or an
address, so it is told only where the class says that it is about the machine.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from gunicorn.glogging import Logger as GunicornLogger
from sqlalchemy.exc import OperationalError

from engine.errors import OperatorError
from web.variables import read

MAX_FRAMES = 40
_FIRST = ("time", "level", "event", "request_id", "case")
_ABOUT_CODE = (OperatorError, AttributeError, NameError, ImportError)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(environ: Mapping[str, str] = os.environ, stream: TextIO | None = None, *, quiet: bool = False) -> None:
    """Log as GRIDGOV_LOG and GRIDGOV_LOG_LEVEL say, from now on and from every thread.

    `quiet`: for commands whose output is read by people; only what is wrong is logged.
    """
    out = stream or sys.stderr
    found = read(environ)
    form, level_name = (found[name].value or "" for name in ("GRIDGOV_LOG", "GRIDGOV_LOG_LEVEL"))
    level = max(logging.getLevelName((level_name or "info").upper()), logging.WARNING if quiet else logging.DEBUG)
    for_people = form == "console" or (form in {"auto", ""} and out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        tell_error,
    ]
    rendered: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=out.isatty(), timestamp_key="time")]
        if for_people
        else [_arrange, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    )
    structlog.configure(
        processors=[*shared, *rendered],
        logger_factory=lambda *_names: Lines(out),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    if not quiet:
        _take_in_the_library(shared, rendered, out, level)


def _take_in_the_library(shared: list[Any], rendered: list[Any], out: TextIO, level: int) -> None:
    """Let what logs by Python's own module, and its warnings, come out in the same form."""
    handler = logging.StreamHandler(out)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    named = [structlog.stdlib.add_logger_name, *shared]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=[remove, *rendered]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))  # the chatter of libraries is not ours
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a log that cannot be written must not stop the work
    logging.captureWarnings(capture=True)


class Lines:
    """Writes each line in one piece; a full disk or a closed pipe loses lines, never the work."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def msg(self, line: str) -> None:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except (OSError, ValueError):
            return

    log = debug = info = warning = error = critical = exception = msg


def _arrange(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a reader looks for first comes first."""
    return {name: event[name] for name in _FIRST if name in event} | event


def tell_error(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Instead of `exc_info`: `error`, its kind and its causes', and `stack`, the frames without any values."""
    given = event.pop("exc_info", None)
    info = _exc_info(given)
    if info is None:
        return event
    chain = list(_chain(info[1]))
    event["error"] = " < ".join(told(error) for error in chain)
    frames = [frame for error in chain for frame in traceback.extract_tb(error.__traceback__)]
    event["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[:MAX_FRAMES]]
    return event


def _exc_info(given: Any) -> ExcInfo | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    found = sys.exc_info() if given is True else given
    return found if isinstance(found, tuple) and found[1] is not None else None


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    """The error and what led to it, the latest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def told(error: BaseException) -> str:
    """The kind of an error, and its text where that is about the machine and not about people."""
    kind = type(error).__name__
    if isinstance(error, OperationalError):
        return f"{kind}: {str(error.orig).strip().partition(chr(10))[0]}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{kind}: {os.strerror(error.errno)}"
    return f"{kind}: {error}" if isinstance(error, _ABOUT_CODE) else kind


class ServerLogger(GunicornLogger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's own messages, through our handler and without the addresses and lines of requests."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Invalid request"):  # it quotes the request line and the caller's address
            self.error_log.warning("malformed request refused")
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Error handling request"):  # with its address, whose query may hold a name
            self.error_log.error("request could not be handled", exc_info=True)
        else:
            super().exception(msg, *args, **kwargs)
