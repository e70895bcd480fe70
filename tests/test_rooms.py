"""Who may import whom: the walls between the rooms, kept by reading every import in the source.

A rule holds for a room (a file or a folder, written as a dotted name) and the first rule whose room holds
the file decides. A name in `allowed` stands for that module and everything below it; with `!` at its end it
stands for that module alone, which is how outsiders may use the optimizer: by its door. `*` stands for
the rest of a name. `refused` takes away.
"""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
STDLIB, ANYTHING = "stdlib", "anything"


class Rule(NamedTuple):
    room: str
    allowed: tuple[str, ...]
    refused: tuple[str, ...] = ()


CHECKING = (
    STDLIB,
    "optimizer.problem",
    "optimizer.plan",
    "optimizer.verifying",
)
SOLVING = (STDLIB, "optimizer", "numpy", "pulp", "highspy", "cbcbox")
SOLVERS = ("optimizer", "pulp", "highspy", "cbcbox")
CHANCE = ("random", "numpy.random", "secrets", "uuid")
CLOCK = ("time",)
FORMATS = ("xlsxwriter", "python_calamine", "openpyxl", "defusedxml", "icalendar", "typst", "docx")
PAGES = (
    "flask",
    "flask_login",
    "flask_wtf",
    "wtforms",
    "flask_babel",
    "babel",
    "werkzeug",
    "markupsafe",
    "jinja2",
    "segno",
)
SERVICE_ROOMS = ("domain", "services", "schemas", "reports", "http_errors", "persistence.reads")
DOORS = (STDLIB, *(f"lcm_service.{room}" for room in SERVICE_ROOMS))
# Services write queries and rows in SQLAlchemy's words; the engine and the tables stay in persistence.
SERVICES = (
    STDLIB,
    "lcm_service.domain",
    "lcm_service.persistence",
    "lcm_service.services",
    "sqlalchemy",
    "argon2",
    "zxcvbn",
    "cryptography",
    "pyotp",
)

RULES = (
    # The checker states every rule a second time, so it shares nothing with the solver but the data.
    Rule("optimizer.verifying", CHECKING, (*CHANCE, *CLOCK)),
    # Nothing is left to chance; a clock is read in two files.
    Rule("optimizer.clock", SOLVING, CHANCE),
    Rule("optimizer.__main__", SOLVING, CHANCE),
    Rule("optimizer", SOLVING, (*CHANCE, *CLOCK)),
    # The words and the law of the mechanism look at nobody.
    Rule("lcm_service.domain", (STDLIB, "lcm_service.domain")),
    # Migrations are run by Alembic inside the application.
    Rule(
        "lcm_service.persistence.migrations",
        (STDLIB, "lcm_service.persistence", "alembic", "sqlalchemy", "flask"),
    ),
    Rule(
        "lcm_service.persistence",
        (STDLIB, "lcm_service.domain", "lcm_service.persistence", "sqlalchemy", "flask_sqlalchemy"),
    ),
    # What is said between us and an identity provider; it knows no account.
    Rule("lcm_service.identity_provider", (STDLIB, "lcm_service.identity_provider", "authlib", "joserfc")),
    # One service asks the identity provider.
    Rule("lcm_service.services.single_sign_on", (*SERVICES, "lcm_service.identity_provider")),
    # Five services ask the optimizer, at its door.
    Rule("lcm_service.services.days_now", (*SERVICES, "optimizer!")),
    Rule("lcm_service.services.matching", (*SERVICES, "optimizer!")),
    Rule("lcm_service.services.pairs_now", (*SERVICES, "optimizer!")),
    Rule("lcm_service.services.scenarios", (*SERVICES, "optimizer!")),
    Rule("lcm_service.services.snapshots", (*SERVICES, "optimizer!")),
    Rule("lcm_service.services", SERVICES),
    Rule(
        "lcm_service.schemas",
        (
            STDLIB,
            "lcm_service.schemas",
            "marshmallow",
            "lcm_service.domain.sentences",
            "lcm_service.domain.vocabulary",
        ),
    ),
    # Pages and API do not know each other, and of the database they know the named reads.
    Rule("lcm_service.web", (*DOORS, "lcm_service.web", *PAGES)),
    Rule("lcm_service.api", (*DOORS, "lcm_service.api", *PAGES, "flask_smorest")),
    # A program that `jobs` starts as a process of its own: it asks the optimizer and nobody else.
    Rule("lcm_service.jobs.reserve_list", (STDLIB, "optimizer!")),
    Rule(
        "lcm_service.jobs",
        (
            STDLIB,
            "lcm_service.jobs",
            "lcm_service.services",
            "lcm_service.domain",
            "lcm_service.mail",
            "celery",
        ),
    ),
    # Mail has words of its own, in its reader's language, and reads no table.
    Rule(
        "lcm_service.mail",
        (STDLIB, "lcm_service.mail", "lcm_service.services", "lcm_service.domain", "flask_babel"),
    ),
    # A stranger's book is read without the library that reads whole books: its patterns take hours over a
    # crafted one. What it knows of days and formats is asked with numbers and short texts alone.
    Rule("lcm_service.reports.book_parts", (STDLIB, "lcm_service.reports", "defusedxml")),
    Rule(
        "lcm_service.reports.book_reading",
        (STDLIB, "lcm_service.reports", "openpyxl.utils.datetime", "openpyxl.styles.numbers.BUILTIN_FORMATS"),
    ),
    Rule("lcm_service.reports", (STDLIB, "lcm_service.reports", *FORMATS), ("openpyxl.load_workbook",)),
    # What is left is wiring: it may join anything, but it does not decide.
    Rule("lcm_service", (ANYTHING,), (*SOLVERS, "tests")),
    Rule("wsgi", (STDLIB, "lcm_service")),
)


