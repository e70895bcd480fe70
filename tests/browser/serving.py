"""A service at work on a real socket, and a real browser in front of it: for journeys and for pictures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests import factories
from tests.browser.wording import OWN_NAMES, Wording

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The system's own browser, quiet and without a sandbox, as it runs in a container of the build.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class QuietHandler(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the application on a free port; gives the address of its root."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def launch(playwright: Playwright, chromium_path: str) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=chromium_path, args=BROWSER_ARGUMENTS)


@dataclass
class Visitor:
    """A person at a browser; ``complaints`` gathers what the browser said: breaches of policy, errors."""

    root: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    wording: Wording = field(default_factory=Wording)

    def visit(self, address: str) -> None:
        """Open a page; the frame of every page must be there."""
        try:
            response = self.page.goto(self.root + address)
        except Error as error:
            # A page that refreshes itself while a run goes on came between; so it may below.
            if "interrupted by another navigation" not in error.message:
                raise
            response = None
        if response is None:
            self.page.wait_for_load_state()
            response = self.page.goto(self.root + address)
        assert response is not None
        assert response.status == 200, (address, response.status)

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press a button or follow a link of the main part of the page by its English words."""
        main = self.page.locator("main")
        said = self.wording.button(name) if exact else self.wording.part(name)
        button = main.get_by_role("button", name=said, exact=exact)
        target = button if button.count() else main.get_by_role("link", name=said, exact=exact)
        target.first.click()

    def reads(self, *english: str) -> None:
        """The main part of the page says this, in the reader's language."""
        shown = self.page.inner_text("main")
        for one in english:
            assert self.wording.part(one).search(shown), (one, shown)

    def sign_in(self, email: str, password: str = factories.PASSWORD) -> None:
        """Sign in by the page, after leaving whoever was signed in."""
        self.context.clear_cookies()
        self.visit("/sign-in")
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(password)
        self.page.locator("main button.main").click()
        assert "/sign-in" not in self.page.url, self.page.inner_text("main")
        if self.wording.language != "en":
            self.choose_language(OWN_NAMES[self.wording.language])

    def choose_language(self, own_name: str) -> None:
        """Choose the language of the pages as a reader does."""
        self.page.locator("details.languages > summary").click()
        self.page.locator("details.languages").get_by_role("button", name=own_name, exact=True).click()

    def hidden_width(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )

    def barriers(self) -> list[str]:
        """What axe-core finds wrong with the page: the rule, and the first element that breaks it."""
        found = self.page.evaluate(f"{AXE};axe.run({{runOnly: {AXE_RULES}}})")["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


@contextmanager
def visitor(browser: Browser, root: str, *, language: str = "en", **options: Any) -> Iterator[Visitor]:
    """A person at a browser window of their own, who reads the pages in this language."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    someone = Visitor(root, context, page, wording=Wording(language))

    def note_message(message: ConsoleMessage) -> None:
        # A page that refuses something (409, 422) is reported by the browser too; that is no complaint.
        if (
            message.type in {"error", "warning"}
            and "the server responded with a status of 4" not in message.text
        ):
            someone.complaints.append(message.text)

    page.on("console", note_message)
    page.on("pageerror", lambda error: someone.complaints.append(str(error)))
    page.on("request", lambda request: _note_stranger(someone, request.url))
    try:
        yield someone
    finally:
        context.close()


def _note_stranger(someone: Visitor, url: str) -> None:
    """Nothing is ever fetched from anywhere else."""
    if not url.startswith((someone.root, "data:")):
        someone.complaints.append(f"asked another place: {url}")
