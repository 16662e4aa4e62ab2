"""One form for every log line, and nothing in it that people wrote."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.errors import Invalid, OperatorError
from web import logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where a server's log goes; the test's own way of logging comes back afterwards."""
    root, kept = logging.getLogger(), structlog.get_config()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    logs.configure({}, stream)
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    structlog.configure(**kept)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_begins_with_when_how_bad_and_what(out: io.StringIO):
    structlog.get_logger("any").info("something happened", district=7)
    (line,) = lines(out)
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["time"].endswith("Z")
    assert line["district"] == 7


def test_libraries_and_warnings_come_out_in_the_same_form(out: io.StringIO):
    logging.getLogger("apscheduler.executors").warning("Run of job %s was missed", "sweep")
    logging.getLogger("some.library").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("soon gone", DeprecationWarning, stacklevel=1)
    missed, warned = lines(out)
    assert (missed["event"], missed["level"]) == ("Run of job sweep was missed", "warning")
    assert missed["logger"] == "apscheduler.executors"
    assert "soon gone" in warned["event"]
    assert {"time", "level", "event"} <= warned.keys()


@pytest.mark.parametrize("logger", [structlog.get_logger("ours"), logging.getLogger("theirs")])
def test_an_error_is_told_by_its_kind_and_frames_and_never_by_its_text(out: io.StringIO, logger: Any):
    def fail() -> None:
        try:
            raise IntegrityError("insert", {}, Exception("Key (name)=(张三) exists"))
        except IntegrityError as error:
            raise Invalid([{"loc": "name", "msg": "张三"}], "张三 is not a name") from error

    try:
        fail()
    except Invalid:
        logger.exception("step failed")
    (line,) = lines(out)
    assert "张三" not in out.getvalue()
    assert line["error"] == "Invalid < IntegrityError"
    assert any(frame.endswith(" fail") for frame in line["stack"])


def test_what_is_wrong_with_the_machine_is_told_in_words(out: io.StringIO):
    class Broken(OperatorError):
        """The clock is wrong."""

    log = structlog.get_logger("ours")
    log.error("one", exc_info=Broken())
    log.error("two", exc_info=OSError(28, "x"))
    log.error("three", exc_info=OperationalError("select", {}, Exception("server gone\nDETAIL: 张三")))
    assert [line["error"] for line in lines(out)] == [
        "Broken: The clock is wrong.",
        "OSError: No space left on device",
        "OperationalError: server gone",
    ]
    assert "张三" not in out.getvalue()


def test_a_line_break_in_a_value_makes_no_second_line(out: io.StringIO):
    structlog.get_logger("ours").info("told", value='x\n{"level":"forged"}')
    assert len(lines(out)) == 1


def test_a_log_that_cannot_be_written_does_not_stop_the_work(out: io.StringIO):
    out.close()
    structlog.get_logger("ours").info("nobody hears this")
    logging.getLogger("theirs").error("nor this")


def test_people_at_a_terminal_get_text(out: io.StringIO):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    logs.configure({}, screen)
    structlog.get_logger("ours").info("hello")
    assert not screen.getvalue().startswith("{")
    assert "hello" in screen.getvalue()


def test_the_least_level_is_a_setting(out: io.StringIO):
    logs.configure({"GRIDGOV_LOG_LEVEL": "error"}, out)
    structlog.get_logger("ours").warning("not this")
    assert out.getvalue() == ""
