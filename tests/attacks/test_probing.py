"""A focal point who submits 200 variants of one need learns nothing about the needs of others.

The same 200 are submitted, changed and withdrawn in two worlds that differ in the needs of others alone, and
after each batch everything is read that a focal point can read. The answers are the same.
"""

import difflib
import re
import shutil
from typing import Any

import pytest
from flask import Flask

from lcm_service.persistence.database import db
from tests.attacks.worlds import World, latest_reference, plain, submit_by_page, variants
from tests.fixtures import empty_tables, make_app

VARIANTS, BATCHES, MANY = 200, 2, 40
OWN = ["N-9001", "N-9002"]
FIGURES = ("figures.index", "figures.csv", "help_wanted.index", "api-figures.list_figures")
FIGURES_AT_ALL_TIMES = tuple(f": {endpoint} " for endpoint in FIGURES)
RANGE = re.compile(r"(Too few asked with it to compare|The middle half of all who asked)[^<]*")
WORDS_OF_OTHERS = ("kestrel", "N-95")


@pytest.fixture
def sqlite_app(sqlite_template, tmp_path):
    """The application on a database of its own; what is read does not hang on the engine."""
    path = tmp_path / "lcm.sqlite3"
    shutil.copyfile(sqlite_template, path)
    app = make_app(f"sqlite:///{path}")
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


class Probe:
    """What was read, in order: (when, what) -> the answer."""

    def __init__(self, app: Flask, others: int) -> None:
        empty_tables()
        self.world = World(app, others)
        self.references = list(OWN)
        self.told: dict[str, Any] = {}

    def note(self, when: str, answer: Any) -> None:
        self.told[when] = plain(answer, self.world.known(self.references))

    def look(self, when: str) -> None:
        sample = [*OWN, *self.references[-2:]]
        read = self.world.read_all(list(dict.fromkeys(sample)))
        self.told |= {f"{when}: {what}": answer for what, answer in read.items()}

    def submit(self, number: int, values: dict[str, Any]) -> None:
        """Every third by a form, the others by a program; changed, and every other one withdrawn."""
        caller = self.world.caller
        if number % 3 == 0:
            answer = submit_by_page(self.world.browser, values)
            assert answer.status_code == 303, answer.text
            self.references.append(latest_reference(self.world.prober))
        else:
            answer = caller.post("/needs/", {**values, "round": self.world.round.code})
            assert answer.status_code == 201, answer.text
            self.references.append(answer.json["reference"])
        reference = self.references[-1]
        self.note(f"variant {number} submitted", answer)
        changed = {"seats_asked": values["seats_asked"] + 1, "areas": ["C-IED", "MED"]}
        self.note(f"variant {number} changed", caller.patch(f"/needs/{reference}", changed, version=1))
        self.note(f"variant {number} changed late", caller.patch(f"/needs/{reference}", {}, version=1))
        if number % 2:
            answer = caller.post(f"/needs/{reference}/withdrawal", {"reason": "Probing"}, version=2)
            self.note(f"variant {number} withdrawn", answer)

    def run(self) -> dict[str, Any]:
        self.look("at first")
        size = VARIANTS // BATCHES
        for number, values in enumerate(variants(VARIANTS)):
            self.submit(number, values)
            if number % size == size - 1:
                self.look(f"after {number + 1}")
        self.world.draft()
        self.look("after a draft")
        return self.told


@pytest.mark.timeout(1500)
def test_200_variants_of_a_need_tell_nothing_of_the_needs_of_others(sqlite_app):
    alone = Probe(sqlite_app, 0).run()
    among = Probe(sqlite_app, MANY).run()
    assert alone.keys() == among.keys()
    assert len(alone) > VARIANTS * 3
    # Figures tell of all by their rule (`test_figures_attack`), and are the same whatever is submitted later.
    for told in (alone, among):
        for endpoint in FIGURES:
            first, *later = (told[what] for what in told if what.endswith(f": {endpoint} "))
            assert later == [first] * len(later), endpoint
        # So does the range beside ones own share, which was kept when the first plan was published.
        # No need that came after it has one.
        ranges = {take_range(told, what) for what in told if ": needs.show own " in what}
        assert len(ranges - {None}) == 1
    different = [
        what for what in alone if alone[what] != among[what] and not what.endswith(FIGURES_AT_ALL_TIMES)
    ]
    assert not different, "\n".join([*different[:40], *lines_that_differ(alone, among, different[:3])])
    assert not [word for word in WORDS_OF_OTHERS if word in repr(among)]


def take_range(told: dict[str, Any], what: str) -> str | None:
    """Take what the page of a need says of others' shares out of an answer, and give it."""
    found = RANGE.search(repr(told[what]))
    if found is None:
        return None
    told[what] = repr(told[what]).replace(found.group(), "")
    return found.group()


def lines_that_differ(one: dict[str, Any], other: dict[str, Any], what: list[str]) -> list[str]:
    """The lines of an answer in which a leak shows, for whoever has to mend it."""
    lines: list[str] = []
    for name in what:
        before, after = (repr(told[name]).replace("\\n", "\n").splitlines() for told in (one, other))
        lines += [name, *list(difflib.unified_diff(before, after, lineterm="", n=0))[:12]]
    return lines
