"""`primum probe TARGET…`: what could a stranger do? Works without a home and without a daemon.

Exit statuses are the verdict's (docs/design/exposure.md, 6): whatever is refused or goes wrong is 2, never 1,
which means that something is open.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from primum.doors.cli import elsewhere, speech
from primum.ground.errors import PrimumError
from primum.ground.log import places

if TYPE_CHECKING:
    from primum.exposure.probe.report import Report

VOID = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take targets, bounds, permissions, and where the report goes."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="HOST, HOST:PORT, [IPV6]:PORT or a URL")
    parser.add_argument("--lan", action="store_true", help="this machine's networks, or TARGET as a part of them")
    parser.add_argument("--ports", metavar="LIST", help="104,11112-11120 or 1-65535 instead of the usual ports")
    parser.add_argument("--budget", type=int, metavar="SECONDS", help="for all targets together (600)")
    parser.add_argument(
        "--mandate", type=Path, action="append", default=[], metavar="FILE", help="who allows it (primum mandate)"
    )
    parser.add_argument(
        "--token", type=Path, action="append", default=[], metavar="FILE", help="with which a target proves control"
    )
    parser.add_argument("--helper", type=int, metavar="PORT", help="where primum mandate prove answers on the target")
    parser.add_argument("--json", action="store_true", help="print the report as one object")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as JSON, to be kept")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write every connection with its purpose")
    parser.add_argument(
        "--since", type=Path, action="append", default=[], metavar="FILE", help="an earlier report: since when"
    )
    parser.add_argument("--language", choices=["fr", "en"], default=_language(), help="of the report")
    elsewhere.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the probe; return the verdict's exit status."""
    try:
        return _run(options)
    except PrimumError as refusal:
        speech.complain(refusal)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        speech.complain(speech.SystemRefused(reason=reason, path=error.filename or "no path"))
    except Exception as error:  # noqa: BLE001 (a status of 1 would say that something is open)
        speech.complain(speech.Unexpected(error=type(error).__name__, where=places(error)[-1]))
    return VOID


def _run(options: argparse.Namespace) -> int:
    # the probe and X.509 are loaded by who probes, not by every command
    from primum.doors.cli import probe_home, probe_order, probe_outside  # noqa: PLC0415
    from primum.exposure.probe.pages import as_html  # noqa: PLC0415
    from primum.exposure.probe.report import log_lines, since  # noqa: PLC0415
    from primum.exposure.probe.run import run as probe  # noqa: PLC0415
    from primum.exposure.probe.saying import as_text  # noqa: PLC0415
    from primum.exposure.probe.writing import as_text_of_json  # noqa: PLC0415

    if options.one_file or options.read:
        return probe_outside.make(options) if options.one_file else probe_outside.read(options)
    limits = probe_order.limits_of(options)
    earlier = [_earlier(one) for one in options.since]
    home = probe_home.home_here(options)
    gate = probe_order.gate_of(options, home.mandates())
    targets = probe_order.targets_of(options, gate, limits)
    with _files(options) as write:
        watch = Watch()
        with (
            probe_home.knowing(home, targets),
            probe_order.order_of(
                options, gate=gate, targets=targets, limits=limits, known=home.known, progress=watch.show
            ) as order,
        ):
            done = probe(probe_outside.with_hints(order, lan=options.lan))
        watch.end()
        log = options.log or (options.report and options.report.with_suffix(".purposes.jsonl"))
        report = replace(done.report, purposes=replace(done.report.purposes, file=log.name if log else ""))
        report = probe_outside.joined(report, home.client, options.language)
        report = replace(report, since=since(report, earlier)) if earlier else report
        report = replace(report, signature=home.signed(report))
        write("log", log_lines(done.purposes))
        write("report", as_text_of_json(report).encode("ascii"))
        write("html", as_html(report, options.language).encode())
    speech.say(as_text_of_json(report) if options.json else as_text(report, options.language))
    return int(report.exit_status())


def _earlier(file: Path) -> Report:
    from primum.exposure.probe.limits import LIMITS  # noqa: PLC0415
    from primum.exposure.probe.reading import read_report  # noqa: PLC0415

    with file.open("rb") as opened:
        return read_report(opened.read(LIMITS.report_bytes + 1))


@contextmanager
def _files(options: argparse.Namespace) -> Iterator[Callable[[str, bytes], None]]:
    """Open what is to be written before anything is asked; nothing that was there is overwritten. Raises OSError."""
    log = options.log or (options.report and options.report.with_suffix(".purposes.jsonl"))
    wanted = {name: path for name, path in (("log", log), ("report", options.report), ("html", options.html)) if path}
    with ExitStack() as stack:
        opened: dict[str, BinaryIO] = {}
        made: list[Path] = []
        try:
            for name, path in wanted.items():
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                made.append(path)
                opened[name] = stack.enter_context(os.fdopen(fd, "wb"))

            def write(name: str, data: bytes) -> None:
                if name in opened:
                    opened[name].write(data)

            yield write
        except BaseException:
            for path in made:  # a file that was begun would look like a report
                with suppress(OSError):
                    path.unlink()
            raise


class Watch:
    """The progress of a run on standard error: a bar a stage."""

    _LABELS: ClassVar = {"fixtures": "fixtures", "sweep": "ports", "ladders": "services"}

    def __init__(self) -> None:
        """Nothing yet."""
        self._stage = ""
        self._bar: speech.Bar | None = None
        self._last = (0, 0)

    def show(self, stage: str, done: int, total: int) -> None:
        """Draw."""
        if stage != self._stage:
            self.end()
            self._stage, self._bar = stage, speech.Bar(self._LABELS[stage])
        self._last = (done, total)
        if self._bar is not None:
            self._bar.show(done, total)

    def end(self) -> None:
        """Leave one line a stage."""
        if self._bar is not None:
            done, total = self._last
            self._bar.end(f"{self._LABELS[self._stage]}: {done} of {total}")
        self._bar = None


def _language() -> str:
    """Return the person's language: French, or English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "fr" if os.environ[name].lower().startswith("fr") else "en"
    return "en"
