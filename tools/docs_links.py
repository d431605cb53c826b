# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Whether every link inside the built book leads somewhere: the file is there, and the anchor in it, once."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LINKS = {"a": "href", "link": "href", "script": "src", "img": "src"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.anchors.append(values["id"] or "")
        target = values.get(_LINKS.get(tag, ""))
        if target:
            self.links.append((self.getpos()[0], target))


def check(directory: Path) -> list[str]:
    """What is wrong with the pages below a directory, one sentence each."""
    pages: dict[Path, _Page] = {}
    for path in sorted(directory.rglob("*.html")):
        pages[path.resolve()] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    faults: list[str] = []
    for path, page in pages.items():
        seen: set[str] = set()
        for anchor in page.anchors:
            if anchor in seen:
                faults.append(f"{path}: anchor '{anchor}' is there twice")
            seen.add(anchor)
        for line, link in page.links:
            fault = _fault(path, link, pages)
            if fault:
                faults.append(f"{path}:{line}: link '{link}' {fault}")
    return faults


def _fault(path: Path, link: str, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""  # somewhere else
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return "leads to a file that is not there"
    anchor = unquote(parts.fragment)
    if anchor and not anchor.startswith("?") and target in pages and anchor not in pages[target].anchors:
        return "leads to an anchor that is not there"
    return ""
