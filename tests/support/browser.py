"""Pages in a headless browser: that of the machine, with the ways of playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@contextmanager
def started() -> Iterator[Browser]:
    """A browser; where none is on PATH, playwright looks for an installed Chrome."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    where = {"executable_path": found} if found else {"channel": "chrome"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**where)
        yield browser
        browser.close()


def opened(browser: Browser, path: Path, width: int = 1280, **context) -> Page:
    """A page from a file. What it reports as an error is in its list `faults`."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **context)
    page.set_default_timeout(120_000)  # on a machine that does other things too
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.faults.append(line.text))
    page.on(
        "request", lambda asked: page.faults.append(asked.url) if asked.url[:5] != "file:" else None
    )
    page.goto(path.as_uri())
    return page
