"""Pictures of every page, for docs/screenshots: English and Arabic, wide and narrow, light and dark.

``python -m tests.screenshots`` makes them all anew from the exercise round, solved and published, and fails
where a page does not answer. Look at them after every change of the look. Half of them are kept in the
repository (docs/screenshots/.gitignore): each language once in each width and each theme.
"""

import io
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, FloatRect, sync_playwright

from tests.browser import serving
from tests.conftest import BROWSERS
from tests.fixtures import migrate
from tests.web import world
from tests.web.addresses import addresses
from tests.web.test_all_pages import FILES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
LANGUAGES = {"en": "English", "ar": "العربية"}
WIDTHS = {"wide": 1280, "phone": 320}
THEMES = ("light", "dark")
# A page of a thousand rows is a tall picture that shows nothing more.
TALLEST = 1800
# The pages are flat: so few colours show them well, in a third of the bytes.
COLOURS = 64


def find_browser() -> str:
    """The system's browser."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit("screenshots: no Chromium here (Debian: apt-get install chromium)")


def prepare(folder: Path) -> tuple[Flask, dict[str, str]]:
    """A service at work with a published plan, and the address of every page in it."""
    empty, path = folder / "empty.sqlite3", folder / "world.sqlite3"
    migrate(f"sqlite:///{empty}")
    world.build_world(empty, path)
    app = world.open_world(path)
    with app.app_context():
        world.publish_draft(world.EXERCISE)
        pages = {name: at for name, at in addresses(app, world.EXERCISE).items() if name not in FILES}
        pages["plans.show-sourced"] = f"/plans/{world.draft_of(world.SOURCED).id}"
        pages["rounds.show-sourced"] = f"/rounds/{world.SOURCED}"
    return app, pages


def take(browser: Browser, root: str, pages: dict[str, str]) -> int:
    """Take a picture of each page in each language, width and theme; gives how many."""
    taken = 0
    for (language, own_name), (size, width), theme in product(LANGUAGES.items(), WIDTHS.items(), THEMES):
        options = {"viewport": {"width": width, "height": 900}, "color_scheme": theme}
        with serving.visitor(browser, root, **options) as someone:
            someone.sign_in(world.COORDINATOR)
            someone.choose_language(own_name)
            folder = FOLDER / language / f"{size}-{theme}"
            folder.mkdir(parents=True, exist_ok=True)
            for name, address in pages.items():
                someone.visit(address)
                height = min(someone.page.evaluate("document.documentElement.scrollHeight"), TALLEST)
                box: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
                keep(someone.page.screenshot(full_page=True, clip=box), folder / f"{name}.png")
                taken += 1
    return taken


def keep(picture: bytes, path: Path) -> None:
    """Write a picture with few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> int:
    """Make all pictures anew."""
    for language in LANGUAGES:
        shutil.rmtree(FOLDER / language, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        app, pages = prepare(Path(folder))
        with serving.serve(app) as root, sync_playwright() as playwright:
            browser = serving.launch(playwright, find_browser())
            taken = take(browser, root, pages)
            browser.close()
    print(f"screenshots: {taken} pictures of {len(pages)} pages in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
