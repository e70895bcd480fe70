"""Browser tests sit in front of one browser in each worker."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from tests.browser import serving
from tests.browser.serving import Visitor
from tests.fixtures import cheap_passwords, sqlite_template  # noqa: F401
from tests.web.conftest import first_world, service, world_app, world_template  # noqa: F401


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """The one browser of this process."""
    with sync_playwright() as playwright:
        browser = serving.launch(playwright, chromium_path)
        yield browser
        browser.close()


@pytest.fixture
def root(service: Flask) -> Iterator[str]:  # noqa: F811
    """The address under which the service answers."""
    with serving.serve(service) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, root: str) -> Iterator[Callable[..., Visitor]]:
    """A function that gives a person at a window; options are the browser's."""
    with ExitStack() as windows:

        def open_window(**options: Any) -> Visitor:
            window: AbstractContextManager[Visitor] = serving.visitor(chromium, root, **options)
            return windows.enter_context(window)

        yield open_window
