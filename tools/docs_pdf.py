# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Prints the book: one HTML page to PDF, with outline, page numbers and fonts in it."""

from __future__ import annotations

import logging
from pathlib import Path

import weasyprint


class PrintError(Exception):
    """What the printer complained of, one line each."""


class _Collector(logging.Handler):
    # Style sheets of other makers (syntax colours) hold properties that matter on screens alone.
    HARMLESS = ("Ignored `", "Invalid or unsupported selector", "Expected a media type")

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if not message.startswith(self.HARMLESS):
            self.complaints.append(message)


def write(page: Path, pdf: Path) -> int:
    """The number of pages. PrintError if anything could not be shown as it is."""
    collector = _Collector()
    logger = logging.getLogger("weasyprint")
    logger.handlers, logger.propagate = [collector], False
    document = weasyprint.HTML(filename=str(page)).render()
    if collector.complaints:
        raise PrintError("\n".join(dict.fromkeys(collector.complaints)))
    pdf.parent.mkdir(parents=True, exist_ok=True)
    document.write_pdf(str(pdf))
    return len(document.pages)
