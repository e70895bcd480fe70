"""The way of one who confirms a match, on a slow line: `python -m tests.bench.slow_line`.

A real browser whose line carries 400 kbit/s with 400 ms of delay (by its own network emulation) follows the
link of an e-mail to a match, signs in, agrees to be put to the provider and reads that the provider is asked.
Nothing is kept by the browser before. Prints, for each page, the seconds until it is loaded and the kB that
came over the line, then the whole; and the same without a slow line, as the share of the server.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from flask import Flask
from playwright.sync_api import sync_playwright

from tests import factories
from tests.browser import serving
from tests.browser.serving import Visitor
from tests.fixtures import migrate
from tests.screenshots import find_browser
from tests.web import world

BITS_A_SECOND = 400_000
DELAY_MS = 400


@dataclass
class Line:
    """The line of one browser window: it counts what comes over it."""

    window: Visitor
    is_slow: bool
    received: float = 0.0
    rows: list[tuple[str, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._session = self.window.context.new_cdp_session(self.window.page)
        self._session.send("Network.enable")
        self._session.on("Network.loadingFinished", self._count)
        if self.is_slow:
            speed = BITS_A_SECOND / 8
            conditions = {"offline": False, "latency": DELAY_MS, "downloadThroughput": speed}
            self._session.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": speed})

    def _count(self, event: dict[str, Any]) -> None:
        self.received += event["encodedDataLength"]

    def step(self, name: str, action: Any) -> None:
        """Time one press or one address until the page that follows is loaded."""
        before, begin = self.received, perf_counter()
        action()
        self.window.page.wait_for_load_state("load")
        self.rows.append((name, perf_counter() - begin, (self.received - before) / 1000))


def walk(window: Visitor, match_id: int, email: str, *, is_slow: bool) -> list[tuple[str, float, float]]:
    """The steps of the way, each with its seconds and kB."""
    line, page = Line(window, is_slow), window.page
    line.step("the link of the e-mail: sign-in", lambda: page.goto(f"{window.root}/matches/{match_id}"))
    page.locator("#email").fill(email)
    page.locator("#password").fill(factories.PASSWORD)
    line.step("signed in: the match", page.locator("main button.main").click)
    line.step("agreed: the answer", lambda: window.press("Agree to be put to", exact=False))
    if "The provider is asked now" not in page.inner_text("main"):
        raise RuntimeError("The match was not put to the provider.")
    return line.rows


def measure(app: Flask, times: int) -> None:
    with app.app_context():
        matches = world.publish_draft(world.EXERCISE, put=False)
        asked = [(one.id, world.focal_point_of(one.need.recipient).email) for one in matches[: 2 * times]]
    with serving.serve(app) as root, sync_playwright() as playwright:
        browser = serving.launch(playwright, find_browser())
        for title, is_slow in (("400 kbit/s, 400 ms", True), ("no slow line", False)):
            print(f"\n**{title}**\n\n| page | most seconds | kB |\n|---|---|---|")
            found = []
            for _ in range(times):
                with serving.visitor(browser, root, viewport={"width": 360, "height": 740}) as window:
                    found.append(walk(window, *asked.pop(), is_slow=is_slow))
            for step in zip(*found, strict=True):
                seconds, kilobytes = max(row[1] for row in step), max(row[2] for row in step)
                print(f"| {step[0][0]} | {seconds:.1f} | {kilobytes:.1f} |")
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        empty, path = Path(folder) / "empty.sqlite3", Path(folder) / "world.sqlite3"
        migrate(f"sqlite:///{empty}")
        world.build_world(empty, path)
        measure(world.open_world(path), arguments.times)


if __name__ == "__main__":
    main()