def holds(room: str, module: str) -> bool:
    return module == room or module.startswith(f"{room}.") or fnmatchcase(module, room)


def is_listed(names: tuple[str, ...], module: str) -> bool:
    is_stdlib = module.split(".")[0] in sys.stdlib_module_names
    return any(
        name == ANYTHING
        or (name == STDLIB and is_stdlib)
        or (module == name.removesuffix("!") if name.endswith("!") else holds(name, module))
        for name in names
    )


def imports_in(tree: ast.AST, package: str) -> Iterator[tuple[int, str, str | None]]:
    """Give the line, the module and (for `from module import name`) the name of each import, anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, module, alias.name) for alias in node.names)


def breaks(rule: Rule, module: str, name: str | None) -> bool:
    """`from module import name` may fetch the module `module.name`: one of the two has to be allowed."""
    readings = [module] if name is None else [module, f"{module}.{name}"]
    return any(is_listed(rule.refused, reading) for reading in readings) or not any(
        is_listed(rule.allowed, reading) for reading in readings
    )


def hidden_uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Today's date and chance can be had without an import of their own: `date.today()`, `np.random`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in {"today", "now", "utcnow"}:
                yield node.lineno, f"asks for {node.attr}()"
            is_numpy = isinstance(node.value, ast.Name) and node.value.id in {"np", "numpy"}
            if node.attr == "random" and is_numpy:
                yield node.lineno, "draws from numpy.random"


def breaches(root: Path) -> list[str]:
    """Every import below `root` that its room forbids, as `file:line: what`."""
    found = []
    for path in sorted(
        [*root.glob("wsgi.py"), *root.glob("optimizer/**/*.py"), *root.glob("lcm_service/**/*.py")]
    ):
        place = path.relative_to(root)
        parts = place.with_suffix("").parts
        package = ".".join(parts[:-1])
        module = package if parts[-1] == "__init__" else ".".join(parts)
        rule = next(rule for rule in RULES if holds(rule.room, module))
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(place))
        found += [
            f"{place}:{line}: {rule.room} may not import {imported}" + (f" ({name})" if name else "")
            for line, imported, name in imports_in(tree, package)
            if breaks(rule, imported, name)
        ]
        if holds("optimizer", module):
            found += [f"{place}:{line}: optimizer {use}" for line, use in hidden_uses(tree)]
    return found


def test_no_room_imports_what_its_wall_forbids():
    found = breaches(ROOT)
    assert not found, "Imports against the table at the top of this file:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("optimizer/model/limits.py", "import flask"),
        ("optimizer/model/limits.py", "import lcm_service.domain"),
        ("optimizer/model/limits.py", "import time"),
        ("optimizer/model/limits.py", "from random import Random"),
        ("optimizer/model/limits.py", "import numpy.random"),
        ("optimizer/model/limits.py", "from numpy import random"),
        ("optimizer/model/limits.py", "import datetime; datetime.date.today()"),
        ("optimizer/model/limits.py", "import numpy as np; np.random.default_rng()"),
        ("optimizer/clock.py", "import random"),
        ("optimizer/solving/solve.py", "import time"),
        ("optimizer/solving/polishing.py", "import random"),
        ("optimizer/verifying/verify.py", "from .. import model"),
        ("optimizer/verifying/verify.py", "from ..rules.compatibility import RULES"),
        ("optimizer/verifying/verify.py", "from optimizer import solve"),
        ("optimizer/verifying/verify.py", "import numpy"),
        ("optimizer/verifying/rules.py", "from ..rules.compatibility import RULES"),
        ("lcm_service/domain/lifecycle.py", "import optimizer"),
        ("lcm_service/domain/lifecycle.py", "from ..persistence import tables"),
        ("lcm_service/persistence/tables.py", "from lcm_service import services"),
        ("lcm_service/persistence/tables.py", "from flask import session"),
        ("lcm_service/services/decisions.py", "import optimizer"),
        ("lcm_service/services/decisions.py", "from flask import abort"),
        ("lcm_service/services/sign_ins.py", "from lcm_service.identity_provider.provider import Identity"),
        ("lcm_service/identity_provider/provider.py", "from lcm_service.services import accounts"),
        ("lcm_service/services/matching.py", "from optimizer.model.limits import build"),
        ("lcm_service/services/matching.py", "def late():\n    import pulp"),
        ("lcm_service/schemas/need.py", "from lcm_service.domain.permissions import may"),
        ("lcm_service/web/needs.py", "from ..api import needs"),
        ("lcm_service/web/needs.py", "from ..persistence import transaction"),
        ("lcm_service/web/needs.py", "from lcm_service.persistence.tables import Need"),
        ("lcm_service/web/__init__.py", "from ..api import needs"),
        ("lcm_service/api/needs.py", "from lcm_service.web import needs"),
        ("lcm_service/api/needs.py", "import optimizer"),
        ("lcm_service/jobs/solve.py", "import optimizer"),
        ("lcm_service/reports/csv.py", "import flask"),
        ("lcm_service/reports/sheet_reading.py", "from openpyxl import load_workbook"),
        ("lcm_service/reports/book_reading.py", "from openpyxl.styles.numbers import is_date_format"),
        ("lcm_service/services/sheets.py", "import openpyxl"),
        ("lcm_service/web/sheets.py", "from openpyxl import load_workbook"),
        ("lcm_service/cli.py", "import pulp"),
        ("lcm_service/__init__.py", "from tests import factories"),
        ("wsgi.py", "import optimizer"),
    ],
)
def test_a_planted_import_against_the_table_is_reported(tmp_path, place, line):
    plant(tmp_path, place, line)
    assert [breach.split(":")[0] for breach in breaches(tmp_path)] == [place]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (
            "optimizer/verifying/verify.py",
            "from .. import plan, problem\nfrom ..problem import Need\nfrom datetime import date",
        ),
        ("optimizer/verifying/verify.py", "from .rules import judge_again"),
        ("optimizer/clock.py", "import time\nimport pulp"),
        ("optimizer/__main__.py", "import time\nfrom .solving.solve import solve"),
        ("lcm_service/services/matching.py", "import optimizer\nfrom optimizer import solve, Problem"),
        (
            "lcm_service/web/needs.py",
            "from ..persistence import reads\nfrom ..persistence.reads import needs_of",
        ),
        ("lcm_service/web/needs.py", "from ..services import submissions\nfrom flask import render_template"),
        ("lcm_service/schemas/need.py", "from ..domain import vocabulary\nfrom marshmallow import Schema"),
        ("lcm_service/__init__.py", "from . import web, api\nimport flask_migrate"),
        ("wsgi.py", "from lcm_service import create_app"),
    ],
)
def test_an_import_that_the_table_allows_is_not_reported(tmp_path, place, line):
    plant(tmp_path, place, line)
    assert breaches(tmp_path) == []


def test_an_empty_tree_has_no_breaches(tmp_path):
    assert breaches(tmp_path) == []


def plant(root: Path, place: str, line: str) -> None:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n", encoding="utf-8")
