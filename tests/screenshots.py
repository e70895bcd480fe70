"""Pictures of every page: English and Arabic, wide and narrow, light and dark.

``python -m tests.screenshots`` makes them all anew in build/screenshots, from the demonstration's rounds,
solved and published, and fails where a page does not answer. Look at them after every change of the look. The
few that are kept in the repository (`CHOSEN`) are copied to docs/screenshots. ``--chosen`` makes only these.
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

from lcm_service.persistence.database import db
from lcm_service.services import decisions
from tests.browser import serving
from tests.conftest import BROWSERS
from tests.fixtures import migrate
from tests.web import world
from tests.web.addresses import addresses, addresses_of_lead
from tests.web.test_all_pages import FILES

ROOT = Path(__file__).resolve().parent.parent
ALL, KEPT = ROOT / "build" / "screenshots", ROOT / "docs" / "screenshots"
LANGUAGES = {"en": "English", "ar": "العربية"}
WIDTHS = (1280, 320)
THEMES = ("light", "dark")
# A page of a thousand rows is a tall picture that shows nothing more.
TALLEST = 1800
TALLEST_KEPT = 1400
# The pages are flat: so few colours show them well, in a third of the bytes.
COLOURS = 64

# Kept in the repository: name of the picture -> the page that it shows. Each in these looks.
CHOSEN = {
    "plan": "plans.show",
    "round": "rounds.show",
    "need": "needs.show",
    "first-questions": "offers.first_questions",
    "match": "matches.show",
    "clash": "runs.show-clash",
    "start": "start.index",
}
CHOSEN_LOOKS = (("en", 1280, "light"), ("ar", 1280, "dark"), ("en", 320, "dark"))


def find_browser() -> str:
    """The system's browser."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit("screenshots: no Chromium here (Debian: apt-get install chromium)")


def prepare(folder: Path) -> tuple[Flask, dict[str, str]]:
    """A service at work with a published plan and a clash, and the address of every page in it."""
    empty, path = folder / "empty.sqlite3", folder / "world.sqlite3"
    migrate(f"sqlite:///{empty}")
    world.build_world(empty, path)
    app = world.open_world(path)
    with app.app_context():
        clash = world.clash_in(app)
        matches = decisions.list_matches(world.coordinator_of(app), world.EXERCISE)
        world.propose_other_dates(app, [one for one in matches if one.state == "proposed"])
        world.leave_sheet(app)
        pages = {name: at for name, at in addresses(app, world.EXERCISE).items() if name not in FILES}
        pages["runs.show-clash"] = f"/runs/{clash}"
        pages["plans.show-sourced"] = f"/plans/{world.draft_of(world.SOURCED).id}"
        pages["rounds.show-sourced"] = f"/rounds/{world.SOURCED}"
    return app, pages


def prepare_lead(app: Flask) -> tuple[str, dict[str, str]]:
    """A lead focal point who signs in, and the address of every page that is its own."""
    with app.app_context():
        lead = world.focal_point_of("XAA")
        lead.is_lead = True
        db.session.commit()
        return lead.email, addresses_of_lead(app, lead)


def take(
    browser: Browser,
    root: str,
    email: str,
    pages: dict[str, str],
    looks: list[tuple[str, int, str]],
) -> int:
    """Take a picture of each page in each look; gives how many."""
    taken = 0
    for language, width, theme in looks:
        window = {"width": width, "height": 900}
        with serving.visitor(browser, root, viewport=window, color_scheme=theme) as someone:
            someone.sign_in(email)
            someone.choose_language(LANGUAGES[language])
            for name, address in pages.items():
                someone.visit(address)
                height = min(someone.page.evaluate("document.documentElement.scrollHeight"), TALLEST)
                box: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
                keep(someone.page.screenshot(full_page=True, clip=box), path_of(name, language, theme, width))
                taken += 1
    return taken


def path_of(name: str, language: str, theme: str, width: int) -> Path:
    """Where a picture is made."""
    return ALL / f"{name}-{language}-{theme}-{width}.png"


def keep(picture: bytes, path: Path) -> None:
    """Write a picture with few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def copy_chosen() -> int:
    """Copy the top of each chosen picture to the folder of the repository; gives how many."""
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    for (name, page), (language, width, theme) in product(CHOSEN.items(), CHOSEN_LOOKS):
        image = Image.open(path_of(page, language, theme, width))
        top = image.crop((0, 0, image.width, min(image.height, TALLEST_KEPT)))
        top.save(KEPT / f"{name}-{language}-{theme}-{width}.png", optimize=True)
    return len(CHOSEN) * len(CHOSEN_LOOKS)


def main(arguments: list[str]) -> int:
    """Make the pictures anew."""
    shutil.rmtree(ALL, ignore_errors=True)
    ALL.mkdir(parents=True)
    looks = list(CHOSEN_LOOKS) if "--chosen" in arguments else list(product(LANGUAGES, WIDTHS, THEMES))
    with tempfile.TemporaryDirectory() as folder:
        app, pages = prepare(Path(folder))
        if "--chosen" in arguments:
            pages = {name: address for name, address in pages.items() if name in CHOSEN.values()}
        with serving.serve(app) as root, sync_playwright() as playwright:
            browser = serving.launch(playwright, find_browser())
            taken = take(browser, root, world.COORDINATOR, pages, looks)
            if "--chosen" not in arguments:
                taken += take(browser, root, *prepare_lead(app), looks)
            browser.close()
    print(f"screenshots: {taken} pictures of {len(pages)} pages in {ALL}, {copy_chosen()} of them in {KEPT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
