"""A real Chromium for tests, on a real server: every page it opens must be free of script errors and policy violations.

`browser_page` is a signed-out page; `signed_in` opens more of them for somebody. Both fail the test when a page
throws, logs an error, or tries what the content security policy forbids.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

BUILT = Path(__file__).resolve().parents[1] / "platform/portal/static/portal/build"
EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DESKTOP = (1280, 900)
PHONE = (390, 844)
# Chromium logs each answer of 400 and above as an error of the page; tests look at the answers themselves.
EXPECTED = "Failed to load resource"

Opened = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    if not (BUILT / "portal.css").exists():
        pytest.fail("The front end is not built: run `npm ci` and `npm run build` in platform/portal/frontend.")
    # Playwright's own loop runs in this thread; Django would take it for an asynchronous view.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
    expect.set_options(timeout=10_000)


class Faults:
    """What went wrong in pages, collected as it happens."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"threw {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.seen.append(f"{message.type}: {message.text}")


@pytest.fixture
def open_context(chromium: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser contexts on the test's own server, and fails the test for what their pages did wrong."""
    faults = Faults()
    contexts: list[BrowserContext] = []

    def open_(
        *, user: Any = None, size: tuple[int, int] = DESKTOP, dark: bool = False, scripts: bool = True
    ) -> BrowserContext:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        faults.watch(context)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                        "url": live_server.url,
                    }
                ]
            )
        return context

    yield open_
    for context in contexts:
        context.close()
    assert faults.seen == []


@pytest.fixture
def signed_in(open_context: Callable[..., BrowserContext]) -> Opened:
    """Opens a page for somebody: `signed_in(user, size=PHONE, dark=True, scripts=False)`."""

    def open_(user: Any, **options: Any) -> Page:
        return open_context(user=user, **options).new_page()

    return open_


@pytest.fixture
def browser_page(open_context: Callable[..., BrowserContext]) -> Page:
    """A page of somebody who is not signed in."""
    return open_context().new_page()


def serious_faults(page: Page) -> list[str]:
    """What axe calls serious or critical, each with the first element that has it."""
    found = Axe().run(page)
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:160]} ({fault['nodes'][0]['failureSummary'][:200]})"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def offline(page: Page) -> Iterator[None]:
    """The page's network is away while the block runs."""
    page.context.set_offline(offline=True)
    try:
        yield
    finally:
        page.context.set_offline(offline=False)
