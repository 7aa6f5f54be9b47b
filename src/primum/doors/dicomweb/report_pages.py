"""A report as one page or as lines, for who asks DICOMweb for a rendered one. No script, no style, no address."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from primum.imaging.report_texts import ReportText
from primum.imaging.reports.node import Node, Shape, lines_of

HTML, PLAIN = "text/html", "text/plain"
TEXTS: Final = (HTML, PLAIN)
_DEEPEST: Final = 6


def page(report: ReportText) -> str:
    """Write a report as HTML."""
    title = escape(report.title)
    patient = "".join(f"<p>{escape(line)}</p>" for line in report.patient)
    heading = f"<h1>{title}</h1>" if title else ""
    body = "".join(_tree(report.nodes, 2))
    head = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}\n<body><header>{patient}</header>\n<main>{heading}{body}</main></body></html>\n"


def lines(report: ReportText) -> str:
    """Write a report as plain text."""
    return "\n".join([*report.patient, "", *([report.title, ""] if report.title else []), *lines_of(report.nodes), ""])


def _tree(nodes: list[Node], level: int) -> Iterator[str]:
    for node in nodes:
        if node.shape is Shape.HEADING:
            heading = f"<h{level}>{escape(node.name)}</h{level}>" if node.name else ""
            yield f"<section>{heading}" + "".join(_tree(node.children, min(level + 1, _DEEPEST))) + "</section>\n"
        elif node.shape is Shape.ROW:
            yield "<p>" + " | ".join(map(escape, node.cells)) + "</p>\n"
        else:
            name = f"<b>{escape(node.name)}</b> " if node.name else ""
            text = escape(node.text).replace("\r\n", "\n").replace("\n", "<br>")
            yield f"<div>{name}{text}" + "".join(_tree(node.children, level)) + "</div>\n"
