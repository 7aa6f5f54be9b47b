"""Logs: one JSON object a line on standard error, and only keys from a list.

A log line is an event's name and facts about our own machinery. Free text is not among them: it is
how a patient's name gets into a log. An exception is logged by its class and our own frames, never
by its message.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback

from primum.ground.clock import SystemClock, to_text

KEYS = frozenset(
    {
        "address", "association", "bytes", "code", "count", "device", "error", "exit_status", "frames", "job",
        "milliseconds", "name", "pack", "pid", "port", "process", "reason", "record", "route", "session",
        "status", "study", "version", "where",
    }
)  # fmt: skip
"""Every key that a log line may carry. `where` is a list of `file:line` of our own code."""


def places(error: BaseException) -> list[str]:
    """Say where an error was raised: the last six `file:line` of its way, and nothing else of it."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames][-6:] or ["nowhere"]


class Log:
    """The log of one part of one process."""

    def __init__(self, part: str) -> None:
        """Speak as `part`."""
        self._logger = logging.getLogger(f"primum.{part}")

    def info(self, event: str, **facts: object) -> None:
        """Say that something happened."""
        self._emit(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Say that something wants attention."""
        self._emit(logging.WARNING, event, facts)

    def failure(self, event: str, error: BaseException, **facts: object) -> None:
        """Say that something unexpected happened: the class of the error and where, not its message."""
        facts["error"] = type(error).__name__
        facts["where"] = places(error)
        self._emit(logging.ERROR, event, facts)

    def _emit(self, level: int, event: str, facts: dict[str, object]) -> None:
        stray = facts.keys() - KEYS
        if stray:
            raise ValueError(f"log keys that are not on the list: {sorted(stray)}")
        self._logger.log(level, event, extra={"primum": facts})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "primum", None)
        if facts is None:
            # a library spoke: its name and level are kept, its words are not
            line: dict[str, object] = {"event": "library.message", "name": record.name}
        else:
            line = {"event": record.getMessage(), **facts}
        line = {"at": to_text(SystemClock().now()), "level": record.levelname.lower(), **line}
        return json.dumps(line, default=str)


class _StandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


def start_logging(process: str) -> None:
    """Send this process's log lines to standard error; libraries only from warnings up, without words."""
    # when a line cannot be written, Python would print the words of the message with a traceback
    logging.raiseExceptions = False
    handler = _StandardError()
    handler.setFormatter(_JsonLines())
    _silence_python()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("primum").setLevel(logging.INFO)
    Log("process").info("process.started", process=process)


def _silence_python() -> None:
    """Log what nobody caught as we log any failure: Python itself would print its message, and every chained one."""

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
        Log("process").failure("process.uncaught", error)

    def uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
            Log("process").failure("thread.uncaught", told.exc_value)

    def unraisable(told: sys.UnraisableHookArgs) -> None:
        if told.exc_value is not None:
            Log("process").failure("process.unraisable", told.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable
